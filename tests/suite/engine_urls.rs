//! Function URLs that answer: a real function behind each, asked over raw sockets.

mod errors;
mod events;
mod lab;
mod responses;
mod streams;
