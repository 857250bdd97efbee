//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Tools for Ringpost.
#[derive(Debug, Parser)]
#[command(name = "ringpost-tools", version, about)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The tools.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print a session token.
    Token(TokenOptions),
    /// Make a key pair for tokens, or write the public half of one that is there.
    Keys(KeysOptions),
    /// Revoke a device: its session ends at once, and its tokens issued until now are refused for good.
    Revoke(RevokeOptions),
    /// Take a revocation back.
    Restore(DeviceOptions),
    /// Talk with another user in a terminal.
    Chat(ChatOptions),
    /// Send messages from JSON lines on standard input: {"text": ...} or {"payload_base64": ...}.
    Send(SendOptions),
    /// Print messages as JSON lines; each is confirmed after its line is written.
    Receive(ReceiveOptions),
    /// Show what a node or a store knows of a chat or a device.
    Inspect(InspectOptions),
    /// Replay a corpus of conversations and compare what arrives with what was sent.
    Replay(ReplayOptions),
    /// Check every invariant of a store: exit code 0 for a good one, 1 for findings, 2 when it cannot be checked.
    Fsck(FsckOptions),
    /// Write all chats and users of a store to a file. Run it again to go on after an interruption.
    Export(ExportOptions),
    /// Read an export into an empty store. Run it again to go on after an interruption.
    Import(ImportOptions),
}

/// Which store.
#[derive(Clone, Debug, Args)]
pub struct StoreOptions {
    /// A node's data directory, an export, or a FoundationDB cluster file.
    pub store: PathBuf,
    /// With what the store's keys begin, in FoundationDB.
    #[arg(long, default_value = "ringpost")]
    pub prefix: String,
}

/// `fsck`.
#[derive(Debug, Args)]
pub struct FsckOptions {
    /// Which store.
    #[command(flatten)]
    pub store: StoreOptions,
    /// Print the report as JSON.
    #[arg(long)]
    pub json: bool,
    /// Show so many findings of each kind; all are counted.
    #[arg(long, default_value_t = 20)]
    pub findings_max: usize,
    /// Folder for temporary files, instead of the system's: about 140 MB for a million chats of two.
    #[arg(long)]
    pub temporary: Option<PathBuf>,
    /// Say nothing of the progress.
    #[arg(long)]
    pub quiet: bool,
}

/// `export`.
#[derive(Debug, Args)]
pub struct ExportOptions {
    /// Which store.
    #[command(flatten)]
    pub store: StoreOptions,
    /// The file to write.
    pub file: PathBuf,
    /// Begin again instead of going on.
    #[arg(long)]
    pub restart: bool,
    /// Say nothing of the progress.
    #[arg(long)]
    pub quiet: bool,
}

/// `import`.
#[derive(Debug, Args)]
pub struct ImportOptions {
    /// The export to read.
    pub file: PathBuf,
    /// Into which store.
    #[command(flatten)]
    pub store: StoreOptions,
    /// Say nothing of the progress.
    #[arg(long)]
    pub quiet: bool,
}

/// Where the key for tokens is, and what else its tokens say.
#[derive(Clone, Debug, Args)]
pub struct KeyOptions {
    /// The node's data directory; its `token.secret` signs tokens.
    #[arg(long, default_value = "ringpost-data")]
    pub data: PathBuf,
    /// The file with the secret, instead of the data directory's.
    #[arg(long)]
    pub secret_file: Option<PathBuf>,
    /// A private key in PEM (Ed25519 or P-256) that signs instead of the secret.
    #[arg(long, conflicts_with = "secret_file")]
    pub signing_key: Option<PathBuf>,
    /// The name by which the node knows the key (`kid`).
    #[arg(long)]
    pub kid: Option<String>,
    /// For whom tokens are (`aud`).
    #[arg(long, default_value = "ringpost")]
    pub audience: String,
    /// Who issues tokens (`iss`).
    #[arg(long)]
    pub issuer: Option<String>,
}

/// `keys`.
#[derive(Debug, Args)]
pub struct KeysOptions {
    /// The name of the key (`kid`), with which the files begin too: letters, digits, `-`, `_` and dots.
    #[arg(long)]
    pub kid: String,
    /// How the key signs.
    #[arg(long, value_enum, default_value_t = KeyKind::Eddsa)]
    pub algorithm: KeyKind,
    /// Where the files are written.
    #[arg(long, default_value = ".")]
    pub folder: PathBuf,
    /// A private key in PEM that is there already: only its public half is written.
    #[arg(long, conflicts_with = "algorithm")]
    pub private: Option<PathBuf>,
}

/// Kinds of key pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeyKind {
    /// Ed25519.
    Eddsa,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

/// Which device, and where its node is.
#[derive(Debug, Args)]
pub struct DeviceOptions {
    /// The node's HTTP door.
    #[arg(long, default_value = "127.0.0.1:7480")]
    pub http: String,
    /// The node's data directory; its `admin.token` opens the door.
    #[arg(long, default_value = "ringpost-data")]
    pub data: PathBuf,
    /// The user (`sub`).
    #[arg(long, required_unless_present = "user_id")]
    pub user: Option<String>,
    /// The user's id instead: 32 hexadecimal digits.
    #[arg(long, conflicts_with = "user")]
    pub user_id: Option<String>,
    /// The device (`did`).
    #[arg(long, default_value_t = 1)]
    pub device: u32,
}

/// `revoke`.
#[derive(Debug, Args)]
pub struct RevokeOptions {
    /// Which device.
    #[command(flatten)]
    pub device: DeviceOptions,
    /// Refuse tokens that are issued later too.
    #[arg(long)]
    pub forever: bool,
    /// Refuse tokens issued up to this moment, in seconds since 1970, instead of now.
    #[arg(long, conflicts_with = "forever")]
    pub issued_to: Option<u64>,
}

/// `token`.
#[derive(Debug, Args)]
pub struct TokenOptions {
    /// Where the key is.
    #[command(flatten)]
    pub key: KeyOptions,
    /// The user (`sub`).
    #[arg(long)]
    pub user: String,
    /// The device (`did`).
    #[arg(long, default_value_t = 1)]
    pub device: u32,
    /// Valid for so many seconds.
    #[arg(long, default_value_t = 86_400, allow_negative_numbers = true)]
    pub expires_in: i64,
}

/// Where the node is, and whether its door has TLS.
#[derive(Clone, Debug, Args)]
pub struct ServerOptions {
    /// The node's native door; with --tls its TLS door, 127.0.0.1:7401 unless told otherwise.
    #[arg(long)]
    pub server: Option<String>,
    /// Connect with TLS.
    #[arg(long)]
    pub tls: bool,
    /// With TLS: trust the certificates in this PEM file, instead of the authorities that the system trusts.
    #[arg(long, value_name = "FILE", requires = "tls")]
    pub ca: Option<PathBuf>,
    /// With TLS: the name in the node's certificate, if it is not the host of --server.
    #[arg(long, value_name = "NAME", requires = "tls")]
    pub server_name: Option<String>,
}

/// Who connects, and where to.
#[derive(Clone, Debug, Args)]
pub struct AccountOptions {
    /// The own user.
    #[arg(long = "as")]
    pub user: String,
    /// The own device.
    #[arg(long, default_value_t = 1)]
    pub device: u32,
    /// Where the node is.
    #[command(flatten)]
    pub server: ServerOptions,
    /// A session token, instead of one made with the key.
    #[arg(long)]
    pub token: Option<String>,
    /// Where the key is.
    #[command(flatten)]
    pub key: KeyOptions,
    /// Folder for the client's state; without it nothing is remembered.
    #[arg(long)]
    pub state: Option<PathBuf>,
}

/// `chat`.
#[derive(Debug, Args)]
pub struct ChatOptions {
    /// Who connects.
    #[command(flatten)]
    pub account: AccountOptions,
    /// The other user.
    #[arg(long)]
    pub to: String,
    /// An encrypted file for the client's state and history; made if there is none.
    #[arg(long, requires = "key_file", conflicts_with = "state")]
    pub database: Option<PathBuf>,
    /// The file with the database's key, 64 hexadecimal digits; made together with the database.
    #[arg(long, requires = "database")]
    pub key_file: Option<PathBuf>,
}

/// `send`.
#[derive(Debug, Args)]
pub struct SendOptions {
    /// Who connects.
    #[command(flatten)]
    pub account: AccountOptions,
    /// The other user.
    #[arg(long)]
    pub to: String,
    /// How long to wait for the other user to be known, in seconds.
    #[arg(long, default_value_t = 10)]
    pub wait: u64,
}

/// `receive`.
#[derive(Debug, Args)]
pub struct ReceiveOptions {
    /// Who connects.
    #[command(flatten)]
    pub account: AccountOptions,
    /// Stop after so many messages.
    #[arg(long)]
    pub count: Option<u64>,
    /// Stop when everything has arrived and nothing more came for so many seconds.
    #[arg(long)]
    pub idle_exit: Option<u64>,
}

/// `inspect`.
#[derive(Debug, Args)]
pub struct InspectOptions {
    /// The node's HTTP door.
    #[arg(long, default_value = "127.0.0.1:7480", global = true)]
    pub http: String,
    /// The node's data directory; its `admin.token` opens the door.
    #[arg(long, default_value = "ringpost-data", global = true)]
    pub data: PathBuf,
    /// A store to read instead of asking a node: a stopped node's data directory, an export, or a FoundationDB cluster file.
    #[arg(long, global = true)]
    pub store: Option<PathBuf>,
    /// With what the store's keys begin, in FoundationDB.
    #[arg(long, default_value = "ringpost", global = true)]
    pub prefix: String,
    /// What to look at.
    #[command(subcommand)]
    pub subject: InspectSubject,
}

/// What `inspect` looks at.
#[derive(Debug, Subcommand)]
pub enum InspectSubject {
    /// A chat: its head, what is trimmed, every member's devices.
    Chat {
        /// The chat's id: 32 hexadecimal digits.
        #[arg(required_unless_present = "between")]
        chat: Option<String>,
        /// Its two users instead.
        #[arg(long, num_args = 2, value_names = ["ONE", "OTHER"], conflicts_with = "chat")]
        between: Option<Vec<String>>,
    },
    /// A device: how far behind it is in a chat.
    Device {
        /// Its user.
        #[arg(long)]
        user: String,
        /// Its number.
        #[arg(long, default_value_t = 1)]
        device: u32,
        /// The chat with this user.
        #[arg(long, required_unless_present = "chat")]
        with: Option<String>,
        /// The chat's id instead.
        #[arg(long, conflicts_with = "with")]
        chat: Option<String>,
    },
}

/// In which order a replay connects its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReplayMode {
    /// Both are connected; each line is sent when the one before has arrived.
    Online,
    /// One sends all of its lines while the other is away; then the other receives and sends.
    OfflineFirst,
}

/// `replay`.
#[derive(Clone, Debug, Args)]
pub struct ReplayOptions {
    /// The corpus: a folder with YAML files that hold `conversations`, in any depth.
    #[arg(long)]
    pub corpus: PathBuf,
    /// Where the node is.
    #[command(flatten)]
    pub server: ServerOptions,
    /// Where the key is.
    #[command(flatten)]
    pub key: KeyOptions,
    /// In which order clients connect.
    #[arg(long, value_enum, default_value_t = ReplayMode::Online)]
    pub mode: ReplayMode,
    /// Only these folders of the corpus, separated by commas.
    #[arg(long, value_delimiter = ',')]
    pub languages: Vec<String>,
    /// At most so many conversations.
    #[arg(long)]
    pub conversations_max: Option<usize>,
    /// Conversations at a time.
    #[arg(long, default_value_t = 32)]
    pub concurrent: usize,
    /// Folder for journals and for logs of what arrived; without it all of it is in memory.
    #[arg(long)]
    pub state: Option<PathBuf>,
    /// Go on with a replay that was killed, from its state folder.
    #[arg(long, requires = "state")]
    pub resume: bool,
    /// Give up a conversation after so many seconds without progress.
    #[arg(long, default_value_t = 120)]
    pub patience: u64,
}
