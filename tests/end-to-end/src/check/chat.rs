//! Checks one chat: the logs of its devices against each other and against the server's head.

use std::collections::{BTreeMap, BTreeSet};

use ringpost_wire::{DeviceAddress, MessageId, Seq};

use super::findings::{Findings, Wrong};
use crate::load::DeviceLog;

/// Adds to `findings` what is wrong with a chat. `head` is its last message; `None` if the server could not tell.
pub fn check_chat(devices: &[&DeviceLog], head: Option<Seq>, findings: &mut Findings) {
    for device in devices {
        findings.sent += device.sent.len() as u64;
        findings.kept += device.kept.len() as u64;
        for oddity in &device.oddities {
            findings.add(Wrong::Odd, || format!("{}: {oddity}", name(device)));
        }
        check_answers(device, findings);
        check_repeats(device, findings);
        check_order(device, findings);
        check_density(device, head, findings);
    }
    check_places(devices, findings);
    check_times(devices, findings);
    check_losses(devices, findings);
}

fn name(log: &DeviceLog) -> String {
    format!("chat {} device {}", log.chat, short(log.device))
}

fn short(device: DeviceAddress) -> String {
    format!("{}/{}", device.user, device.device)
}

/// After everything settled, each message taken is answered.
fn check_answers(device: &DeviceLog, findings: &mut Findings) {
    for (message_id, number) in &device.accepted {
        if !device.sent.contains_key(message_id) {
            findings.add(Wrong::Unanswered, || {
                format!("{}: its message {number} was never answered", name(device))
            });
        }
    }
}

/// No number and no message reaches an application twice.
fn check_repeats(device: &DeviceLog, findings: &mut Findings) {
    let mut seqs = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for kept in &device.kept {
        let is_new = seqs.insert(kept.seq) & ids.insert((kept.sender, kept.message_id));
        if !is_new {
            findings.add(Wrong::Repeated, || {
                format!("{}: got {kept:?} again", name(device))
            });
        }
    }
}

/// Numbers ascend, and each sender's messages come in the order in which they were sent, without a hole.
fn check_order(device: &DeviceLog, findings: &mut Findings) {
    let mut last_seq = 0;
    let mut last_numbers: BTreeMap<DeviceAddress, u64> = BTreeMap::new();
    for kept in &device.kept {
        let last = last_numbers.entry(kept.sender).or_default();
        let is_next = kept.seq > last_seq && kept.number == Some(*last + 1);
        if !is_next {
            let expected = *last + 1;
            findings.add(Wrong::Disordered, || {
                format!(
                    "{}: got {kept:?} after seq {last_seq}, expected message {expected}",
                    name(device)
                )
            });
        }
        last_seq = kept.seq;
        *last = kept.number.unwrap_or(*last + 1);
    }
}

/// Own and delivered numbers are exactly 1 to the head.
fn check_density(device: &DeviceLog, head: Option<Seq>, findings: &mut Findings) {
    let mut known: BTreeMap<Seq, u32> = BTreeMap::new();
    let kept = device.kept.iter().map(|kept| kept.seq);
    let sent = device.sent.values().map(|stored| stored.seq);
    for seq in kept.chain(sent) {
        *known.entry(seq).or_default() += 1;
    }
    for (seq, times) in known.iter().filter(|(_, times)| **times > 1) {
        findings.add(Wrong::Contradicted, || {
            format!("{}: knows number {seq} {times} times", name(device))
        });
    }
    let Some(head) = head else {
        return findings.add(Wrong::Odd, || {
            format!("{}: the server does not tell its head", name(device))
        });
    };
    for seq in (1..=head).filter(|seq| !known.contains_key(seq)) {
        findings.add(Wrong::Missing, || {
            format!("{}: never got number {seq} of {head}", name(device))
        });
    }
    for seq in known.range(head + 1..).map(|(seq, _)| seq) {
        findings.add(Wrong::Contradicted, || {
            format!(
                "{}: knows number {seq} beyond the head {head}",
                name(device)
            )
        });
    }
}

/// Every device knows a message at the place that its sender was told, and nothing else at that place.
fn check_places(devices: &[&DeviceLog], findings: &mut Findings) {
    let mut places: BTreeMap<Seq, (DeviceAddress, MessageId)> = BTreeMap::new();
    for device in devices {
        let sent = device
            .sent
            .iter()
            .map(|(id, stored)| (stored.seq, (device.device, *id)));
        let kept = device
            .kept
            .iter()
            .map(|kept| (kept.seq, (kept.sender, kept.message_id)));
        for (seq, message) in sent.chain(kept) {
            let known = *places.entry(seq).or_insert(message);
            if known != message {
                findings.add(Wrong::Contradicted, || {
                    format!(
                        "{}: number {seq} is message {:x} of {}, elsewhere {:x} of {}",
                        name(device),
                        message.1,
                        short(message.0),
                        known.1,
                        short(known.0)
                    )
                });
            }
        }
    }
}

/// Times ascend with the numbers, whatever the clock did.
fn check_times(devices: &[&DeviceLog], findings: &mut Findings) {
    let answers = devices.iter().flat_map(|device| device.sent.values());
    let times: BTreeMap<Seq, u64> = answers.map(|stored| (stored.seq, stored.time_ms)).collect();
    let mut last = (0, 0);
    for now in times {
        if now.1 < last.1 {
            findings.add(Wrong::Disordered, || {
                format!("the time runs back: {last:?} is before {now:?}")
            });
        }
        last = now;
    }
}

/// What was answered `Sent` reached every other device of the chat.
fn check_losses(devices: &[&DeviceLog], findings: &mut Findings) {
    for target in devices {
        let got: BTreeSet<(DeviceAddress, MessageId)> = target
            .kept
            .iter()
            .map(|kept| (kept.sender, kept.message_id))
            .collect();
        for source in devices
            .iter()
            .filter(|source| source.device != target.device)
        {
            for (message_id, stored) in &source.sent {
                if !got.contains(&(source.device, *message_id)) {
                    findings.add(Wrong::Lost, || {
                        format!(
                            "{}: never got the message of {} that was answered as number {}",
                            name(target),
                            short(source.device),
                            stored.seq
                        )
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Kept, Stored};
    use ringpost_wire::{ChatId, UserId};

    fn address(user: u8) -> DeviceAddress {
        DeviceAddress {
            user: UserId([user; 16]),
            device: 1,
        }
    }

    fn stored(seq: Seq) -> Stored {
        Stored { seq, time_ms: 1 }
    }

    fn kept(seq: Seq, sender: u8, message_id: MessageId, number: u64) -> Kept {
        Kept {
            seq,
            message_id,
            sender: address(sender),
            number: Some(number),
        }
    }

    /// Ann's messages 11, 12, 13 at 1, 2, 4; Bob's 21 at 3.
    fn sound() -> [DeviceLog; 2] {
        let chat = ChatId([9; 16]);
        let mut ann = DeviceLog::new(address(1), chat);
        ann.accepted = vec![(11, 1), (12, 2), (13, 3)];
        ann.sent = [(11, stored(1)), (12, stored(2)), (13, stored(4))].into();
        ann.kept = vec![kept(3, 2, 21, 1)];
        let mut bob = DeviceLog::new(address(2), chat);
        bob.accepted = vec![(21, 1)];
        bob.sent = [(21, stored(3))].into();
        bob.kept = vec![kept(1, 1, 11, 1), kept(2, 1, 12, 2), kept(4, 1, 13, 3)];
        [ann, bob]
    }

    fn found(logs: &[DeviceLog; 2], head: Seq) -> Findings {
        let mut findings = Findings::default();
        check_chat(&[&logs[0], &logs[1]], Some(head), &mut findings);
        findings
    }

    #[test]
    fn sound_logs_are_clean() {
        let findings = found(&sound(), 4);
        assert!(findings.is_clean(), "{findings:?}");
        assert_eq!((findings.sent, findings.kept), (4, 4));
    }

    #[test]
    fn a_message_that_never_came_is_lost_and_its_number_missing() {
        let mut logs = sound();
        logs[1].kept.pop();
        let findings = found(&logs, 4);
        assert_eq!(findings.times(Wrong::Lost), 1);
        assert_eq!(findings.times(Wrong::Missing), 1);
    }

    #[test]
    fn a_message_stored_twice_is_repeated() {
        let mut logs = sound();
        logs[1].kept.push(kept(5, 1, 13, 3));
        let findings = found(&logs, 5);
        assert_eq!(findings.times(Wrong::Repeated), 1);
        assert_eq!(findings.times(Wrong::Missing), 1, "{findings:?}");
    }

    #[test]
    fn a_number_delivered_twice_is_repeated() {
        let mut logs = sound();
        logs[1].kept.push(kept(4, 1, 13, 3));
        assert_eq!(found(&logs, 4).times(Wrong::Repeated), 1);
    }

    #[test]
    fn a_message_without_an_answer_is_unanswered() {
        let mut logs = sound();
        logs[0].accepted.push((14, 4));
        assert_eq!(found(&logs, 4).times(Wrong::Unanswered), 1);
    }

    #[test]
    fn messages_out_of_order_are_found() {
        let mut logs = sound();
        logs[1].kept.swap(0, 1);
        assert!(found(&logs, 4).times(Wrong::Disordered) > 0);
        let mut logs = sound();
        logs[1].kept[1].number = Some(3);
        assert!(found(&logs, 4).times(Wrong::Disordered) > 0);
    }

    #[test]
    fn a_time_that_runs_back_is_found() {
        let mut logs = sound();
        logs[0].sent.insert(13, Stored { seq: 4, time_ms: 0 });
        assert_eq!(found(&logs, 4).times(Wrong::Disordered), 1);
    }

    #[test]
    fn another_place_than_answered_is_a_contradiction() {
        let mut logs = sound();
        logs[0].sent.insert(13, stored(2));
        assert!(found(&logs, 4).times(Wrong::Contradicted) > 0);
    }

    #[test]
    fn a_head_that_fell_back_is_a_contradiction() {
        assert_eq!(found(&sound(), 3).times(Wrong::Contradicted), 2);
    }

    #[test]
    fn oddities_and_an_untold_head_are_found() {
        let mut logs = sound();
        logs[0].oddities.push("refused".to_owned());
        assert_eq!(found(&logs, 4).times(Wrong::Odd), 1);
        let mut findings = Findings::default();
        check_chat(&[&sound()[0]], None, &mut findings);
        assert_eq!(findings.times(Wrong::Odd), 1);
    }
}
