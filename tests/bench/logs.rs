//! How fast logs are.

fn main() {}
