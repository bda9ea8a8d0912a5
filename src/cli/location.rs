//! Where the configuration file is, and what it and all else come to.

use std::path::PathBuf;

use clean_backup::model::path_text::for_people;

use super::args::ProgramArgs;
use super::config::{Layer, read};
use super::environment::ProcessEnvironment;
use super::failure::{Failure, FailureKind};
use super::settings::{Resolved, Settings, resolve};

/// The configuration file, and whether somebody named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Where; `None` when no home folder is known.
    pub path: Option<PathBuf>,
    /// By `--config` or `CLEAN_BACKUP_CONFIG`; then it must exist to be read.
    pub named: bool,
}

impl Location {
    /// `--config`, else `CLEAN_BACKUP_CONFIG`, else the usual place.
    pub fn from_args(args: &ProgramArgs, environment: &ProcessEnvironment) -> Self {
        match args.global.config.clone().or_else(|| environment.named_config_file()) {
            Some(path) => Self { path: Some(path), named: true },
            None => Self { path: environment.config_file(), named: false },
        }
    }

    fn read(&self) -> Result<Layer, Failure> {
        match &self.path {
            None => Ok(Layer::new()),
            Some(path) if self.named && !path.exists() => {
                let message = format!("the configuration file {} does not exist", for_people(path));
                Err(Failure::new(FailureKind::Usage, message)
                    .hint("`clean-backup config set KEY VALUE` with the same --config makes it"))
            }
            Some(path) => Ok(read(path)?),
        }
    }

    /// The file, to be changed.
    ///
    /// # Errors
    /// [`FailureKind::Usage`] when no home folder is known.
    pub fn writable(&self) -> Result<&PathBuf, Failure> {
        self.path.as_ref().ok_or_else(|| {
            Failure::new(FailureKind::Usage, "there is no home folder to keep a configuration in")
                .hint("set HOME or XDG_CONFIG_HOME, or name a file with --config FILE")
        })
    }
}

/// Everything that is set anywhere.
///
/// # Errors
/// A wrong variable or a wrong line of the file, by name.
pub fn resolved(args: &ProgramArgs, environment: &ProcessEnvironment) -> Result<Resolved, Failure> {
    let file = Location::from_args(args, environment).read()?;
    Ok(resolve(
        &args.layer(),
        &environment.layer()?,
        &file,
        environment.cache_file(),
        environment.home().as_deref(),
    ))
}

/// The settings of a run.
///
/// # Errors
/// As [`resolved`].
pub fn settings(args: &ProgramArgs, environment: &ProcessEnvironment) -> Result<Settings, Failure> {
    Ok((&resolved(args, environment)?).into())
}

/// The settings that flags and defaults alone come to.
#[cfg(feature = "kernel")]
pub fn settings_of_flags(args: &ProgramArgs) -> Settings {
    (&resolve(&args.layer(), &Layer::new(), &Layer::new(), None, None)).into()
}
