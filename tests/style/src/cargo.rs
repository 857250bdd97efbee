//! What cargo says of the workspace: the packages with their licences and sources, and the crates below one package.
//! Both are asked with `--locked`, so a stale Cargo.lock fails here too.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The facts of one package that the rules use.
#[derive(Debug, Clone, Default)]
pub struct Package {
    /// Name in the registry.
    pub name: String,
    /// Version.
    pub version: String,
    /// SPDX expression, if declared.
    pub licence: Option<String>,
    /// Where it comes from; `None` for a path.
    pub source: Option<String>,
    /// Whether it is a member of this workspace.
    pub is_member: bool,
    /// Folder relative to the repository, for members.
    pub folder: String,
    /// Names of its direct dependencies outside tests and build scripts.
    pub dependencies: Vec<String>,
    /// Names of its cargo features.
    pub features: Vec<String>,
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the package lies two folders below the root")
        .to_owned()
}

/// Every package of the lock file that this platform or another may build.
///
/// # Panics
/// When cargo fails, for example since Cargo.lock is stale.
pub fn packages() -> Vec<Package> {
    let text = run(&["metadata", "--locked", "--format-version", "1"]);
    parse_packages(&text, &root().to_string_lossy())
}

/// Names of all crates below `package` by normal edges, itself left out.
///
/// # Panics
/// When cargo fails.
pub fn tree(package: &str) -> Vec<String> {
    let arguments = [
        "tree", "--locked", "-e", "normal", "--prefix", "none", "-f", "{p}", "-p",
    ];
    parse_tree(&run(&[&arguments[..], &[package]].concat()))
}

fn run(arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("cargo runs the tests, so it can be started");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {arguments:?}: {complaint}");
    String::from_utf8(output.stdout).expect("cargo writes UTF-8")
}

fn parse_tree(text: &str) -> Vec<String> {
    let mut names: Vec<String> = text
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    names
}

fn parse_packages(text: &str, root: &str) -> Vec<Package> {
    let document: Value = serde_json::from_str(text).expect("cargo metadata writes JSON");
    let members: Vec<&str> = strings(&document["workspace_members"]);
    let packages = document["packages"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    packages
        .iter()
        .map(|package| parse_package(package, &members, root))
        .collect()
}

fn parse_package(package: &Value, members: &[&str], root: &str) -> Package {
    let text = |field: &str| package[field].as_str().map(str::to_owned);
    let manifest = text("manifest_path").unwrap_or_default();
    let folder = manifest
        .trim_end_matches("/Cargo.toml")
        .trim_start_matches(root);
    Package {
        name: text("name").unwrap_or_default(),
        version: text("version").unwrap_or_default(),
        licence: text("license"),
        source: text("source"),
        is_member: package["id"]
            .as_str()
            .is_some_and(|id| members.contains(&id)),
        folder: folder.trim_start_matches('/').to_owned(),
        dependencies: normal_dependencies(&package["dependencies"]),
        features: package["features"]
            .as_object()
            .map(|features| features.keys().cloned().collect())
            .unwrap_or_default(),
    }
}

fn normal_dependencies(list: &Value) -> Vec<String> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter()
        .filter(|dependency| dependency["kind"].is_null())
        .filter_map(|dependency| dependency["name"].as_str().map(str::to_owned))
        .collect()
}

fn strings(list: &Value) -> Vec<&str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_read_without_its_root_and_without_repeats() {
        let text = "a v1 (/x/a)\nb v2\nc v1 (proc-macro)\nb v2 (*)\n";
        assert_eq!(parse_tree(text), ["b", "c"]);
    }

    #[test]
    fn a_package_is_read_with_its_normal_dependencies_only() {
        let text = r#"{"workspace_members":["id-a"],"packages":[{"name":"a","version":"1.0.0",
            "id":"id-a","license":"MIT","source":null,"manifest_path":"/r/tests/a/Cargo.toml",
            "features":{"f":[]},"dependencies":[{"name":"b","kind":null},{"name":"c","kind":"dev"}]}]}"#;
        let packages = parse_packages(text, "/r");
        assert_eq!(packages.len(), 1);
        assert!(packages[0].is_member);
        assert_eq!(packages[0].folder, "tests/a");
        assert_eq!(packages[0].dependencies, ["b"]);
        assert_eq!(packages[0].features, ["f"]);
        assert_eq!(packages[0].licence.as_deref(), Some("MIT"));
    }
}
