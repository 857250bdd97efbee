//! Any input at any time: random frames, cuts, late ids, foreign mails and stalls never panic, and two runs of a seed agree.

use std::net::IpAddr;

use ringpost_gateway_core::*;
use ringpost_wire::*;

use crate::clients::*;
use crate::rig::{Rig, config};
use crate::tokens::token;

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

const NAMES: [&str; 4] = ["ann", "bob", "cat", "dan"];

/// Where connections come from; half of them from nobody knows where.
const PEERS: [Option<[u8; 4]>; 4] = [None, None, Some([192, 0, 2, 1]), Some([192, 0, 2, 2])];

/// Workers on which one address may have a few connections.
fn limited(cores: u16, connections: u32) -> Config {
    let peers = PeerLimits {
        connections,
        failed_sign_ins: 3,
        pause_ms_max: 5_000,
        ..PeerLimits::default()
    };
    Config {
        cores,
        peers,
        ..config()
    }
}

fn frame(dice: &mut Dice) -> Vec<u8> {
    let name = |dice: &mut Dice| NAMES[dice.roll(4) as usize];
    let chat = chat(name(dice), name(dice));
    let mut out = Vec::new();
    match dice.roll(40) {
        0 => out = hello(&token(name(dice), 1 + dice.roll(2) as u32, EXPIRES_S)),
        1..=16 => {
            let client_seq = dice.roll(2) * dice.roll(6);
            out = send_frame(chat, client_seq, &vec![1; dice.roll(3_000) as usize]);
        }
        17..=22 => Ack {
            chat,
            seq: dice.roll(9),
        }
        .encode(&mut out),
        23..=25 => ListPending {
            request: 1,
            after: b"",
            chats_max: 9,
            all: false,
        }
        .encode(&mut out),
        26..=30 => ReadPage {
            request: 2,
            chat,
            from: 1 + dice.roll(5),
            messages_max: 9,
            bytes_max: 9_999,
        }
        .encode(&mut out),
        31..=33 => MarkRead {
            chat,
            read_to: dice.roll(5),
        }
        .encode(&mut out),
        34..=37 => OpenChat {
            request: 3,
            user: user(name(dice)),
        }
        .encode(&mut out),
        _ => Ping { nonce: 4 }.encode(&mut out),
    }
    if dice.roll(100) == 0 {
        let at = dice.roll(out.len() as u64) as usize;
        out[at] ^= 1 << dice.roll(8);
    }
    out
}

fn foreign_mail(dice: &mut Dice) -> Mail {
    let session = SessionId {
        slot: dice.roll(5) as u32,
        generation: dice.roll(60) as u32,
    };
    let device = address("ann", 1);
    match dice.roll(6) {
        0 => Mail::Detach {
            device,
            generation: dice.roll(9),
        },
        1 => Mail::TakenOver {
            session,
            generation: dice.roll(9),
        },
        2 => Mail::Attached {
            session,
            device,
            generation: 1,
        },
        3 => Mail::Linked {
            attach: dice.roll(9),
            answer: Ok(()),
        },
        4 => Mail::ReadMarked {
            session,
            answer: Ok(()),
        },
        _ => Mail::Acks(vec![DeviceAck {
            device,
            chat: chat("ann", "bob"),
            seq: dice.roll(9),
        }]),
    }
}

/// Mostly an open connection, sometimes one that has ended.
fn any(rig: &Rig, dice: &mut Dice) -> usize {
    let wants_open = dice.roll(10) > 0;
    let open = |at: &usize| !wants_open || rig.connections[*at].closed.is_none();
    let choice: Vec<usize> = (0..rig.connections.len()).filter(open).collect();
    let at = dice.roll(choice.len().max(1) as u64) as usize;
    choice.get(at).copied().unwrap_or(0)
}

fn turn(rig: &mut Rig, dice: &mut Dice, cores: u16) {
    match dice.roll(24) {
        0 | 1 => {
            let peer = PEERS[dice.roll(4) as usize].map(IpAddr::from);
            let connection = rig.connect_from(dice.roll(3) as usize, peer);
            let device = 1 + dice.roll(4) as u32;
            let text = token(NAMES[dice.roll(4) as usize], device, EXPIRES_S);
            rig.bytes(connection, &hello(&text));
        }
        2 => {
            let connection = any(rig, dice);
            if rig.connections[connection].closed.is_none() {
                rig.disconnect(connection);
            }
        }
        3 => rig.lanes_hold = !rig.lanes_hold,
        4 => {
            let connection = any(rig, dice);
            rig.connections[connection].reads = !rig.connections[connection].reads;
        }
        5 => rig.full_mailboxes = vec![CoreId(dice.roll(4) as u16)],
        6 => rig.full_mailboxes.clear(),
        7 => {
            let state = match dice.roll(2) {
                0 => LaneState::Ready,
                _ => LaneState::Unavailable { retry_after_ms: 9 },
            };
            rig.set_lanes(state);
        }
        8 => rig.wait_ms(dice.roll(3_000)),
        9 => {
            let (to, from) = (dice.roll(u64::from(cores)) as u16, dice.roll(5) as u16);
            let mail = foreign_mail(dice);
            rig.input(
                CoreId(to),
                Input::Mail {
                    from: CoreId(from),
                    mail,
                },
            );
        }
        10 => {
            let Connection { core, session, .. } = connection(rig, dice);
            let sent_bytes = dice.roll(1_000) as usize;
            rig.input(
                core,
                Input::Progress {
                    session,
                    sent_bytes,
                },
            );
        }
        11 => rig.run(),
        _ => {
            let connection = any(rig, dice);
            let bytes = frame(dice);
            let cut = dice.roll(bytes.len() as u64 + 1) as usize;
            rig.bytes(connection, &bytes[..cut]);
            if dice.roll(100) > 0 {
                rig.bytes(connection, &bytes[cut..]);
            }
        }
    }
}

struct Connection {
    core: CoreId,
    session: SessionId,
}

fn connection(rig: &Rig, dice: &mut Dice) -> Connection {
    let at = dice.roll(rig.connections.len() as u64) as usize;
    let connection = &rig.connections[at];
    Connection {
        core: connection.core,
        session: connection.session,
    }
}

/// Runs one seed to its end and answers all that clients were told.
fn play(seed: u64) -> (Vec<Vec<Vec<u8>>>, Vec<Counters>) {
    let cores = 1 + (seed % 3) as u16;
    let mut dice = Dice(seed);
    let mut rig = Rig::with(cores, limited(cores, 9));
    for (core, name) in NAMES.into_iter().enumerate() {
        let connection = rig.live(core, name, 1);
        for other in &NAMES[..core] {
            rig.open(connection, other);
        }
    }
    for _ in 0..400 {
        turn(&mut rig, &mut dice, cores);
        if dice.roll(3) == 0 {
            rig.run();
        }
    }
    rig.full_mailboxes.clear();
    rig.lanes_hold = false;
    rig.set_lanes(LaneState::Ready);
    for core in 0..cores {
        rig.input(
            CoreId(core),
            Input::Drain {
                spread_ms: 0,
                delay_ms: 10,
            },
        );
    }
    rig.run();
    rig.wait_ms(40_000);
    let one = limited(cores, 1).changeable();
    for core in 0..cores {
        rig.input(CoreId(core), Input::Limits(one));
    }
    for worker in &rig.workers {
        let mut peers = PEERS.into_iter().flatten().map(IpAddr::from);
        let is_forgotten = peers.all(|peer| worker.welcomes(peer, rig.now));
        assert!(is_forgotten, "seed {seed}: a connection is still counted");
        let summary = worker.summary();
        assert!(summary.is_drained(), "seed {seed}: {summary:?}");
        assert_eq!(summary.devices, 0, "seed {seed}");
    }
    let inboxes = rig.connections.iter();
    let told = inboxes.map(|connection| connection.inbox.iter().cloned().collect());
    let counters = rig.workers.iter().map(|worker| worker.counters().clone());
    (told.collect(), counters.collect())
}

#[test]
fn random_inputs_end_in_a_complete_drain_and_agree_with_themselves() {
    let mut stored = 0;
    for seed in 0..150 {
        let first = play(seed);
        if seed % 10 == 0 {
            assert_eq!(first, play(seed), "seed {seed}");
        }
        stored += first.1.iter().map(|counters| counters.stored).sum::<u64>();
    }
    assert!(stored > 300, "{stored}");
}

#[test]
fn ids_outside_the_table_are_closed_or_ignored() {
    let mut rig = Rig::new(1);
    let outside = SessionId {
        slot: 10_000,
        generation: 1,
    };
    let worker = &mut rig.workers[0];
    worker.input(
        rig.now,
        Input::Connected {
            session: outside,
            peer: None,
        },
    );
    let closed = worker.next_effect();
    assert!(matches!(closed, Some(Effect::Close { session, .. }) if session == outside));
    worker.input(
        rig.now,
        Input::Received {
            session: outside,
            bytes: b"x",
        },
    );
    worker.input(rig.now, Input::Disconnected { session: outside });
    assert!(worker.next_effect().is_none());
}
