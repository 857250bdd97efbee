//! Members, and how far they have read, against the chat's head.

use ringpost_storage_core::key;
use ringpost_storage_core::limits::HEAD_MEMBERS_MAX;
use ringpost_storage_core::row::{Head, Member};
use ringpost_wire::UserId;
use ringpost_wire::limits::SEQ_MAX;

use super::rows::ChatRows;
use crate::FindingKind;
use crate::findings::Findings;

/// Checks members and read cursors.
pub(super) fn check(rows: &ChatRows, findings: &mut Findings) {
    if let Some(head) = rows.whole_head() {
        check_list(rows, head, findings);
        for (user, member) in &rows.members {
            if let Some(member) = member {
                check_member(rows, head, (*user, member), findings);
            }
        }
    }
    check_read_cursors(rows, findings);
}

/// The head lists exactly the users that have member rows, or nobody where they are too many.
fn check_list(rows: &ChatRows, head: &Head, findings: &mut Findings) {
    let mut has_all = true;
    for user in &head.members {
        if !rows.has_member(*user) {
            let key = key::member::encode(rows.chat, *user);
            findings.add(FindingKind::MemberMissing, key.as_slice(), || {
                "a row, since the head lists the user".to_owned()
            });
            has_all = false;
        }
    }
    let is_ascending = head.members.windows(2).all(|pair| pair[0] < pair[1]);
    let is_right = match head.members.len() {
        0 => rows.members.len() > HEAD_MEMBERS_MAX,
        count => is_ascending && (count == rows.members.len() || !has_all),
    };
    if !is_right {
        let key = key::head::encode(rows.chat);
        findings.add(FindingKind::HeadMembers, key.as_slice(), || {
            let (listed, found) = (head.members.len(), rows.members.len());
            format!("a list of the {found} members; it lists {listed}")
        });
    }
}

fn check_member(
    rows: &ChatRows,
    head: &Head,
    (user, member): (UserId, &Member),
    findings: &mut Findings,
) {
    let (next, last) = (head.next_seq, head.last_seq());
    let starts = member.devices.iter().map(|entry| entry.start);
    let begins = member.visible.iter().map(|interval| interval.from);
    let ends = member.visible.iter().map(|interval| interval.to);
    let is_beyond = starts.chain(begins).any(|from| from > next)
        || ends.into_iter().any(|to| to != SEQ_MAX && to > last);
    if is_beyond {
        let key = key::member::encode(rows.chat, user);
        findings.add(FindingKind::MemberBeyondHead, key.as_slice(), || {
            format!("devices and stretches that begin at {next} at most, the next message")
        });
    }
}

fn check_read_cursors(rows: &ChatRows, findings: &mut Findings) {
    for (user, cursor) in &rows.read_cursors {
        let key = key::read_cursor::encode(rows.chat, *user);
        if !rows.has_member(*user) {
            let key = key::member::encode(rows.chat, *user);
            findings.add(FindingKind::MemberMissing, key.as_slice(), || {
                "a row, since there is a read cursor of the user".to_owned()
            });
        }
        let Some(head) = rows.whole_head() else {
            continue;
        };
        if !head.has_read_cursors {
            findings.add(FindingKind::CursorUnannounced, key.as_slice(), || {
                "no cursor, since the head says that there is none".to_owned()
            });
        }
        if let Some(cursor) = cursor
            && cursor.read_to > head.last_seq()
        {
            findings.add(FindingKind::CursorBeyondHead, key.as_slice(), || {
                format!("{} at most; it is {}", head.last_seq(), cursor.read_to)
            });
        }
    }
}
