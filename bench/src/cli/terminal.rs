//! What a run came to, for a terminal.

use std::fmt::Write;
use std::io::{Write as _, stdout};

use crate::run::Finished;

/// A few lines on a run.
pub fn summary(finished: &Finished) -> String {
    let run = &finished.run;
    let count = |name: &str| run.counts.get(name).copied().unwrap_or_default();
    let delivered = count("delivered");
    let mut out = String::new();
    let state = if !run.invalid_because.is_empty() {
        "INVALID"
    } else if run.is_partial {
        "ended early"
    } else {
        "valid"
    };
    let _ = writeln!(out, "{}: {:.1} s, {state}", run.scenario_name, run.seconds);
    for reason in &run.invalid_because {
        let _ = writeln!(out, "  {reason}");
    }
    let _ = writeln!(
        out,
        "  {} sent, {delivered} delivered ({:.0}/s), {} refused, {} missing, {} sessions",
        count("sent"),
        delivered as f64 / run.seconds,
        count("refused"),
        count("missing"),
        count("sessions_peak"),
    );
    if let Some(server) = &run.server {
        let _ = writeln!(
            out,
            "  node: {:.2} us of CPU a delivered message, {:.0} % of a core, {:.1} MiB resident",
            server.cpu_s * 1e6 / delivered.max(1) as f64,
            server.cpu_s * 100.0 / run.seconds,
            server.resident_bytes_end as f64 / f64::from(1 << 20),
        );
    }
    let _ = writeln!(
        out,
        "  generator: {:.0} % of a core, {:.2} ms late at p99, {:.1} ms at most",
        run.generator.cpu_s * 100.0 / run.seconds,
        run.generator.lag_p99_ms,
        run.generator.lag_max_ms,
    );
    for latency in &finished.latencies {
        let _ = writeln!(
            out,
            "  {:<20} {:>10}   p50 {:>9.3}   p99 {:>9.3}   p99.9 {:>9.3}   max {:>9.3} ms",
            latency.stage.name(),
            latency.count,
            latency.p50_ms,
            latency.p99_ms,
            latency.p999_ms,
            latency.max_ms,
        );
    }
    for error in &run.errors {
        let _ = writeln!(out, "  {} x {}: {}", error.count, error.kind, error.example);
    }
    out
}

/// Says something on standard output. Whoever read there may be gone.
pub fn tell(text: &str) {
    let _ = stdout().write_all(text.as_bytes());
    let _ = stdout().flush();
}
