//! Runs as the recorder writes them, made from a formula: no load, no clock, the same bytes every time.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use ringpost_bench::record::{
    Circumstances, ErrorCount, GeneratorUse, RUN_FORMAT, Recorder, Row, RunFile, ServerTotals,
    Stage, TableRow,
};
use ringpost_bench::results;

/// Values of one stage in a second.
const VALUES_A_SECOND: u64 = 400;

/// What a made run looks like.
#[derive(Clone)]
pub struct Made {
    /// The scenario.
    pub scenario_name: &'static str,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// How long.
    pub seconds: u64,
    /// Messages a second.
    pub rate: u64,
    /// Sessions.
    pub sessions: u64,
    /// CPU of the server a message, in microseconds.
    pub cpu_us: f64,
    /// The stages that have values, each with its typical latency in nanoseconds.
    pub stages: Vec<(Stage, u64)>,
    /// Place in a table.
    pub table: Option<TableRow>,
    /// Why it is not valid.
    pub invalid_because: Vec<String>,
}

impl Default for Made {
    fn default() -> Self {
        Self {
            scenario_name: "pairs",
            started_at: "2026-03-01T09:05:07Z".to_owned(),
            seconds: 5,
            rate: 50_000,
            sessions: 1_000,
            cpu_us: 5.0,
            stages: vec![
                (Stage::Connect, 900_000),
                (Stage::SendToSent, 4_000_000),
                (Stage::SendToDeliver, 4_400_000),
                (Stage::Lag, 20_000),
            ],
            table: None,
            invalid_because: Vec::new(),
        }
    }
}

impl Made {
    /// Writes the run below `root`, with its summary, and returns its folder.
    pub fn write(&self, root: &Path) -> PathBuf {
        let name = results::folder_name(&self.started_at, self.scenario_name);
        let folder = root.join("runs").join(name.expect("a time and a name"));
        let started = SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_355_907);
        let mut recorder = Recorder::create(Some(&folder), started).expect("it is writable");
        let mut random = Random(self.rate ^ self.sessions << 20);
        let mut row = Row::default();
        for second in 1..=self.seconds {
            for (stage, typical_ns) in &self.stages {
                let is_once = *stage == Stage::Connect && second > 2;
                for _ in 0..if is_once { 0 } else { VALUES_A_SECOND } {
                    recorder.record(*stage, random.latency_ns(*typical_ns));
                }
            }
            self.advance(&mut row, second, &mut random);
            let now = Duration::from_secs(second);
            recorder.end_interval(now, &row).expect("it is writable");
        }
        let scenario = format!(
            "name = \"{}\"\npairs = {}\n",
            self.scenario_name,
            self.sessions / 2
        );
        recorder
            .finish(&self.run_file(&row), &scenario)
            .expect("it is writable");
        results::write_summary(&folder).expect("the raw data are whole");
        folder
    }

    fn advance(&self, row: &mut Row, second: u64, random: &mut Random) {
        let wave = 1.0 + 0.15 * (second as f64 / 7.0).sin() + 0.05 * random.unit();
        let sent = (self.rate as f64 * wave) as u64;
        row.t_s = second as f64;
        row.sent += sent;
        row.delivered = row.sent - sent / 50;
        row.sessions = self.sessions;
        row.server_cpu_s = Some(row.delivered as f64 * self.cpu_us / 1e6);
        row.server_resident_bytes = Some(20_000_000 + self.sessions * 600 + second * 40_000);
        row.syncs = Some(row.syncs.unwrap_or_default() + 180 + random.next() % 20);
        row.backlog_bytes = Some((second % 40) * 2_000_000 + random.next() % 500_000);
        row.generator_cpu_s += 0.2 + 0.02 * random.unit();
        row.generator_lag_ms_max = 0.2 + random.unit();
        row.bytes_out += sent * 190;
        row.bytes_in += sent * 240;
        row.frames_out += sent + sent / 16;
        row.frames_in += sent * 2;
    }

    fn run_file(&self, row: &Row) -> RunFile {
        let counts = [
            ("sent", row.sent),
            ("delivered", row.delivered),
            ("receipts", row.sent / 16),
            ("misordered", 0),
            ("refused.Overloaded", 3),
            ("sessions_peak", self.sessions),
        ];
        RunFile {
            format: RUN_FORMAT,
            scenario_name: self.scenario_name.to_owned(),
            started_at: self.started_at.clone(),
            seconds: self.seconds as f64,
            warm_up_s: 5,
            seed: 7,
            commit: "06b603e".to_owned(),
            commit_is_clean: true,
            command: format!(
                "target/release/ringpost-bench run bench/scenarios/{}.toml --seconds {}",
                self.scenario_name, self.seconds
            ),
            node_version: "ringpost 0.1.0".to_owned(),
            circumstances: circumstances(),
            is_partial: false,
            invalid_because: self.invalid_because.clone(),
            errors: vec![ErrorCount {
                kind: "Overloaded".to_owned(),
                count: 3,
                example: "refused <for load>, again after 20 ms".to_owned(),
            }],
            counts: counts.map(|(name, count)| (name.to_owned(), count)).into(),
            server: Some(self.server_totals(row)),
            generator: GeneratorUse {
                cpu_s: row.generator_cpu_s,
                lag_p99_ms: 0.4,
                lag_max_ms: 1.2,
            },
            table: self.table.clone(),
        }
    }

    fn server_totals(&self, row: &Row) -> ServerTotals {
        let syncs = row.syncs.unwrap_or_default() as f64;
        let metrics = [
            ("ringpost_store_sync_seconds_count", syncs),
            ("ringpost_store_sync_seconds_sum", syncs * 0.0015),
            (
                "ringpost_store_sync_seconds_bucket{le=\"0.001049\"}",
                syncs * 0.2,
            ),
            (
                "ringpost_store_sync_seconds_bucket{le=\"0.002097\"}",
                syncs * 0.9,
            ),
            ("ringpost_store_sync_seconds_bucket{le=\"+Inf\"}", syncs),
        ];
        ServerTotals {
            cpu_s: row.server_cpu_s.unwrap_or_default(),
            resident_bytes_empty: 15_000_000,
            resident_bytes_begin: 20_000_000 + self.sessions * 600,
            resident_bytes_end: row.server_resident_bytes.unwrap_or_default(),
            metrics: metrics.map(|(name, value)| (name.to_owned(), value)).into(),
        }
    }
}

fn circumstances() -> Circumstances {
    Circumstances {
        processor: "Example 9000 @ 2.4 GHz".to_owned(),
        cores: 2,
        memory_bytes: 24 << 30,
        kernel: "6.18.0".to_owned(),
        virtualised: true,
        server_cores: Some(1),
        retention_days: Some(0),
        store: Some("embedded".to_owned()),
        notes: vec!["server on core 0, load on core 1".to_owned()],
    }
}

/// Numbers of a linear congruential generator (constants of Knuth's MMIX).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// From 0 up to 1.
    fn unit(&mut self) -> f64 {
        self.next() as f64 / (1u64 << 31) as f64
    }

    /// Around `typical_ns`, with a long tail.
    fn latency_ns(&mut self, typical_ns: u64) -> u64 {
        let tail = (1.0 - self.unit()).powf(-0.3);
        (typical_ns as f64 * (0.6 + 0.4 * self.unit()) * tail) as u64
    }
}
