//! Bytes that are no frames, damaged frames, and frames that are begun and never finished.

use std::io;
use std::time::Duration;

use rand::{Rng, RngExt};
use ringpost_wire::ErrorCode;
use ringpost_wire::limits::FRAME_BYTES_MAX;

use super::attack::Attack;
use super::frames;
use super::tally::Tally;
use crate::raw::{RawConnection, Said};

/// Attackers at once.
const ATTACKERS: usize = 4;
/// Most bytes of noise in one write.
const NOISE_BYTES_MAX: usize = 20_000;
/// Connections that hold an unfinished frame.
const UNFINISHED: usize = 200;
/// After this time the node must have given an unfinished frame up.
const UNFINISHED_TIMEOUT: Duration = Duration::from_secs(33);

/// Noise and damaged frames, before and after signing in. Each connection then ends its own side, and must be closed.
pub(super) fn random_bytes(attack: &Attack<'_>, tally: &mut Tally) -> io::Result<()> {
    attack.at_once(ATTACKERS, tally, |number, tally| {
        let mut random = attack.random(number as u64);
        while attack.goes_on() {
            let mut connection = if random.random() {
                attack.stranger(tally)?
            } else {
                attack.member(number, 1, tally)?
            };
            for _ in 0..random.random_range(1..4) {
                let bytes = if random.random() {
                    noise(&mut random)
                } else {
                    damaged(&mut random)
                };
                tally.frames += 1;
                // It may be closed before all is written.
                let _ = connection.write(&bytes);
            }
            connection.end_writing();
            tally.end_of(&mut connection);
        }
        Ok(())
    });
    Ok(())
}

fn noise(random: &mut impl Rng) -> Vec<u8> {
    let mut bytes = vec![0; random.random_range(1..NOISE_BYTES_MAX)];
    random.fill_bytes(&mut bytes);
    bytes
}

/// A valid frame of any kind in which some bytes are changed.
fn damaged(random: &mut impl Rng) -> Vec<u8> {
    let all = frames::of_each_kind();
    let (_, mut frame) = all[random.random_range(0..all.len())].clone();
    for _ in 0..random.random_range(1..5) {
        let at = random.random_range(0..frame.len());
        frame[at] = random.random();
    }
    frame
}

/// The largest frame that may be declared, almost all of it, and then nothing. Strangers may not declare it at all.
pub(super) fn unfinished_frames(attack: &Attack<'_>, tally: &mut Tally) -> io::Result<()> {
    let mut frame = Vec::new();
    frames::send(frames::nowhere(), 1, &[7; 60_000], &mut frame);
    frame[..4].copy_from_slice(&(FRAME_BYTES_MAX as u32).to_le_bytes());
    for _ in 0..UNFINISHED / 4 {
        let mut connection = attack.stranger(tally)?;
        tally.frames += 1;
        connection.write(&frame[..64])?;
        tally.end_with(&mut connection, fatal(ErrorCode::FrameTooLarge));
    }
    let mut held = Vec::new();
    for number in 0..UNFINISHED {
        let mut connection = attack.member(number, 1, tally)?;
        tally.frames += 1;
        connection.write(&frame)?;
        held.push(connection);
    }
    let waits_for_end = attack
        .until
        .checked_duration_since(std::time::Instant::now())
        .is_some_and(|left| left > UNFINISHED_TIMEOUT);
    while attack.goes_on() {
        attack.rest(Duration::from_millis(100));
    }
    if waits_for_end {
        held.iter_mut()
            .for_each(|connection| tally.end_with(connection, fatal(ErrorCode::MalformedFrame)));
    }
    let_go(held, tally);
    Ok(())
}

fn let_go(held: Vec<RawConnection>, tally: &mut Tally) {
    for mut connection in held {
        connection.end_writing();
        tally.end_of(&mut connection);
    }
}

fn fatal(code: ErrorCode) -> Said {
    Said::Failure { code, fatal: true }
}
