//! Plans that wait in a folder for somebody to apply them.

use std::path::{Path, PathBuf};

use clean_backup::act::plan::Plan;
use clean_backup::model::media::FileStamp;
use clean_backup::model::path_text::for_people;

use crate::cli::failure::{Failure, FailureKind};
use crate::cli::render;

/// How the name of a plan begins.
const PREFIX: &str = "watch-";

/// Most plans of one second.
const MOST: u32 = 1000;

/// Writes a plan into a new file of the folder; `label` tells the time.
///
/// # Errors
/// When it cannot be written.
pub fn keep(folder: &Path, label: &str, plan: &Plan) -> Result<PathBuf, Failure> {
    let text = render::plan(plan)?;
    for number in 0..MOST {
        let path = folder.join(match number {
            0 => format!("{PREFIX}{label}.json"),
            number => format!("{PREFIX}{label}-{number}.json"),
        });
        if path.symlink_metadata().is_err() {
            render::save(&path, &text, false)?;
            return Ok(path);
        }
    }
    let message = format!("{} has too many plans of {label}", for_people(folder));
    Err(Failure::new(FailureKind::Failed, message))
}

/// The files that the plans of a folder are about, as they were then. Other files are passed over.
///
/// # Errors
/// When the folder cannot be read.
pub fn planned(folder: &Path) -> Result<Vec<(PathBuf, FileStamp)>, Failure> {
    let failed = |error: std::io::Error| Failure::from_named(folder, &error);
    let mut files = Vec::new();
    for entry in folder.read_dir().map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if !name.is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(".json")) {
            continue;
        }
        let plan = std::fs::read_to_string(&path).map_err(|error| error.to_string());
        match plan.and_then(|text| Plan::from_json(&text).map_err(|error| error.to_string())) {
            Ok(plan) => files.extend(
                plan.actions
                    .iter()
                    .flat_map(|action| &action.files)
                    .map(|member| (plan.resolve(&member.source.path), member.source.stamp)),
            ),
            Err(why) => tracing::warn!("{} is passed over: {why}", for_people(&path)),
        }
    }
    Ok(files)
}
