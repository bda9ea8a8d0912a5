//! The keys of the configuration.

use std::fmt;
use std::str::FromStr;

/// What a key's value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number within bounds, both included.
    Number(u64, u64),
    /// true or false.
    Flag,
    /// A number of bytes, with or without a unit.
    Size,
    /// A path.
    Path,
    /// A list of globs.
    Globs,
    /// A list of rules for choosing the keeper.
    KeepRules,
    /// A hash of a password.
    PasswordHash,
}

macro_rules! keys {
    ($($variant:ident $name:literal $shape:expr, $about:literal;)*) => {
        /// A setting.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Key {
            $(#[doc = $about] $variant,)*
        }

        impl Key {
            /// Every key, in the order that `config show` prints.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Name in the file.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What its value looks like.
            pub fn shape(self) -> Shape {
                match self { $(Self::$variant => $shape,)* }
            }

            /// The purpose of the setting.
            pub fn about(self) -> &'static str {
                match self { $(Self::$variant => $about,)* }
            }
        }
    };
}

keys! {
    Sensitivity "sensitivity" Shape::Choice(&["exact", "standard", "aggressive"]),
        "How different two pictures may be and still match.";
    Threshold "threshold" Shape::Number(0, clean_backup::model::policy::MAX_THRESHOLD as u64),
        "The same as a number: how many bits of the 64-bit hash may differ.";
    FineThreshold "fine_threshold" Shape::Number(0, clean_backup::model::policy::MAX_FINE_THRESHOLD as u64),
        "How many bits of the 256-bit hash may differ.";
    AnyOrientation "any_orientation" Shape::Flag, "Find turned and mirrored copies.";
    IncludeBursts "include_bursts" Shape::Flag, "Treat burst shots as copies.";
    IncludeAlike "include_alike" Shape::Flag, "Treat pictures that are only alike as copies.";
    IncludeUnsure "include_unsure" Shape::Flag,
        "Act on copies although it is not sure which one is the original.";
    IncludeFilms "include_films" Shape::Flag,
        "Act on films that show the same although their bytes differ.";
    Deep "deep" Shape::Flag,
        "Also find films that were cut, turned, cropped, made faster, or have bars.";
    Keep "keep" Shape::KeepRules, "Rules for which picture is kept, before the built-in ones.";
    Threads "threads" Shape::Number(1, 4096), "How many threads work.";
    Gpu "gpu" Shape::Choice(&["auto", "on", "any", "off"]), "Whether to use a GPU.";
    Cpu "cpu" Shape::Flag, "Use the CPU alone.";
    Cache "cache" Shape::Path, "Where hashes are kept between runs.";
    Include "include" Shape::Globs, "Only files that match one of these.";
    Exclude "exclude" Shape::Globs, "No files or folders that match one of these.";
    Hidden "hidden" Shape::Flag, "Include hidden files and folders.";
    FollowLinks "follow_links" Shape::Flag, "Follow symbolic links.";
    OneFileSystem "one_file_system" Shape::Flag, "Stay on each folder's file system.";
    DownloadPlaceholders "download_placeholders" Shape::Flag,
        "Read files whose bytes are only online, which downloads them.";
    ExactDecode "exact_decode" Shape::Flag, "Decode whole pictures, with loop filters, never a thumbnail.";
    ReadOrder "read_order" Shape::Choice(&["auto", "place", "found"]),
        "In which order files are read: as they lie where a drive is slow, always so, or as found.";
    MaxPixels "max_pixels" Shape::Number(1, u64::MAX >> 1), "Refuse larger pictures.";
    Memory "memory" Shape::Size, "What all pictures being read may hold together.";
    PasswordHash "password_hash" Shape::PasswordHash,
        "What `app --listen` checks passwords by; `config set-password` makes it.";
    Color "color" Shape::Choice(&["auto", "always", "never"]), "Colours in the output.";
}

impl Key {
    /// What the key may hold, to follow "allowed:".
    pub fn allowed(self) -> String {
        match self.shape() {
            Shape::Choice(words) => words.join(", "),
            Shape::Number(least, most) if most > u64::from(u32::MAX) => {
                format!("a whole number, {least} or more")
            }
            Shape::Number(least, most) => format!("a whole number from {least} to {most}"),
            Shape::Flag => "true, false".to_owned(),
            Shape::Size => "a number of bytes, also with a unit: 512MiB, 4GiB, 8GB".to_owned(),
            Shape::Path => "an absolute path, or one that begins with ~/".to_owned(),
            Shape::Globs => "a list of globs, like [\"*.tmp\", \"**/cache/**\"]".to_owned(),
            Shape::KeepRules => {
                "a list of largest, oldest, newest, shortest-path, prefer=GLOB".to_owned()
            }
            Shape::PasswordHash => {
                "an Argon2id hash; `clean-backup config set-password` makes it".to_owned()
            }
        }
    }

    /// The other key that sets the same thing: both in one file would contradict each other.
    pub fn rival(self) -> Option<Self> {
        match self {
            Self::Sensitivity => Some(Self::Threshold),
            Self::Threshold => Some(Self::Sensitivity),
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Key {
    type Err = UnknownKey;

    /// Reads a name; `-` counts as `_`, so that a flag's name will do.
    fn from_str(text: &str) -> Result<Self, UnknownKey> {
        let name = text.replace('-', "_");
        let known = Self::ALL.iter().copied().find(|key| key.name() == name);
        known.ok_or_else(|| UnknownKey { name: text.to_owned(), nearest: nearest(&name) })
    }
}

/// A name that is no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKey {
    /// What was written.
    pub name: String,
    /// The key that was probably meant.
    pub nearest: Option<Key>,
}

impl fmt::Display for UnknownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown key {:?}; ", self.name)?;
        match self.nearest {
            Some(key) => write!(f, "did you mean {:?}?", key.name()),
            None => {
                let names: Vec<&str> = Key::ALL.iter().map(|key| key.name()).collect();
                write!(f, "allowed: {}", names.join(", "))
            }
        }
    }
}

impl std::error::Error for UnknownKey {}

/// The key with the fewest edits, if they are few enough to be a slip.
fn nearest(name: &str) -> Option<Key> {
    let name = name.to_lowercase();
    if name.len() > 64 {
        return None;
    }
    let (edits, key) =
        Key::ALL.iter().map(|&key| (edits(&name, key.name()), key)).min_by_key(|&(n, _)| n)?;
    (edits <= 1 + key.name().len() / 4).then_some(key)
}

/// Levenshtein distance: fewest insertions, removals and replacements of a character.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, &to) in b.iter().enumerate() {
            let replaced = row[j] + usize::from(from != to);
            next.push(replaced.min(row[j + 1] + 1).min(next[j] + 1));
        }
        row = next;
    }
    row[b.len()]
}
