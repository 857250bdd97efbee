//! Those who say or take too little: nothing, one byte a second, half of a connection, no heartbeat, no answer. Each is closed
//! after the node's own timeout, with its code where it can be taken.

use std::io;
use std::time::{Duration, Instant};

use ringpost_wire::limits::{HANDSHAKE_TIMEOUT_MS, HEARTBEAT_MS_MIN};
use ringpost_wire::{ErrorCode, Ping};

use super::attack::Attack;
use super::tally::Tally;
use crate::raw::{RawConnection, Said, hello_frame};

/// Connections of each sort.
const EACH: usize = 50;
/// Sessions that take no answers.
const DEAF: usize = 5;
/// Heartbeats that they send at once: so few that the node stops listening in time, instead of closing.
const PINGS_AT_ONCE: u64 = 500;
/// Pause between them.
const DEAF_PAUSE: Duration = Duration::from_millis(1);
/// A node that takes nothing for so long has stopped listening to the connection.
const DEAF_TIMEOUT: Duration = Duration::from_millis(200);
/// How much longer than its timeout the node may take to notice.
const LATENESS: Duration = Duration::from_secs(3);

/// All of them at once; goes on until the longest timeout is over.
pub(super) fn silence(attack: &Attack<'_>, tally: &mut Tally) -> io::Result<()> {
    let hello = hello_frame(&attack.token(0, 1), 0);
    let mut silent = strangers(attack, tally)?;
    let mut slow = strangers(attack, tally)?;
    let mut halves = strangers(attack, tally)?;
    let mut deaf = deaf(attack, tally)?;
    let mut without_heartbeat = Vec::new();
    for number in 0..EACH {
        let mut connection = attack.stranger(tally)?;
        connection.write(&hello_frame(&attack.token(number, 1), HEARTBEAT_MS_MIN))?;
        without_heartbeat.push(connection);
    }
    for connection in &mut halves {
        connection.write(&hello[..20])?;
        connection.end_writing();
        tally.end_of(connection);
    }
    let end = Instant::now() + Duration::from_millis(HANDSHAKE_TIMEOUT_MS) + LATENESS;
    for &byte in hello.iter().cycle() {
        if Instant::now() > end {
            break;
        }
        for connection in &mut slow {
            tally.frames += 1;
            // It may be closed by now, which is looked at below.
            let _ = connection.write(&[byte]);
        }
        std::thread::park_timeout(Duration::from_secs(1));
    }
    for connection in silent.iter_mut().chain(&mut slow) {
        tally.end_with(connection, fatal(ErrorCode::HandshakeTimeout));
    }
    for connection in &mut without_heartbeat {
        tally.end_with(connection, fatal(ErrorCode::HeartbeatTimeout));
    }
    for connection in &mut deaf {
        // What it was not given in time was dropped, and with it the failure behind it.
        if let Some(end) = tally.end_of(connection) {
            tally.odd(format!("{end:?} was kept for someone who took nothing"));
        }
    }
    Ok(())
}

/// Sessions that ask until the node listens no more, take nothing, and are then taken over by another of their device.
fn deaf(attack: &Attack<'_>, tally: &mut Tally) -> io::Result<Vec<RawConnection>> {
    let mut pings = Vec::new();
    (0..PINGS_AT_ONCE).for_each(|nonce| Ping { nonce }.encode(&mut pings));
    let mut deaf = Vec::new();
    for number in EACH..EACH + DEAF {
        let mut connection = attack.member(number, 1, tally)?;
        connection.set_write_timeout(DEAF_TIMEOUT)?;
        while connection.write(&pings).is_ok() {
            tally.frames += PINGS_AT_ONCE;
            std::thread::park_timeout(DEAF_PAUSE);
        }
        attack.member(number, 1, tally)?;
        deaf.push(connection);
    }
    Ok(deaf)
}

fn strangers(attack: &Attack<'_>, tally: &mut Tally) -> io::Result<Vec<RawConnection>> {
    (0..EACH).map(|_| attack.stranger(tally)).collect()
}

fn fatal(code: ErrorCode) -> Said {
    Said::Failure { code, fatal: true }
}
