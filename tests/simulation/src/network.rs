//! The network: bytes arrive late and cut anywhere, connections end at any moment, and an end may never learn of it.

use ringpost_gateway_core::SessionId;

use crate::connection::{Connection, ConnectionId, Direction, Peer};
use crate::node::Arrived;
use crate::world::{CoreLife, Event, World, note};

/// Share of chunks that are a few bytes long, of those that are cut.
const TINY_SHARE: u64 = 300;
/// Share of chunks that are held up for long.
const HELD_UP_SHARE: u64 = 10;
const HELD_UP_US_MAX: u64 = 300_000;
/// Share of lost connections whose bytes still reach the node, of those that it holds open; and how long that may take.
const LATE_BYTES_SHARE: u64 = 250;
const LATE_US_MAX: u64 = 1_000_000;

impl World {
    /// A client opens a connection to a node.
    pub fn dial(&mut self, peer: Peer, peer_life: u32, node: usize) -> ConnectionId {
        let id = ConnectionId(self.connections.len());
        self.connections
            .push(Connection::new(peer, peer_life, node, self.now_us));
        self.plan_reset(id);
        let delay_us = self.link_delay();
        self.after(delay_us, Event::Dialed(id));
        id
    }

    fn link_delay(&mut self) -> u64 {
        if self.random.chance(HELD_UP_SHARE) {
            return self.random.between(1, HELD_UP_US_MAX);
        }
        self.random.between(1, self.settings.link_delay_us)
    }

    /// A connection attempt reaches the node.
    pub fn dialed(&mut self, id: ConnectionId) {
        let connection = &self.connections[id.0];
        let node = connection.node;
        if !connection.is_client_open {
            return;
        }
        let delay_us = self.link_delay();
        if !self.nodes[node].is_up || self.nodes[node].is_draining {
            self.counts.add("connections refused");
            return self.after(delay_us, Event::ClientClosed(id));
        }
        let core = self.random.index(self.nodes[node].cores.len());
        let session = self.nodes[node].cores[core].take_slot();
        self.nodes[node].cores[core].sessions.insert(session, id);
        let connection = &mut self.connections[id.0];
        connection.core = core;
        connection.node_life = self.nodes[node].life;
        connection.session = Some(session);
        connection.is_server_open = true;
        note!(
            self,
            "n{node}k{core} s{} accepted from {:?}",
            session.slot,
            self.connections[id.0].peer
        );
        self.arrive(self.core_life(node, core), Arrived::Connected(session));
        self.after(delay_us, Event::Opened(id));
    }

    /// Where a connection ends at the node, while it does.
    fn server_end(&self, id: ConnectionId) -> Option<(CoreLife, SessionId)> {
        let connection = &self.connections[id.0];
        let at = CoreLife {
            node: connection.node,
            life: connection.node_life,
            core: connection.core,
        };
        let session = connection.session?;
        (connection.is_server_open && self.is_alive(at)).then_some((at, session))
    }

    /// A client writes.
    pub fn client_writes(&mut self, id: ConnectionId, bytes: &[u8]) {
        let connection = &mut self.connections[id.0];
        if connection.is_client_open && !connection.is_cut {
            connection.up.bytes.extend(bytes);
            self.tap_written(id, bytes);
            self.start_flow(id, Direction::Up);
        }
    }

    /// A client closes; what it wrote still arrives.
    pub fn client_closes(&mut self, id: ConnectionId) {
        let connection = &mut self.connections[id.0];
        if connection.is_client_open {
            connection.is_client_open = false;
            connection.up.ends = true;
            self.start_flow(id, Direction::Up);
        }
    }

    /// A node writes.
    pub fn server_writes(&mut self, at: CoreLife, session: SessionId, bytes: &[u8]) {
        let Some(id) = self.nodes[at.node].cores[at.core]
            .sessions
            .get(&session)
            .copied()
        else {
            // Its end arrived in the same turn.
            return;
        };
        if bytes.get(4).copied() == Some(ringpost_wire::FrameKind::Behind as u8) {
            self.counts.add("behind told");
        }
        self.connections[id.0].down.bytes.extend(bytes);
        self.check_outbound(id);
        self.start_flow(id, Direction::Down);
    }

    /// A node closes: what it wrote still arrives, or is dropped.
    pub fn server_closes(&mut self, at: CoreLife, session: SessionId, flush: bool) {
        let core = &mut self.nodes[at.node].cores[at.core];
        let Some(id) = core.sessions.get(&session).copied() else {
            return;
        };
        core.free_slot(session);
        let connection = &mut self.connections[id.0];
        connection.is_server_open = false;
        connection.up.bytes.clear();
        if !flush {
            connection.down.bytes.clear();
        }
        connection.down.ends = true;
        self.start_flow(id, Direction::Down);
    }

    /// Arranges that bytes arrive, unless that is arranged.
    pub fn start_flow(&mut self, id: ConnectionId, direction: Direction) {
        let delay_us = self.link_delay();
        let connection = &mut self.connections[id.0];
        let stream = connection.stream(direction);
        let has_work = !stream.bytes.is_empty() || stream.ends;
        if has_work && !stream.is_flowing {
            stream.is_flowing = true;
            self.after(delay_us, Event::Flow(id, direction));
        }
    }

    /// Bytes arrive.
    pub fn flow(&mut self, id: ConnectionId, direction: Direction) {
        let connection = &mut self.connections[id.0];
        connection.stream(direction).is_flowing = false;
        if connection.is_cut || self.is_dead(id, direction) {
            return;
        }
        match direction {
            Direction::Up => self.flow_up(id),
            Direction::Down => self.flow_down(id),
        }
        self.reset_when_due(id, direction);
    }

    fn chunk(&mut self, id: ConnectionId, direction: Direction) -> Vec<u8> {
        let is_cut = self.random.chance(self.settings.cut_chunk_share);
        let is_tiny = self.random.chance(TINY_SHARE);
        let waiting = self.connections[id.0].stream(direction).bytes.len() as u64;
        let most = if is_tiny { 8 } else { waiting };
        let length = if is_cut {
            self.random.between(1, most.min(waiting))
        } else {
            waiting
        };
        let length = self.let_pass(id, direction, length);
        let stream = self.connections[id.0].stream(direction);
        stream.bytes.drain(..length as usize).collect()
    }

    fn flow_up(&mut self, id: ConnectionId) {
        let Some((at, session)) = self.server_end(id) else {
            return;
        };
        let connection = &self.connections[id.0];
        if connection.is_receiving_paused {
            return;
        }
        if connection.up.bytes.is_empty() {
            if connection.up.ends {
                self.connections[id.0].is_cut = true;
                self.arrive(at, Arrived::Disconnected(session));
            }
            return;
        }
        let bytes = self.chunk(id, Direction::Up);
        self.arrive(at, Arrived::Received(session, bytes));
        self.start_flow(id, Direction::Up);
    }

    fn flow_down(&mut self, id: ConnectionId) {
        let connection = &self.connections[id.0];
        let (peer, life) = (connection.peer, connection.peer_life);
        let is_heard = connection.is_client_open && self.is_peer_alive(peer, life);
        if let Some(until_us) = self.reads_from(peer)
            && is_heard
            && until_us > self.now_us
        {
            self.connections[id.0].down.is_flowing = true;
            return self.queue.push(until_us, Event::Flow(id, Direction::Down));
        }
        if self.connections[id.0].down.bytes.is_empty() {
            if self.connections[id.0].down.ends {
                self.client_closed(id);
            }
            return;
        }
        let bytes = self.chunk(id, Direction::Down);
        if let Some((at, session)) = self.server_end(id) {
            self.arrive(at, Arrived::Progress(session, bytes.len()));
        }
        if is_heard {
            self.tap_heard(id, &bytes);
            self.peer_hears(peer, id, &bytes);
        }
        self.start_flow(id, Direction::Down);
    }

    fn is_peer_alive(&self, peer: Peer, life: u32) -> bool {
        match peer {
            Peer::Sdk(client) => self.clients[client].life == life,
            Peer::Raw(_) => true,
        }
    }

    /// Until when a client does not read.
    fn reads_from(&self, peer: Peer) -> Option<u64> {
        match peer {
            Peer::Sdk(client) => Some(self.clients[client].reads_from_us),
            Peer::Raw(_) => None,
        }
    }

    fn peer_hears(&mut self, peer: Peer, id: ConnectionId, bytes: &[u8]) {
        match peer {
            Peer::Sdk(client) => self.sdk_hears(client, id, bytes),
            Peer::Raw(raw) => self.raw_hears(raw, id, bytes),
        }
    }

    /// The client learns that its connection is open.
    pub fn opened(&mut self, id: ConnectionId) {
        let connection = &self.connections[id.0];
        let (peer, life) = (connection.peer, connection.peer_life);
        if connection.is_cut || !connection.is_client_open || !self.is_peer_alive(peer, life) {
            return;
        }
        match peer {
            Peer::Sdk(client) => self.sdk_opened(client, id),
            Peer::Raw(raw) => self.raw_opened(raw, id),
        }
    }

    /// The client learns that its connection is over.
    pub fn client_closed(&mut self, id: ConnectionId) {
        let connection = &mut self.connections[id.0];
        let (peer, life) = (connection.peer, connection.peer_life);
        let was_open = core::mem::replace(&mut connection.is_client_open, false);
        if !was_open || !self.is_peer_alive(peer, life) {
            return;
        }
        match peer {
            Peer::Sdk(client) => self.sdk_closed(client, id),
            Peer::Raw(raw) => self.raw_closed(raw, id),
        }
    }

    /// The node learns that a connection is over.
    pub fn server_closed(&mut self, id: ConnectionId) {
        if let Some((at, session)) = self.server_end(id) {
            self.arrive(at, Arrived::Disconnected(session));
        }
    }

    /// The network loses a connection with the bytes on their way; each end may or may not be told.
    pub fn cut(&mut self, id: ConnectionId) {
        let connection = &mut self.connections[id.0];
        if connection.is_cut {
            return;
        }
        if connection.is_server_open && self.random.chance(LATE_BYTES_SHARE) {
            return self.cut_late(id);
        }
        self.lose(id);
        for notice in [Event::ClientClosed(id), Event::ServerClosed(id)] {
            if self.random.chance(self.settings.half_open_share) {
                self.counts.add("ends not told");
            } else {
                let delay_us = self.link_delay();
                self.after(delay_us, notice);
            }
        }
    }

    /// A connection is reset: both ends are told.
    pub fn reset(&mut self, id: ConnectionId) {
        if !self.connections[id.0].is_cut {
            self.lose(id);
            for notice in [Event::ClientClosed(id), Event::ServerClosed(id)] {
                let delay_us = self.link_delay();
                self.after(delay_us, notice);
            }
        }
    }

    fn lose(&mut self, id: ConnectionId) {
        let connection = &mut self.connections[id.0];
        connection.is_cut = true;
        connection.up.bytes.clear();
        connection.down.bytes.clear();
        self.counts.add("connections cut");
    }

    /// The client loses a connection whose bytes still reach the node, perhaps after those of its next connection.
    fn cut_late(&mut self, id: ConnectionId) {
        self.counts.add("bytes after a loss");
        let connection = &mut self.connections[id.0];
        connection.up.ends = true;
        connection.down.bytes.clear();
        if !core::mem::replace(&mut connection.up.is_flowing, true) {
            let delay_us = self.random.between(1, LATE_US_MAX);
            self.after(delay_us, Event::Flow(id, Direction::Up));
        }
        self.client_closed(id);
    }

    /// The node is gone: its ends of all connections are.
    pub fn cut_all_of(&mut self, node: usize) {
        for index in 0..self.connections.len() {
            let connection = &mut self.connections[index];
            if connection.node == node && !connection.is_cut {
                connection.is_server_open = false;
                if connection.down.ends && !connection.down.bytes.is_empty() {
                    continue;
                }
                self.cut(ConnectionId(index));
            }
        }
    }
}
