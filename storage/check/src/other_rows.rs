//! Rows that are neither of chats nor of users: those of lanes and imports, and those of no family.

use ringpost_storage_core::key::{self, Family};
use ringpost_storage_core::row::{Fence, LaneRecord, LaneTerm, Row};
use ringpost_storage_core::store::{KEY_BYTES_MAX, Key};
use ringpost_wire::SHARD_COUNT;

use crate::cursor::{Rows, has_shape};
use crate::findings::Findings;
use crate::own_rows::Given;
use crate::{FindingKind, RowSource, SourceError, StoredRow, chat};

/// Families that have nothing to say of chats and users.
pub(crate) const FAMILIES: [Family; 4] = [
    Family::Fence,
    Family::LaneRecord,
    Family::LaneTerm,
    Family::Import,
];

/// Checks the rows of one of `FAMILIES`; tells how many there are.
pub(crate) fn check_family(
    family: Family,
    source: &mut dyn RowSource,
    given: &Given,
    findings: &mut Findings,
) -> Result<u64, SourceError> {
    let byte = family as u8;
    let mut rows = Rows::new(vec![byte], vec![byte + 1]);
    while let Some(row) = rows.next(source)? {
        match Key::from_slice(&row.key) {
            Some(key) if has_shape(family, &row.key) => {
                check_row(family, &key, &row, findings);
                given.check(family, &key, &row, findings);
            }
            _ => findings.add(FindingKind::MalformedKey, &row.key, || {
                format!("a key of the length of {family:?}")
            }),
        }
    }
    Ok(rows.taken)
}

fn check_row(family: Family, key: &Key, row: &StoredRow, findings: &mut Findings) {
    match family {
        Family::Fence => {
            let _: Option<Fence> = chat::decoded(key, row, findings);
            let shard = key::fence::decode(key);
            if shard.is_some_and(|shard| usize::from(shard.0) >= SHARD_COUNT) {
                findings.add(FindingKind::UnknownShard, key.as_slice(), || {
                    format!("a shard below {SHARD_COUNT}")
                });
            }
        }
        Family::LaneRecord => drop(chat::decoded::<LaneRecord>(key, row, findings)),
        Family::LaneTerm => drop(chat::decoded::<LaneTerm>(key, row, findings)),
        _ => findings.add(FindingKind::ImportUnfinished, key.as_slice(), || {
            let import = ringpost_storage_core::row::Import::decode(&row.value);
            let blocks = import.map_or(0, |import| import.blocks);
            format!("no row: an import stopped after block {blocks}; run it again to its end")
        }),
    }
}

/// Notes the rows of no family; tells how many there are.
pub(crate) fn check_strangers(
    source: &mut dyn RowSource,
    findings: &mut Findings,
) -> Result<u64, SourceError> {
    let mut taken = 0;
    for (begin, end) in strange_ranges() {
        let mut rows = Rows::new(begin, end);
        while let Some(row) = rows.next(source)? {
            findings.add(FindingKind::UnknownFamily, &row.key, || {
                "a key of a family".to_owned()
            });
        }
        taken += rows.taken;
    }
    Ok(taken)
}

/// The stretches of keys between the families, from begin to end, in which no row may be.
pub fn strange_ranges() -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut gaps = Vec::new();
    let mut begin = Vec::new();
    for family in Family::ALL {
        let byte = family as u8;
        gaps.push((std::mem::take(&mut begin), vec![byte]));
        begin = vec![byte + 1];
    }
    gaps.push((begin, vec![0xff; KEY_BYTES_MAX]));
    gaps.retain(|(begin, end)| begin < end);
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_and_families_cover_every_key_once() {
        let gaps = strange_ranges();
        for byte in 0..=0xff_u8 {
            let key = [byte, 7];
            let is_family = Family::ALL.iter().any(|family| *family as u8 == byte);
            let covering = gaps
                .iter()
                .filter(|(begin, end)| begin[..] <= key[..] && key[..] < end[..]);
            assert_eq!(covering.count(), usize::from(!is_family), "{byte:x}");
        }
    }
}
