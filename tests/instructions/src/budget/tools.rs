//! The tools that decide how many instructions the same sources are: compiler, target and C library.

use std::process::Command;

use serde::Deserialize;

/// What built a program, and what it runs on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tools {
    /// The compiler, as `rustc -V` names it.
    pub rustc: String,
    /// The target that it built for.
    pub target: String,
    /// The C library, whose allocator and copying loops are counted too, as `getconf GNU_LIBC_VERSION` names it.
    pub c_library: String,
}

impl Tools {
    /// Those of this program.
    pub fn of_this_program() -> Self {
        Self {
            rustc: env!("RINGPOST_RUSTC").to_owned(),
            target: env!("RINGPOST_TARGET").to_owned(),
            c_library: c_library().unwrap_or_else(|| "unknown".to_owned()),
        }
    }
}

impl core::fmt::Display for Tools {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}, {}, {}", self.rustc, self.target, self.c_library)
    }
}

/// `None` where there is no such command, or where the library is another.
fn c_library() -> Option<String> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let output = output.ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned())
}
