//! What several tests share.

pub mod app;
pub mod emulators;
pub mod fault_server;
pub mod terminal;
