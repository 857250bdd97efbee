//! TLS of the devices' connections: what they say is encrypted, what comes is decrypted; one workspace for all.
//!
//! Invariant: what a device says before its handshake is over is kept, and leaves in order behind it.

use ringpost_gateway_ring::{Connection, Sockets};
use ringpost_gateway_tls::{ClientTls, ClientTlsError, Failure, Session, State, Workspace};
use ringpost_wire::ALPN_NAME;

use crate::fleet::Fleet;
use crate::node::{NODE_DOMAIN, TlsDoor, TlsMode};

struct Link {
    session: Session,
    /// Said before the handshake was over.
    waiting: Vec<u8>,
}

/// The links of all devices.
pub struct Links {
    client: ClientTls,
    by_device: Vec<Option<Box<Link>>>,
    workspace: Workspace,
}

impl Links {
    /// No links yet, for so many devices.
    ///
    /// # Errors
    /// The node's certificate is none.
    pub fn new(door: &TlsDoor, mode: TlsMode, devices: u32) -> Result<Self, ClientTlsError> {
        let client = ClientTls::new(door.certificate.as_bytes())?.naming(ALPN_NAME);
        let client = match mode {
            TlsMode::Full => client.without_tickets(),
            TlsMode::Resumed => client.with_tickets_for(devices as usize),
        };
        let mut by_device = Vec::new();
        by_device.resize_with(devices as usize, || None);
        Ok(Self {
            client,
            by_device,
            workspace: Workspace::default(),
        })
    }

    /// Begins a device's handshake in place of its link before; what it says first is in `outgoing`.
    ///
    /// # Errors
    /// TLS refuses.
    pub fn begin(&mut self, device: u32) -> Result<(), Failure> {
        let name = format!("device-{device}.{NODE_DOMAIN}");
        let session = self.client.session(&name).map_err(|_| Failure::Internal)?;
        let mut link = Box::new(Link {
            session,
            waiting: Vec::new(),
        });
        let begun = link.session.begin(&mut self.workspace);
        self.by_device[device as usize] = Some(link);
        begun.map(drop)
    }

    /// A device says something: what is due is in `outgoing`.
    ///
    /// # Errors
    /// The link is broken.
    pub fn say(&mut self, device: u32, plaintext: &[u8]) -> Result<(), Failure> {
        let Some(link) = &mut self.by_device[device as usize] else {
            return Err(Failure::Internal);
        };
        if link.session.state() == State::Opening {
            link.waiting.extend_from_slice(plaintext);
            return Ok(());
        }
        link.session.send(plaintext, &mut self.workspace)
    }

    /// Bytes came for a device: what they say goes to `on_plaintext`, what is due is in `outgoing`.
    ///
    /// # Errors
    /// The link is broken.
    pub fn hear(
        &mut self,
        device: u32,
        bytes: &[u8],
        on_plaintext: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Failure> {
        let Some(link) = &mut self.by_device[device as usize] else {
            return Err(Failure::Internal);
        };
        let state = link
            .session
            .receive(bytes, &mut self.workspace, on_plaintext)?;
        if state != State::Opening && !link.waiting.is_empty() {
            let waiting = std::mem::take(&mut link.waiting);
            link.session.send(&waiting, &mut self.workspace)?;
        }
        Ok(())
    }

    /// What is to be written to the device of the last call.
    pub fn outgoing(&self) -> &[u8] {
        self.workspace.outgoing()
    }

    /// It was written.
    pub fn clear(&mut self) {
        self.workspace.clear();
    }
}

/// Takes what came for a device through its link, and writes what the link has to answer.
///
/// # Errors
/// The words of what broke.
pub fn receive(
    (links, sockets): (&mut Links, &mut Sockets<'_>),
    fleet: &mut Fleet,
    (device, connection, bytes): (u32, Connection, &[u8]),
    now_ns: u64,
) -> Result<(), String> {
    let mut received = Ok(());
    let heard = links.hear(device, bytes, &mut |plaintext| {
        if received.is_ok() {
            received = fleet.receive(device, plaintext, now_ns);
        }
    });
    let out = links.outgoing();
    let written = match out.is_empty() {
        true => Ok(0),
        false => sockets.write(connection, &[out]),
    };
    links.clear();
    heard.map_err(|error| error.to_string())?;
    received.map_err(|error| error.to_string())?;
    written.map_err(|error| error.to_string()).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::write_certificate;
    use ringpost_gateway_tls::{Identity, ServerTls};

    /// Carries bytes between a device and a server until both are quiet; what the server heard.
    fn carry(links: &mut Links, device: u32, server: &mut Session) -> Vec<u8> {
        let (mut heard, mut workspace) = (Vec::new(), Workspace::default());
        loop {
            let out = links.outgoing().to_vec();
            links.clear();
            if out.is_empty() {
                return heard;
            }
            let mut on_plaintext = |bytes: &[u8]| heard.extend_from_slice(bytes);
            server
                .receive(&out, &mut workspace, &mut on_plaintext)
                .unwrap();
            let back = workspace.outgoing().to_vec();
            workspace.clear();
            links.hear(device, &back, &mut |_| {}).unwrap();
        }
    }

    #[test]
    fn what_is_said_early_arrives_and_devices_have_tickets_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, _) = write_certificate(folder.path()).unwrap();
        let key = std::fs::read(folder.path().join("node.key")).unwrap();
        let identity = Identity::from_pem(certificate.as_bytes(), &key).unwrap();
        let server = ServerTls::new(identity, ALPN_NAME).unwrap();
        let door = TlsDoor {
            address: ([127, 0, 0, 1], 7401).into(),
            certificate,
        };
        for (mode, expected) in [
            (TlsMode::Full, [false, false, false]),
            (TlsMode::Resumed, [false, false, true]),
        ] {
            let mut links = Links::new(&door, mode, 2).unwrap();
            for (device, is_resumed) in [0, 1, 0].into_iter().zip(expected) {
                let mut session = server.session().unwrap();
                links.begin(device).unwrap();
                links.say(device, b"hello").unwrap();
                assert_eq!(carry(&mut links, device, &mut session), b"hello");
                links.say(device, b"more").unwrap();
                assert_eq!(carry(&mut links, device, &mut session), b"more");
                assert_eq!(session.is_resumed(), is_resumed, "{mode:?} {device}");
            }
        }
    }
}
