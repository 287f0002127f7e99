//! What failed, as lines to read.

use crate::{
    cloud,
    domain::{
        invocation::Reply,
        lines::Lines,
        text::{sanitise, sanitise_lines},
        trace,
    },
};

/// Error objects up to so many bytes are read for their message and frames; of a larger one the payload is shown.
const READ: usize = 256 * 1024;

/// An error, to be read.
#[derive(Debug, PartialEq, Eq)]
pub struct ErrorText {
    /// The lines: type and message, what it means, the frames.
    pub lines: Lines,
    /// The lines that are the user's own frames, in order.
    pub own: Vec<usize>,
    /// The line that says what to do.
    pub hint: Option<usize>,
}

/// What a line of an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorPart {
    /// Type and message.
    Message,
    /// What it means, and what to do.
    Hint,
    /// One of the user's own frames.
    Own,
    /// Another frame, or more of the message.
    Other,
}

impl ErrorText {
    /// What the nth line is, from 0.
    pub fn part(&self, nth: usize) -> ErrorPart {
        match nth {
            _ if self.hint == Some(nth) => ErrorPart::Hint,
            _ if self.own.binary_search(&nth).is_ok() => ErrorPart::Own,
            0 => ErrorPart::Message,
            _ => ErrorPart::Other,
        }
    }

    /// What failed; none where nothing did, and where nothing more is known of it than the payload.
    pub fn of(result: &Result<Reply, cloud::Error>) -> Option<Self> {
        match result {
            Err(error) => Some(Self::of_request(error)),
            Ok(Reply { answer, body }) => {
                let code = answer.function_error.as_deref()?;
                let details = answer.error_details.as_deref().unwrap_or_default();
                // A response stream that breaks off tells its error beside what it sent before.
                Self::read(details.as_bytes()).or_else(|| Self::read(body.bytes())).or_else(|| {
                    let text = format!("{code}: {}", sanitise_lines(details));
                    (!details.is_empty()).then(|| Self {
                        lines: Lines::new(text),
                        own: Vec::new(),
                        hint: None,
                    })
                })
            }
        }
    }

    /// Reads an error object; none where it is no known one.
    pub fn read(payload: &[u8]) -> Option<Self> {
        if payload.len() > READ {
            return None;
        }
        let error = trace::read(payload)?;
        let mut text = Told::default();
        describe(&error, &mut text.lines);
        let hint = error.hint().map(|hint| {
            text.lines.push(hint.to_owned());
            text.lines.len() - 1
        });
        text.frames(&error);
        text.causes(&error);
        Some(Self { lines: Lines::new(text.lines.join("\n")), own: text.own, hint })
    }

    /// No answer came, or AWS refused it.
    fn of_request(error: &cloud::Error) -> Self {
        let mut lines: Vec<String> = sanitise_lines(&error.message).lines().map(str::to_owned).collect();
        let hint = error.hint.as_ref().map(|hint| {
            lines.push(sanitise(hint).into_owned());
            lines.len() - 1
        });
        if let Some(id) = &error.request_id {
            lines.push(format!("request id {}", sanitise(id)));
        }
        Self { lines: Lines::new(lines.join("\n")), own: Vec::new(), hint }
    }
}

fn describe(error: &trace::FunctionError, lines: &mut Vec<String>) {
    let text = if error.error_type.is_empty() {
        error.message.clone()
    } else {
        format!("{}: {}", error.error_type, error.message)
    };
    lines.extend(sanitise_lines(&text).lines().map(str::to_owned));
}

/// What is told of an error so far.
#[derive(Default)]
struct Told {
    lines: Vec<String>,
    own: Vec<usize>,
}

impl Told {
    fn frames(&mut self, error: &trace::FunctionError) {
        if !error.frames.is_empty() {
            self.lines.push(String::new());
        }
        for frame in error.own_first() {
            self.line(frame.own, format!("  {}", sanitise(frame.text.trim())));
            if let Some(code) = &frame.code {
                self.line(frame.own, format!("      {}", sanitise(code.trim())));
            }
        }
    }

    /// What led to it, and what led to that.
    fn causes(&mut self, error: &trace::FunctionError) {
        for cause in &error.causes {
            self.lines.extend([String::new(), "caused by".into()]);
            describe(cause, &mut self.lines);
            self.frames(cause);
            self.causes(cause);
        }
    }

    fn line(&mut self, own: bool, text: String) {
        if own {
            self.own.push(self.lines.len());
        }
        self.lines.push(text);
    }
}
