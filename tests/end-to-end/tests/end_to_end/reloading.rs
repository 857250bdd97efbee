//! Configuration that changes while the node runs: by SIGHUP and by administration.

use ringpost_end_to_end::load::LoadPlan;
use serde_json::{Value, json};

use crate::world::{TIMEOUT, World};

/// A world whose node has a configuration file, and that file.
fn world_with_file(text: &str) -> (World, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap().keep();
    let path = folder.join("ringpost.toml");
    std::fs::write(&path, text).unwrap();
    let flags = vec!["--config".to_owned(), path.display().to_string()];
    let world = World::start_with(2, |options| options.flags.clone_from(&flags));
    (world, path)
}

fn admin(world: &World, method: &str, path: &str, body: &str) -> (u16, Value) {
    let token = std::fs::read_to_string(world.place.data().join("admin.token")).unwrap();
    let answer = world.node.ask(method, path, Some(token.trim()), body);
    let (status, body) = answer.unwrap();
    (status, serde_json::from_str(&body).unwrap())
}

fn value_of(world: &World, key: &str) -> Value {
    let (status, values) = admin(world, "GET", "/admin/config", "");
    assert_eq!(status, 200);
    values[key]["value"].clone()
}

#[test]
fn a_reload_limits_sessions_that_are_open() {
    let (world, path) = world_with_file("[limits]\nsends_burst = 4000\n");
    let plan = LoadPlan {
        pause_ms: 1,
        ..LoadPlan::new(4, 51)
    };
    let fleet = world.fleet(&plan);
    assert!(fleet.begin(TIMEOUT));
    assert!(fleet.wait_until(TIMEOUT, |totals| totals.sent > 100));
    let refused = "ringpost_messages_refused_total{reason=\"RateLimited\"}";
    assert_eq!(world.node.metric(refused).unwrap(), Some(0.0));

    std::fs::write(&path, "[limits]\nsends_burst = 1\nsends_per_second = 20\n").unwrap();
    let (status, report) = admin(&world, "POST", "/admin/reload", "");
    assert_eq!(status, 200, "{report}");
    assert_eq!(
        report["changed"],
        json!(["limits.sends_burst", "limits.sends_per_second"])
    );
    let is_limited = world.until(|node| node.metric(refused).unwrap() > Some(0.0));
    assert!(is_limited);

    std::fs::write(&path, "").unwrap();
    world.node.signal("HUP").unwrap();
    assert!(world.until(|_| value_of(&world, "limits.sends_burst") == json!(4000)));
    world.settle(fleet);
    world.end();
}

#[test]
fn a_wrong_file_leaves_everything_as_it_is() {
    let (world, path) = world_with_file("[limits]\nsends_burst = 77\n");
    let successful = "ringpost_config_last_reload_successful";
    assert_eq!(world.node.metric(successful).unwrap(), Some(1.0));
    std::fs::write(&path, "[limits]\nsends_burst = 0\n").unwrap();
    let (status, answer) = admin(&world, "POST", "/admin/reload", "");
    assert_eq!(status, 422);
    let error = answer["error"].as_str().unwrap();
    assert!(error.contains("limits.sends_burst"), "{error}");
    assert_eq!(world.node.metric(successful).unwrap(), Some(0.0));
    assert_eq!(value_of(&world, "limits.sends_burst"), json!(77));

    std::fs::write(&path, "cores = 1\n").unwrap();
    let (status, report) = admin(&world, "POST", "/admin/reload", "");
    assert_eq!(status, 200, "{report}");
    assert_eq!(report["changed"], json!(["limits.sends_burst"]));
    assert_eq!(report["needs_restart"], json!([]), "a flag wins over it");
    assert_eq!(world.node.metric(successful).unwrap(), Some(1.0));
    world.end();
}

#[test]
fn an_administrator_sets_the_level_of_the_log() {
    let world = World::start(1);
    let is_debugging = |world: &World| world.node.log_lines("DEBUG").len();
    assert_eq!(is_debugging(&world), 0);
    let (status, report) = admin(&world, "PUT", "/admin/config", r#"{"log.level": "debug"}"#);
    assert_eq!((status, &report["changed"]), (200, &json!(["log.level"])));
    let fleet = world.fleet(&LoadPlan::new(1, 52));
    assert!(fleet.wait_until(TIMEOUT, |totals| totals.live == 2));
    fleet.finish();
    assert!(world.until(|_| is_debugging(&world) > 0));
    for (body, expected) in [
        ("{\"log.level\": \"loud\"}", 422),
        ("[]", 400),
        ("{\"x\": 1}", 422),
    ] {
        assert_eq!(admin(&world, "PUT", "/admin/config", body).0, expected);
    }
    assert_eq!(value_of(&world, "log.level"), json!("debug"));
    assert_eq!(
        world
            .node
            .ask("PUT", "/admin/config", None, "{}")
            .unwrap()
            .0,
        401
    );
    assert_eq!(
        world.node.ask("POST", "/admin/reload", None, "").unwrap().0,
        401
    );
    world.end();
}
