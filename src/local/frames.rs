//! Messages of `application/vnd.amazon.eventstream`, the binary form of AWS's event streams.

use std::io;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::{Bytes, BytesMut};

/// The content type of a response that is an event stream.
pub(super) const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";

/// An event.
///
/// # Errors
/// Beyond the format's limit of 16 MB.
pub(super) fn event(
    event_type: &'static str,
    content_type: &'static str,
    payload: Bytes,
) -> io::Result<Bytes> {
    message("event", (":event-type", event_type), content_type, payload)
}

/// An error that ends the stream. The service model names it.
///
/// # Errors
/// Beyond the format's limit of 16 MB.
pub(super) fn exception(exception_type: &'static str, payload: Bytes) -> io::Result<Bytes> {
    message("exception", (":exception-type", exception_type), "application/json", payload)
}

fn message(
    message_type: &'static str,
    (name, kind): (&'static str, &'static str),
    content_type: &'static str,
    payload: Bytes,
) -> io::Result<Bytes> {
    let header =
        |name: &'static str, value: &'static str| Header::new(name, HeaderValue::String(value.into()));
    let message = Message::new(payload)
        .add_header(header(name, kind))
        .add_header(header(":content-type", content_type))
        .add_header(header(":message-type", message_type));
    let mut bytes = BytesMut::new();
    write_message_to(&message, &mut bytes).map_err(io::Error::other)?;
    Ok(bytes.freeze())
}
