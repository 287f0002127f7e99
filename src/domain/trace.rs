//! The error object of a failed function, as each runtime writes it: what failed, and where in one's own code.
//!
//! Shapes: Python (`stackTrace` of texts, before 3.7 of arrays), Node.js (`trace`), Java and .NET (`stackTrace`,
//! `cause`, `causes`), Ruby (`stackTrace`), Go (`stackTrace` of objects), Rust (none), and what Lambda itself answers
//! when a runtime ends (`Runtime.ExitError`) or is ended (`Sandbox.Timedout`).

mod frame;
mod hint;

use std::fmt;

use serde_json::Value;

use super::text;

/// Where Lambda puts a function's code.
const TASK_ROOT: &str = "/var/task";

/// The most frames that are read of one error. What an endless recursion leaves is as long as the runtime lets it be.
const MOST_FRAMES: usize = 1000;

/// The most causes within one another.
const MOST_CAUSES: usize = 16;

/// A function's error. All texts are sanitised; `Debug` shows sizes only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct FunctionError {
    /// The runtime's word for the kind of error: `KeyError`, `Runtime.ExitError`, `Function<TypeError>`.
    pub error_type: String,
    /// What it says. May have several lines.
    pub message: String,
    /// The request it belongs to where the error names it.
    pub request_id: Option<String>,
    /// The stack in the runtime's own order: Python ends with the innermost call, all others begin with it.
    pub frames: Vec<Frame>,
    /// What led to it.
    pub causes: Vec<FunctionError>,
}

/// One call of a stack. All texts are sanitised; `Debug` shows no text.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Frame {
    /// As the runtime wrote it, in one line, without the source line.
    pub text: String,
    /// The function or method.
    pub function: Option<String>,
    /// The file: a path, in Java a name, in Go the path below the module's folder.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// Whether it is the user's own code rather than a library's or the runtime's.
    pub own: bool,
    /// The source line that Python gives.
    pub code: Option<String>,
}

impl fmt::Debug for FunctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionError")
            .field("message", &self.message.len())
            .field("frames", &self.frames.len())
            .field("causes", &self.causes.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame").field("line", &self.line).field("own", &self.own).finish_non_exhaustive()
    }
}

impl FunctionError {
    /// The frames, the user's own first, each group in its order.
    #[must_use]
    pub fn own_first(&self) -> Vec<&Frame> {
        let (own, other): (Vec<&Frame>, Vec<&Frame>) = self.frames.iter().partition(|frame| frame.own);
        own.into_iter().chain(other).collect()
    }

    /// What one of Lambda's well-known errors means and what to do about it, in one line.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        hint::hint(&self.error_type, &self.message)
    }
}

/// Reads an error object; `None` where the payload is none. A function's code is taken to be under `/var/task`.
#[must_use]
pub fn read(payload: &[u8]) -> Option<FunctionError> {
    read_in(payload, TASK_ROOT)
}

/// Like [`read`], with the folder of the function's code, which `LAMBDA_TASK_ROOT` names.
#[must_use]
pub fn read_in(payload: &[u8], root: &str) -> Option<FunctionError> {
    let value: Value = serde_json::from_str(&String::from_utf8_lossy(payload)).ok()?;
    let mut error = read_error(&value, MOST_CAUSES)?;
    frame::mark_own(&mut error, root);
    Some(error)
}

fn read_error(value: &Value, causes_left: usize) -> Option<FunctionError> {
    let object = value.as_object()?;
    if !object.contains_key("errorType") && !object.contains_key("errorMessage") {
        return None;
    }
    let written = |key: &str| match object.get(key) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let (request_id, message) = split_request_id(&written("errorMessage"));
    let request_id = Some(written("requestId")).filter(|id| !id.is_empty()).or(request_id);
    let stack = ["stackTrace", "trace"].into_iter().find_map(|key| object.get(key)?.as_array());
    let mut causes = Vec::new();
    if causes_left > 0 {
        let several = object.get("causes").and_then(Value::as_array).map(Vec::as_slice);
        let one = ["cause", "reason"].into_iter().filter_map(|key| object.get(key));
        // .NET gives the first of `causes` as `cause` too.
        for cause in several
            .filter(|causes| !causes.is_empty())
            .map_or_else(|| one.collect(), |all| all.iter().collect::<Vec<_>>())
        {
            causes.extend(read_error(cause, causes_left - 1));
        }
    }
    Some(FunctionError {
        error_type: text::sanitise(&written("errorType")).into_owned(),
        message: text::sanitise_lines(&message).into_owned(),
        request_id: request_id.map(|id| text::sanitise(&id).into_owned()),
        frames: stack.map(|stack| read_frames(stack, &message)).unwrap_or_default(),
        causes,
    })
}

fn read_frames(stack: &[Value], message: &str) -> Vec<Frame> {
    // Node.js begins the stack with the message, each line of it an item.
    let told = |value: &&Value| {
        let line = value.as_str().unwrap_or_default().trim_end();
        !line.trim_start().starts_with("at ")
            && message.lines().any(|told| {
                let told = told.trim_end();
                line == told || line.strip_suffix(told).is_some_and(|before| before.ends_with(": "))
            })
    };
    let stack = &stack[stack.iter().take_while(told).count()..];
    let mut frames: Vec<Frame> = stack.iter().take(MOST_FRAMES).filter_map(frame::read).collect();
    if let Some(more) = stack.len().checked_sub(MOST_FRAMES).filter(|more| *more > 0) {
        frames.push(Frame { text: format!("… {more} more"), ..Frame::default() });
    }
    frames
}

/// Lambda's own errors begin with `RequestId: ID Error: `, or with the time and the id.
fn split_request_id(message: &str) -> (Option<String>, String) {
    let is_id = |word: &str| word.len() == 36 && word.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    if let Some((id, rest)) = message.strip_prefix("RequestId: ").and_then(|rest| rest.split_once(' '))
        && is_id(id)
    {
        let rest = rest.strip_prefix("Error: ").unwrap_or(rest);
        return (Some(id.to_owned()), rest.to_owned());
    }
    let mut words = message.splitn(3, ' ');
    if let (Some(time), Some(id), Some(rest)) = (words.next(), words.next(), words.next())
        && time.ends_with('Z')
        && is_id(id)
    {
        return (Some(id.to_owned()), rest.to_owned());
    }
    (None, message.to_owned())
}

#[cfg(test)]
mod tests;
