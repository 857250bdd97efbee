//! A device that an administrator revokes: its session ends at once, its tokens are refused for good, over crashes too.

use std::process::{Command, Output};

use ringpost_client_native::{Client, Event, Memory, Options};
use ringpost_end_to_end::raw::{RawConnection, Said};
use ringpost_end_to_end::{built_binary, now_s};
use ringpost_wire::ErrorCode;

use crate::world::{TIMEOUT, World};

const REVOKED: Said = Said::Failure {
    code: ErrorCode::DeviceRevoked,
    fatal: true,
};

fn tool(world: &World, tool: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(built_binary("ringpost-tools").unwrap());
    command.args([tool, "--http", &world.node.http().to_string()]);
    command.arg("--data").arg(world.place.data());
    command.args(arguments).output().unwrap()
}

/// What the tool prints; it ends well.
fn told(output: &Output) -> serde_json::Value {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn sign_in(world: &World, token: &str) -> (RawConnection, Said) {
    let mut connection = RawConnection::open(world.place.native()).unwrap();
    connection.hello(token).unwrap();
    let said = connection.next_said().unwrap();
    (connection, said)
}

fn end_of(connection: &mut RawConnection) -> Said {
    let is_end = |said: &Said| matches!(said, Said::Failure { .. });
    connection.next_said_of(is_end).unwrap()
}

#[test]
fn a_revoked_device_is_cut_off_and_stays_out_over_a_crash() {
    let mut world = World::start(2);
    let token = world.tokens().make("ann", 1);
    // Within the leeway: as if it were made in half a minute, by a clock that is ahead.
    let later_s = now_s() + 30;
    let later = world
        .tokens()
        .make_for("ann", 1, (later_s, later_s + 3_600));
    let other = world.tokens().make("ann", 2);
    let (mut first, said) = sign_in(&world, &token);
    assert_eq!(said, Said::Welcome);
    let (mut beside, said) = sign_in(&world, &other);
    assert_eq!(said, Said::Welcome);

    let answer = told(&tool(&world, "revoke", &["--user", "ann"]));
    assert_eq!(
        (&answer["revoked"], &answer["forever"]),
        (&true.into(), &false.into())
    );
    assert_eq!(end_of(&mut first), REVOKED);
    assert_eq!(first.next_said().unwrap(), Said::Closed);
    assert_eq!(sign_in(&world, &token).1, REVOKED);
    world.node.kill().unwrap();
    world.restart(2);
    assert_eq!(beside.next_said().unwrap(), Said::Closed);
    assert_eq!(sign_in(&world, &token).1, REVOKED);
    let (mut beside, said) = sign_in(&world, &other);
    assert_eq!(said, Said::Welcome);

    let (mut newer, said) = sign_in(&world, &later);
    assert_eq!(said, Said::Welcome);
    told(&tool(&world, "revoke", &["--user", "ann", "--forever"]));
    assert_eq!(end_of(&mut newer), REVOKED);
    world.node.kill().unwrap();
    world.restart(2);
    assert_eq!(end_of(&mut beside), Said::Closed);
    for token in [&token, &later] {
        assert_eq!(sign_in(&world, token).1, REVOKED);
    }
    let refused = "ringpost_messages_refused_total{reason=\"DeviceRevoked\"}";
    assert!(world.until(|node| node.metric(refused).unwrap() == Some(2.0)));
    let answer = told(&tool(&world, "restore", &["--user", "ann"]));
    assert_eq!(answer["revoked"], false);
    assert_eq!(sign_in(&world, &token).1, Said::Welcome);

    let output = tool(&world, "revoke", &["--user", "nobody"]);
    assert_eq!(output.status.code(), Some(1));
    world.end();
}

#[test]
fn the_sdk_says_that_a_revocation_is_final() {
    let world = World::start(1);
    let token = world.tokens().make("ann", 1);
    let address = world.place.native().to_string();
    let source = Box::new(move |_| Some(token.clone()));
    let options = Options::new(&address, source, Box::new(Memory::default()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let is_live = |event: &Event| {
        matches!(
            event,
            Event::Connection(ringpost_client_core::ConnectionState::Live)
        )
    };
    let ended = Event::Ended(ringpost_client_core::Ended::ByServer(
        ErrorCode::DeviceRevoked,
    ));
    runtime.block_on(async {
        let (_client, mut events) = Client::connect(options).await.unwrap();
        let until_live = async {
            while let Some(event) = events.next().await {
                if is_live(&event) {
                    return;
                }
            }
            panic!("the client has ended");
        };
        tokio::time::timeout(TIMEOUT, until_live).await.unwrap();
        told(&tool(&world, "revoke", &["--user", "ann"]));
        let last = async {
            let mut last = None;
            while let Some(event) = events.next().await {
                last = Some(event);
            }
            last
        };
        let last = tokio::time::timeout(TIMEOUT, last).await.unwrap();
        assert_eq!(last, Some(ended));
    });
    world.end();
}
