//! `RegisterDevice`: makes sure that a user and a device are known, and names the chats that a new device must be linked to.
//!
//! A device of a user with chats begins as linking: until each of these chats lists it, it would miss messages.

use ringpost_wire::{ChatId, DeviceAddress, ErrorCode, UserId};

use crate::Outcome;
use crate::key;
use crate::limits::{DAY_MS, DEVICE_ROWS_MAX, DEVICES_MAX, LINK_PAGE_CHATS};
use crate::outcome::Registered;
use crate::overlay::{DamagedRow, Halt, Overlay};
use crate::row::{Device, DeviceState, Row, User};
use crate::store::Read;

const DEVICE_BYTES_MAX: u32 = 16_384;
const MEMBERSHIP_BYTES_MAX: u32 = 16_384;

/// The read of a user's devices, unlinked ones too.
pub(super) fn devices(user: UserId) -> Read {
    Read::Range {
        range: key::device::range(user),
        rows_max: DEVICE_ROWS_MAX as u32,
        bytes_max: DEVICE_BYTES_MAX,
    }
}

/// The read of a user's chats after `after`.
pub(super) fn memberships(user: UserId, after: Option<ChatId>) -> Read {
    Read::Range {
        range: key::membership::range_after(user, after),
        rows_max: LINK_PAGE_CHATS as u32,
        bytes_max: MEMBERSHIP_BYTES_MAX,
    }
}

/// A user's devices that are not unlinked, ascending; `None` when there are more rows than `DEVICE_ROWS_MAX`.
pub(super) fn active_devices(
    overlay: &mut Overlay<'_>,
    user: UserId,
) -> Result<Option<Vec<u32>>, Halt> {
    let Read::Range {
        mut range,
        rows_max,
        bytes_max,
    } = devices(user)
    else {
        unreachable!("the devices of a user are a range")
    };
    let mut active = Vec::new();
    let mut rows = 0;
    loop {
        let page = overlay.range(&range, rows_max, bytes_max)?;
        for row in &page.rows {
            let device = Device::decode(&row.value);
            let device = device.map_err(|damage| DamagedRow::of(row.key, damage))?;
            let address = key::device::decode(&row.key);
            let is_active = device.state.is_active();
            active.extend(address.filter(|_| is_active).map(|address| address.device));
        }
        rows += page.rows.len();
        match page.rows.last() {
            Some(_) if page.more && rows >= DEVICE_ROWS_MAX => return Ok(None),
            Some(last) if page.more => range.begin = last.key.next(),
            _ => return Ok(Some(active)),
        }
    }
}

pub(super) fn decide(
    overlay: &mut Overlay<'_>,
    device: DeviceAddress,
    create: bool,
    link_after: Option<ChatId>,
    (issued_ms, now_ms): (u64, u64),
) -> Result<Outcome, Halt> {
    let key = key::device::encode(device);
    let Some(found) = overlay.row::<Device>(&key)? else {
        return match create {
            true => register(overlay, device, now_ms),
            false => Ok(Outcome::Failed(ErrorCode::DeviceRefused)),
        };
    };
    if !found.state.is_active() {
        return Ok(Outcome::Failed(ErrorCode::DeviceUnlinked));
    }
    let is_revoked = found.revoked_to_ms != 0 && issued_ms <= found.revoked_to_ms;
    if is_revoked && !cfg!(planted = "revoked_admitted") {
        return Ok(Outcome::Failed(ErrorCode::DeviceRevoked));
    }
    let unlinked = match found.state {
        DeviceState::Linking => Some(chats_after(overlay, device.user, link_after)?),
        _ => None,
    };
    // Once a day is as exact as it must be, and a write a sign-in would be dear. A clock that ran back takes nothing.
    let last_seen_day = day_of(now_ms);
    if last_seen_day > found.last_seen_day {
        let seen = Device {
            last_seen_day,
            ..found
        };
        overlay.set(key, &seen);
    }
    Ok(registered(false, unlinked))
}

/// The day of a time in milliseconds since 1970.
fn day_of(now_ms: u64) -> u32 {
    u32::try_from(now_ms / DAY_MS).unwrap_or(u32::MAX)
}

fn register(
    overlay: &mut Overlay<'_>,
    device: DeviceAddress,
    now_ms: u64,
) -> Result<Outcome, Halt> {
    let user_key = key::user::encode(device.user);
    let is_known = overlay.is_present(&user_key)?;
    let devices = active_devices(overlay, device.user)?;
    if devices.is_none_or(|devices| devices.len() >= DEVICES_MAX) {
        return Ok(Outcome::Failed(ErrorCode::DeviceRefused));
    }
    let (chats, next) = chats_after(overlay, device.user, None)?;
    if !is_known {
        overlay.insert(user_key, &User { created_ms: now_ms });
    }
    let is_linked = chats.is_empty() || cfg!(planted = "linked_at_once");
    let row = Device {
        created_ms: now_ms,
        last_seen_day: day_of(now_ms),
        state: if is_linked {
            DeviceState::Linked
        } else {
            DeviceState::Linking
        },
        revoked_to_ms: 0,
    };
    overlay.insert(key::device::encode(device), &row);
    Ok(registered(true, (!is_linked).then_some((chats, next))))
}

/// A page of the user's chats after `after`, and after which chat the next begins.
pub(super) fn chats_after(
    overlay: &mut Overlay<'_>,
    user: UserId,
    after: Option<ChatId>,
) -> Result<(Vec<ChatId>, Option<ChatId>), Halt> {
    let page = overlay.read_range(&memberships(user, after))?;
    let decoded = page
        .rows
        .iter()
        .filter_map(|row| key::membership::decode(&row.key));
    let mut chats: Vec<ChatId> = decoded.map(|(_, chat)| chat).collect();
    let next = chats.last().copied().filter(|_| page.more);
    // Planted: the last chat of a page that is not the last is left out.
    if cfg!(planted = "links_off_by_one") && page.more {
        chats.pop();
    }
    Ok((chats, next))
}

/// The answer; `unlinked` is `None` for a device that is linked.
fn registered(created: bool, unlinked: Option<(Vec<ChatId>, Option<ChatId>)>) -> Outcome {
    let linked = unlinked.is_none();
    let (unlinked, next) = unlinked.unwrap_or_default();
    Outcome::Registered(Registered {
        created,
        linked,
        unlinked,
        next,
    })
}
