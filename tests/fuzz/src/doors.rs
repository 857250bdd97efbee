//! What stands in front of the protocol: the PROXY header, and the server's side of TLS.

use rcgen::{CertificateParams, KeyPair};
use ringpost_gateway_tls::limits::SERVER_HELD_BYTES_MAX;
use ringpost_gateway_tls::proxy::{HEADER_BYTES_MAX, parse};
use ringpost_gateway_tls::{ClientTls, Identity, ServerTls, Session, State, Workspace};

use crate::plan::Plan;
use crate::target::Verdict;

/// The first bytes of a connection from a balancer.
pub(crate) fn run_proxy(bytes: &[u8]) -> Verdict {
    let whole = parse(bytes);
    if let Ok(Some(header)) = whole {
        assert!(header.bytes <= bytes.len().min(HEADER_BYTES_MAX));
        assert_eq!(
            parse(&bytes[..header.bytes]),
            whole,
            "what follows matters not"
        );
        assert_eq!(parse(&bytes[..header.bytes - 1]), Ok(None));
    }
    if whole == Ok(None) {
        assert!(bytes.len() < HEADER_BYTES_MAX, "enough is there to decide");
    }
    for length in (0..bytes.len().min(64)).rev() {
        let part = parse(&bytes[..length]);
        assert!(
            part == Ok(None) || part == whole,
            "more bytes change {part:?} to {whole:?}"
        );
    }
    Verdict::of(matches!(whole, Ok(Some(_))))
}

pub(crate) fn proxy_seeds() -> Vec<Vec<u8>> {
    let header = |command: u8, family: u8, body: &[u8]| {
        let length = (body.len() as u16).to_be_bytes();
        [
            &b"\r\n\r\n\0\r\nQUIT\n"[..],
            &[command, family],
            &length,
            body,
        ]
        .concat()
    };
    let ipv4 = [192, 0, 2, 1, 192, 0, 2, 2, 0x02, 0xbc, 0x1c, 0xe8];
    let name = [&ipv4[..], &[0x02, 0, 4], b"host", &[0x04, 0, 0]].concat();
    let checksum = [&ipv4[..], &[0x03, 0, 4, 0, 0, 0, 0]].concat();
    vec![
        header(0x21, 0x11, &ipv4),
        header(0x21, 0x11, &name),
        header(0x21, 0x11, &checksum),
        header(0x21, 0x21, &[1; 36]),
        header(0x21, 0x31, &[0; 216]),
        header(0x21, 0x00, b""),
        [&header(0x20, 0x00, b"")[..], b"the stream"].concat(),
    ]
}

struct Ends {
    server: ServerTls,
    clients: [ClientTls; 2],
}

thread_local! {
    static ENDS: Ends = ends();
}

fn ends() -> Ends {
    let key = KeyPair::generate().expect("a key can be made");
    let parameters = CertificateParams::new(["ringpost.test".to_owned()]).expect("a name");
    let certificate = parameters.self_signed(&key).expect("signs").pem();
    let identity = Identity::from_pem(certificate.as_bytes(), key.serialize_pem().as_bytes());
    let roots = certificate.as_bytes();
    Ends {
        server: ServerTls::new(identity.expect("they belong together"), b"fuzz").expect("a server"),
        clients: [
            ClientTls::new(roots).expect("roots"),
            ClientTls::tls12(roots).expect("roots"),
        ],
    }
}

/// A client's flights, changed on their way; or only bytes.
pub(crate) fn run_tls(input: &[u8]) -> Verdict {
    ENDS.with(|ends| {
        let mut plan = Plan::of(input);
        let mut door = Door::of(ends.server.session().expect("a session"));
        match plan.below(3) {
            2 => while !plan.is_over() && door.receive(plan.part()) {},
            version => disturbed(&ends.clients[version], &mut plan, &mut door),
        }
        Verdict::of(door.session.state() == State::Open)
    })
}

/// The server's session, and what it gave out.
struct Door {
    session: Session,
    workspace: Workspace,
    plaintext: Vec<u8>,
}

impl Door {
    fn of(session: Session) -> Self {
        Self {
            session,
            workspace: Workspace::default(),
            plaintext: Vec::new(),
        }
    }

    /// Whether it goes on.
    fn receive(&mut self, bytes: &[u8]) -> bool {
        let plaintext = &mut self.plaintext;
        let state = self
            .session
            .receive(bytes, &mut self.workspace, &mut |part| {
                plaintext.extend_from_slice(part);
            });
        assert!(self.session.held_bytes() <= SERVER_HELD_BYTES_MAX);
        if state.is_err() {
            assert_eq!(self.session.state(), State::Failed);
            assert_eq!(
                self.session.held_bytes(),
                0,
                "a failed session holds nothing"
            );
        }
        state.is_ok()
    }

    fn take(&mut self) -> Vec<u8> {
        let bytes = self.workspace.outgoing().to_vec();
        self.workspace.clear();
        bytes
    }
}

/// A handshake and a text, in which the plan changes flights of the client.
fn disturbed(client: &ClientTls, plan: &mut Plan<'_>, door: &mut Door) {
    const TEXT: &[u8] = b"what the client says";
    let mut near = client.session("ringpost.test").expect("a name");
    let mut workspace = Workspace::default();
    let mut is_changed = false;
    near.begin(&mut workspace).expect("begins");
    for _ in 0..6 {
        let mut flight = workspace.outgoing().to_vec();
        workspace.clear();
        is_changed |= change(plan, &mut flight);
        if !door.receive(&flight) {
            assert!(is_changed, "an honest client is refused");
            return;
        }
        let answer = door.take();
        let heard = near.receive(&answer, &mut workspace, &mut |_| {});
        assert!(heard.is_ok() || is_changed, "an honest client refuses");
        if heard.is_err() {
            return;
        }
        if near.state() == State::Open && workspace.outgoing().is_empty() {
            break;
        }
    }
    if near.send(TEXT, &mut workspace).is_err() {
        assert!(is_changed, "an honest handshake does not end");
        return;
    }
    let mut record = workspace.outgoing().to_vec();
    let is_whole = !change(plan, &mut record);
    let is_heard = door.receive(&record);
    if is_whole && !is_changed {
        assert!(is_heard && door.plaintext == TEXT);
    } else {
        assert!(
            door.plaintext.is_empty() || door.plaintext == TEXT,
            "forged"
        );
    }
}

/// Whether the plan changed anything.
fn change(plan: &mut Plan<'_>, flight: &mut Vec<u8>) -> bool {
    if flight.is_empty() || !plan.flag() {
        return false;
    }
    let before = flight.clone();
    let at = plan.number() as usize % flight.len();
    match plan.below(4) {
        0 => flight[at] ^= plan.byte(),
        1 => flight.truncate(at),
        2 => drop(flight.splice(at..at, plan.part().iter().copied())),
        _ => {
            let part = plan.part();
            let end = (at + part.len()).min(flight.len());
            flight.splice(at..end, part.iter().copied());
        }
    }
    *flight != before
}

pub(crate) fn tls_seeds() -> Vec<Vec<u8>> {
    let greeting = |version: usize| {
        ENDS.with(|ends| {
            let mut workspace = Workspace::default();
            let mut near = ends.clients[version]
                .session("ringpost.test")
                .expect("a name");
            near.begin(&mut workspace).expect("begins");
            workspace.outgoing().to_vec()
        })
    };
    let part = |bytes: &[u8]| [&(bytes.len() as u16).to_le_bytes()[..], bytes].concat();
    vec![
        vec![0],
        vec![1],
        vec![0, 1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1],
        vec![1, 0, 1, 9, 0, 0, 0, 0, 0, 0, 0, 1],
        vec![0, 0, 0, 1, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0xff],
        [&[2], &part(&greeting(0))[..]].concat(),
        [&[2], &part(&greeting(1))[..]].concat(),
        [&[2], &part(b"GET / HTTP/1.1\r\n\r\n")[..]].concat(),
    ]
}
