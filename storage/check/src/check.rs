//! The check as a whole: chats, then users, then the rest, with progress told on the way.

use std::io;
use std::path::PathBuf;

use ringpost_storage_core::key::Family;

use crate::chat::Chats;
use crate::findings::Findings;
use crate::limits::{FINDINGS_PER_KIND_MAX, SORT_BYTES};
use crate::sorter::{Sorted, Sorter};
use crate::user::Users;
use crate::{Report, RowSource, SourceError, other_rows, own_rows, testimony};

/// How a check runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// Findings of each kind that are kept.
    pub findings_per_kind_max: usize,
    /// Bytes that are sorted in memory.
    pub sort_bytes: usize,
    /// Where temporary files go.
    pub folder: PathBuf,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            findings_per_kind_max: FINDINGS_PER_KIND_MAX,
            sort_bytes: SORT_BYTES,
            folder: std::env::temp_dir(),
        }
    }
}

/// What a check is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The families of chats.
    Chats,
    /// The families of users.
    Users,
    /// All other rows.
    Others,
}

/// How far a check is.
#[derive(Clone, Copy, Debug)]
pub struct Walked {
    /// What it is at.
    pub phase: Phase,
    /// How much of the phase is done, from 0 to 1: ids are as good as random, so their order tells it.
    pub fraction: f64,
    /// Chats and users checked so far.
    pub checked: u64,
}

/// Why a check did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The store cannot be read.
    #[error("the store cannot be read: {0}")]
    Source(#[from] SourceError),
    /// A temporary file cannot be made, written or read.
    #[error("a temporary file: {0}")]
    Sort(#[from] io::Error),
}

/// Checks the whole of a store. `observe` is told often how far it is.
///
/// # Errors
/// The store cannot be read, or temporary files cannot be kept.
pub fn check(
    source: &mut dyn RowSource,
    options: &Options,
    observe: &mut dyn FnMut(Walked),
) -> Result<Report, CheckError> {
    let state = source.state()?;
    let mut report = Report::default();
    let mut findings = Findings::new(options.findings_per_kind_max);
    let told = check_chats(source, options, observe, (&mut report, &mut findings))?;
    check_users(source, told, observe, (&mut report, &mut findings))?;
    observe(Walked {
        phase: Phase::Others,
        fraction: 0.0,
        checked: report.chats + report.users,
    });
    let (given, rows) = own_rows::check_own(source, &mut findings)?;
    report.rows.insert("own", rows);
    for family in other_rows::FAMILIES {
        let rows = other_rows::check_family(family, source, &given, &mut findings)?;
        report.rows.insert(family_name(family), rows);
    }
    let strangers = other_rows::check_strangers(source, &mut findings)?;
    report.rows.insert("unknown", strangers);
    report.is_moved = source.state()? != state;
    (report.findings, report.counts) = findings.into_parts();
    Ok(report)
}

fn check_chats(
    source: &mut dyn RowSource,
    options: &Options,
    observe: &mut dyn FnMut(Walked),
    (report, findings): (&mut Report, &mut Findings),
) -> Result<Sorted, CheckError> {
    let mut chats = Chats::new();
    let mut sorter = Sorter::new(options.folder.clone(), options.sort_bytes);
    let (mut told, mut record) = (Vec::new(), Vec::new());
    while let Some(chat) = chats.step(source, findings, &mut told)? {
        for testimony in told.drain(..) {
            record.clear();
            testimony::encode(&testimony, &mut record);
            sorter.push(&record)?;
        }
        report.chats += 1;
        observe(Walked {
            phase: Phase::Chats,
            fraction: fraction(&chat.0),
            checked: report.chats,
        });
    }
    let taken = chats.taken();
    report
        .rows
        .extend(taken.map(|(family, rows)| (family_name(family), rows)));
    report.spilled_bytes = sorter.spilled_bytes;
    Ok(sorter.finish()?)
}

fn check_users(
    source: &mut dyn RowSource,
    told: Sorted,
    observe: &mut dyn FnMut(Walked),
    (report, findings): (&mut Report, &mut Findings),
) -> Result<(), CheckError> {
    let mut users = Users::new(told);
    while let Some(user) = users.step(source, findings)? {
        report.users += 1;
        observe(Walked {
            phase: Phase::Users,
            fraction: fraction(&user.0),
            checked: report.chats + report.users,
        });
    }
    let taken = users.taken();
    report
        .rows
        .extend(taken.map(|(family, rows)| (family_name(family), rows)));
    Ok(())
}

/// The part of all ids that lies before `id`.
fn fraction(id: &[u8; 16]) -> f64 {
    let first = u32::from_be_bytes([id[0], id[1], id[2], id[3]]);
    f64::from(first) / f64::from(u32::MAX)
}

/// The name of a family, for reports.
fn family_name(family: Family) -> &'static str {
    match family {
        Family::Head => "head",
        Family::Message => "message",
        Family::Member => "member",
        Family::Window => "window",
        Family::ReadCursor => "read_cursor",
        Family::Membership => "membership",
        Family::Pending => "pending",
        Family::User => "user",
        Family::Device => "device",
        Family::Fence => "fence",
        Family::LaneRecord => "lane_record",
        Family::LaneTerm => "lane_term",
        Family::Import => "import",
    }
}
