//! The cluster file: where it is, and whether it can be one, before the client library waits in vain for a cluster.
//!
//! Form: a line `description:id@host:port,host:port`, each address perhaps with `:tls`; empty lines and lines with `#` count
//! for nothing. The library may rewrite the file when the coordinators change.

use std::path::{Path, PathBuf};

use crate::error::OpenError;

const VARIABLE: &str = "FDB_CLUSTER_FILE";
const DEFAULT: &str = "/etc/foundationdb/fdb.cluster";

/// The path of the cluster file that `chosen`, the environment or the custom names.
pub fn locate(chosen: Option<&Path>) -> PathBuf {
    let from_environment = || std::env::var_os(VARIABLE).map(PathBuf::from);
    chosen
        .map(Path::to_path_buf)
        .or_else(from_environment)
        .unwrap_or_else(|| PathBuf::from(DEFAULT))
}

/// Reads the file and checks its form.
///
/// # Errors
/// The file cannot be read, or is no cluster file.
pub fn check(path: &Path) -> Result<(), OpenError> {
    let text = std::fs::read_to_string(path).map_err(|source| OpenError::ClusterFile {
        path: path.to_path_buf(),
        source,
    })?;
    check_text(&text).map_err(|what| OpenError::ClusterFileContent {
        path: path.to_path_buf(),
        what,
    })
}

fn check_text(text: &str) -> Result<(), &'static str> {
    let mut lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let line = lines.next().ok_or("it has no connection string")?;
    if lines.next().is_some() {
        return Err("it has more than one connection string");
    }
    let (name, addresses) = line.split_once('@').ok_or("there is no @")?;
    let (description, id) = name.split_once(':').ok_or("there is no : before the @")?;
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    if !is_word(description) || !is_word(id) {
        return Err("description and id must be letters, digits and _");
    }
    match addresses.split(',').all(is_address) {
        true => Ok(()),
        false => Err("an address is not host:port"),
    }
}

fn is_address(address: &str) -> bool {
    let plain = address.strip_suffix(":tls").unwrap_or(address);
    let Some((host, port)) = plain.rsplit_once(':') else {
        return false;
    };
    !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cluster_files_are_known_by_their_form() {
        for good in [
            "test:test@127.0.0.1:4500",
            "# made by hand\n\na_b:0x9@10.0.0.1:4500:tls,[::1]:4501,db-1.example:4500\n",
        ] {
            assert_eq!(check_text(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "# nothing",
            "test@127.0.0.1:4500",
            "test:test127.0.0.1:4500",
            "test:test@127.0.0.1",
            "test:test@127.0.0.1:0",
            "te st:test@127.0.0.1:4500",
            "a:b@c:1\na:b@c:2",
        ] {
            assert!(check_text(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let path = Path::new("/nonexistent/fdb.cluster");
        let error = check(path).expect_err("there is no such file");
        assert!(error.to_string().contains("/nonexistent/fdb.cluster"));
        assert_eq!(locate(Some(path)), path);
    }
}
