//! What flags, environment, file and defaults come to, by one pure function.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use crate::cli::config::{Key, Layer, Value, expand_home};
use clean_backup::decode::Limits;
use clean_backup::model::policy::{KeepRule, Policy, Sensitivity};
use clean_backup::scan::ReadOrder;

/// Where a setting came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingOrigin {
    /// The command line.
    Flag,
    /// A `CLEAN_BACKUP_` variable.
    Environment,
    /// The configuration file.
    File,
    /// The program.
    Default,
    /// Another setting.
    Follows(Key),
}

impl SettingOrigin {
    /// Human-readable.
    pub fn describe(self, key: Key) -> String {
        match self {
            Self::Flag => "flag".to_owned(),
            Self::Environment => {
                format!("environment, CLEAN_BACKUP_{}", key.name().to_uppercase())
            }
            Self::File => "file".to_owned(),
            Self::Default => "default".to_owned(),
            Self::Follows(other) => format!("follows {other}"),
        }
    }
}

/// Each key with its value, if it has one, and where that came from.
pub type Resolved = BTreeMap<Key, (Option<Value>, SettingOrigin)>;

/// When to use a GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GpuMode {
    /// Where one is present and faster.
    Auto,
    /// A real one, or fail.
    On,
    /// Any adapter, also one in software.
    Any,
    /// Never.
    Off,
}

/// All settings, typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The two radii.
    pub policy: Policy,
    /// The name that the first radius has, if any.
    pub sensitivity: Option<Sensitivity>,
    /// Find turned and mirrored copies.
    pub any_orientation: bool,
    /// Act on bursts.
    pub include_bursts: bool,
    /// Pictures that are only alike are acted on like copies.
    pub include_alike: bool,
    /// Copies are acted on although it is not sure which one is the original.
    pub include_unsure: bool,
    /// Act on films that show the same although their bytes differ.
    pub include_films: bool,
    /// Films that were changed are looked for too.
    pub deep: bool,
    /// Rules before the usual ones.
    pub keep: Vec<KeepRule>,
    /// How many threads; `None`: one per core.
    pub threads: Option<NonZeroUsize>,
    /// Whether to use a GPU.
    pub gpu: GpuMode,
    /// The cache; `None` only where no home folder is known.
    pub cache: Option<PathBuf>,
    /// Only what matches one of these globs.
    pub include: Vec<String>,
    /// Nothing that matches one of these globs.
    pub exclude: Vec<String>,
    /// Include hidden files and folders.
    pub hidden: bool,
    /// Follow symbolic links.
    pub follow_links: bool,
    /// Stay on each root's file system.
    pub one_file_system: bool,
    /// Read online-only files, which downloads them.
    pub download_placeholders: bool,
    /// Decode whole pictures, with loop filters, never a thumbnail.
    pub exact_decode: bool,
    /// In which order files are read.
    pub read_order: ReadOrder,
    /// Most pixels of one picture.
    pub max_pixels: u64,
    /// Most bytes that all pictures being decoded hold together.
    pub memory: u64,
    /// What `app --listen` checks passwords by.
    pub password_hash: Option<String>,
    /// Colours: yes, no, or as the terminal is.
    pub color: Option<bool>,
}

impl Settings {
    /// The bounds of decoding.
    pub fn limits(&self) -> Limits {
        Limits::new(
            self.max_pixels,
            Limits::DEFAULT_MAX_PICTURE_BYTES.min(self.memory),
            self.memory,
        )
    }
}

/// Each setting from the first of flags, environment, file and defaults that has it.
///
/// The sensitivity and the threshold are one setting: the first source that has either decides
/// both. A fine threshold counts only together with a threshold of the same or a weaker source,
/// because it was chosen for another one otherwise. `cpu = true` and `gpu` likewise: the first
/// source decides, and within one source `cpu` does.
pub fn resolve(
    flags: &Layer,
    environment: &Layer,
    file: &Layer,
    cache: Option<PathBuf>,
    home: Option<&Path>,
) -> Resolved {
    let sources = [
        (flags, SettingOrigin::Flag),
        (environment, SettingOrigin::Environment),
        (file, SettingOrigin::File),
    ];
    let find = |key: Key| {
        sources.iter().enumerate().find_map(|(rank, (layer, origin))| {
            layer.get(&key).map(|value| (rank, value.clone(), *origin))
        })
    };
    let mut resolved = Resolved::new();
    for &key in Key::ALL {
        let entry = match find(key) {
            Some((_, value, origin)) => (Some(value), origin),
            None => (default(key), SettingOrigin::Default),
        };
        resolved.insert(key, entry);
    }
    if let Some((Some(Value::Path(path)), SettingOrigin::File)) = resolved.get_mut(&Key::Cache)
        && let Some(home) = home
    {
        *path = expand_home(path, home);
    }
    if let Some((value @ None, _)) = resolved.get_mut(&Key::Cache) {
        *value = cache.map(Value::Path);
    }

    let (name, number) = (find(Key::Sensitivity), find(Key::Threshold));
    let name_rank = name.as_ref().map_or(sources.len(), |&(rank, ..)| rank);
    let number_rank = number.as_ref().map_or(sources.len(), |&(rank, ..)| rank);
    let threshold = if number_rank < sources.len() && number_rank <= name_rank {
        let threshold = number_of(&resolved, Key::Threshold);
        let name = Sensitivity::from_threshold(threshold).map(|name| Value::Word(name.name()));
        resolved.insert(Key::Sensitivity, (name, SettingOrigin::Follows(Key::Threshold)));
        threshold
    } else {
        let threshold = sensitivity_of(&resolved).unwrap_or_default().threshold();
        let value = Some(Value::Number(threshold.into()));
        resolved.insert(Key::Threshold, (value, SettingOrigin::Follows(Key::Sensitivity)));
        threshold
    };
    let fine_rank = find(Key::FineThreshold).map_or(usize::MAX, |(rank, ..)| rank);
    if fine_rank > name_rank.min(number_rank) || fine_rank == usize::MAX {
        let fine = Policy::from_threshold(threshold).fine_radius;
        let value = Some(Value::Number(fine.0.into()));
        resolved.insert(Key::FineThreshold, (value, SettingOrigin::Follows(Key::Threshold)));
    }

    if let Some((cpu_rank, Value::Flag(true), _)) = find(Key::Cpu) {
        if find(Key::Gpu).is_none_or(|(rank, ..)| cpu_rank <= rank) {
            resolved.insert(Key::Gpu, (Some(Value::Word("off")), SettingOrigin::Follows(Key::Cpu)));
        } else {
            resolved.insert(Key::Cpu, (Some(Value::Flag(false)), SettingOrigin::Follows(Key::Gpu)));
        }
    }
    resolved
}

fn default(key: Key) -> Option<Value> {
    match key {
        Key::Sensitivity => Some(Value::Word(Sensitivity::default().name())),
        Key::AnyOrientation
        | Key::IncludeBursts
        | Key::IncludeAlike
        | Key::IncludeUnsure
        | Key::IncludeFilms
        | Key::Deep
        | Key::Cpu
        | Key::Hidden
        | Key::FollowLinks
        | Key::OneFileSystem
        | Key::DownloadPlaceholders
        | Key::ExactDecode => Some(Value::Flag(false)),
        Key::Keep | Key::Include | Key::Exclude => Some(Value::List(Vec::new())),
        Key::Gpu | Key::Color | Key::ReadOrder => Some(Value::Word("auto")),
        Key::MaxPixels => Some(Value::Number(Limits::DEFAULT_MAX_PIXELS)),
        Key::Memory => Some(Value::Number(Limits::DEFAULT_BUDGET_BYTES)),
        Key::Threshold | Key::FineThreshold | Key::Threads | Key::Cache | Key::PasswordHash => None,
    }
}

fn value_of(resolved: &Resolved, key: Key) -> Option<&Value> {
    resolved.get(&key).and_then(|(value, _)| value.as_ref())
}

fn flag_of(resolved: &Resolved, key: Key) -> bool {
    matches!(value_of(resolved, key), Some(Value::Flag(true)))
}

/// 0 for a key without a number.
fn big_number_of(resolved: &Resolved, key: Key) -> u64 {
    match value_of(resolved, key) {
        Some(Value::Number(number)) => *number,
        _ => 0,
    }
}

fn number_of(resolved: &Resolved, key: Key) -> u32 {
    u32::try_from(big_number_of(resolved, key)).unwrap_or(u32::MAX)
}

fn list_of(resolved: &Resolved, key: Key) -> Vec<String> {
    match value_of(resolved, key) {
        Some(Value::List(items)) => items.clone(),
        _ => Vec::new(),
    }
}

fn word_of(resolved: &Resolved, key: Key) -> &'static str {
    match value_of(resolved, key) {
        Some(Value::Word(word)) => word,
        _ => "",
    }
}

fn sensitivity_of(resolved: &Resolved) -> Option<Sensitivity> {
    word_of(resolved, Key::Sensitivity).parse().ok()
}

impl From<&Resolved> for Settings {
    fn from(resolved: &Resolved) -> Self {
        Self {
            policy: Policy::from_threshold(number_of(resolved, Key::Threshold))
                .with_fine_radius(number_of(resolved, Key::FineThreshold)),
            sensitivity: sensitivity_of(resolved),
            any_orientation: flag_of(resolved, Key::AnyOrientation),
            include_bursts: flag_of(resolved, Key::IncludeBursts),
            include_alike: flag_of(resolved, Key::IncludeAlike),
            include_unsure: flag_of(resolved, Key::IncludeUnsure),
            include_films: flag_of(resolved, Key::IncludeFilms),
            deep: flag_of(resolved, Key::Deep),
            // Each was checked when it was read.
            keep: list_of(resolved, Key::Keep)
                .iter()
                .filter_map(|rule| rule.parse().ok())
                .collect(),
            threads: NonZeroUsize::new(number_of(resolved, Key::Threads) as usize),
            gpu: match word_of(resolved, Key::Gpu) {
                "on" => GpuMode::On,
                "any" => GpuMode::Any,
                "off" => GpuMode::Off,
                _ => GpuMode::Auto,
            },
            cache: match value_of(resolved, Key::Cache) {
                Some(Value::Path(path)) => Some(path.clone()),
                _ => None,
            },
            include: list_of(resolved, Key::Include),
            exclude: list_of(resolved, Key::Exclude),
            hidden: flag_of(resolved, Key::Hidden),
            follow_links: flag_of(resolved, Key::FollowLinks),
            one_file_system: flag_of(resolved, Key::OneFileSystem),
            download_placeholders: flag_of(resolved, Key::DownloadPlaceholders),
            exact_decode: flag_of(resolved, Key::ExactDecode),
            read_order: match word_of(resolved, Key::ReadOrder) {
                "place" => ReadOrder::ByPlace,
                "found" => ReadOrder::AsFound,
                _ => ReadOrder::Auto,
            },
            max_pixels: big_number_of(resolved, Key::MaxPixels),
            memory: big_number_of(resolved, Key::Memory),
            password_hash: match value_of(resolved, Key::PasswordHash) {
                Some(Value::Secret(hash)) => Some(hash.clone()),
                _ => None,
            },
            color: match word_of(resolved, Key::Color) {
                "always" => Some(true),
                "never" => Some(false),
                _ => None,
            },
        }
    }
}

#[cfg(test)]
mod tests;
