//! The command line. Every flag is also a key of the file and an environment variable; the flag wins.

use std::path::PathBuf;

use clap::Parser;

/// A Ringpost node: takes messages, stores them, numbers them in their chat and delivers them.
#[derive(Debug, Default, Parser)]
#[command(name = "ringpost", version, about)]
pub struct Arguments {
    /// Configuration file [default: ringpost.toml in the working directory, where there is one].
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Directory of the store and the secrets (data_dir).
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// Address of the native door (listen.native).
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// Address of HTTP: health, metrics, administration (listen.http).
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub http: Option<String>,
    /// Core threads (cores) [default: one for every processor the process may use].
    #[arg(long, value_name = "NUMBER")]
    pub cores: Option<String>,
    /// Where messages are stored: embedded or foundationdb (store.engine).
    #[arg(long, value_name = "ENGINE")]
    pub store: Option<String>,
    /// Cluster file of FoundationDB (store.cluster_file) [default: FDB_CLUSTER_FILE, or /etc/foundationdb/fdb.cluster].
    #[arg(long, value_name = "FILE")]
    pub cluster_file: Option<String>,
    /// Number of this node, which no other node of the FoundationDB cluster has (store.node).
    #[arg(long, value_name = "NUMBER")]
    pub node: Option<String>,
    /// Keep messages for so many days instead of until delivered (store.retention_days).
    #[arg(long, value_name = "DAYS")]
    pub retention_days: Option<String>,
    /// Level of the log: error, warn, info, debug or trace (log.level).
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// Prints the configuration and what the host lacks for it, and stops; fails where the node could not run.
    #[arg(long)]
    pub check: bool,
}

impl Arguments {
    /// The flags that were given: the key each stands for, its name for messages, and its value.
    pub(super) fn given(&self) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
        [
            ("data_dir", "--data", &self.data),
            ("listen.native", "--listen", &self.listen),
            ("listen.http", "--http", &self.http),
            ("cores", "--cores", &self.cores),
            ("store.engine", "--store", &self.store),
            ("store.cluster_file", "--cluster-file", &self.cluster_file),
            ("store.node", "--node", &self.node),
            (
                "store.retention_days",
                "--retention-days",
                &self.retention_days,
            ),
            ("log.level", "--log-level", &self.log_level),
        ]
        .into_iter()
        .filter_map(|(key, flag, value)| value.as_deref().map(|value| (key, flag, value)))
    }
}
