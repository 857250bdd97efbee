//! `Fault`: what is wrong with one place of the recorded results, and where that is.

use std::io;

/// One fault. The file is relative to the folder that was given.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {field}: {why}")]
pub struct Fault {
    /// The file, or the folder of a run.
    pub file: String,
    /// The field, line or column; `file` where the whole file is meant.
    pub field: String,
    /// What is wrong there.
    #[source]
    pub why: Why,
}

/// What is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    /// The file is not there.
    #[error("is missing")]
    Missing,
    /// No file of this name belongs there.
    #[error("does not belong here")]
    Unknown,
    /// The file cannot be read or written.
    #[error("{0}")]
    Inaccessible(io::Error),
    /// The form is of another version.
    #[error("form {found} is not known, only {known}")]
    Format {
        /// The version that is named there.
        found: String,
        /// The version that this program reads.
        known: u32,
    },
    /// The text is not what its form demands.
    #[error("{0}")]
    Malformed(String),
    /// A derived value is not what the raw data give.
    #[error("says {recorded}, but the raw data give {derived}")]
    NotDerived {
        /// What is written.
        recorded: String,
        /// What the raw data give.
        derived: String,
    },
    /// The folder has another name than its run gives.
    #[error("the folder of this run is named {0}")]
    Name(String),
    /// The value tells something of one machine.
    #[error("`{0}` names a place of one machine; give the command from the repository's root")]
    Machine(String),
}

impl Fault {
    /// A fault of a field, line or column.
    pub fn of(file: impl Into<String>, field: impl Into<String>, why: Why) -> Self {
        Self {
            file: file.into(),
            field: field.into(),
            why,
        }
    }

    /// A fault of a whole file.
    pub fn whole(file: impl Into<String>, why: Why) -> Self {
        Self::of(file, "file", why)
    }

    /// A file that cannot be reached.
    pub fn inaccessible(file: impl Into<String>, error: io::Error) -> Self {
        let why = if error.kind() == io::ErrorKind::NotFound {
            Why::Missing
        } else {
            Why::Inaccessible(error)
        };
        Self::whole(file, why)
    }

    /// The same fault, its file below `folder`.
    pub fn below(mut self, folder: &str) -> Self {
        self.file = if self.file.is_empty() {
            folder.to_owned()
        } else {
            format!("{folder}/{}", self.file)
        };
        self
    }
}
