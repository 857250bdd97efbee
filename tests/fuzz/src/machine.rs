//! The SDK's machine against any server and any application: it never panics, keeps its journal in step with its state, hands
//! nothing out twice or out of order, and stays within its limits.

use std::collections::BTreeMap;

use bytes::Bytes;
use ringpost_client_core::{Effect, Input, Machine, Options, Outgoing, State, limits};
use ringpost_wire::{ChatId, ContentClass, DeviceAddress, Seq, UserId, Welcome};

use crate::plan::Plan;
use crate::rebuild::encode;
use crate::seeds::golden;
use crate::target::Verdict;

const STEPS_MAX: usize = 400;
const CHATS: usize = 2;

/// In the choice of a restart: the journal is said to be set back.
const SET_BACK: u8 = 16;

/// Inputs of the application and of the server, in any order.
pub(crate) fn run(input: &[u8]) -> Verdict {
    let mut plan = Plan::of(input);
    let mut device = Device::of(State::default(), false);
    for _ in 0..STEPS_MAX {
        if plan.is_over() {
            break;
        }
        device.step(&mut plan);
        device.perform();
    }
    Verdict::of(device.frames_heard > 0)
}

/// The machine, its journal, and what it has handed out.
struct Device {
    machine: Machine,
    journal: State,
    now_ms: u64,
    handed: BTreeMap<ChatId, Seq>,
    frames_heard: usize,
}

impl Device {
    fn of(state: State, is_set_back: bool) -> Self {
        let options = Options {
            seed: 5,
            token: Some("token".to_owned()),
            is_set_back,
            ..Options::default()
        };
        Self {
            machine: Machine::new(options, state.clone()),
            journal: state,
            now_ms: 1_000,
            handed: BTreeMap::new(),
            frames_heard: 0,
        }
    }

    fn step(&mut self, plan: &mut Plan<'_>) {
        let choice = plan.byte();
        match choice % 16 {
            0 => self.input(Input::Connect),
            1 => self.input(Input::Opened),
            2 => self.input(Input::Closed),
            3 => self.input(Input::Disconnect),
            4 => self.input(Input::Send(Outgoing {
                chat: chat(plan),
                message_id: u64::from(plan.byte()),
                payload: Bytes::copy_from_slice(plan.part()),
                content_class: ContentClass::Visible,
                device_epoch: u32::from(plan.byte()),
            })),
            5 => self.input(Input::Confirm {
                chat: chat(plan),
                seq: plan.near(u64::MAX),
            }),
            6 => self.input(Input::MarkRead {
                chat: chat(plan),
                read_to: plan.near(u64::MAX),
            }),
            7 => self.input(Input::OpenChat {
                user: UserId([plan.byte(); 16]),
            }),
            8 => self.pass(plan),
            9 => self.begin_anew(choice & SET_BACK != 0),
            10 => self.welcome(),
            11 => self.input(Input::SetToken {
                token: "newer".to_owned(),
            }),
            _ => {
                let bytes = plan.part();
                self.frames_heard += usize::from(!bytes.is_empty());
                self.input(Input::Received { bytes });
            }
        }
    }

    fn input(&mut self, input: Input<'_>) {
        self.machine.input(self.now_ms, input);
    }

    /// Opens a session as far as the machine wants one.
    fn welcome(&mut self) {
        self.input(Input::Connect);
        self.input(Input::Opened);
        let welcome = Welcome {
            version: 1,
            device: DeviceAddress {
                user: UserId([1; 16]),
                device: 1,
            },
            generation: 1,
            time_ms: self.now_ms,
            heartbeat_ms: 60_000,
            frame_bytes_max: 65_536,
            payload_bytes_max: 61_440,
            unanswered_max: 16,
            server: "any",
        };
        let mut bytes = Vec::new();
        welcome.encode(&mut bytes);
        self.input(Input::Received { bytes: &bytes });
    }

    /// Time goes on to the next deadline, or by as much as the plan says.
    fn pass(&mut self, plan: &mut Plan<'_>) {
        let wait_ms = u64::from(plan.byte()) * 16;
        let due_ms = self.machine.next_deadline().unwrap_or(self.now_ms);
        self.now_ms = self.now_ms.max(if wait_ms == 0 {
            due_ms
        } else {
            self.now_ms + wait_ms
        });
        self.machine.timeout(self.now_ms);
        let next = self.machine.next_deadline();
        assert!(
            next.is_none_or(|due_ms| due_ms > self.now_ms),
            "a deadline is left behind"
        );
    }

    /// The process ends and begins again with its journal, which may be said to be older than what it did.
    fn begin_anew(&mut self, is_set_back: bool) {
        let mut rebuilt = State::default();
        for record in self.journal.snapshot() {
            rebuilt.apply(&record).expect("a summary fits itself");
        }
        assert_eq!(rebuilt, self.journal);
        let (now_ms, frames_heard) = (self.now_ms, self.frames_heard);
        *self = Self::of(rebuilt, is_set_back);
        self.now_ms = now_ms;
        self.frames_heard = frames_heard;
    }

    fn perform(&mut self) {
        while let Some(effect) = self.machine.next_effect() {
            match effect {
                Effect::Persist(record) => {
                    self.journal.apply(&record).expect("its records fit");
                }
                Effect::Transmit { bytes } => {
                    assert!(encode::is_from_client(encode::kind_of(&bytes)));
                }
                Effect::Deliver(incoming) | Effect::Own(incoming) => {
                    self.hand_out(incoming.chat, incoming.seq, incoming.seq);
                }
                Effect::Empty { chat, from, to, .. } => self.hand_out(chat, from, to),
                _ => {}
            }
        }
        assert_eq!(
            self.machine.state(),
            &self.journal,
            "the journal is the state"
        );
        assert!(self.journal.outbox_messages() <= limits::OUTBOX_MESSAGES_MAX);
        assert!(self.journal.outbox_bytes() <= limits::OUTBOX_BYTES_MAX);
        assert!(self.machine.unconfirmed() <= limits::UNCONFIRMED_MAX);
    }

    fn hand_out(&mut self, chat: ChatId, from: Seq, to: Seq) {
        let last = self.handed.entry(chat).or_default();
        assert!(from > *last && to >= from, "{from} to {to} after {last}");
        *last = to;
    }
}

fn chat(plan: &mut Plan<'_>) -> ChatId {
    // The chat of the golden frames, and one that the server never names.
    let ann = UserId::from_subject("ann");
    match plan.below(CHATS) {
        0 => ChatId::one_to_one(ann, UserId::from_subject("bob")),
        _ => ChatId([7; 16]),
    }
}

/// Sessions in which every golden frame of a server comes, alone and one after another.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let heard = |bytes: &[u8]| {
        let length = (bytes.len() as u16).to_le_bytes();
        [&[15][..], &length, bytes].concat()
    };
    let frames = golden(|frame| encode::is_from_server(encode::kind_of(frame)));
    let send = |id: u8| vec![4, 0, id, 2, 0, b'h', b'i', 0];
    let begin = [vec![10], send(1), send(2), vec![7, 9, 6, 0, 3]].concat();
    let mut inputs: Vec<Vec<u8>> = frames
        .iter()
        .map(|frame| [&begin[..], &heard(frame), &[5, 0, 9, 8, 0, 9, 10]].concat())
        .collect();
    let all: Vec<u8> = frames.iter().flat_map(|frame| heard(frame)).collect();
    inputs.push([&begin[..], &all, &[8, 0, 8, 200, 2, 8, 0, 10]].concat());
    let set_back = [9 | SET_BACK, 10];
    inputs.push([&begin[..], &all, &set_back, &all, &[8, 0], &set_back, &all].concat());
    inputs.push([&[0, 1, 2, 3, 0, 1][..], &send(1), &[8, 0, 8, 0, 11, 9]].concat());
    inputs
}
