//! What is written for operators holds: every setting and metric of a running node is in docs/operate.md and the other way
//! round, and the dashboard asks for nothing that is not there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::world::World;

const PAGE: &str = include_str!("../../../../docs/operate.md");
const DASHBOARD: &str = include_str!("../../../../packaging/grafana/ringpost.json");

/// Cells of the rows of the table in a section, the code marks of the first taken off.
fn rows(section: &str) -> Vec<Vec<String>> {
    let heading = format!("## {section}");
    let lines = PAGE.lines().skip_while(|line| *line != heading).skip(1);
    let section = lines.take_while(|line| !line.starts_with("## "));
    let rows = section.filter(|line| line.starts_with("| `"));
    let cells = |line: &str| {
        let cells = line.trim_matches('|').split(" | ");
        cells
            .map(|cell| cell.trim().trim_matches('`').to_owned())
            .collect()
    };
    rows.map(cells).collect()
}

/// Families of a page of metrics with their kinds.
fn families(page: &str) -> BTreeMap<String, String> {
    let kind = |line: &str| {
        let (name, kind) = line.strip_prefix("# TYPE ")?.split_once(' ')?;
        Some((name.to_owned(), kind.to_owned()))
    };
    page.lines().filter_map(kind).collect()
}

#[test]
fn every_setting_is_documented_with_whether_it_is_live() {
    let world = World::start(1);
    let token = std::fs::read_to_string(world.place.data().join("admin.token")).unwrap();
    let (_, body) = world.node.get("/admin/config", Some(token.trim())).unwrap();
    let values: BTreeMap<String, Value> = serde_json::from_str(&body).unwrap();
    let told: BTreeMap<String, bool> = values
        .iter()
        .map(|(key, value)| (key.clone(), value["live"].as_bool().unwrap()))
        .collect();
    let rows = rows("Settings");
    let written: BTreeMap<String, bool> = rows
        .iter()
        .map(|row| (row[0].clone(), row[2] == "live"))
        .collect();
    assert_eq!(written, told);
    let changed = [
        "data_dir",
        "cores",
        "listen.native",
        "listen.http",
        "log.format",
    ];
    for row in rows
        .iter()
        .filter(|row| !changed.contains(&row[0].as_str()))
    {
        assert_eq!(row[1], values[&row[0]]["value"].to_string(), "{}", row[0]);
    }
    world.end();
}

#[test]
fn every_metric_is_documented_with_its_kind() {
    let world = World::start(1);
    let (_, page) = world.node.get("/metrics", None).unwrap();
    let written: BTreeMap<String, String> = rows("Metrics")
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    assert_eq!(written, families(&page));
    world.end();
}

/// Names of metrics in an expression or a text.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.split(|letter| !is_part(letter))
        .filter(|word| word.starts_with("ringpost_"))
        .map(str::to_owned)
        .collect()
}

/// The family that a series belongs to.
fn family_of<'a>(series: &'a str, families: &BTreeMap<String, String>) -> &'a str {
    let ends = ["_bucket", "_sum", "_count"];
    let stem = ends.iter().find_map(|end| series.strip_suffix(end));
    stem.filter(|stem| families.get(*stem).is_some_and(|kind| kind == "histogram"))
        .unwrap_or(series)
}

#[test]
fn rules_and_dashboard_ask_for_metrics_that_are_there() {
    let world = World::start(1);
    let (_, page) = world.node.get("/metrics", None).unwrap();
    let families = families(&page);
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels
        .iter()
        .filter_map(|panel| panel["targets"].as_array());
    let expressions: Vec<&str> = targets
        .flatten()
        .map(|target| target["expr"].as_str().unwrap())
        .collect();
    assert!(expressions.len() > 20);
    let rules = PAGE
        .lines()
        .filter_map(|line| line.trim().strip_prefix("expr: "));
    let rules: Vec<&str> = rules.collect();
    assert!(rules.len() > 5);
    for expression in expressions.iter().chain(&rules) {
        let is_own = expression.contains("up{") || !metrics_in(expression).is_empty();
        assert!(is_own, "{expression}");
        for series in metrics_in(expression) {
            let family = family_of(&series, &families);
            assert!(families.contains_key(family), "{series} in {expression}");
        }
    }
    world.end();
}

#[test]
fn the_dashboard_is_one_that_grafana_takes() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    assert!(dashboard["schemaVersion"].as_u64().unwrap() >= 39);
    assert!(dashboard["uid"].is_string() && dashboard["title"].is_string());
    let mut ids = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        let place = &panel["gridPos"];
        let (x, width) = (place["x"].as_u64().unwrap(), place["w"].as_u64().unwrap());
        assert!(
            x + width <= 24 && place["h"].as_u64().unwrap() > 0,
            "{panel}"
        );
        let targets = panel["targets"].as_array();
        for target in targets.into_iter().flatten() {
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{panel}");
        }
    }
}
