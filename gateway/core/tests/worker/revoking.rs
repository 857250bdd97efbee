//! A revoked device: its session ends, its tokens are refused, and a newer token is welcome.

use ringpost_gateway_core::{CoreId, Input};
use ringpost_storage_core::Command;
use ringpost_wire::{ErrorCode, Reauthenticate};

use crate::clients::*;
use crate::rig::Rig;
use crate::tokens::{timed, token};

/// A session gets a newer token.
fn renew(rig: &mut Rig, connection: usize, token: &str) {
    let mut frame = Vec::new();
    Reauthenticate { token }.encode(&mut frame);
    rig.say(connection, &frame);
}

fn revoke(rig: &mut Rig, cores: u16, issued_to_ms: u64) {
    let command = Command::RevokeDevice {
        device: address("ann", 1),
        issued_to_ms,
    };
    for core in 0..cores {
        let command = command.clone();
        rig.input(CoreId(core), Input::Admin { ticket: 1, command });
    }
    rig.run();
}

#[test]
fn its_session_ends_and_only_a_later_token_opens_another() {
    for cores in 1..=3 {
        let mut rig = Rig::new(cores);
        let (phone, tablet) = (rig.live(0, "ann", 1), rig.live(0, "ann", 2));
        let bob = rig.live(0, "bob", 1);
        revoke(&mut rig, cores, 1_500_000);
        assert_eq!(rig.fatal(phone), Some(ErrorCode::DeviceRevoked));
        assert_eq!((rig.fatal(tablet), rig.fatal(bob)), (None, None));

        for (text, code) in [
            (token("ann", 1, EXPIRES_S), Some(ErrorCode::DeviceRevoked)),
            (
                timed("ann", 1, (1_500, EXPIRES_S)),
                Some(ErrorCode::DeviceRevoked),
            ),
            (timed("ann", 1, (1_501, EXPIRES_S)), None),
        ] {
            let again = rig.connect(0);
            rig.say(again, &hello(&text));
            assert_eq!(rig.fatal(again), code, "{cores} cores");
        }
        revoke(&mut rig, cores, 0);
        let again = rig.connect(0);
        rig.say(again, &hello(&token("ann", 1, EXPIRES_S)));
        assert_eq!(rig.fatal(again), None);
    }
}

#[test]
fn a_session_whose_token_is_of_later_stays() {
    for cores in 1..=3 {
        let mut rig = Rig::new(cores);
        let (renewed, new) = (rig.live(0, "ann", 1), rig.connect(0));
        renew(&mut rig, renewed, &timed("ann", 1, (1_600, EXPIRES_S)));
        revoke(&mut rig, cores, 1_500_000);
        assert_eq!(rig.fatal(renewed), None, "{cores} cores");
        revoke(&mut rig, cores, 1_600_000);
        assert_eq!(rig.fatal(renewed), Some(ErrorCode::DeviceRevoked));

        rig.say(new, &hello(&timed("ann", 1, (1_700, EXPIRES_S))));
        revoke(&mut rig, cores, 1_699_000);
        assert_eq!(rig.fatal(new), None);
        revoke(&mut rig, cores, u64::MAX);
        assert_eq!(rig.fatal(new), Some(ErrorCode::DeviceRevoked));
    }
}

#[test]
fn a_session_takes_no_older_token_than_it_has() {
    let mut rig = Rig::new(1);
    let ann = rig.live(0, "ann", 1);
    for issued_s in [1_500, 1_500, 1_600] {
        renew(&mut rig, ann, &timed("ann", 1, (issued_s, EXPIRES_S)));
        assert_eq!(rig.fatal(ann), None, "{issued_s}");
    }
    renew(&mut rig, ann, &timed("ann", 1, (1_599, EXPIRES_S)));
    assert_eq!(rig.fatal(ann), Some(ErrorCode::TokenClaims));
}
