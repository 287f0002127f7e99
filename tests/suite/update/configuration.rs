//! What the Configuration tab does.
