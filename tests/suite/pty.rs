//! lambdeck in a real pseudo-terminal, as its users meet it: keys are typed, the screen is looked at, and the
//! terminal must be left as it was found.

mod canary;
mod changes;
mod emulators;
mod engine;
mod hostile;
mod modes;
mod outside;
mod sessions;
mod start;
mod walk;
