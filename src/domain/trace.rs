//! stub
#![allow(missing_docs)]
#[derive(Debug)]
pub struct FunctionError {
    pub error_type: String,
    pub message: String,
    pub request_id: Option<String>,
    pub frames: Vec<Frame>,
    pub causes: Vec<FunctionError>,
}
#[derive(Debug)]
pub struct Frame {
    pub text: String,
    pub function: Option<String>,
    pub file: Option<String>,
    pub line: Option<u32>,
    pub own: bool,
    pub code: Option<String>,
}
impl FunctionError {
    pub fn own_first(&self) -> Vec<&Frame> {
        self.frames.iter().collect()
    }
    pub fn hint(&self) -> Option<&'static str> {
        None
    }
}
pub fn read(_: &[u8]) -> Option<FunctionError> {
    None
}
