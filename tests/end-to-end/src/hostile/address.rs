//! Attacks from one address, which the node holds to its limits, while people at other addresses come and go.

use std::io;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use ringpost_wire::ErrorCode;
use tokio::net::TcpStream;

use super::attack::Attack;
use super::storm::{connect, is_open};
use super::tally::Tally;
use crate::raw::{RawConnection, Said};

/// Connections that the node of a run allows one address, over all its cores.
pub(super) const CONNECTIONS: usize = 200;
/// What the node's cores may hold beyond that: each has its part and what chance may add.
const CONNECTIONS_MAX: usize = 2 * CONNECTIONS;
/// Guesses that are looked at at once: those that are free on each core, and one for each pause. Beside them, each core looks at one
/// in each second of a pause.
const GUESSES_MAX: u64 = 100;
/// Connects of one burst.
const BURST: usize = 20;
/// Time between two people who come from addresses of their own.
const OTHERS_INTERVAL: Duration = Duration::from_millis(50);
/// By when the node has closed what is past the limit.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);
const FLOODING: Ipv4Addr = Ipv4Addr::new(127, 0, 5, 66);
const GUESSING: Ipv4Addr = Ipv4Addr::new(127, 0, 5, 67);

/// Connects without a pause and holds what it can.
pub(super) fn one_address_flood(attack: &Attack<'_>, tally: &mut Tally) -> io::Result<()> {
    attack.at_once(2, tally, |number, tally| match number {
        0 => flood(attack, tally),
        _ => others(attack, tally),
    });
    Ok(())
}

/// Signs in with tokens that were never issued, without a pause.
pub(super) fn guessed_tokens(attack: &Attack<'_>, tally: &mut Tally) -> io::Result<()> {
    let mut guesses = Tally::default();
    let begun = Instant::now();
    attack.at_once(4, &mut guesses, |number, tally| match number {
        0 => others(attack, tally),
        _ => guess(attack, tally),
    });
    let heard = |said: &Said, tally: &Tally| {
        let mut named = Tally::default();
        named.note(said);
        let count = |name: &String| tally.said.get(name).copied();
        named.said.keys().find_map(count).unwrap_or(0)
    };
    let fatal = |code| Said::Failure { code, fatal: true };
    let looked_at = heard(&fatal(ErrorCode::TokenSignature), &guesses);
    let in_pauses = (begun.elapsed().as_secs() + 1) * attack.cores as u64;
    if looked_at > GUESSES_MAX + in_pauses {
        guesses.odd(format!("{looked_at} guesses were looked at"));
    }
    if heard(&fatal(ErrorCode::RateLimited), &guesses) == 0 {
        guesses.odd("the guessing address was never told to pause");
    }
    tally.add(guesses);
    Ok(())
}

fn flood(attack: &Attack<'_>, tally: &mut Tally) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut held: Vec<TcpStream> = Vec::new();
        while attack.goes_on() {
            let burst = [(); BURST].map(|()| tokio::spawn(connect(attack.server, FLOODING)));
            for connect in burst {
                if let Ok(Ok(stream)) = connect.await {
                    held.push(stream);
                    tally.connections += 1;
                }
            }
            held.retain(is_open);
        }
        let end = Instant::now() + CLOSE_TIMEOUT;
        while held.len() > CONNECTIONS_MAX && Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(10)).await;
            held.retain(is_open);
        }
        tally.closed = tally.connections - held.len() as u64;
        if held.len() > CONNECTIONS_MAX {
            tally.odd(format!("one address holds {} connections", held.len()));
        }
        if tally.closed == 0 {
            tally.odd("no connection was past the limit");
        }
    });
    Ok(())
}

fn guess(attack: &Attack<'_>, tally: &mut Tally) -> io::Result<()> {
    let good = attack.token(0, 1);
    let last = if good.ends_with('A') { 'Q' } else { 'A' };
    let forged = format!("{}{last}", &good[..good.len() - 1]);
    while attack.goes_on() {
        tally.connections += 1;
        let mut connection = RawConnection::open_from(attack.server, GUESSING)?;
        // One that is past its limits is closed before it says anything.
        if connection.hello(&forged).is_ok() {
            tally.frames += 1;
            let said = connection.next_said()?;
            tally.note(&said);
        }
    }
    Ok(())
}

/// People at addresses of their own sign in, one after the other: each must be let in.
fn others(attack: &Attack<'_>, tally: &mut Tally) -> io::Result<()> {
    let mut count = 0;
    while attack.goes_on() {
        count += 1;
        let source = Ipv4Addr::new(127, 0, 6, 1 + (count % 200) as u8);
        let token = attack.token(1_000 + count, 1);
        let signed_in = RawConnection::open_from(attack.server, source)
            .and_then(|mut connection| connection.sign_in(&token));
        if let Err(error) = signed_in {
            tally.odd(format!("another address was not let in: {error}"));
        }
        attack.rest(OTHERS_INTERVAL);
    }
    Ok(())
}
