//! The client's records: each has one form, and a state is rebuilt from its own summary whatever was applied to it.

use bytes::Bytes;
use ringpost_client_core::{ChatSummary, OutboxEntry, Record, State};
use ringpost_wire::{ChatId, ContentClass, DeviceAddress, UserId};

use crate::plan::Plan;
use crate::target::Verdict;

/// Records, each behind its length.
pub(crate) fn run(input: &[u8]) -> Verdict {
    let mut plan = Plan::of(input);
    let mut state = State::default();
    let mut is_taken = false;
    while !plan.is_over() {
        let bytes = plan.part();
        let Ok(record) = Record::decode(bytes) else {
            continue;
        };
        is_taken = true;
        let mut again = Vec::new();
        record.encode(&mut again);
        assert_eq!(again, bytes, "a record has one form");
        let before = state.clone();
        if state.apply(&record).is_err() {
            assert_eq!(state, before, "a refused record changes nothing");
        }
    }
    let mut rebuilt = State::default();
    for record in state.snapshot() {
        rebuilt.apply(&record).expect("a summary fits itself");
    }
    assert_eq!(rebuilt, state);
    Verdict::of(is_taken)
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let chat = ChatId([7; 16]);
    let accepted = |client_seq: u64| Record::Accepted {
        chat,
        entry: OutboxEntry {
            client_seq,
            message_id: 100 + client_seq,
            floor: 0,
            device_epoch: 0,
            content_class: ContentClass::Visible,
            payload: Bytes::from_static(b"hello"),
        },
    };
    let owner = Record::Owner(DeviceAddress {
        user: UserId([1; 16]),
        device: 1,
    });
    let settled = Record::Settled {
        chat,
        client_seq: 1,
        seq: 1,
    };
    let withdrawn = Record::Withdrawn {
        chat,
        client_seq: 2,
    };
    let renumbered = Record::Renumbered {
        chat,
        first: 9,
        careful_to: 11,
    };
    let summary = ChatSummary {
        next_client_seq: 4,
        cursor: Some(3),
        ..ChatSummary::default()
    };
    let whole = [
        owner,
        accepted(1),
        accepted(2),
        accepted(3),
        settled,
        withdrawn,
        renumbered,
        Record::Confirmed { chat, seq: 5 },
        Record::Chat { chat, summary },
    ];
    let mut inputs: Vec<Vec<u8>> = whole.iter().map(behind_length).collect();
    inputs.push(inputs.concat());
    inputs
}

fn behind_length(record: &Record) -> Vec<u8> {
    let mut bytes = Vec::new();
    record.encode(&mut bytes);
    [&(bytes.len() as u16).to_le_bytes()[..], &bytes].concat()
}
