//! Nothing that a core or a client holds may be over its limit, at any turn.

use ringpost_client_core::limits::{OUTBOX_BYTES_MAX, OUTBOX_MESSAGES_MAX, UNCONFIRMED_MAX};
use ringpost_gateway_core::limits::{
    ACKS_MAX, DELIVERIES_MAX, OUTBOUND_CONTROL_BYTES, OUTBOUND_DATA_BYTES_MAX, REQUESTS_MAX,
    WAITING_COMMANDS_MAX,
};
use ringpost_wire::limits::FRAME_BYTES_MAX;

use crate::connection::ConnectionId;
use crate::node::Core;
use crate::world::{CoreLife, World};

impl World {
    /// Looks at a core after a turn.
    pub fn check_core(&mut self, at: CoreLife) {
        let core = self.nodes[at.node].cores.get(at.core);
        if let Some((what, held, most)) = core.and_then(over_limit) {
            self.fail(format_args!("limits: {held} {what}, at most {most}"));
        }
    }

    /// Looks at what waits for a socket of a core.
    pub fn check_outbound(&mut self, id: ConnectionId) {
        let held = self.connections[id.0].down.bytes.len();
        // A page may pass the part for data by one message.
        let most = OUTBOUND_DATA_BYTES_MAX + FRAME_BYTES_MAX + OUTBOUND_CONTROL_BYTES;
        if held > most {
            self.fail(format_args!(
                "limits: {held} bytes wait for {id:?}, at most {most}"
            ));
        }
    }

    /// Looks at all clients.
    pub fn check_clients(&mut self) {
        let over = self.clients.iter().enumerate().find_map(|(index, client)| {
            let machine = client.machine.as_ref()?;
            let state = machine.state();
            let limits = [
                ("messages", state.outbox_messages(), OUTBOX_MESSAGES_MAX),
                ("bytes", state.outbox_bytes(), OUTBOX_BYTES_MAX),
                ("unconfirmed", machine.unconfirmed(), UNCONFIRMED_MAX),
            ];
            let over = limits.into_iter().find(|(_, held, most)| held > most);
            over.map(|over| (index, over))
        });
        if let Some((index, (what, held, most))) = over {
            self.fail(format_args!(
                "limits: c{index} has {held} {what}, at most {most}"
            ));
        }
    }
}

/// What a worker holds too much of, how much, and the most. A session has a connection, a partial frame a session.
fn over_limit(core: &Core) -> Option<(&'static str, usize, usize)> {
    let summary = core.worker.summary();
    let cores = core.posted.len();
    let sessions = summary.sessions_live + summary.sessions_opening;
    let commands_max = WAITING_COMMANDS_MAX + ACKS_MAX;
    let requests_max = cores * REQUESTS_MAX;
    let mails_max = cores * (2 * REQUESTS_MAX + DELIVERIES_MAX + ACKS_MAX);
    let limits = [
        ("waiting commands", summary.waiting_commands, commands_max),
        ("requests", summary.requests_unanswered, requests_max),
        ("mails", summary.mails_waiting, mails_max),
        ("sessions", sessions, core.sessions.len()),
        ("partial frames", summary.partial_frames, sessions),
    ];
    limits.into_iter().find(|(_, held, most)| held > most)
}
