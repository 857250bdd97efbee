//! What a recorded command must not hold: absolute paths, and names of hosts other than this one's loopback.

use std::net::{IpAddr, SocketAddr};

/// The first word that names a place of one machine.
pub fn machine_word(command: &str) -> Option<&str> {
    let is_separator =
        |character: char| character.is_whitespace() || "='\"`,;()".contains(character);
    command
        .split(is_separator)
        .find(|word| is_absolute_path(word) || is_foreign_host(word))
}

fn is_absolute_path(word: &str) -> bool {
    let is_drive = word.as_bytes().get(1..3) == Some(b":\\");
    word.starts_with('/') || word.starts_with("~/") || word.starts_with("$HOME") || is_drive
}

fn is_foreign_host(word: &str) -> bool {
    if word.contains("://") {
        let rest = word.split("://").nth(1).unwrap_or_default();
        return is_foreign(rest.split('/').next().unwrap_or_default());
    }
    if word.contains('@') {
        return true;
    }
    let has_port = word.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
    });
    if has_port || word.parse::<IpAddr>().is_ok() {
        return is_foreign(word);
    }
    has_public_suffix(word)
}

/// Whether a host, with or without a port, is anything but the loopback or the unspecified address.
fn is_foreign(host: &str) -> bool {
    let is_own = |ip: IpAddr| ip.is_loopback() || ip.is_unspecified();
    if let Ok(address) = host.parse::<SocketAddr>() {
        return !is_own(address.ip());
    }
    if let Ok(ip) = host.parse::<IpAddr>() {
        return !is_own(ip);
    }
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let is_number = name
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    name != "localhost" && !is_number
}

fn has_public_suffix(word: &str) -> bool {
    const SUFFIXES: [&str; 8] = [
        ".com",
        ".net",
        ".org",
        ".io",
        ".local",
        ".lan",
        ".internal",
        ".example",
    ];
    !word.contains('/') && SUFFIXES.iter().any(|suffix| word.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_from_the_root_passes() {
        for command in [
            "target/release/ringpost-bench run bench/scenarios/pairs.toml --set pairs=500 --seconds 120",
            "chrt -r 1 taskset -c 1 target/release/ringpost-bench --connect 127.0.0.1:7400 --http localhost:7480",
            "cargo run --release -p ringpost-bench -- run --ratio 3:1 --bind 127.4.0.1",
        ] {
            assert_eq!(machine_word(command), None, "{command}");
        }
    }

    #[test]
    fn places_of_one_machine_are_found() {
        for (command, word) in [
            ("target/release/ringpost-bench --data /tmp/x", "/tmp/x"),
            ("bench --data=/srv/data", "/srv/data"),
            ("bench --data ~/data", "~/data"),
            ("bench --connect edge-7:7400", "edge-7:7400"),
            ("bench --connect 192.0.2.7:7400", "192.0.2.7:7400"),
            ("bench --connect node.example", "node.example"),
            ("bench --http http://node/metrics", "http://node/metrics"),
            ("ssh ann@node bench", "ann@node"),
        ] {
            assert_eq!(machine_word(command), Some(word), "{command}");
        }
    }
}
