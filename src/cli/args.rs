//! The command line as it was typed.

use std::path::PathBuf;
use std::time::Duration;

use crate::cli::config::{Key, Layer, Value};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};
use clean_backup::act::layout::DEFAULT_TEMPLATE;
use clean_backup::act::plan::ActionKind;

/// A value that is checked as the configuration's is, with the same words.
fn text(key: Key) -> impl TypedValueParser<Value = Value> {
    clap::builder::StringValueParser::new()
        .try_map(move |text| Value::from_text(key, &text).map_err(|bad| Allowed(bad.allowed)))
}

/// A word out of a few: completions offer them.
fn word(key: Key, words: &'static [&'static str]) -> impl TypedValueParser<Value = Value> {
    PossibleValuesParser::new(words)
        .try_map(move |text| Value::from_text(key, &text).map_err(|bad| Allowed(bad.allowed)))
}

/// A number with `s`, `m`, `h` or `d` behind it.
fn time_span(text: &str) -> Result<Duration, String> {
    let units = [("s", 1), ("m", 60), ("h", 3600), ("d", 86400)];
    let span = units.iter().find_map(|(unit, seconds)| {
        let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
        number.checked_mul(*seconds).map(Duration::from_secs)
    });
    span.ok_or_else(|| "allowed: a whole number and a unit, like 90s, 30m, 12h or 2d".to_owned())
}

fn path() -> impl TypedValueParser<Value = Value> {
    clap::builder::PathBufValueParser::new().map(Value::Path)
}

/// clap tells what was found itself.
#[derive(Debug)]
struct Allowed(String);

impl std::fmt::Display for Allowed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "allowed: {}", self.0)
    }
}

impl std::error::Error for Allowed {}

/// Finds pictures that are the same picture: resized, re-compressed, converted, turned or lightly
/// edited. Nothing is changed or removed unless an action is asked for, and what was done can be undone.
#[derive(Debug, Parser)]
#[command(
    name = "clean-backup",
    version,
    disable_help_subcommand = true,
    after_help = "Examples:
  clean-backup dedupe ~/Pictures                       show which pictures are the same
  clean-backup dedupe ~/Camera --reference ~/Pictures  what of ~/Camera is in ~/Pictures already
  clean-backup review ~/Pictures                       look at them side by side
  clean-backup dedupe ~/Pictures --format json -o duplicates.json
  clean-backup config set sensitivity aggressive       from now on

Flags override CLEAN_BACKUP_… variables, which override the configuration file.
Exit codes: 0 done; 1 failed, or some files could not be read; 2 wrong usage; 3 refused;
10 duplicates found (with --fail-on-duplicates); 130 interrupted."
)]
pub struct LowArgs {
    /// For every subcommand.
    #[command(flatten)]
    pub global: Global,
    /// Which subcommand; help without one.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Flags of every subcommand.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Use the CPU alone
    #[arg(long, global = true, num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_name = "BOOL", value_parser = text(Key::Cpu),
          conflicts_with = "gpu")]
    pub cpu: Option<Value>,
    /// Whether to use a GPU [default: auto]
    #[arg(long, global = true, value_name = "WHEN",
          value_parser = word(Key::Gpu, &["auto", "on", "any", "off"]))]
    pub gpu: Option<Value>,
    /// Number of threads [default: one per core]
    #[arg(long, global = true, value_name = "N", value_parser = text(Key::Threads))]
    pub threads: Option<Value>,
    /// Keep hashes in this file
    #[arg(long, global = true, value_name = "FILE", value_parser = path(),
          value_hint = ValueHint::FilePath)]
    pub cache: Option<Value>,
    /// Read the configuration from this file
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// Show only results and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Show more messages; twice for everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Format of messages on standard error
    #[arg(long, global = true, value_name = "FORM", default_value = "text")]
    pub log_format: LogFormat,
    /// Colours in the output [default: auto: on a terminal, unless NO_COLOR is set]
    #[arg(long, global = true, value_name = "WHEN",
          value_parser = word(Key::Color, &["auto", "always", "never"]))]
    pub color: Option<Value>,
    /// No progress bars
    #[arg(long, global = true)]
    pub no_progress: bool,
    /// Answer every question with yes; needed to change files without a terminal to ask on. Lets
    /// -o replace an older report of this program
    #[arg(long, global = true)]
    pub yes: bool,
}

/// How messages look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Hash all pictures in folders into the cache
    Scan(Box<Scan>),
    /// Find pictures that are the same picture
    Dedupe(Box<Dedupe>),
    /// Review duplicates side by side in the browser, choose, and apply
    Review(Box<Review>),
    /// Find pictures like the given ones among those scanned before
    Similar(Box<Similar>),
    /// File pictures and videos into folders by the date they were taken
    Organize(Box<Organize>),
    /// Carry out a saved plan
    Apply(Apply),
    /// Finish an interrupted run
    Resume(Resume),
    /// Undo a run
    Undo(Undo),
    /// List, delete or restore what was moved aside
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// Show past runs and what they did
    History(History),
    /// Print the log of what was done to files
    Logs(Logs),
    /// Show or change the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Inspect or clean up the hash cache
    #[command(subcommand)]
    Cache(CacheCommand),
    /// Show what this machine and this build support, and run self-tests
    #[command(after_help = "Example: clean-backup doctor --gpu any")]
    Doctor {
        /// Output format
        #[arg(long, short, value_name = "FORM", default_value = "text")]
        format: ListFormat,
    },
    /// Print a completion script
    #[command(after_help = "Example: clean-backup completions bash \
        > ~/.local/share/bash-completion/completions/clean-backup")]
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    #[command(after_help = "Example: clean-backup man | man -l -")]
    Man,
}

/// Which files are looked at, and how.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Files")]
pub struct Files {
    /// Only files that match; may be repeated, or a comma-separated list
    #[arg(long, value_name = "GLOB", value_parser = text(Key::Include), action = ArgAction::Append)]
    pub include: Vec<Value>,
    /// Skip files and folders that match; may be repeated, or a comma-separated list
    #[arg(long, value_name = "GLOB", value_parser = text(Key::Exclude), action = ArgAction::Append)]
    pub exclude: Vec<Value>,
    /// Include hidden files and folders
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", value_parser = text(Key::Hidden))]
    pub hidden: Option<Value>,
    /// Follow symbolic links
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", value_parser = text(Key::FollowLinks))]
    pub follow_links: Option<Value>,
    /// Stay on the file system of each folder
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", value_parser = text(Key::OneFileSystem))]
    pub one_file_system: Option<Value>,
    /// Never hash an embedded thumbnail, always the picture itself
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", value_parser = text(Key::ExactDecode))]
    pub exact_decode: Option<Value>,
    /// Skip pictures with more pixels than this
    #[arg(long, value_name = "N", value_parser = text(Key::MaxPixels))]
    pub max_pixels: Option<Value>,
    /// Memory limit for decoding, all threads together, like 4GiB
    #[arg(long, value_name = "BYTES", value_parser = text(Key::Memory))]
    pub memory: Option<Value>,
}

/// `scan`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  clean-backup scan ~/Pictures /mnt/old-disk
  clean-backup scan ~/Pictures -v                      and say how long each stage takes")]
pub struct Scan {
    /// Folders or files
    #[arg(required = true, value_name = "DIR", value_hint = ValueHint::AnyPath)]
    pub roots: Vec<PathBuf>,
    /// Output format
    #[arg(long, short, value_name = "FORM", default_value = "text")]
    pub format: ListFormat,
    /// Which files.
    #[command(flatten)]
    pub files: Files,
}

/// Which pictures are compared, and when they are the same.
#[derive(Clone, Debug, Args)]
pub struct Compared {
    /// Folders or files
    #[arg(required = true, value_name = "DIR", value_hint = ValueHint::AnyPath)]
    pub roots: Vec<PathBuf>,
    /// Also compare with this folder, in which nothing is ever changed. May be repeated
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub reference: Vec<PathBuf>,
    /// Also compare with all pictures in this cache: that of another library, even one on a drive
    /// that is offline. May be repeated
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub with_cache: Vec<PathBuf>,
    /// How different the pictures of a group may be [default: standard]
    #[arg(long, short, value_name = "HOW", conflicts_with = "threshold", help_heading = "Matching",
          value_parser = word(Key::Sensitivity, &["exact", "standard", "aggressive"]))]
    pub sensitivity: Option<Value>,
    /// The same as a number, 0 to 16: how many bits of the 64-bit hash may differ
    #[arg(long, value_name = "N", help_heading = "Matching", value_parser = text(Key::Threshold))]
    pub threshold: Option<Value>,
    /// How many bits of the 256-bit hash may differ [default: follows the threshold]
    #[arg(long, value_name = "N", help_heading = "Matching",
          value_parser = text(Key::FineThreshold))]
    pub fine_threshold: Option<Value>,
    /// What is compared
    #[arg(long, value_name = "WHICH", default_value = "both", help_heading = "Matching")]
    pub hash: HashChoice,
    /// Find turned and mirrored copies
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", help_heading = "Matching", value_parser = text(Key::AnyOrientation))]
    pub any_orientation: Option<Value>,
    /// Treat burst shots as copies
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", help_heading = "Matching", value_parser = text(Key::IncludeBursts))]
    pub include_bursts: Option<Value>,
    /// Rules for which picture is kept, before the built-in ones: largest, oldest, newest,
    /// shortest-path, prefer=GLOB. May be repeated, or a comma-separated list
    #[arg(long, value_name = "RULE", help_heading = "Matching", value_parser = text(Key::Keep),
          action = ArgAction::Append)]
    pub keep: Vec<Value>,
    /// Ignore which pairs were marked as no duplicates on the review page
    #[arg(long, help_heading = "Matching")]
    pub ignore_marks: bool,
    /// Which files.
    #[command(flatten)]
    pub files: Files,
}

/// `dedupe`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  clean-backup dedupe ~/Pictures
  clean-backup dedupe /mnt/card --reference ~/Pictures --sensitivity exact
  clean-backup dedupe ~/Pictures --format html -o report.html
  clean-backup dedupe ~/Pictures --keep prefer='**/originals/**'
  clean-backup dedupe ~/Pictures --action quarantine   move duplicates aside; can be undone
  clean-backup dedupe ~/Pictures --action trash --save-plan plan.json
  clean-backup apply plan.json")]
pub struct Dedupe {
    /// What is compared, and how.
    #[command(flatten)]
    pub compared: Compared,
    /// What to do with duplicates
    #[arg(long, value_name = "WHAT", default_value = "report", help_heading = "Action")]
    pub action: Action,
    /// The folder that duplicates go to; for quarantine it may be left out: they then stay in
    /// .clean-backup/quarantine below the folder that they are found in
    #[arg(long, value_name = "DIR", help_heading = "Action", value_hint = ValueHint::DirPath)]
    pub to: Option<PathBuf>,
    /// With --action delete: also delete, for good and at once, pictures that only look like what
    /// is kept; without it they are left for --action quarantine and `quarantine empty`
    #[arg(long, help_heading = "Action")]
    pub delete_unquarantined: bool,
    /// Act even if a folder in which pictures were known is empty now
    #[arg(long, help_heading = "Action")]
    pub allow_empty: bool,
    /// Print the plan; change nothing
    #[arg(long, help_heading = "Action")]
    pub dry_run: bool,
    /// Write the plan to a new file, to be carried out by: clean-backup apply FILE
    #[arg(long, value_name = "FILE", help_heading = "Action", value_hint = ValueHint::FilePath)]
    pub save_plan: Option<PathBuf>,
    /// Output format
    #[arg(long, short, value_name = "FORM", default_value = "text", help_heading = "Output")]
    pub format: Format,
    /// Write the result to a new file
    #[arg(long, short, value_name = "FILE", help_heading = "Output",
          value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// How many groups --format html shows pictures of
    #[arg(long, value_name = "N", default_value_t = 2000, help_heading = "Output")]
    pub thumbnails: usize,
    /// Exit with code 10 if there are duplicates
    #[arg(long, help_heading = "Output")]
    pub fail_on_duplicates: bool,
}

/// `review`.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "The page is served to this machine alone, by a link that can be opened once. \
What is decided is kept at once, and is there again the next time. Nothing is changed before you \
press Apply; what is applied can be undone, there and with `clean-backup undo`.

Examples:
  clean-backup review ~/Pictures
  clean-backup review /mnt/card --reference ~/Pictures --sensitivity aggressive
  clean-backup review ~/Pictures --no-open --port 8123   print the link, open it yourself"
)]
pub struct Review {
    /// What is compared, and how.
    #[command(flatten)]
    pub compared: Compared,
    /// The folder that quarantined duplicates go to [default: .clean-backup/quarantine below the
    /// folder that they are found in]
    #[arg(long, value_name = "DIR", help_heading = "Page", value_hint = ValueHint::DirPath)]
    pub to: Option<PathBuf>,
    /// Act even if a folder in which pictures were known is empty now
    #[arg(long, help_heading = "Page")]
    pub allow_empty: bool,
    /// Port to serve the page on [default: any free one]
    #[arg(long, value_name = "N", help_heading = "Page")]
    pub port: Option<u16>,
    /// Print the link; do not open a browser
    #[arg(long, help_heading = "Page")]
    pub no_open: bool,
}

/// Which hashes decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HashChoice {
    /// The 64-bit hash finds, the 256-bit one confirms
    Both,
    /// The 256-bit hash alone: slower, and finds heavier edits too
    Fine,
}

/// `similar`.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "The library's files are not touched: the answer comes from the cache, and \
may name files that are gone. `clean-backup scan DIR` brings it up to date.

Examples:
  clean-backup similar photo.jpg                      do I have this picture already?
  clean-backup similar photo.jpg -k 10 --in ~/Pictures
  clean-backup similar card/*.jpg --format paths0 | xargs -0 ls -l"
)]
pub struct Similar {
    /// Pictures to search for
    #[arg(value_name = "IMAGE", value_hint = ValueHint::FilePath, required_unless_present = "hash")]
    pub images: Vec<PathBuf>,
    /// A hash to search for: 16 hexadecimal digits, or 64 of a fine hash. May be repeated
    #[arg(long, value_name = "HEX")]
    pub hash: Vec<String>,
    /// Only pictures in this folder. May be repeated
    #[arg(long = "in", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub within_folder: Vec<PathBuf>,
    /// Return the N nearest pictures, at any distance
    #[arg(short = 'k', long, value_name = "N", conflicts_with = "within",
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub nearest: Option<u32>,
    /// How many bits of the 64-bit hash may differ, 0 to 16 [default: the same as dedupe]
    #[arg(long, value_name = "N", value_parser = text(Key::Threshold))]
    pub within: Option<Value>,
    /// With -k: search an approximate index, which is fast on libraries of any size but may miss
    /// some. The first search builds it, at a millisecond of CPU time per picture
    #[arg(long, requires = "nearest", conflicts_with = "hash")]
    pub approximate: bool,
    /// Find turned and mirrored copies
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", value_parser = text(Key::AnyOrientation))]
    pub any_orientation: Option<Value>,
    /// Leave out the given pictures themselves
    #[arg(long)]
    pub exclude_self: bool,
    /// Also search this cache: that of another library, even one on a drive that is offline. May be
    /// repeated
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub with_cache: Vec<PathBuf>,
    /// Output format
    #[arg(long, short, value_name = "FORM", default_value = "text")]
    pub format: SimilarFormat,
}

/// How the answer of `similar` looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SimilarFormat {
    /// For people
    Text,
    /// For programs
    Json,
    /// Paths alone, each followed by a zero byte
    Paths0,
}

/// What to do with duplicates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Action {
    /// Show them
    Report,
    /// Move them aside, keeping their folders
    Quarantine,
    /// Move them into one folder
    Move,
    /// Copy them into one folder
    Copy,
    /// Into the desktop's trash
    Trash,
    /// Replace identical ones by hard links to what is kept
    Hardlink,
    /// Replace identical ones by reflinks of what is kept (Btrfs, XFS)
    Reflink,
    /// Remove them for good
    Delete,
}

impl Action {
    /// The same, as plans have it.
    pub fn kind(self) -> ActionKind {
        match self {
            Self::Report => ActionKind::Report,
            Self::Quarantine => ActionKind::Quarantine,
            Self::Move => ActionKind::Move,
            Self::Copy => ActionKind::Copy,
            Self::Trash => ActionKind::Trash,
            Self::Hardlink => ActionKind::Hardlink,
            Self::Reflink => ActionKind::Reflink,
            Self::Delete => ActionKind::Delete,
        }
    }
}

/// `organize`.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "What belongs together goes together: RAW and JPEG, Live Photos, .xmp, .aae, \
Google Takeout's JSON. Nothing is overwritten: a file whose name is taken by another gets eight \
digits of its hash. A second run does nothing.

Examples:
  clean-backup organize /mnt/card ~/Pictures             copy, into Year/Month
  clean-backup organize ~/Inbox ~/Pictures --move --prune-empty
  clean-backup organize ~/Takeout ~/Pictures --template '{year}/{month}-{month_name}' --dry-run
  clean-backup organize --explain IMG_0001.MOV           which dates there are, and which wins"
)]
pub struct Organize {
    /// Where the files are
    #[arg(value_name = "SRC", value_hint = ValueHint::DirPath,
          required_unless_present = "explain")]
    pub source: Option<PathBuf>,
    /// Where they go
    #[arg(value_name = "DEST", value_hint = ValueHint::DirPath,
          required_unless_present = "explain")]
    pub destination: Option<PathBuf>,
    /// Copy them (the default)
    #[arg(long, conflicts_with = "moves")]
    pub copy: bool,
    /// Move them
    #[arg(long = "move")]
    pub moves: bool,
    /// Folders below DEST, made of {year} {month} {month_name} {day} {hour} {minute} {camera}
    #[arg(long, value_name = "TEMPLATE", default_value = DEFAULT_TEMPLATE)]
    pub template: String,
    /// Which files of SRC are left out because DEST has them: those that look the same, those with
    /// the same bytes, or none [default: visual where DEST is cached or small, else exact]
    #[arg(long, value_name = "HOW")]
    pub preflight: Option<Preflight>,
    /// Time zone of videos that only give UTC: local, utc, +02:00, Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value = "local", allow_hyphen_values = true)]
    pub video_tz: String,
    /// Ignore modification times: files with no other date go to Unknown
    #[arg(long)]
    pub no_fs_dates: bool,
    /// With --move: remove folders that end up empty
    #[arg(long, requires = "moves")]
    pub prune_empty: bool,
    /// Print every date found for this file, and which one is used
    #[arg(long, value_name = "FILE", conflicts_with_all = ["source", "destination"],
          value_hint = ValueHint::FilePath)]
    pub explain: Option<PathBuf>,
    /// Go ahead even if the destination, in which pictures were known, is empty now
    #[arg(long)]
    pub allow_empty: bool,
    /// Print the plan; change nothing
    #[arg(long, help_heading = "Action")]
    pub dry_run: bool,
    /// Write the plan to a new file, to be carried out by: clean-backup apply FILE
    #[arg(long, value_name = "FILE", help_heading = "Action", value_hint = ValueHint::FilePath)]
    pub save_plan: Option<PathBuf>,
    /// Output format
    #[arg(long, short, value_name = "FORM", default_value = "text", help_heading = "Output")]
    pub format: ListFormat,
    /// Which files.
    #[command(flatten)]
    pub files: Files,
}

/// What of an import stays out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Preflight {
    /// What looks the same and is no better
    Visual,
    /// What has the same bytes
    Exact,
    /// Only what is there under its own name
    Off,
}

/// `apply`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Every file is looked at again first, to the byte: what changed since the \
plan was made is left alone. A plan acts only in the folders that it names, and has a checksum: one \
that was edited is refused unless --edited-plan is given.

Example: clean-backup apply plan.json")]
pub struct Apply {
    /// The plan
    #[arg(value_name = "PLAN", value_hint = ValueHint::FilePath)]
    pub plan: PathBuf,
    /// Print what would be done; change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Apply a plan that was edited after it was made; everything else is checked all the same
    #[arg(long)]
    pub edited_plan: bool,
    /// Output format
    #[arg(long, short, value_name = "FORM", default_value = "text")]
    pub format: ListFormat,
}

/// `resume`.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "What the run was at when it was interrupted is brought to an end, and the \
rest is done. Every file is looked at again first.

A killed run can leave files named .clean-backup-RUN-….aside (a picture that was renamed aside) and \
.clean-backup-RUN-….part (an unfinished copy). While the journal of the run is there, resume settles \
them. Where it is lost, --leftovers looks for them: a picture gets its name back, or NAME-restored-1 \
where that is taken; a part is moved to DIR/.clean-backup/leftovers/RUN. Nothing is removed.

Examples:
  clean-backup resume
  clean-backup resume 20261124-105838
  clean-backup resume --leftovers ~/Pictures --dry-run"
)]
pub struct Resume {
    /// The run to finish [default: the last one that was interrupted]
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Instead, clean up files that runs without a journal left in these folders
    #[arg(long, value_name = "DIR", num_args = 1.., conflicts_with = "run",
          value_hint = ValueHint::DirPath)]
    pub leftovers: Vec<PathBuf>,
    /// With --leftovers: only files unchanged for this long, such as 30m or 2d; a run on another
    /// machine may still be using the others
    #[arg(long, value_name = "TIME", default_value = "1h", requires = "leftovers",
          value_parser = time_span)]
    pub older_than: Duration,
    /// With --leftovers: print the plan; change nothing
    #[arg(long, requires = "leftovers")]
    pub dry_run: bool,
    /// Output format
    #[arg(long, short, value_name = "FORM", default_value = "text")]
    pub format: ListFormat,
}

/// `undo`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "What was changed since is left as it is, and told. An undo is a run too, \
and can be undone.

Examples:
  clean-backup undo --dry-run
  clean-backup undo 20261124-105838")]
pub struct Undo {
    /// The run to undo [default: the last one that was not undone]
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Print the plan; change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Output format
    #[arg(long, short, value_name = "FORM", default_value = "text")]
    pub format: ListFormat,
}

/// `quarantine`.
#[derive(Clone, Debug, Subcommand)]
pub enum QuarantineCommand {
    /// List what lies in quarantine, by run
    #[command(after_help = "Example: clean-backup quarantine list")]
    List {
        /// Output format
        #[arg(long, short, value_name = "FORM", default_value = "text")]
        format: ListFormat,
    },
    /// Delete what lies in quarantine, for good
    Empty(EmptyQuarantine),
    /// Put files back where they were
    Restore(RestoreQuarantine),
}

/// `quarantine empty`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "A file is deleted only while the picture that was kept in its place is \
still there with the same bytes, also after a later run has moved it. Files that no journal knows \
are never touched.

Examples:
  clean-backup quarantine empty --older-than 30d
  clean-backup quarantine empty 20261124-105838 --dry-run")]
pub struct EmptyQuarantine {
    /// Only what these runs moved aside [default: all runs]
    #[arg(value_name = "RUN")]
    pub runs: Vec<String>,
    /// Only what was moved aside at least this long ago, such as 12h, 30d or 2w
    #[arg(long, value_name = "TIME", value_parser = time_span)]
    pub older_than: Option<Duration>,
    /// Print the plan; change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Output format
    #[arg(long, short, value_name = "FORM", default_value = "text")]
    pub format: ListFormat,
}

/// `quarantine restore`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Nothing is overwritten: a file whose place is taken stays in quarantine.

Examples:
  clean-backup quarantine restore 20261124-105838
  clean-backup quarantine restore ~/Pictures/2019/IMG_0412.jpg")]
pub struct RestoreQuarantine {
    /// Runs, and files or folders by where they were or where they lie now [default: everything]
    #[arg(value_name = "RUN|PATH", value_hint = ValueHint::AnyPath)]
    pub what: Vec<PathBuf>,
    /// Print the plan; change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Output format
    #[arg(long, short, value_name = "FORM", default_value = "text")]
    pub format: ListFormat,
}

/// `history`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  clean-backup history
  clean-backup history 20261124-105838 --format json")]
pub struct History {
    /// Show every file of this run
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Output format
    #[arg(long, short, value_name = "FORM", default_value = "text")]
    pub format: ListFormat,
}

/// How a list looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

/// `logs`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  clean-backup logs -n 500 | grep failed
  tail -f \"$(clean-backup logs --path)\"")]
pub struct Logs {
    /// How many of the last lines to print
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
    pub lines: usize,
    /// Print the path of the log
    #[arg(long)]
    pub path: bool,
}

/// How a result looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// For spreadsheets: one row a picture
    Csv,
    /// A page with pictures, for any browser: one file
    Html,
}

/// `config`.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show every setting and where it comes from
    #[command(after_help = "Example: clean-backup config show --format json")]
    Show {
        /// Output format
        #[arg(long, short, value_name = "FORM", default_value = "text")]
        format: ListFormat,
    },
    /// Print the value of one setting
    #[command(after_help = "Example: clean-backup config get sensitivity")]
    Get {
        /// Which
        key: Key,
        /// Output format
        #[arg(long, short, value_name = "FORM", default_value = "text")]
        format: ListFormat,
    },
    /// Set a value in the file
    #[command(after_help = "Examples:
  clean-backup config set sensitivity aggressive
  clean-backup config set exclude '*.tmp' '**/cache/**'")]
    Set {
        /// Which
        key: Key,
        /// The value; several for a list
        #[arg(required = true, allow_negative_numbers = true)]
        value: Vec<String>,
    },
    /// Remove a setting from the file
    #[command(after_help = "Example: clean-backup config unset exclude")]
    Unset {
        /// Which
        key: Key,
    },
    /// Print the path of the file
    #[command(after_help = "Example: $EDITOR \"$(clean-backup config path)\"")]
    Path,
}

/// `cache`.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum CacheCommand {
    /// Show what the cache holds
    #[command(after_help = "Example: clean-backup cache stats --format json")]
    Stats {
        /// Output format
        #[arg(long, short, value_name = "FORM", default_value = "text")]
        format: ListFormat,
    },
    /// Remove the entries of files that are gone
    #[command(
        after_help = "The files of drives that are not mounted count as gone: mount them first.

Example: clean-backup cache prune"
    )]
    Prune {
        /// Output format
        #[arg(long, short, value_name = "FORM", default_value = "text")]
        format: ListFormat,
    },
    /// Check the cache, and compare it with the files
    #[command(after_help = "Example: clean-backup cache verify")]
    Verify {
        /// Output format
        #[arg(long, short, value_name = "FORM", default_value = "text")]
        format: ListFormat,
    },
    /// Remove all entries
    #[command(after_help = "Nothing is lost but time: hashes are computed again.

Example: clean-backup cache clear")]
    Clear {
        /// Output format
        #[arg(long, short, value_name = "FORM", default_value = "text")]
        format: ListFormat,
    },
    /// Write all entries as a table for other programs
    #[command(after_help = "Examples:
  clean-backup cache export --format parquet -o pictures.parquet
  clean-backup cache export > pictures.csv")]
    Export {
        /// The form of the table
        #[arg(long, short, value_name = "FORM", default_value = "csv")]
        format: TableForm,
        /// Write to a new file
        #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
        output: Option<PathBuf>,
    },
    /// Add the entries of such a table, CSV or Parquet
    #[command(after_help = "Example: clean-backup cache import pictures.parquet")]
    Import {
        /// Which
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
}

/// The form of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TableForm {
    /// Text with commas (RFC 4180)
    Csv,
    /// Apache Parquet, for DuckDB, Spark and the like
    Parquet,
}

impl LowArgs {
    /// The settings among the flags.
    pub fn layer(&self) -> Layer {
        let mut layer = Layer::new();
        let mut put = |key: Key, value: &Option<Value>| {
            if let Some(value) = value {
                layer.insert(key, value.clone());
            }
        };
        put(Key::Cpu, &self.global.cpu);
        put(Key::Gpu, &self.global.gpu);
        put(Key::Threads, &self.global.threads);
        put(Key::Cache, &self.global.cache);
        put(Key::Color, &self.global.color);
        let files = match &self.command {
            Some(Command::Scan(scan)) => Some(&scan.files),
            Some(Command::Dedupe(dedupe)) => Some(dedupe.compared.put(&mut put)),
            Some(Command::Review(review)) => Some(review.compared.put(&mut put)),
            Some(Command::Organize(organize)) => Some(&organize.files),
            Some(Command::Similar(similar)) => {
                put(Key::Threshold, &similar.within);
                put(Key::AnyOrientation, &similar.any_orientation);
                None
            }
            _ => None,
        };
        if let Some(files) = files {
            put(Key::Include, &joined(&files.include));
            put(Key::Exclude, &joined(&files.exclude));
            put(Key::Hidden, &files.hidden);
            put(Key::FollowLinks, &files.follow_links);
            put(Key::OneFileSystem, &files.one_file_system);
            put(Key::ExactDecode, &files.exact_decode);
            put(Key::MaxPixels, &files.max_pixels);
            put(Key::Memory, &files.memory);
        }
        layer
    }
}

impl Compared {
    /// Puts the settings among the flags; gives those of files.
    fn put(&self, put: &mut dyn FnMut(Key, &Option<Value>)) -> &Files {
        put(Key::Sensitivity, &self.sensitivity);
        put(Key::Threshold, &self.threshold);
        put(Key::FineThreshold, &self.fine_threshold);
        put(Key::AnyOrientation, &self.any_orientation);
        put(Key::IncludeBursts, &self.include_bursts);
        put(Key::Keep, &joined(&self.keep));
        &self.files
    }
}

/// One list of several; `None` when the flag was not given.
pub fn joined(lists: &[Value]) -> Option<Value> {
    if lists.is_empty() {
        return None;
    }
    let items = lists.iter().flat_map(|list| match list {
        Value::List(items) => items.clone(),
        _ => Vec::new(),
    });
    Some(Value::List(items.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn parse(line: &str) -> Result<LowArgs, clap::Error> {
        LowArgs::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_definition_is_sound() {
        LowArgs::command().debug_assert();
    }

    #[test]
    fn flags_become_settings() {
        let args = parse(
            "clean-backup dedupe a -v b --threshold 9 --hidden --follow-links=false \
             --exclude *.tmp,*.{a,b} --exclude x --keep oldest --cpu --cache rel.db",
        )
        .unwrap();
        let layer = args.layer();
        let list = |items: &[&str]| Value::List(items.iter().map(|&i| i.into()).collect());
        assert_eq!(
            layer,
            Layer::from([
                (Key::Threshold, Value::Number(9)),
                (Key::Keep, list(&["oldest"])),
                (Key::Cpu, Value::Flag(true)),
                (Key::Cache, Value::Path("rel.db".into())),
                (Key::Exclude, list(&["*.tmp", "*.{a,b}", "x"])),
                (Key::Hidden, Value::Flag(true)),
                (Key::FollowLinks, Value::Flag(false)),
            ])
        );
        let Some(Command::Dedupe(dedupe)) = args.command else { panic!("dedupe") };
        assert_eq!(dedupe.compared.roots, [PathBuf::from("a"), "b".into()]);
        assert_eq!((args.global.verbose, dedupe.format), (1, Format::Text));
        assert!(parse("clean-backup scan a").unwrap().layer().is_empty());
    }

    #[test]
    fn contradictions_are_refused() {
        for line in [
            "clean-backup dedupe",
            "clean-backup dedupe a --sensitivity exact --threshold 3",
            "clean-backup dedupe a --threshold 17",
            "clean-backup dedupe a --cpu --gpu on",
            "clean-backup dedupe a -q -v",
            "clean-backup dedupe a --format yaml",
            "clean-backup config get colour-depth",
            "clean-backup resume RUN --leftovers a",
            "clean-backup resume --older-than 1h",
            "clean-backup resume --leftovers a --older-than 1",
            "clean-backup frobnicate",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
