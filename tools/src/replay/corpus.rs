//! Reads a corpus: YAML files whose `conversations` is a list of lists of lines.
//!
//! Every value of a list is a line: text as it stands, other values as YAML writes them. Files and conversations keep the
//! order of their paths, so a corpus gives the same list each time.

use std::path::{Path, PathBuf};

use yaml_rust2::{Yaml, YamlLoader};

use crate::error::ToolError;

/// One conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Where it is from: file and number.
    pub name: String,
    /// Its lines; the speakers alternate.
    pub lines: Vec<String>,
}

/// Reads all conversations below `folder`; with `languages`, only of files in folders of these names.
pub fn read(folder: &Path, languages: &[String]) -> Result<Vec<Script>, ToolError> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    files.sort();
    let mut scripts = Vec::new();
    for file in files {
        let language = file.parent().and_then(Path::file_name);
        let language = language.unwrap_or_default().to_string_lossy();
        if languages.is_empty() || languages.iter().any(|wanted| *wanted == language) {
            read_file(&file, folder, &mut scripts)?;
        }
    }
    if scripts.is_empty() {
        let why = format!("no conversations in {}", folder.display());
        return Err(ToolError::Usage(why));
    }
    Ok(scripts)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), ToolError> {
    let failed = |source| ToolError::file("list", folder, source);
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_yaml = path
            .extension()
            .is_some_and(|extension| extension == "yml" || extension == "yaml");
        if path.is_dir() {
            collect(&path, files)?;
        } else if is_yaml {
            files.push(path);
        }
    }
    Ok(())
}

fn read_file(file: &Path, folder: &Path, scripts: &mut Vec<Script>) -> Result<(), ToolError> {
    let text =
        std::fs::read_to_string(file).map_err(|source| ToolError::file("read", file, source))?;
    let name = file.strip_prefix(folder).unwrap_or(file).display();
    let conversations = parse(&text).map_err(|why| {
        let source = std::io::Error::other(why);
        ToolError::file("understand", file, source)
    })?;
    for (index, lines) in conversations.into_iter().enumerate() {
        let name = format!("{name}#{}", index + 1);
        scripts.push(Script { name, lines });
    }
    Ok(())
}

/// The conversations of one file.
fn parse(text: &str) -> Result<Vec<Vec<String>>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let documents = YamlLoader::load_from_str(text).map_err(|error| error.to_string())?;
    let mut conversations = Vec::new();
    for document in &documents {
        for conversation in document["conversations"].as_vec().into_iter().flatten() {
            let mut lines = Vec::new();
            add_lines(conversation, &mut lines);
            if !lines.is_empty() {
                conversations.push(lines);
            }
        }
    }
    Ok(conversations)
}

fn add_lines(value: &Yaml, lines: &mut Vec<String>) {
    match value {
        Yaml::Array(values) => values.iter().for_each(|value| add_lines(value, lines)),
        Yaml::String(text) | Yaml::Real(text) => lines.push(text.clone()),
        Yaml::Integer(number) => lines.push(number.to_string()),
        Yaml::Boolean(flag) => lines.push(flag.to_string()),
        // A colon in an unquoted line makes a mapping of it.
        Yaml::Hash(pairs) => {
            for (key, value) in pairs {
                let mut parts = Vec::new();
                add_lines(key, &mut parts);
                add_lines(value, &mut parts);
                lines.push(parts.join(": "));
            }
        }
        Yaml::Null | Yaml::Alias(_) | Yaml::BadValue => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_is_a_line() {
        let text = "categories:\n- x\nconversations:\n- - What is 2+2?\n  - 4\n- - yes: no\n  - true\n  - 'a: b'\n- alone\n- []\n";
        let expected = [
            vec!["What is 2+2?", "4"],
            vec!["yes: no", "true", "a: b"],
            vec!["alone"],
        ];
        assert_eq!(parse(text).unwrap(), expected);
    }

    #[test]
    fn what_is_not_yaml_is_an_error() {
        assert!(parse("conversations: [\n").is_err());
    }

    #[test]
    fn files_are_found_in_any_depth_and_chosen_by_folder() {
        let folder = tempfile::tempdir().unwrap();
        for language in ["one", "two"] {
            let folder = folder.path().join(language);
            std::fs::create_dir(&folder).unwrap();
            std::fs::write(folder.join("a.yml"), "conversations:\n- - hi\n  - ho\n").unwrap();
        }
        let all = read(folder.path(), &[]).unwrap();
        assert_eq!(all.len(), 2);
        let one = read(folder.path(), &["two".to_owned()]).unwrap();
        assert_eq!(one[0].name, "two/a.yml#1");
        assert!(read(folder.path(), &["three".to_owned()]).is_err());
    }
}
