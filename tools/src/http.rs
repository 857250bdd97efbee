//! One call over HTTP/1.1 on a plain TCP stream: enough to ask a node on this machine or in its network.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::error::ToolError;

const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A call with a bearer token.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// `GET`, `POST` or `DELETE`.
    pub method: &'a str,
    /// From the first slash on.
    pub path: &'a str,
    /// The token.
    pub bearer: &'a str,
    /// Sent after the head; may be empty.
    pub body: &'a str,
}

/// Asks for `path` with a bearer token. Answers the status and the body.
pub fn get(address: &str, path: &str, bearer: &str) -> Result<(u16, String), ToolError> {
    let call = Call {
        method: "GET",
        path,
        bearer,
        body: "",
    };
    ask(address, call)
}

/// Makes a call. Answers the status and the body.
pub fn ask(address: &str, call: Call<'_>) -> Result<(u16, String), ToolError> {
    let failed = |why: String| ToolError::Node {
        what: "ask",
        address: address.to_owned(),
        why,
    };
    let Call {
        method,
        path,
        bearer,
        body,
    } = call;
    let ask = || -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        // `Connection: close` ends the body with the stream.
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {bearer}\r\nAccept: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = Vec::new();
        stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer)?;
        Ok(answer)
    };
    let answer = ask().map_err(|error| failed(error.to_string()))?;
    parse(&answer).ok_or_else(|| failed("the answer is not HTTP".to_owned()))
}

fn parse(answer: &[u8]) -> Option<(u16, String)> {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let mut words = lines.next()?.split(' ');
    let is_http = words.next()?.starts_with("HTTP/1.");
    let status = words.next()?.parse().ok().filter(|_| is_http)?;
    let is_chunked = lines.any(|line| {
        let line = line.to_ascii_lowercase();
        line.starts_with("transfer-encoding:") && line.contains("chunked")
    });
    let body = if is_chunked {
        unchunked(body)?
    } else {
        body.to_owned()
    };
    Some((status, body))
}

fn unchunked(mut rest: &str) -> Option<String> {
    let mut body = String::new();
    loop {
        let (size, after) = rest.split_once("\r\n")?;
        let size = size.split(';').next()?.trim();
        let bytes = usize::from_str_radix(size, 16).ok()?;
        if bytes == 0 {
            return Some(body);
        }
        body.push_str(after.get(..bytes)?);
        rest = after.get(bytes..)?.strip_prefix("\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_taken_apart() {
        let answer = b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}";
        assert_eq!(parse(answer), Some((404, "{}".to_owned())));
    }

    #[test]
    fn chunks_are_put_together() {
        let answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n4;x\r\n\":1}\r\n0\r\n\r\n";
        assert_eq!(parse(answer), Some((200, "{\"a\":1}".to_owned())));
    }

    #[test]
    fn other_bytes_are_no_answer() {
        assert_eq!(parse(b"SSH-2.0-x\r\n\r\n"), None);
        assert_eq!(parse(b""), None);
    }
}
