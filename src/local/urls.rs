//! Function URLs over HTTP: a listener on loopback for each, the request as the function's event (payload format
//! 2.0), and its response as the answer, whole or streamed.
