//! A revoked device: its session ends, its tokens are refused, and a newer token is welcome.

use ringpost_gateway_core::{CoreId, Input};
use ringpost_storage_core::Command;
use ringpost_wire::ErrorCode;

use crate::clients::*;
use crate::rig::Rig;
use crate::tokens::{timed, token};

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
