//! The command as it can be given again from the repository's root: without the machine's paths.

use std::env;
use std::path::Path;

/// The command that started this program, with paths below `root` relative to it and others by their last part.
pub fn command_line(root: &Path) -> String {
    let arguments: Vec<String> = env::args()
        .skip(1)
        .map(|argument| relative(root, &argument))
        .collect();
    format!(
        "cargo run --release -p ringpost-bench -- {}",
        arguments.join(" ")
    )
}

fn relative(root: &Path, argument: &str) -> String {
    let (name, value) = argument
        .split_once('=')
        .map_or(("", argument), |(name, value)| (name, value));
    let path = Path::new(value);
    if !path.is_absolute() {
        return quoted(argument);
    }
    let short = match path.strip_prefix(root) {
        Ok(below) => below.display().to_string(),
        Err(_) => path
            .file_name()
            .map_or(String::new(), |name| name.to_string_lossy().into_owned()),
    };
    quoted(&if name.is_empty() {
        short
    } else {
        format!("{name}={short}")
    })
}

fn quoted(argument: &str) -> String {
    if argument
        .chars()
        .any(|character| character.is_whitespace() || "'\"$".contains(character))
    {
        format!("'{}'", argument.replace('\'', "'\\''"))
    } else {
        argument.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_paths_are_not_told() {
        let root = Path::new("/home/ann/ringpost");
        assert_eq!(
            relative(root, "/home/ann/ringpost/target/release/ringpost"),
            "target/release/ringpost"
        );
        assert_eq!(
            relative(root, "--ringpost=/opt/old/ringpost"),
            "--ringpost=ringpost"
        );
        assert_eq!(relative(root, "load.pairs=100"), "load.pairs=100");
        assert_eq!(relative(root, "two words"), "'two words'");
    }
}
