//! lambdeck
fn main() {}
