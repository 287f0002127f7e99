//! A streamed response (`application/vnd.amazon.eventstream`), written by hand: each event in an HTTP chunk of its own.

use std::fmt;
use std::io;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// How the answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// As HTTP has it.
    Whole,
    /// Closed (FIN) in the middle of the body.
    Close,
    /// Reset (RST) in the middle of the body.
    Reset,
    /// Never; the connection stays open.
    Hang,
}

#[derive(Debug, Clone)]
enum Part {
    Bytes(Vec<u8>),
    Pause(Duration),
}

/// A streamed response that is being put together. It ends well where nothing else is said, with or without the event
/// that says so.
#[derive(Clone)]
pub struct Stream {
    parts: Vec<Part>,
    end: End,
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stream({} parts, {:?})", self.parts.len(), self.end)
    }
}

impl Stream {
    /// Nothing but the head.
    pub fn new() -> Self {
        Self { parts: Vec::new(), end: End::Whole }
    }

    /// A piece of the response.
    #[must_use]
    pub fn piece(self, payload: impl AsRef<[u8]>) -> Self {
        self.event("PayloadChunk", "application/octet-stream", payload.as_ref())
    }

    /// The end, as the service announces it.
    #[must_use]
    pub fn complete(self, members: &serde_json::Value) -> Self {
        self.event("InvokeComplete", "application/json", members.to_string().as_bytes())
    }

    /// Any event.
    #[must_use]
    pub fn event(self, kind: &str, content_type: &str, payload: &[u8]) -> Self {
        let headers = [(":message-type", "event"), (":event-type", kind), (":content-type", content_type)];
        self.bytes(frame(&headers, payload))
    }

    /// An error instead of an event.
    #[must_use]
    pub fn exception(self, kind: &str, message: &str) -> Self {
        let headers = [
            (":message-type", "exception"),
            (":exception-type", kind),
            (":content-type", "application/json"),
        ];
        let payload = serde_json::json!({ "message": message, "__type": kind }).to_string();
        self.bytes(frame(&headers, payload.as_bytes()))
    }

    /// Bytes that need not be an event.
    #[must_use]
    pub fn bytes(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.parts.push(Part::Bytes(bytes.into()));
        self
    }

    /// The first half of an event.
    #[must_use]
    pub fn half(self, payload: &[u8]) -> Self {
        let mut bytes = frame(&[(":message-type", "event"), (":event-type", "PayloadChunk")], payload);
        bytes.truncate(bytes.len() / 2);
        self.bytes(bytes)
    }

    /// Nothing for a while.
    #[must_use]
    pub fn pause(mut self, pause: Duration) -> Self {
        self.parts.push(Part::Pause(pause));
        self
    }

    /// Closes the connection in the middle of the body.
    #[must_use]
    pub fn closed(self) -> Self {
        Self { end: End::Close, ..self }
    }

    /// Resets the connection in the middle of the body.
    #[must_use]
    pub fn reset(self) -> Self {
        Self { end: End::Reset, ..self }
    }

    /// Never ends.
    #[must_use]
    pub fn hanging(self) -> Self {
        Self { end: End::Hang, ..self }
    }

    /// Writes head and events. `number` makes the request id.
    pub(super) async fn send(&self, stream: &mut TcpStream, number: usize) -> io::Result<End> {
        let head = format!(
            "HTTP/1.1 200 -\r\ncontent-type: application/vnd.amazon.eventstream\r\ntransfer-encoding: chunked\r\n\
             x-amz-executed-version: 7\r\nx-amzn-requestid: 00000000-0000-4000-8000-{number:012}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await?;
        for part in &self.parts {
            match part {
                Part::Pause(pause) => tokio::time::sleep(*pause).await,
                Part::Bytes(bytes) => {
                    let chunk = [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
                    stream.write_all(&chunk).await?;
                }
            }
        }
        if self.end == End::Whole {
            stream.write_all(b"0\r\n\r\n").await?;
        }
        Ok(self.end)
    }
}

/// An event as it is framed: lengths, headers of type string (7), payload, and checksums of what stands before them.
fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    for (name, value) in headers {
        encoded.push(u8::try_from(name.len()).unwrap());
        encoded.extend_from_slice(name.as_bytes());
        encoded.push(7);
        encoded.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        encoded.extend_from_slice(value.as_bytes());
    }
    let length = |bytes: usize| u32::try_from(bytes).unwrap().to_be_bytes();
    let mut frame = [length(16 + encoded.len() + payload.len()), length(encoded.len())].concat();
    frame.extend_from_slice(&crc32(&frame).to_be_bytes());
    frame.extend_from_slice(&encoded);
    frame.extend_from_slice(payload);
    frame.extend_from_slice(&crc32(&frame).to_be_bytes());
    frame
}

/// CRC-32 as zip and Ethernet have it.
fn crc32(bytes: &[u8]) -> u32 {
    let table: Vec<u32> = (0..256)
        .map(|byte| {
            (0..8).fold(byte, |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 })
        })
        .collect();
    let step = |crc: u32, byte: &u8| table[((crc ^ u32::from(*byte)) & 0xFF) as usize] ^ (crc >> 8);
    !bytes.iter().fold(!0, step)
}
