//! Names of the folders of runs: `YYYY-MM-DDThhmmssZ-SCENARIO`, so that they sort by time.

/// The name of a run's folder; `None` if `started_at` is not RFC 3339 in UTC, or the scenario is not lower-case letters,
/// digits and hyphens.
pub fn folder_name(started_at: &str, scenario_name: &str) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if scenario_name.is_empty() || !scenario_name.bytes().all(is_plain) {
        return None;
    }
    let time = started_at.strip_suffix('Z')?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let pattern = b"0000-00-00T00:00:00";
    let fits = time.len() == pattern.len()
        && time
            .bytes()
            .zip(pattern)
            .all(|(byte, expected)| match expected {
                b'0' => byte.is_ascii_digit(),
                _ => byte == *expected,
            })
        && !fraction.is_empty()
        && fraction.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| format!("{}Z-{scenario_name}", time.replace(':', "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_sorts_by_time() {
        let name = folder_name("2026-03-01T09:05:07.25Z", "idle-million");
        assert_eq!(name.as_deref(), Some("2026-03-01T090507Z-idle-million"));
    }

    #[test]
    fn other_times_and_names_are_refused() {
        for (time, scenario) in [
            ("2026-03-01T09:05:07+01:00", "day"),
            ("2026-03-01 09:05:07Z", "day"),
            ("2026-03-01T09:05:07.Z", "day"),
            ("2026-03-01T09:05:07Z", "../day"),
            ("2026-03-01T09:05:07Z", ""),
        ] {
            assert_eq!(folder_name(time, scenario), None, "{time} {scenario}");
        }
    }
}
