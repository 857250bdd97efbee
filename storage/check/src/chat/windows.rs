//! Send windows against the chat's head: each in one place, and none with a result that is yet to come.

use ringpost_storage_core::key;
use ringpost_storage_core::row::Head;
use ringpost_storage_core::sequencer::{SendResult, Window};
use ringpost_storage_core::store::Key;
use ringpost_wire::Seq;

use super::rows::ChatRows;
use crate::FindingKind;
use crate::findings::Findings;

/// Checks windows in the head and in rows.
pub(super) fn check(rows: &ChatRows, findings: &mut Findings) {
    let Some(head) = rows.whole_head() else {
        return;
    };
    let head_key = key::head::encode(rows.chat);
    for (place, (sender, window)) in head.windows.iter().enumerate() {
        let is_repeated = head.windows[..place]
            .iter()
            .any(|(other, _)| other == sender);
        if is_repeated {
            findings.add(FindingKind::WindowTwice, head_key.as_slice(), || {
                format!("one window of device {} of {}", sender.device, sender.user)
            });
        }
        check_window(head, &head_key, window, findings);
    }
    for (sender, window) in &rows.windows {
        let key = key::window::encode(rows.chat, *sender);
        if !head.has_spilled_windows {
            findings.add(FindingKind::WindowUnannounced, key.as_slice(), || {
                "no row, since the head says that there is none".to_owned()
            });
        }
        if head.windows.iter().any(|(owner, _)| owner == sender) {
            findings.add(FindingKind::WindowTwice, key.as_slice(), || {
                "no row, since the head holds the sender's window".to_owned()
            });
        }
        if let Some(window) = window {
            check_window(head, &key, window, findings);
        }
    }
}

fn check_window(head: &Head, key: &Key, window: &Window, findings: &mut Findings) {
    let stored = window
        .results()
        .iter()
        .filter_map(|kept| match kept.result {
            SendResult::Stored { seq, time_ms } => Some((seq, time_ms)),
            SendResult::Refused { .. } => None,
        });
    let stored: Vec<(Seq, u64)> = stored.collect();
    let (last, last_time_ms) = (head.last_seq(), head.last_time_ms);
    if let Some((seq, time_ms)) = stored
        .iter()
        .find(|(seq, time_ms)| *seq > last || *time_ms > last_time_ms)
    {
        findings.add(FindingKind::WindowBeyondHead, key.as_slice(), || {
            format!(
                "results up to message {last} of {last_time_ms} ms; one is {seq} of {time_ms} ms"
            )
        });
    }
    let ascends = |pair: &[(Seq, u64)]| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1;
    if !stored.windows(2).all(ascends) {
        findings.add(FindingKind::WindowDisordered, key.as_slice(), || {
            "results whose numbers and times ascend".to_owned()
        });
    }
}
