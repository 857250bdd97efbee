//! A server ends with its driver, also when that is interrupted and can clean up nothing.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Bound on any wait here; a pass takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(60);

fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begin.elapsed() < PATIENCE, "{what}");
        std::thread::yield_now();
    }
}

fn child_of(driver: &Child) -> Option<u32> {
    let pid = driver.id();
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}

/// Whether the process is a server that has begun to serve: its own arguments, not those before the exec.
fn is_server(pid: u32) -> bool {
    fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| {
        line.split(|byte| *byte == 0)
            .any(|argument| argument == b"serve")
    })
}

#[test]
fn an_interrupted_driver_leaves_no_server() {
    let mut driver = Command::new(env!("CARGO_BIN_EXE_baselines"))
        .args([
            "run",
            "--cases",
            "1x1",
            "--servers",
            "epoll",
            "--seconds",
            "600",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the driver starts");
    let server = wait_for("no server came", || {
        child_of(&driver).filter(|&pid| is_server(pid))
    });
    kill(Pid::from_raw(driver.id() as i32), Signal::SIGINT).expect("it runs");
    driver.wait().expect("it ends");
    let place = format!("/proc/{server}");
    wait_for("the server outlives its driver", || {
        (!Path::new(&place).exists() || !is_server(server)).then_some(())
    });
}
