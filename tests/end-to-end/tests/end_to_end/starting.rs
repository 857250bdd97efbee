//! What a node answers at its start, over HTTP, and when it cannot start.

use std::os::unix::fs::PermissionsExt;

use ringpost_end_to_end::Place;
use ringpost_end_to_end::load::LoadPlan;

use crate::world::{TIMEOUT, World};

fn refused(place: &Place, change: impl Fn(&mut std::process::Command)) -> String {
    let mut command = place.options(1).command().unwrap();
    command.env_remove("RINGPOST_LOG__FORMAT");
    change(&mut command);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{text}");
    text
}

#[test]
fn a_data_directory_in_use_is_refused_by_name() {
    let world = World::start(1);
    let text = refused(&world.place, |_| {});
    assert!(text.contains("in use"), "{text}");
    assert!(
        text.contains(world.place.data().to_str().unwrap()),
        "{text}"
    );
    assert_eq!(text.lines().count(), 1, "{text}");
    world.end();
}

#[test]
fn a_wrong_value_names_itself() {
    let place = Place::new().unwrap();
    let text = refused(&place, |command| {
        command.args(["--retention-days", "many"]);
    });
    assert!(
        text.contains("store.retention_days") && text.contains("--retention-days"),
        "{text}"
    );
    let text = refused(&place, |command| {
        command.env("RINGPOST_STORE__OVERLAY_MIB", "0");
    });
    assert!(
        text.contains("store.overlay_mib") && text.contains("RINGPOST_STORE__OVERLAY_MIB"),
        "{text}"
    );
    let text = refused(&place, |command| {
        command.env("RINGPOST_AUTH__REGISTER", "perhaps");
    });
    assert!(text.contains("auth.register"), "{text}");
}

/// Runs `ringpost --check` with at most so many open files: success, the configuration, and what the host lacks.
fn checked(place: &Place, open_files: u32, sessions: &str) -> (bool, String, String) {
    let node = place.options(2).command().unwrap();
    let mut command = std::process::Command::new("sh");
    command
        .args([
            "-c",
            &format!("ulimit -n {open_files}; exec \"$0\" \"$@\" --check"),
        ])
        .arg(node.get_program())
        .args(node.get_args())
        .env("RINGPOST_LIMITS__SESSIONS_PER_CORE", sessions);
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.success(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn a_check_tells_what_the_host_lacks() {
    let place = Place::new().unwrap();
    let (is_fit, configuration, lacks) = checked(&place, 512, "1000000");
    assert!(!is_fit, "{lacks}");
    assert!(configuration.contains("sessions_per_core = 1000000"));
    assert!(
        lacks.starts_with("ringpost: fatal: RLIMIT_NOFILE"),
        "{lacks}"
    );
    let (is_fit, _, lacks) = checked(&place, 512, "16");
    assert!(is_fit, "{lacks}");
    assert!(!place.data().exists(), "a check leaves nothing behind");
}

#[test]
fn a_store_that_is_not_built_in_says_how_to_get_it() {
    let place = Place::new().unwrap();
    let text = refused(&place, |command| {
        command.args(["--store", "foundationdb"]);
    });
    assert!(
        text.contains("store.engine (from --store)") && text.contains("--features foundationdb"),
        "{text}"
    );
}

#[test]
fn an_address_in_use_by_another_is_refused_by_name() {
    let place = Place::new().unwrap();
    let taken = std::net::TcpListener::bind(place.native()).unwrap();
    let text = refused(&place, |_| {});
    assert!(
        text.contains(&taken.local_addr().unwrap().to_string()),
        "{text}"
    );
}

#[test]
fn secrets_are_for_the_owner_alone_and_survive_a_restart() {
    let mut world = World::start(1);
    let read = |world: &World, name: &str| {
        let path = world.place.data().join(name);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
        std::fs::read_to_string(path).unwrap()
    };
    let names = ["token.secret", "admin.token"];
    let before = names.map(|name| read(&world, name));
    assert_ne!(before[0], before[1]);
    assert!(world.node.stop().unwrap().success());
    world.restart(1);
    assert_eq!(names.map(|name| read(&world, name)), before);
    world.end();
}

#[test]
fn health_readiness_and_metrics_are_told() {
    let world = World::start(2);
    let fleet = world.fleet(&LoadPlan::new(2, 31));
    fleet.order(|orders| orders.messages_max = 10);
    assert!(fleet.begin(TIMEOUT));
    assert!(fleet.wait_until(TIMEOUT, |totals| totals.sent >= 20));
    let logs = world.settle(fleet);
    let sent: usize = logs.iter().map(|log| log.sent.len()).sum();
    // Counters are published now and then, not at each message.
    let is_told = world.until(|node| {
        let stored = node.metric("ringpost_messages_stored_total");
        stored.unwrap() == Some(sent as f64)
    });
    assert!(is_told, "{sent} messages");
    assert_eq!(world.node.get("/healthz", None).unwrap().0, 200);
    assert_eq!(world.node.get("/readyz", None).unwrap().0, 200);
    let (status, page) = world.node.get("/metrics", None).unwrap();
    assert_eq!(status, 200);
    let samples = samples(&page);
    for name in [
        "ringpost_messages_stored_total",
        "ringpost_messages_delivered_total",
        "ringpost_commit_seconds_count",
        "ringpost_send_to_sent_seconds_count",
        "ringpost_lane_batch_messages_count",
    ] {
        let value = samples.iter().find(|sample| sample.0 == name);
        assert!(value.is_some_and(|sample| sample.1 > 0.0), "{name}: {page}");
    }
    world.end();
}

#[test]
fn administration_needs_its_token() {
    let world = World::start(1);
    let path = format!("/admin/chats/{}", "ab".repeat(16));
    assert_eq!(world.node.get(&path, None).unwrap().0, 401);
    assert_eq!(world.node.get(&path, Some("wrong")).unwrap().0, 403);
    let token = std::fs::read_to_string(world.place.data().join("admin.token")).unwrap();
    assert_eq!(world.node.get(&path, Some(token.trim())).unwrap().0, 404);
    let bad = world.node.get("/admin/chats/xyz", Some(token.trim()));
    assert_eq!(bad.unwrap().0, 400);
    world.end();
}

/// Every sample of a page in Prometheus's text format, which must be well formed: each family told before its samples.
fn samples(page: &str) -> Vec<(String, f64)> {
    let mut samples = Vec::new();
    let mut families: Vec<&str> = Vec::new();
    for line in page.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let (kind, name) = (words.next().unwrap(), words.next().unwrap());
            assert!(matches!(kind, "HELP" | "TYPE"), "{line}");
            families.push(name);
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        let name = series.split('{').next().unwrap();
        let is_told = families.iter().any(|family| name.starts_with(family));
        assert!(is_told, "{line}");
        assert!(
            series == name || series.ends_with("\"}"),
            "labels end with a quote: {line}"
        );
        samples.push((series.to_owned(), value.parse().unwrap()));
    }
    samples
}
