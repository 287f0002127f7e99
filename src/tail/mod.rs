//! tmp
#[derive(Debug)]
pub enum Update {}
