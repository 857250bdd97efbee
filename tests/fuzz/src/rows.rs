//! Keys and rows: what decodes is encoded to the same bytes again.

use ringpost_storage_core::key::{self, Family};
use ringpost_storage_core::row::{self, Row};
use ringpost_storage_core::sequencer::Window;
use ringpost_storage_core::store::Key;

use crate::target::Verdict;
use crate::{scripts, store::Table};

/// A key: of one family at most, and one form.
pub(crate) fn run_keys(bytes: &[u8]) -> Verdict {
    let Some(key) = Key::from_slice(bytes) else {
        return Verdict::Refused;
    };
    assert_eq!(key.as_slice(), bytes);
    let family = Family::of(&key);
    let Some(again) = family.and_then(|family| encoded_again(family, &key)) else {
        return Verdict::Refused;
    };
    assert_eq!(again, key);
    Verdict::Taken
}

fn encoded_again(family: Family, given: &Key) -> Option<Key> {
    match family {
        Family::Head => key::head::decode(given).map(key::head::encode),
        Family::Message => {
            key::message::decode(given).map(|(chat, seq)| key::message::encode(chat, seq))
        }
        Family::Member => {
            key::member::decode(given).map(|(chat, user)| key::member::encode(chat, user))
        }
        Family::Window => {
            key::window::decode(given).map(|(chat, sender)| key::window::encode(chat, sender))
        }
        Family::ReadCursor => {
            key::read_cursor::decode(given).map(|(chat, user)| key::read_cursor::encode(chat, user))
        }
        Family::Membership => {
            key::membership::decode(given).map(|(user, chat)| key::membership::encode(user, chat))
        }
        Family::Pending => {
            key::pending::decode(given).map(|(user, chat)| key::pending::encode(user, chat))
        }
        Family::User => key::user::decode(given).map(key::user::encode),
        Family::Device => key::device::decode(given).map(key::device::encode),
        Family::Fence => key::fence::decode(given).map(key::fence::encode),
        Family::LaneRecord => key::lane_record::decode(given).map(key::lane_record::encode),
        Family::LaneTerm => key::lane_term::decode(given).map(key::lane_term::encode),
        Family::Import => key::import::decode(given).map(key::import::encode),
    }
}

/// A family's byte, then a value.
pub(crate) fn run_rows(input: &[u8]) -> Verdict {
    let Some((family, value)) = input.split_first() else {
        return Verdict::Refused;
    };
    let Some(family) = Family::ALL
        .into_iter()
        .find(|known| *known as u8 == *family)
    else {
        return Verdict::Refused;
    };
    let is_taken = match family {
        Family::Head => comes_again::<row::Head>(value),
        Family::Message => ringpost_wire::MessageView::of_deliver(value).is_ok(),
        Family::Member => comes_again::<row::Member>(value),
        Family::Window => comes_again::<Window>(value),
        Family::ReadCursor => comes_again::<row::ReadCursor>(value),
        Family::Membership => comes_again::<row::Membership>(value),
        Family::Pending => comes_again::<row::Pending>(value),
        Family::User => comes_again::<row::User>(value),
        Family::Device => comes_again::<row::Device>(value),
        Family::Fence => comes_again::<row::Fence>(value),
        Family::LaneRecord => comes_again::<row::LaneRecord>(value),
        Family::LaneTerm => comes_again::<row::LaneTerm>(value),
        Family::Import => comes_again::<row::Import>(value),
    };
    Verdict::of(is_taken)
}

fn comes_again<R: Row>(value: &[u8]) -> bool {
    let Ok(row) = R::decode(value) else {
        return false;
    };
    let again = row.to_bytes();
    assert!(again.len() <= row.bytes_max());
    assert_eq!(again, value, "a row has one form");
    true
}

/// The keys of a small store.
pub(crate) fn key_seeds() -> Vec<Vec<u8>> {
    let table = grown();
    one_of_each(table.rows().map(|(key, _)| key.as_slice().to_vec()))
}

/// The rows of a small store.
pub(crate) fn row_seeds() -> Vec<Vec<u8>> {
    let table = grown();
    let inputs = table.rows().map(|(key, value)| {
        let family = &key.as_slice()[..1];
        [family, value].concat()
    });
    one_of_each(inputs)
}

fn grown() -> Table {
    let mut table = Table::default();
    for seed in scripts::seeds() {
        scripts::carry_out(&seed, &mut table);
    }
    table
}

/// At most eight inputs with the same first byte.
fn one_of_each(inputs: impl Iterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    let mut counts = [0_u8; 256];
    inputs
        .filter(|input| {
            let count = &mut counts[usize::from(input[0])];
            *count = count.saturating_add(1);
            *count <= 8
        })
        .collect()
}
