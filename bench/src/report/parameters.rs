//! What a run was made with and where: command, commit, machine, node, counts, errors, scenario; folded away until asked for.

use std::fmt::Write;

use super::quantity;
use super::recorded::RecordedRun;
use super::text::escaped;

/// The folded part of a run.
pub fn details(run: &RecordedRun) -> String {
    let mut out = String::from("<details><summary>Command, machine, counts, scenario</summary>\n");
    write_terms(&mut out, &terms(run));
    let counts: Vec<(String, String)> = run
        .run
        .file
        .counts
        .iter()
        .map(|(name, count)| (name.replace('_', " "), quantity::whole(*count)))
        .collect();
    out.push_str("<h4>Counts</h4>");
    write_terms(&mut out, &counts);
    let _ = writeln!(
        out,
        "<h4>Scenario</h4><pre class=\"scroll\" tabindex=\"0\">{}</pre></details>",
        escaped(&run.run.scenario)
    );
    out
}

/// Errors by kind, or nothing.
pub fn errors(run: &RecordedRun) -> String {
    let errors = &run.run.file.errors;
    if errors.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Errors\"><table><caption>Errors</caption><thead><tr>\
         <th scope=\"col\">Kind</th><th scope=\"col\" class=\"number\">count</th><th scope=\"col\">Example</th></tr></thead><tbody>",
    );
    for error in errors {
        let _ = write!(
            out,
            "<tr><th scope=\"row\">{}</th><td class=\"number\">{}</td><td>{}</td></tr>",
            escaped(&error.kind),
            quantity::whole(error.count),
            escaped(&error.example)
        );
    }
    out.push_str("</tbody></table></div>\n");
    out
}

fn write_terms(out: &mut String, terms: &[(String, String)]) {
    out.push_str("<dl class=\"terms\">");
    for (name, value) in terms {
        let _ = write!(out, "<dt>{}</dt><dd>{}</dd>", escaped(name), escaped(value));
    }
    out.push_str("</dl>\n");
}

fn terms(run: &RecordedRun) -> Vec<(String, String)> {
    let file = &run.run.file;
    let place = &file.circumstances;
    let is_clean = if file.commit_is_clean {
        ""
    } else {
        ", changed since"
    };
    let kind = if place.virtualised {
        ", virtual machine"
    } else {
        ""
    };
    let retention = place.retention_days.map(|days| match days {
        0 => "until delivered".to_owned(),
        days => format!("{days} days"),
    });
    let known = |value: Option<String>| value.unwrap_or("not known".to_owned());
    let mut terms = vec![
        ("command", file.command.clone()),
        ("raw data", format!("runs/{}", run.run.folder)),
        ("commit", format!("{}{is_clean}", file.commit)),
        ("node", file.node_version.clone()),
        (
            "time",
            format!(
                "{} after {} s of warm-up, from {}",
                quantity::duration(file.seconds),
                file.warm_up_s,
                file.started_at
            ),
        ),
        ("seed", file.seed.to_string()),
        (
            "machine",
            format!(
                "{}, {} processors, {}{kind}, Linux {}",
                place.processor,
                place.cores,
                quantity::bytes(place.memory_bytes as f64),
                place.kernel
            ),
        ),
        (
            "cores of the server",
            known(place.server_cores.map(|cores| cores.to_string())),
        ),
        ("store", known(place.store.clone())),
        ("messages kept", known(retention)),
        ("notes", place.notes.join("; ")),
    ];
    terms.extend(derived_terms(run));
    let terms = terms.into_iter().filter(|(_, value)| !value.is_empty());
    terms
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn derived_terms(run: &RecordedRun) -> Vec<(&'static str, String)> {
    let summary = &run.summary;
    let mut terms = Vec::new();
    if let Some(syncs) = &summary.syncs {
        let mut text = quantity::whole(syncs.count);
        if let Some([from, to]) = syncs.median_between_ms {
            let _ = write!(text, ", median between {from} and {to} ms");
        }
        if let Some(mean_ms) = syncs.mean_ms {
            let _ = write!(text, ", mean {}", quantity::latency(mean_ms));
        }
        terms.push(("syncs", text));
    }
    if let Some(backlog) = &summary.backlog {
        let [begin, end, most] = [backlog.begin_bytes, backlog.end_bytes, backlog.max_bytes]
            .map(|bytes| quantity::bytes(bytes as f64));
        terms.push((
            "backlog of the commit log",
            format!("{begin} at the begin, {end} at the end, {most} at most"),
        ));
    }
    terms.extend(transactions_terms(run));
    if let Some(wire) = &summary.wire {
        terms.push((
            "on the wire, a message sent",
            format!(
                "{} bytes in {} frames to the server, {} bytes in {} frames from it",
                quantity::plain(wire.bytes_out_per_sent),
                quantity::plain(wire.frames_out_per_sent),
                quantity::plain(wire.bytes_in_per_sent),
                quantity::plain(wire.frames_in_per_sent)
            ),
        ));
    }
    let generator = &summary.generator;
    terms.push((
        "generator",
        format!(
            "{} busy cores; lag {} at 99 %, {} at most",
            quantity::plain(generator.cpu_cores),
            quantity::latency(generator.lag_p99_ms),
            quantity::latency(generator.lag_max_ms)
        ),
    ));
    terms
}

fn transactions_terms(run: &RecordedRun) -> Vec<(&'static str, String)> {
    let Some(transactions) = &run.summary.transactions else {
        return Vec::new();
    };
    let plain = |value: Option<f64>| value.map_or("-".to_owned(), quantity::plain);
    let latency = |value: Option<f64>| value.map_or("-".to_owned(), quantity::latency);
    vec![
        (
            "transactions",
            format!(
                "{} commits a second of {} messages, {} conflicts a second",
                quantity::plain(transactions.commits_per_second),
                plain(transactions.messages_per_commit),
                quantity::plain(transactions.conflicts_per_second)
            ),
        ),
        (
            "in the store, a message",
            format!(
                "{} mutations, {} bytes, {} reads",
                plain(transactions.mutations_per_message),
                plain(transactions.bytes_per_message),
                plain(transactions.reads_per_message)
            ),
        ),
        (
            "times of the store, mean",
            format!(
                "commit {}, read version {}, read {}",
                latency(transactions.commit_mean_ms),
                latency(transactions.read_version_mean_ms),
                latency(transactions.read_mean_ms)
            ),
        ),
    ]
}
