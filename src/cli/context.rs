//! What every command gets, and what it opens with that.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use clean_backup::catalogue::cache::Cache;
use clean_backup::decode::DecodeOptions;
use clean_backup::files::fsops::{Disk, real_place};
use clean_backup::files::globs::Globs;
use clean_backup::files::real_paths::real_path;
use clean_backup::files::walk::WalkOptions;
use clean_backup::library::{
    Acting, Backends, Library, LibraryError, Monitor, Options, open_cache, runs_folder,
};
use clean_backup::model::media::CaptureTime;
use clean_backup::model::path_text::for_people;
use clean_backup::model::photo_library::photo_library_of;
use clean_backup::model::readable::iso_time;
use clean_backup::scan::ScanOptions;

use super::backends;
use super::failure::{Failure, FailureKind};
use super::places::Places;
use super::progress::Bars;
use super::settings::Settings;

/// What every command gets.
#[derive(Clone)]
pub struct Context<'a> {
    /// Flags, environment, file and defaults, resolved.
    pub settings: Settings,
    /// Bars or none.
    pub progress: &'a Bars,
    /// Standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Colours on standard output.
    pub colour: bool,
    /// `--verbose`: results have the distances of the hashes too.
    pub verbose: bool,
    /// `--yes`.
    pub yes: bool,
    /// `--no-cache`.
    pub no_cache: bool,
    /// Questions can be asked: standard input and standard error are a terminal.
    pub asks: bool,
    /// Where journals and the log lie; `None` only where no home folder is known.
    pub state: Option<PathBuf>,
    /// The folder that relative paths start at.
    pub folder: PathBuf,
    /// The home folder, where it is known.
    pub home: Option<PathBuf>,
}

impl Context<'_> {
    /// How paths are shown to people.
    pub fn places(&self) -> Places {
        Places { folder: self.folder.clone(), home: self.home.clone() }
    }

    /// The library with its cache, for what neither walks folders nor hashes many pictures.
    ///
    /// # Errors
    /// As [`Library::open`].
    pub fn library(&self) -> Result<Library, Failure> {
        let scan = ScanOptions { decode: self.decode_options(), ..ScanOptions::default() };
        self.library_with(scan, Backends::default())
    }

    /// The library with what finds, hashes and compares pictures as the settings ask.
    ///
    /// # Errors
    /// As [`Self::library`]; wrong globs; when a GPU is insisted on and cannot be used.
    pub fn hashing_library(&self) -> Result<Library, Failure> {
        self.start_threads()?;
        self.library_with(self.scan_options()?, backends::open(self.settings.gpu)?)
    }

    fn library_with(&self, scan: ScanOptions, backends: Backends) -> Result<Library, Failure> {
        let mut options = Options::new(&self.folder).scan(scan).backends(backends);
        match &self.settings.cache {
            _ if self.no_cache => {}
            Some(file) => options = options.cache(file),
            None => tracing::warn!(
                "there is no home folder to keep the cache in; this run continues without a cache \
                 and keeps no hashes"
            ),
        }
        if let Some(file) = self.decisions_file() {
            options = options.decisions(file);
        }
        Ok(Library::open(options)?)
    }

    /// The cache, for what is of no use without one.
    ///
    /// # Errors
    /// What keeps it from being opened.
    pub fn cache(&self) -> Result<Cache, Failure> {
        if self.no_cache {
            let message = "this command is about the cache: it cannot do without one";
            return Err(Failure::new(FailureKind::Usage, message).hint("leave --no-cache out"));
        }
        let Some(file) = &self.settings.cache else {
            return Err(Failure::new(
                FailureKind::Failed,
                "there is no home folder to keep the cache in",
            )
            .hint("name a file with --cache"));
        };
        open_cache(file, &self.folder).map_err(|error| Failure::from_cache(&error))
    }

    /// Tells the bars; stops when `cancel` is set; tells `leftovers` what interrupted runs left.
    pub fn monitor<'b>(
        &'b self,
        cancel: &'b AtomicBool,
        leftovers: &'b dyn Fn(&[PathBuf]),
    ) -> Monitor<'b> {
        Monitor { progress: self.progress, cancel, leftovers }
    }

    /// Where decisions are kept; `None` only where no home folder is known.
    pub fn decisions_file(&self) -> Option<PathBuf> {
        Some(self.state.as_ref()?.join("decisions.db"))
    }

    /// The folder of the state.
    ///
    /// # Errors
    /// [`FailureKind::Refused`] where no home folder is known.
    pub fn state_folder(&self) -> Result<&Path, Failure> {
        self.state.as_deref().ok_or_else(|| {
            Failure::new(
                FailureKind::Refused,
                "there is no home folder to keep the journal in, and nothing is done without one",
            )
            .hint("set HOME or XDG_STATE_HOME")
        })
    }

    /// Where the journals lie.
    ///
    /// # Errors
    /// As [`Self::state_folder`].
    pub fn runs_folder(&self) -> Result<PathBuf, Failure> {
        Ok(runs_folder(self.state_folder()?))
    }

    /// What applying a plan needs.
    ///
    /// # Errors
    /// As [`Self::state_folder`].
    pub fn acting<'b>(&'b self, cancel: &'b AtomicBool) -> Result<Acting<'b>, Failure> {
        Ok(Acting {
            state: self.state_folder()?,
            who: format!("host {}, process {}, since {}", host(), std::process::id(), now_utc()),
            clock: &now_utc,
            progress: self.progress,
            cancel,
        })
    }

    /// How pictures are found and read.
    ///
    /// # Errors
    /// [`FailureKind::Usage`] for wrong globs.
    /// How folders are scanned.
    ///
    /// # Errors
    /// [`FailureKind::Usage`] for a wrong pattern.
    pub fn scan_options(&self) -> Result<ScanOptions, Failure> {
        let settings = &self.settings;
        Ok(ScanOptions {
            walk: WalkOptions {
                include: globs("include", &settings.include)?,
                exclude: globs("exclude", &settings.exclude)?,
                hidden: settings.hidden,
                follow_links: settings.follow_links,
                one_file_system: settings.one_file_system,
                all: false,
                census: false,
                download_placeholders: settings.download_placeholders,
                skip_dirs: Vec::new(),
            },
            decode: self.decode_options(),
            order: settings.read_order,
        })
    }

    /// How pictures are read.
    pub fn decode_options(&self) -> DecodeOptions {
        DecodeOptions { limits: self.settings.limits(), exact: self.settings.exact_decode }
    }

    /// Starts the threads that decode. Their stacks are large, since decoders of nested formats
    /// recurse.
    ///
    /// # Errors
    /// [`FailureKind::Failed`] when the system refuses.
    pub fn start_threads(&self) -> Result<(), Failure> {
        // From the menu several commands are run one after the other.
        static STARTED: AtomicBool = AtomicBool::new(false);
        if STARTED.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        rayon::ThreadPoolBuilder::new()
            .num_threads(self.settings.threads.map_or(0, usize::from))
            .stack_size(16 << 20)
            .thread_name(|n| format!("worker-{n}"))
            .build_global()
            .map_err(|error| {
                Failure::new(FailureKind::Failed, format!("threads cannot be started: {error}"))
            })
    }

    /// The real place of the folder that duplicates go to.
    ///
    /// # Errors
    /// [`FailureKind::Refused`] when it lies in a reference folder.
    pub fn destination(
        &self,
        to: Option<&Path>,
        references: &[PathBuf],
    ) -> Result<Option<PathBuf>, Failure> {
        let Some(to) = to else { return Ok(None) };
        let real = self.real_folder(to)?;
        for reference in references {
            if real_path(reference).is_ok_and(|reference| real.starts_with(reference)) {
                let message = format!(
                    "{} lies in the reference folder {}, where nothing is touched",
                    for_people(to),
                    for_people(reference)
                );
                return Err(Failure::new(FailureKind::Refused, message));
            }
        }
        Ok(Some(real))
    }

    /// The real place of a folder that files are to go to, whether it is there yet or not.
    ///
    /// # Errors
    /// [`FailureKind::Usage`] when something else is there; [`FailureKind::Refused`] in a photo
    /// library of Apple's programs.
    pub fn real_folder(&self, to: &Path) -> Result<PathBuf, Failure> {
        let named = self.folder.join(to);
        let real = real_path(&named).unwrap_or_else(|_| real_place(&Disk::default(), &named));
        if real.exists() && !real.is_dir() {
            return Err(Failure::new(
                FailureKind::Usage,
                format!("{} is not a folder", for_people(to)),
            ));
        }
        if let Some(library) = photo_library_of(&real) {
            return Err(LibraryError::IntoPhotoLibrary(library.to_owned()).into());
        }
        Ok(real)
    }
}

fn globs(key: &str, list: &[String]) -> Result<Globs, Failure> {
    Globs::new(list).map_err(|error| Failure::new(FailureKind::Usage, format!("{key}: {error}")))
}

/// Now, in seconds since 1970.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0))
}

/// Now, like `2026-11-24T10:58:38Z`.
pub fn now_utc() -> String {
    let now = CaptureTime { local_seconds: now(), subsecond_ns: None, offset_minutes: None };
    iso_time(now) + "Z"
}

/// What tells this machine from others: what its system says of it, or its name.
#[cfg(feature = "kernel")]
pub fn machine() -> String {
    let told = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    match told.trim() {
        "" => host(),
        id => id.to_owned(),
    }
}

/// The name of this machine, where the system has it in a file or a variable.
fn host() -> String {
    let files = ["/proc/sys/kernel/hostname", "/etc/hostname"];
    let named = files.iter().find_map(|file| std::fs::read_to_string(file).ok());
    let named = named.or_else(|| std::env::var("COMPUTERNAME").ok()).unwrap_or_default();
    match named.trim() {
        "" => "unknown".to_owned(),
        name => name.to_owned(),
    }
}
