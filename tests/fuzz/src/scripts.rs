//! The rules of the store on a map: any course of commands leaves rows that the check of a whole store finds sound, an answer
//! that is asked for again is the same, and damaged rows are reported, never believed and never a panic.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use ringpost_storage_core::outcome::{Appended, Unlinking};
use ringpost_storage_core::store::Key;
use ringpost_storage_core::{Command, Outcome, Retention};
use ringpost_wire::{
    ChatId, ContentClass, DeviceAddress, MessageView, NewMessage, UserId, digest, encode_send,
};

use crate::plan::Plan;
use crate::store::Table;
use crate::target::Verdict;

const USERS: usize = 3;
const DEVICES: usize = 2;
/// Commands of one course: more find nothing that fewer do not, and take longer.
const COMMANDS_MAX: usize = 192;
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
const START_MS: u64 = 20_000 * DAY_MS;

/// A course of commands on an empty store.
pub(crate) fn run(input: &[u8]) -> Verdict {
    let mut table = Table::default();
    let answered = carry_out(input, &mut table);
    let findings = table.findings();
    assert!(findings.is_empty(), "the check finds {findings:#?}");
    Verdict::of(answered > 0)
}

/// Carries the course out; how many commands were not refused.
pub(crate) fn carry_out(input: &[u8], table: &mut Table) -> usize {
    let mut course = Course::of(input);
    let mut answered = 0;
    while let Some(commands) = course.next_batch() {
        let outcomes = table
            .run(&commands, course.retention)
            .expect("sound rows are read");
        course.note(&commands, &outcomes);
        answered += outcomes
            .iter()
            .filter(|outcome| is_granted(outcome))
            .count();
        for (command, outcome) in commands.iter().zip(&outcomes) {
            check_answer(command, outcome);
        }
        // Only the last: a later send may have told that the answer to this one has come.
        if let [.., last] = &commands[..]
            && let [.., Outcome::Appended(first)] = &outcomes[..]
        {
            let again = table.run(core::slice::from_ref(last), course.retention);
            check_repeat(first, again.as_deref());
        }
    }
    answered
}

/// A course of commands on a store, some of whose rows hold any bytes.
pub(crate) fn run_damaged(input: &[u8]) -> Verdict {
    let mut plan = Plan::of(input);
    let course = plan.part();
    let mut table = Table::default();
    carry_out(course, &mut table);
    for _ in 0..plan.below(4) {
        damage(&mut plan, &mut table);
    }
    // Must come to an end, whatever it finds.
    let _ = table.findings();
    let mut later = Course::of(plan.remainder());
    let mut is_read = false;
    while let Some(commands) = later.next_batch() {
        if let Some(outcomes) = table.run(&commands, later.retention) {
            later.note(&commands, &outcomes);
            is_read = true;
        }
    }
    Verdict::of(is_read)
}

/// Changes a row, or puts any bytes where there was none.
fn damage(plan: &mut Plan<'_>, table: &mut Table) {
    let place = plan.below(256);
    let is_new = plan.flag();
    let value = Bytes::copy_from_slice(plan.part());
    let key = if is_new {
        Key::from_slice(plan.take(39))
    } else {
        table.key_at(place)
    };
    if let Some(key) = key {
        table.put(key, value);
    }
}

/// What of a course is not yet carried out.
struct Course<'a> {
    plan: Plan<'a>,
    /// What is due next for a device that is being linked or unlinked, in this order; a crash forgets it.
    due: BTreeMap<DeviceAddress, VecDeque<Command>>,
    commands: usize,
    now_ms: u64,
    retention: Retention,
}

impl<'a> Course<'a> {
    fn of(input: &'a [u8]) -> Self {
        let mut plan = Plan::of(input);
        let retention = match plan.byte() {
            0..=127 => Retention::UntilDelivered,
            days => Retention::Days(u32::from(days - 127)),
        };
        Self {
            plan,
            due: BTreeMap::new(),
            commands: 0,
            now_ms: START_MS,
            retention,
        }
    }

    fn next_batch(&mut self) -> Option<Vec<Command>> {
        if self.plan.is_over() || self.commands >= COMMANDS_MAX {
            return None;
        }
        let count = 1 + self.plan.below(4);
        self.commands += count;
        Some((0..count).map(|_| self.command()).collect())
    }

    fn command(&mut self) -> Command {
        self.now_ms += u64::from(self.plan.byte());
        match self.plan.below(16) {
            0 | 1 => self.register(),
            2 => Command::OpenChat {
                opener: self.user(),
                other: self.user(),
                now_ms: self.now_ms,
            },
            3 | 4 => Command::Acknowledge {
                device: self.device(),
                chat: self.chat(),
                seq: self.plan.near(ringpost_wire::limits::SEQ_MAX),
            },
            5 => Command::MarkRead {
                device: self.device(),
                chat: self.chat(),
                read_to: self.plan.near(ringpost_wire::limits::SEQ_MAX),
            },
            6 => self.read_page(),
            7 => Command::ListPending {
                device: self.device(),
                after: self.plan.flag().then(|| self.chat()),
                chats_max: 1 + u16::from(self.plan.byte()),
                all: self.plan.byte().is_multiple_of(4),
            },
            8 => self.trim(),
            9 => self.go_on(),
            10 => self.unlink(),
            _ => self.append(),
        }
    }

    fn register(&mut self) -> Command {
        Command::RegisterDevice {
            device: self.device(),
            create: !self.plan.flag(),
            issued_ms: self.now_ms,
            link_after: None,
            now_ms: self.now_ms,
        }
    }

    /// The next step of a device's linking or unlinking, or its loss in a crash.
    fn go_on(&mut self) -> Command {
        let device = self.device();
        if self.plan.below(16) == 15 {
            self.due.remove(&device);
        }
        let due = self.due.get_mut(&device).and_then(VecDeque::pop_front);
        due.unwrap_or_else(|| self.append())
    }

    fn unlink(&mut self) -> Command {
        let device = self.device();
        // Whoever is unlinked was not seen for long, and is being linked by nobody.
        self.due.remove(&device);
        Command::UnlinkDevice {
            device,
            seen_before_day: (self.now_ms / DAY_MS) as u32 + u32::from(self.plan.flag()),
            remove_after: None,
        }
    }

    /// What the answers ask for, as a gateway or a sweep would do it.
    fn note(&mut self, commands: &[Command], outcomes: &[Outcome]) {
        for (command, outcome) in commands.iter().zip(outcomes) {
            match (command, outcome) {
                (Command::RegisterDevice { device, .. }, Outcome::Registered(registered))
                    if !registered.linked =>
                {
                    let link = |chat: &ChatId| Command::LinkDevice {
                        chat: *chat,
                        device: *device,
                    };
                    let last = match registered.next {
                        Some(_) => Command::RegisterDevice {
                            device: *device,
                            create: false,
                            issued_ms: self.now_ms,
                            link_after: registered.next,
                            now_ms: self.now_ms,
                        },
                        None => Command::FinishLinking { device: *device },
                    };
                    let due = registered.unlinked.iter().map(link).chain([last]);
                    self.due.insert(*device, due.collect());
                }
                (
                    Command::UnlinkDevice { device, .. },
                    Outcome::Unlinking(Unlinking::Due { chats, next }),
                ) => {
                    let remove = |chat: &ChatId| Command::RemoveDevice {
                        chat: *chat,
                        device: *device,
                    };
                    let last = match next {
                        Some(_) => Command::UnlinkDevice {
                            device: *device,
                            seen_before_day: 0,
                            remove_after: *next,
                        },
                        None => Command::FinishUnlinking { device: *device },
                    };
                    self.due
                        .insert(*device, chats.iter().map(remove).chain([last]).collect());
                }
                _ => {}
            }
        }
    }

    fn trim(&mut self) -> Command {
        self.now_ms += u64::from(self.plan.byte()) * DAY_MS / 8;
        Command::Trim {
            chat: self.chat(),
            now_ms: self.now_ms,
        }
    }

    fn read_page(&mut self) -> Command {
        Command::ReadPage {
            device: self.device(),
            chat: self.chat(),
            from: self.plan.near(ringpost_wire::limits::SEQ_MAX).max(1),
            messages_max: 1 + u16::from(self.plan.byte()),
            bytes_max: 1 + u32::from(self.plan.byte()) * 64,
        }
    }

    fn append(&mut self) -> Command {
        let client_seq =
            self.plan.near(ringpost_wire::limits::SEQ_MAX) % ringpost_wire::limits::SEQ_MAX;
        let message = NewMessage {
            chat: self.chat(),
            client_seq,
            message_id: self.plan.near(u64::MAX),
            device_epoch: u32::from(self.plan.byte()) % 4,
            content_class: ContentClass::Visible,
            unanswered: self
                .plan
                .byte()
                .min(client_seq.saturating_sub(1).min(15) as u8),
            payload: self.plan.part(),
            slices: &[],
        };
        let mut frame = Vec::new();
        encode_send(&message, &mut frame).expect("within the bounds of a Send");
        Command::Append {
            sender: self.device(),
            frame: Bytes::from(frame),
            now_ms: self.now_ms,
        }
    }

    fn user(&mut self) -> UserId {
        UserId([1 + self.plan.below(USERS) as u8; 16])
    }

    fn device(&mut self) -> DeviceAddress {
        DeviceAddress {
            user: self.user(),
            device: 1 + self.plan.below(DEVICES) as u32,
        }
    }

    fn chat(&mut self) -> ChatId {
        ChatId::one_to_one(self.user(), self.user())
    }
}

fn is_granted(outcome: &Outcome) -> bool {
    !matches!(outcome, Outcome::Failed(_) | Outcome::AppendRefused(_))
}

/// What an answer says fits what was asked.
fn check_answer(command: &Command, outcome: &Outcome) {
    let Command::Append { frame, sender, .. } = command else {
        return;
    };
    let sent = MessageView::of_send(frame).expect("made by the plan");
    if let Outcome::Appended(appended) = outcome
        && let Some(delivery) = &appended.delivery
    {
        let stored = MessageView::of_deliver(&delivery.frame).expect("what is stored is valid");
        assert_eq!((stored.sender(), stored.seq()), (*sender, appended.seq));
        assert_eq!(
            (stored.payload(), digest(&stored)),
            (sent.payload(), digest(&sent))
        );
    }
}

/// A send that is repeated at once has the answer that it had, and is delivered to nobody again.
fn check_repeat(first: &Appended, again: Option<&[Outcome]>) {
    // Without a number of its own, a send that is not told to be a repeat is a new message.
    if first.sent_as == 0 {
        return;
    }
    let Some([Outcome::Appended(again)]) = again else {
        panic!("{first:?} was answered, then {again:?}");
    };
    assert_eq!((first.seq, first.time_ms), (again.seq, again.time_ms));
    assert!(again.delivery.is_none(), "delivered twice: {again:?}");
}

/// Courses in which everything that is asked for is granted, as the bytes of a plan.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    // User and device as `device` reads them, two users as `chat` does.
    const ANN: [u8; 2] = [0, 0];
    const ANN_AGAIN: [u8; 2] = [0, 1];
    const BOB: [u8; 2] = [1, 0];
    const PAIR: [u8; 2] = [0, 1];
    let alone = |parts: &[&[u8]]| [&[0_u8, 3][..], &parts.concat()].concat();
    let register = |device: [u8; 2]| alone(&[&[0], &device, &[0]]);
    let append = |number: u8, sender: [u8; 2]| {
        alone(&[
            &[15],
            &[number],
            &PAIR,
            &[number, 0, 0, 2, 0, b'h', b'i'],
            &sender,
        ])
    };
    let acknowledge = |device: [u8; 2], seq: u8| alone(&[&[3], &device, &PAIR, &[seq]]);
    let read = |device: [u8; 2]| alone(&[&[6], &device, &PAIR, &[1, 9, 9]]);
    let trim = alone(&[&[8], &[255], &PAIR]);
    let open = alone(&[&[2], &PAIR]);
    let opened = [vec![0], register(ANN), register(BOB), open].concat();
    let talk = [append(1, ANN), append(2, ANN), append(1, BOB), read(BOB)].concat();
    let heard = [
        acknowledge(BOB, 2),
        alone(&[&[5], &BOB, &PAIR, &[2]]),
        acknowledge(ANN, 3),
    ]
    .concat();
    let go_on = alone(&[&[9], &ANN_AGAIN, &[0]]);
    let linked = [register(ANN_AGAIN), go_on.clone(), go_on.clone()].concat();
    let unlink = alone(&[&[10], &ANN_AGAIN, &[1]]);
    let unlinked = [&trim[..], &unlink, &go_on, &go_on].concat();
    let days = |course: &[u8]| [&[200], &course[1..]].concat();
    let whole = [&opened[..], &talk, &heard, &linked, &talk, &unlinked, &trim].concat();
    vec![
        [&opened[..], &talk].concat(),
        [&opened[..], &talk, &heard, &trim].concat(),
        days(&[&opened[..], &talk, &heard, &trim].concat()),
        [&opened[..], &linked, &talk].concat(),
        days(&whole),
        whole,
    ]
}

/// The same, damaged: a row cut short, a row of another kind, a row where none was.
pub(crate) fn damaged_seeds() -> Vec<Vec<u8>> {
    let part = |bytes: &[u8]| [&(bytes.len() as u16).to_le_bytes()[..], bytes].concat();
    let damages: [&[u8]; 3] = [
        &[1, 0, 0, 3, 0, 1, 2, 3],
        &[2, 4, 0, 1, 0, 1, 7, 0, 1, 0, 1],
        &[1, 9, 1, 0, 0, 0x02, 1, 1, 1, 1],
    ];
    let courses = seeds();
    let mut inputs = Vec::new();
    for course in &courses {
        for damage in damages {
            inputs.push([&part(course)[..], damage, &courses[0]].concat());
        }
    }
    inputs
}
