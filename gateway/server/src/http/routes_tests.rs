//! Calls without the token, and with another one, to every route of the list, over a socket.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::*;
use crate::configuration::Settings;
use crate::http::{AdminGuard, HttpServer};
use crate::reload::{Reloader, Source};
use crate::secret::Secret;
use crate::store::StoreHealth;

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];

struct Node {
    http: HttpServer,
    token: String,
}

/// A node that has no cores yet, and whose addresses never pause.
fn node() -> Node {
    let folder = tempfile::tempdir().expect("a folder");
    let mut settings = Settings::default();
    settings.limits.address_failed_sign_ins = 0;
    let secret = Secret::load_or_make(&folder.path().join("admin.token")).expect("a token");
    let token = secret.to_hex();
    let reloader = Arc::new(Reloader::new(Source::of_file(folder.path()), &settings));
    let guard = Arc::new(AdminGuard::new(&settings, &secret, 7));
    let view = NodeView::waiting(Arc::new(StoreHealth::new()), reloader, guard);
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let http = HttpServer::start(any, Arc::new(view)).expect("a port");
    Node { http, token }
}

/// The status of the first answer to a call whose body never comes, and its text. Whoever reads the body says 100, to ask for it.
fn call(node: &Node, (method, path): (&str, &str), token: Option<&str>) -> (String, String) {
    let authorization = token.map_or(String::new(), |token| {
        format!("Authorization: Bearer {token}\r\n")
    });
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\n{authorization}Content-Length: 60000\r\nExpect: 100-continue\r\n\r\n"
    );
    let mut client = TcpStream::connect(node.http.address()).expect("connects");
    client.write_all(head.as_bytes()).expect("is sent");
    let mut answer = [0; 512];
    let length = client.read(&mut answer).expect("is answered");
    let text = String::from_utf8_lossy(&answer[..length]).into_owned();
    let status = text.split(' ').nth(1).unwrap_or_default().to_owned();
    (status, text)
}

#[test]
fn no_route_that_is_not_open_is_reached_without_the_token_and_no_body_is_read() {
    let node = node();
    let all = routes();
    let closed = all.iter().map(|(path, _)| *path);
    let closed: Vec<&str> = closed.filter(|path| !is_open(path)).collect();
    assert_eq!(closed.len() + OPEN.len(), all.len());
    for path in closed
        .into_iter()
        .chain(["/", "/admin", "/no/such/route", "/metrics/"])
    {
        for method in METHODS {
            for (token, expected) in [(None, "401"), (Some("0123"), "403")] {
                let (status, text) = call(&node, (method, path), token);
                assert_eq!(status, expected, "{method} {path}: {text}");
            }
        }
    }
    node.http.stop();
}

#[test]
fn with_the_token_the_route_is_reached_and_its_body_is_asked_for() {
    let node = node();
    let (status, text) = call(&node, ("PUT", "/admin/config"), Some(&node.token));
    assert_eq!(status, "100", "{text}");
    let (status, text) = call(&node, ("GET", "/no/such/route"), Some(&node.token));
    assert_eq!(status, "404", "{text}");
    for path in OPEN {
        let (status, text) = call(&node, ("GET", path), None);
        assert!(["200", "503"].contains(&status.as_str()), "{path}: {text}");
    }
    node.http.stop();
}
