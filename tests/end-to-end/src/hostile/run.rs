//! Makes the attacks of a plan on one node: beside each, pairs of people talk and others sign in, and memory is watched.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::address::CONNECTIONS;
use super::attack::Attack;
use super::case::{CASES, HostileCase};
use super::plan::HostilePlan;
use super::report::{CaseReport, HostileReport};
use super::tally::Tally;
use crate::check::check;
use crate::load::{DeviceLog, Fleet, LoadPlan};
use crate::raw::RawConnection;
use crate::tls::TlsDoor;
use crate::{NodeProcess, Place, PlaceError, Tokens};

/// Pairs of well-behaved people.
const PAIRS: u32 = 4;
/// Without headway for so long, the run has failed.
const STALL_TIMEOUT: Duration = Duration::from_secs(60);
/// Time between two looks at the node's memory.
const WATCH_INTERVAL: Duration = Duration::from_millis(50);
/// How often somebody knocks again at the door with TLS.
const KNOCKS_AGAIN: u32 = 5;
/// Time between two people who sign in.
const NEWCOMER_INTERVAL: Duration = Duration::from_millis(100);

/// Makes the run.
///
/// # Errors
/// The node cannot be worked with.
pub fn run_hostile(plan: &HostilePlan) -> Result<HostileReport, PlaceError> {
    let place = Place::new()?;
    let mut options = place.options(plan.cores);
    // Few sessions, so that a storm of connections fills the table; only attacks from one address are held to the limits of addresses.
    for (name, value) in [
        ("STORE__OVERLAY_MIB", "8"),
        ("LIMITS__SESSIONS_PER_CORE", "2000"),
        ("LIMITS__ADDRESS_CONNECTIONS", &CONNECTIONS.to_string()),
        ("LIMITS__EXEMPT_ADDRESSES", "127.0.0.1,127.0.9.0/24"),
    ] {
        let name = format!("RINGPOST_{name}");
        options.variables.push((name, value.to_owned()));
    }
    let door = TlsDoor::of(&place).map_err(PlaceError::Folder)?;
    door.open(&mut options);
    let mut node = NodeProcess::start(&options)?;
    let tokens = Tokens::of(&place.data())?;
    let stage = Stage {
        plan,
        place: &place,
        door: &door,
        tokens: &tokens,
    };
    let mut cases = Vec::new();
    for case in CASES.iter().filter(|case| case.name.contains(&plan.only)) {
        cases.push(stage.run(&node, case)?);
        if !node.is_running() {
            break;
        }
    }
    let status = node.stop()?;
    Ok(HostileReport {
        plan: plan.clone(),
        cases,
        error_lines: node.error_lines(),
        is_stopped_well: status.success(),
    })
}

struct Stage<'a> {
    plan: &'a HostilePlan,
    place: &'a Place,
    door: &'a TlsDoor,
    tokens: &'a Tokens,
}

/// What is watched during an attack.
struct Watched {
    tally: Tally,
    newcomers: u64,
    slowest_newcomer: Duration,
    resident_bytes_peak: u64,
}

impl Stage<'_> {
    fn run(&self, node: &NodeProcess, case: &HostileCase) -> Result<CaseReport, PlaceError> {
        let load = LoadPlan {
            name: format!("beside-{}", case.name),
            pause_ms: 10,
            answer_every: 2,
            trust: case.is_beside_tls.then(|| self.door.trust().clone()),
            ..LoadPlan::new(PAIRS, self.plan.seed)
        };
        let server = match load.trust {
            Some(_) => self.door.address(),
            None => self.place.native(),
        };
        let fleet = Fleet::start(&load, server, self.tokens);
        fleet.begin(STALL_TIMEOUT);
        fleet.wait_until(STALL_TIMEOUT, |totals| totals.kept >= u64::from(PAIRS));
        let sent_before = fleet.totals().sent;
        let resident_bytes_before = node.resident_bytes().unwrap_or_default();
        let attack = Attack {
            server: self.place.native(),
            tls: self.door,
            is_beside_tls: case.is_beside_tls,
            tokens: self.tokens,
            name: case.name,
            until: Instant::now() + self.plan.time,
            seed: self.plan.seed,
            cores: self.plan.cores,
            victim: load.parts()[0].chat(),
        };
        let watched = watch(node, &fleet, &attack, case);
        let sent = fleet.totals().sent - sent_before;
        let is_settled = fleet.settle(STALL_TIMEOUT, STALL_TIMEOUT);
        let logs = fleet.finish();
        let mut heads = BTreeMap::new();
        for log in &logs {
            heads.insert(log.chat, self.place.head(node, log.chat)?);
        }
        let most = |of: fn(&DeviceLog) -> Duration| logs.iter().map(of).max().unwrap_or_default();
        Ok(CaseReport {
            name: case.name,
            tally: watched.tally,
            sent,
            is_settled,
            slowest_answer: most(|log| log.slowest_answer),
            slowest_delivery: most(|log| Duration::from_millis(log.slowest_delivery_ms)),
            newcomers: watched.newcomers,
            slowest_newcomer: watched.slowest_newcomer,
            resident_bytes_before,
            resident_bytes_peak: watched.resident_bytes_peak,
            findings: check(&logs, &heads),
        })
    }
}

/// Makes the attack and watches until it is over.
fn watch(node: &NodeProcess, fleet: &Fleet, attack: &Attack<'_>, case: &HostileCase) -> Watched {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let attacking = scope.spawn(|| {
            let mut tally = Tally::default();
            let result = (case.make)(attack, &mut tally);
            tally.failed(result);
            tally
        });
        let coming = scope.spawn(|| newcomers(attack, &is_over));
        let mut resident_bytes_peak = 0;
        while !attacking.is_finished() {
            resident_bytes_peak =
                resident_bytes_peak.max(node.resident_bytes().unwrap_or_default());
            fleet.rest(WATCH_INTERVAL);
        }
        is_over.store(true, Ordering::Relaxed);
        let mut tally = attacking.join().unwrap_or_else(|_| {
            let mut tally = Tally::default();
            tally.odd("the attack panicked");
            tally
        });
        let (newcomers, slowest_newcomer, refused) = coming.join().unwrap_or_default();
        refused.into_iter().for_each(|why| tally.odd(why));
        Watched {
            tally,
            newcomers,
            slowest_newcomer,
            resident_bytes_peak,
        }
    })
}

/// Somebody connects, signs in and leaves.
fn come(attack: &Attack<'_>, token: &str) -> io::Result<()> {
    let mut connection = if attack.is_beside_tls {
        RawConnection::open_tls(attack.tls.address(), attack.tls.trust())?
    } else {
        RawConnection::open(attack.server)?
    };
    connection.sign_in(token)?;
    connection.end_writing();
    Ok(())
}

/// People sign in one after the other until the attack is over: how many, the longest wait, and who was not let in.
fn newcomers(attack: &Attack<'_>, is_over: &AtomicBool) -> (u64, Duration, Vec<String>) {
    let mut refused = Vec::new();
    let (mut count, mut slowest) = (0, Duration::ZERO);
    while !is_over.load(Ordering::Relaxed) {
        let token = attack
            .tokens
            .make(&format!("newcomer-{}-{count}", attack.name), 1);
        let began = Instant::now();
        let mut signed_in = come(attack, &token);
        // In a storm of handshakes it may be the oldest that gives way; then it comes again, as the SDK does.
        for _ in 0..KNOCKS_AGAIN {
            if signed_in.is_ok() || !attack.is_beside_tls {
                break;
            }
            signed_in = come(attack, &token);
        }
        match signed_in {
            Ok(()) => count += 1,
            Err(error) => refused.push(format!("a newcomer was not let in: {error}")),
        }
        slowest = slowest.max(began.elapsed());
        thread::park_timeout(NEWCOMER_INTERVAL);
    }
    (count, slowest, refused)
}
