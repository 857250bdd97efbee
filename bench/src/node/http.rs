//! One bounded question to a node's HTTP door: `GET` a path, the status and the body back. Never waits longer than told.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An answer longer than this is cut off.
const ANSWER_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// No connection, or it ended or was silent.
    #[error("asking http://{http}{path}: {source}")]
    Io {
        /// The door.
        http: SocketAddr,
        /// What was asked for.
        path: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// What came is not HTTP.
    #[error("http://{http}{path} does not speak HTTP")]
    NotHttp {
        /// The door.
        http: SocketAddr,
        /// What was asked for.
        path: &'static str,
    },
    /// The answer is not 200.
    #[error("http://{http}{path} answers {status}")]
    Status {
        /// The door.
        http: SocketAddr,
        /// What was asked for.
        path: &'static str,
        /// Its status.
        status: u16,
    },
}

/// `GET path`: the status and the body. `timeout` bounds the connecting and each read.
///
/// # Errors
/// No answer, or no HTTP. Any status is an answer.
pub fn get(
    http: SocketAddr,
    path: &'static str,
    timeout: Duration,
) -> Result<(u16, String), AskError> {
    let text =
        exchange(http, path, timeout).map_err(|source| AskError::Io { http, path, source })?;
    split(&text).ok_or(AskError::NotHttp { http, path })
}

fn exchange(http: SocketAddr, path: &str, timeout: Duration) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&http, timeout)?;
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut text = String::new();
    stream.take(ANSWER_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

fn split(text: &str) -> Option<(u16, String)> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head
        .strip_prefix("HTTP/1.")?
        .split(' ')
        .nth(1)?
        .parse()
        .ok()?;
    Some((status, body.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(30);

    fn asked(answer: &'static str) -> Result<(u16, String), AskError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let http = listener.local_addr().unwrap();
        let door = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.extend(byte);
            }
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(request).unwrap()
        });
        let answered = get(http, "/readyz", TIMEOUT);
        assert!(door.join().unwrap().starts_with("GET /readyz HTTP/1.1\r\n"));
        answered
    }

    #[test]
    fn status_and_body_are_told_apart() {
        let (status, body) =
            asked("HTTP/1.1 503 Service Unavailable\r\nx: y\r\n\r\nno\r\n\r\nroom").unwrap();
        assert_eq!((status, body.as_str()), (503, "no\r\n\r\nroom"));
    }

    #[test]
    fn another_protocol_is_refused() {
        let answered = asked("SSH-2.0-x\r\n\r\n");
        assert!(
            matches!(answered, Err(AskError::NotHttp { .. })),
            "{answered:?}"
        );
    }

    #[test]
    fn a_closed_door_is_an_error() {
        let http = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.local_addr())
            .unwrap();
        let answered = get(http, "/readyz", TIMEOUT);
        assert!(matches!(answered, Err(AskError::Io { .. })), "{answered:?}");
    }
}
