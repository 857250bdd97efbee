//! Where two JSON values differ: paths into them, with both sides as text.

use serde_json::Value;

/// One difference: its path, the recorded side and the derived side.
#[derive(Debug, PartialEq)]
pub struct Difference {
    /// Path of the value, joined by dots.
    pub field: String,
    /// What is recorded there.
    pub recorded: String,
    /// What was derived.
    pub derived: String,
}

/// All differences, by path. Lists are compared by position.
pub fn differences(recorded: &Value, derived: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", Some(recorded), Some(derived), &mut found);
    found
}

fn compare(
    field: &str,
    recorded: Option<&Value>,
    derived: Option<&Value>,
    found: &mut Vec<Difference>,
) {
    match (recorded, derived) {
        (Some(Value::Object(left)), Some(Value::Object(right))) => {
            let extra = right.keys().filter(|key| !left.contains_key(*key));
            for key in left.keys().chain(extra) {
                compare(&joined(field, key), left.get(key), right.get(key), found);
            }
        }
        (Some(Value::Array(left)), Some(Value::Array(right))) => {
            for index in 0..left.len().max(right.len()) {
                let path = joined(field, &index.to_string());
                compare(&path, left.get(index), right.get(index), found);
            }
        }
        (left, right) if left == right => {}
        (left, right) => found.push(Difference {
            field: if field.is_empty() { "file" } else { field }.to_owned(),
            recorded: text(left),
            derived: text(right),
        }),
    }
}

fn joined(field: &str, key: &str) -> String {
    if field.is_empty() {
        key.to_owned()
    } else {
        format!("{field}.{key}")
    }
}

fn text(value: Option<&Value>) -> String {
    const CHARACTERS_MAX: usize = 80;
    let text = value.map_or("nothing".to_owned(), Value::to_string);
    text.chars().take(CHARACTERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_difference_is_named_by_its_path() {
        let recorded = json!({"a": {"b": [1, 2], "c": "x"}, "old": 1});
        let derived = json!({"a": {"b": [1, 3, 4], "c": "x"}, "new": 2});
        let fields: Vec<String> = differences(&recorded, &derived)
            .into_iter()
            .map(|difference| {
                format!(
                    "{} {} {}",
                    difference.field, difference.recorded, difference.derived
                )
            })
            .collect();
        assert_eq!(
            fields,
            [
                "a.b.1 2 3",
                "a.b.2 nothing 4",
                "old 1 nothing",
                "new nothing 2"
            ]
        );
        assert_eq!(differences(&recorded, &recorded), []);
    }
}
