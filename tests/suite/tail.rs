//! Following logs: a scripted service under paused time, and the store that holds what is told.

mod follow;
mod random;
mod service;
mod store;
