//! How many idle sockets two processes hold, and what one costs: `idle_sockets [SOCKETS] [MIB_LEFT]`, by default 1,000,000
//! and until 4096 MiB of memory are left. The second process connects to 127.1.x.y; each end is one reactor.
//! Prints descriptors, rings, and kernel and user memory of a connection (both its ends).

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ringpost_gateway_ring::{Event, Listen, Reactor, ReactorConfig, raise_open_files};

/// Connects in flight at once.
const CONNECTING_MAX: usize = 256;
/// Connections to one address, each from a port of its own.
const SOCKETS_PER_ADDRESS: usize = 4_000;
/// Time for all sockets to fall back to a poll.
const REST: Duration = Duration::from_secs(8);
/// The experiment ends then, however far it came.
const CONNECTING_TIME_MAX: Duration = Duration::from_secs(60);

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "--serve") {
        return serve(arguments[1].parse()?);
    }
    let sockets = arguments
        .first()
        .map_or(Ok(1_000_000), |text| text.parse())?;
    let mib_left = arguments.get(1).map_or(Ok(4096), |text| text.parse())?;
    let mut server = Command::new(std::env::current_exe()?)
        .args(["--serve", &sockets.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let measured = measure(&mut server, sockets, mib_left * 1024);
    server.kill()?;
    server.wait()?;
    measured
}

fn config(sockets: usize) -> ReactorConfig {
    ReactorConfig {
        slots: (sockets + 64).min(1 << 20) as u32,
        idle_after: Duration::from_secs(3),
        ..ReactorConfig::default()
    }
}

/// Tells its port, then accepts until it is killed.
fn serve(sockets: usize) -> Result<(), Failure> {
    raise_open_files();
    let mut reactor = Reactor::new(config(sockets))?;
    let address = reactor.listen(([0, 0, 0, 0], 0).into(), Listen::default())?;
    println!("{}", address.port());
    std::io::stdout().flush()?;
    let waker = reactor.waker();
    thread::spawn(move || {
        // The other process closes the pipe or writes to it: either asks for the counters.
        while std::io::stdin()
            .read(&mut [0; 1])
            .is_ok_and(|bytes| bytes > 0)
        {
            waker.wake();
        }
    });
    loop {
        let mut is_asked = false;
        reactor.turn(None, |event| is_asked |= matches!(event, Event::Woken))?;
        if is_asked {
            println!(
                "server: {} open, {:?}",
                reactor.open_connections(),
                reactor.counters()
            );
        }
    }
}

fn measure(server: &mut Child, sockets: usize, kib_left: u64) -> Result<(), Failure> {
    raise_open_files();
    let mut answers = BufReader::new(server.stdout.take().ok_or("no pipe")?);
    let mut line = String::new();
    answers.read_line(&mut line)?;
    let port = line.trim().parse()?;
    let mut reactor = Reactor::new(config(sockets))?;
    let before = (
        available_kib()?,
        resident_kib("self")? + resident_kib(&server.id().to_string())?,
    );
    let (started, open) = (
        Instant::now(),
        connect(&mut reactor, port, sockets, kib_left)?,
    );
    let connecting = started.elapsed();
    let rest = Instant::now() + REST;
    while Instant::now() < rest {
        reactor.turn(Some(Duration::from_millis(100)), |_| {})?;
    }
    let user_kib = resident_kib("self")? + resident_kib(&server.id().to_string())? - before.1;
    let all_kib = before.0.saturating_sub(available_kib()?);
    let descriptors = [descriptors("self")?, descriptors(&server.id().to_string())?];
    println!("{open} connections in {connecting:?}; descriptors (load, server): {descriptors:?}");
    let each = |kib: u64| kib * 1024 / open.max(1) as u64;
    println!(
        "bytes a connection, both ends: {} in all, {} of them user memory",
        each(all_kib),
        each(user_kib)
    );
    println!("load: {:?}", reactor.counters());
    server.stdin.as_mut().ok_or("no pipe")?.write_all(b"x")?;
    line.clear();
    answers.read_line(&mut line)?;
    print!("{line}");
    Ok(())
}

/// Connects until there are enough, or memory or time is short; returns how many are open.
fn connect(
    reactor: &mut Reactor,
    port: u16,
    sockets: usize,
    kib_left: u64,
) -> Result<usize, Failure> {
    let end = Instant::now() + CONNECTING_TIME_MAX;
    let (mut asked, mut open, mut failed) = (0, 0, 0);
    while open + failed < asked || asked < sockets {
        let is_short = Instant::now() > end || available_kib()? < kib_left;
        while !is_short && asked < sockets && asked - open - failed < CONNECTING_MAX {
            let target = (asked / SOCKETS_PER_ADDRESS) as u8;
            let remote = SocketAddr::from((Ipv4Addr::new(127, 1, 0, target + 1), port));
            reactor.connect(None, remote)?;
            asked += 1;
        }
        if is_short && open + failed == asked {
            break;
        }
        reactor.turn(Some(Duration::from_millis(100)), |event| match event {
            Event::Connected { .. } => open += 1,
            Event::ConnectFailed { .. } => failed += 1,
            _ => {}
        })?;
    }
    Ok(open)
}

fn descriptors(process: &str) -> Result<usize, Failure> {
    Ok(fs::read_dir(format!("/proc/{process}/fd"))?.count())
}

fn available_kib() -> Result<u64, Failure> {
    field_kib("/proc/meminfo", "MemAvailable:")
}

fn resident_kib(process: &str) -> Result<u64, Failure> {
    field_kib(&format!("/proc/{process}/status"), "VmRSS:")
}

fn field_kib(path: &str, name: &str) -> Result<u64, Failure> {
    let text = fs::read_to_string(path)?;
    let line = text
        .lines()
        .find(|line| line.starts_with(name))
        .ok_or("no such field")?;
    Ok(line.split_whitespace().nth(1).ok_or("no figure")?.parse()?)
}
