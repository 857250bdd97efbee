//! Tells systemd of the node's state, one datagram each to the socket of `$NOTIFY_SOCKET`; without one, nobody.
//!
//! The messages are those of sd_notify(3).

use std::ffi::OsStr;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::{Duration, Instant};

/// What systemd is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The start, or a reload, is complete.
    Ready,
    /// A reload has begun.
    Reloading,
    /// The stop has begun.
    Stopping,
}

/// The way to systemd.
pub struct Notifier {
    socket: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
    alive: Option<Instant>,
}

impl Notifier {
    /// What this process was started with.
    pub fn of_process() -> Self {
        let name = std::env::var_os("NOTIFY_SOCKET");
        let limit = std::env::var("WATCHDOG_USEC").ok();
        let limit_us: Option<u64> = limit.and_then(|text| text.parse().ok());
        Self::to(name.as_deref(), limit_us.map(Duration::from_micros))
    }

    fn to(name: Option<&OsStr>, watchdog: Option<Duration>) -> Self {
        let address = name.and_then(|name| match name.as_bytes() {
            [b'@', rest @ ..] => SocketAddr::from_abstract_name(rest).ok(),
            _ => SocketAddr::from_pathname(name).ok(),
        });
        let socket = address.and_then(|address| Some((UnixDatagram::unbound().ok()?, address)));
        Self {
            socket,
            watchdog,
            alive: None,
        }
    }

    /// Tells a state, with a text for `systemctl status`.
    pub fn tell(&self, state: State, text: &str) {
        let state = match state {
            State::Ready => "READY=1",
            State::Reloading => "RELOADING=1",
            State::Stopping => "STOPPING=1",
        };
        self.send(&format!("{state}\nSTATUS={text}\n"));
    }

    /// Tells that the node works: at most every quarter of the time after which systemd would end it.
    pub fn tell_alive(&mut self) {
        let Some(limit) = self.watchdog else { return };
        if self.alive.is_none_or(|alive| alive.elapsed() >= limit / 4) {
            self.alive = Some(Instant::now());
            self.send("WATCHDOG=1\n");
        }
    }

    fn send(&self, message: &str) {
        if let Some((socket, address)) = &self.socket {
            // Who started the node may be gone: the node works without.
            let _ = socket.send_to_addr(message.as_bytes(), address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(receiver: &UnixDatagram) -> String {
        let mut bytes = [0; 256];
        let length = receiver.recv(&mut bytes).expect("is told");
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    }

    #[test]
    fn states_arrive_by_path_and_by_abstract_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notify");
        let name = format!("ringpost-notify-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).expect("a name");
        let receivers = [
            UnixDatagram::bind(&path).expect("a socket"),
            UnixDatagram::bind_addr(&address).expect("a socket"),
        ];
        let abstract_name = format!("@{name}");
        let names = [path.as_os_str(), OsStr::new(&abstract_name)];
        for (receiver, name) in receivers.iter().zip(names) {
            let mut notifier = Notifier::to(Some(name), Some(Duration::from_secs(3_600)));
            notifier.tell(State::Ready, "takes messages");
            assert_eq!(told(receiver), "READY=1\nSTATUS=takes messages\n");
            notifier.tell_alive();
            notifier.tell_alive();
            notifier.tell(State::Stopping, "");
            assert_eq!(told(receiver), "WATCHDOG=1\n");
            assert_eq!(
                told(receiver),
                "STOPPING=1\nSTATUS=\n",
                "alive only now and then"
            );
        }
    }

    #[test]
    fn without_a_socket_nobody_is_told() {
        let notifier = Notifier::to(None, None);
        notifier.tell(State::Ready, "");
        let nowhere = Notifier::to(Some(OsStr::new("/no/such/socket")), None);
        nowhere.tell(State::Reloading, "");
    }
}
