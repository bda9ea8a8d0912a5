//! What belongs together in the source, and when it was taken.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use crate::files::content::FileSource;
use crate::files::stamp::stamp;
use crate::metadata::capture::{
    DateCandidate, DateSource, Decision, Judge, Moment, decide, from_name,
};
use crate::metadata::{Embedded, embedded, sidecar};
use crate::model::event::{Event, Phase, Progress};
use crate::model::extensions::{is_video, names_a_picture};
use crate::model::media::{CaptureTime, Evidence, MediaFile, ModifiedNs};
use crate::units::{BurstFrame, Folder};

/// Longest sidecar that is read.
const MOST_SIDECAR: u64 = 16 << 20;

/// Files that go to one place.
pub(super) struct DatedShot {
    /// Pictures or a film first, then what goes with them.
    pub(super) files: Vec<PathBuf>,
    /// How many of them are media that stand for themselves.
    pub(super) media: usize,
    /// When it was taken.
    pub(super) decision: Decision,
    /// With what.
    pub(super) camera: Option<String>,
    /// The burst that it is a frame of: its folder, and what the names have in common.
    burst: Option<(PathBuf, String)>,
    /// Of a burst, the time and the camera by which all of it is filed.
    pub(super) together: Option<(CaptureTime, Option<String>)>,
}

impl DatedShot {
    pub(super) fn first(&self) -> &Path {
        self.files.first().map_or(Path::new(""), PathBuf::as_path)
    }

    /// When it was taken, and who says so: for a frame that does not say so itself, its burst.
    pub(super) fn taken(&self) -> Option<(CaptureTime, DateSource)> {
        let own = self.decision.time();
        let says_so = own.is_some_and(|(_, source)| source.is_firm());
        let burst = self.together.as_ref().map(|(time, _)| (*time, DateSource::Partner));
        let burst = burst.filter(|burst| !says_so && own.map(|own| own.0) != Some(burst.0));
        burst.or(own)
    }

    /// The time and the camera that its folder comes of.
    pub(super) fn filed_by(&self) -> (Option<CaptureTime>, Option<&str>) {
        match &self.together {
            Some((time, camera)) => (Some(*time), camera.as_deref()),
            None => (self.decision.time().map(|(time, _)| time), self.camera.as_deref()),
        }
    }
}

/// The files of one shot, before their dates are read.
struct Members {
    /// Originals first.
    media: Vec<(PathBuf, ModifiedNs)>,
    /// How many of them are edits.
    edits: usize,
    companions: Vec<PathBuf>,
    /// What tells of them, whether it goes with them or with another one.
    sidecars: Vec<PathBuf>,
}

/// Puts the files of a source together, and reads their dates; the rest are leftovers.
pub(super) fn shots_of(
    files: &[MediaFile],
    judge: Judge<'_>,
    progress: &dyn Progress,
    cancel: &AtomicBool,
) -> (Vec<DatedShot>, Vec<PathBuf>) {
    let mut by_folder: BTreeMap<&Path, Vec<&MediaFile>> = BTreeMap::new();
    for file in files {
        by_folder.entry(file.path.parent().unwrap_or(Path::new(""))).or_default().push(file);
    }
    let mut members = Vec::new();
    let mut leftovers = Vec::new();
    for files in by_folder.into_values() {
        put_together(&files, &mut members, &mut leftovers);
    }
    let total = Some(members.len() as u64);
    progress.on(Event::StageStarted { stage: Phase::Dates, total });
    let mut shots: Vec<DatedShot> = members
        .into_par_iter()
        .filter(|_| !cancel.load(Ordering::Relaxed))
        .map(|members| {
            let shot = read(members, judge);
            progress.on(Event::Advanced { stage: Phase::Dates, items: 1, bytes: 0 });
            shot
        })
        .collect();
    progress.on(Event::StageFinished { stage: Phase::Dates });
    keep_bursts_together(&mut shots);
    (shots, leftovers)
}

/// Files each burst by the frame whose date is the surest, and then the earliest: it may go on past
/// midnight, and a frame that was edited may have lost its date.
fn keep_bursts_together(shots: &mut [DatedShot]) {
    type Best = ((DateSource, i64), (CaptureTime, Option<String>));
    let mut best: HashMap<(PathBuf, String), Best> = HashMap::new();
    for shot in shots.iter() {
        let (Some(burst), Some((time, source))) = (&shot.burst, shot.decision.time()) else {
            continue;
        };
        let rank = (source, time.local_seconds);
        if best.get(burst).is_none_or(|(known, _)| rank < *known) {
            best.insert(burst.clone(), (rank, (time, shot.camera.clone())));
        }
    }
    for shot in shots {
        let burst = shot.burst.as_ref().and_then(|burst| best.get(burst));
        shot.together = burst.map(|(_, by)| by.clone());
    }
}

fn put_together(files: &[&MediaFile], members: &mut Vec<Members>, leftovers: &mut Vec<PathBuf>) {
    let names: Vec<OsString> =
        files.iter().map(|file| file.path.file_name().unwrap_or_default().to_owned()).collect();
    let folder = Folder::from_names(&names);
    let companions: HashSet<usize> = folder.companions.iter().map(|c| c.file).collect();
    // It goes with the one of its pictures that has the shortest name, the original of an edited
    // one, and tells the date of all.
    let mut along: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut describes: HashMap<usize, Vec<usize>> = HashMap::new();
    for companion in &folder.companions {
        let owner = companion.owners.iter().min_by_key(|&&at| (names[at].len(), at));
        if let Some(&owner) = owner {
            along.entry(owner).or_default().push(companion.file);
        }
        for &owner in &companion.owners {
            describes.entry(owner).or_default().push(companion.file);
        }
    }
    let is_media = |at: usize| {
        let path = &files[at].path;
        (names_a_picture(path) || is_video(path)) && !companions.contains(&at)
    };
    let in_shot: HashSet<usize> = folder.shots.iter().flatten().copied().collect();
    let single = (0..files.len()).filter(|at| is_media(*at) && !in_shot.contains(at));
    let mut units: Vec<Vec<usize>> = folder.shots.clone();
    units.extend(single.map(|at| vec![at]));
    units.sort();
    let mut used: HashSet<usize> = HashSet::new();
    for mut unit in units {
        let is_edit = |at: &usize| folder.edits.binary_search(at).is_ok();
        unit.sort_by_key(|at| (is_edit(at), *at));
        // What a companion of a companion is, as the JSON of a Live Photo's video, goes with it
        // too.
        let mut companions = Vec::new();
        let mut waiting = unit.clone();
        while let Some(owner) = waiting.pop() {
            for companion in along.remove(&owner).unwrap_or_default() {
                companions.push(companion);
                waiting.push(companion);
            }
        }
        companions.sort_unstable();
        let described = unit.iter().chain(&companions).filter_map(|at| describes.get(at));
        let mut sidecars: Vec<usize> = described.flatten().copied().collect();
        sidecars.sort_unstable();
        sidecars.dedup();
        used.extend(unit.iter().chain(&companions).copied());
        members.push(Members {
            edits: unit.iter().filter(|at| is_edit(at)).count(),
            media: unit
                .iter()
                .map(|&at| (files[at].path.clone(), files[at].stamp.modified))
                .collect(),
            companions: companions.into_iter().map(|at| files[at].path.clone()).collect(),
            sidecars: sidecars.into_iter().map(|at| files[at].path.clone()).collect(),
        });
    }
    let rest = (0..files.len()).filter(|at| !used.contains(at));
    leftovers.extend(rest.map(|at| files[at].path.clone()));
}

fn read(members: Members, judge: Judge<'_>) -> DatedShot {
    let sidecars: Vec<DateCandidate> =
        members.sidecars.iter().flat_map(|path| from_sidecar(path)).collect();
    let films = members.companions.iter().filter(|path| is_video(path));
    let media: Vec<(PathBuf, Option<ModifiedNs>)> = members
        .media
        .iter()
        .map(|(path, modified)| (path.clone(), Some(*modified)))
        .chain(films.map(|film| (film.clone(), None)))
        .collect();
    let read: Vec<Embedded> = media
        .iter()
        .map(|(path, _)| FileSource::open(path).map(|file| embedded(&file)).unwrap_or_default())
        .collect();
    let own = |at: usize| -> Vec<DateCandidate> {
        let (path, modified) = &media[at];
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut candidates = read[at].dates.clone();
        if let Some(moment) = from_name(&name) {
            candidates.push(DateCandidate {
                source: DateSource::FileName,
                text: name,
                moment: Some(moment),
            });
        }
        if let Some(ModifiedNs(ns)) = modified {
            let seconds = ns.div_euclid(1_000_000_000);
            candidates.push(DateCandidate::utc(
                DateSource::FileSystem,
                seconds.to_string(),
                Some(seconds),
            ));
        }
        candidates
    };
    // Each of them may tell the date of the others, where what it says is firm.
    let firm: Vec<Option<DateCandidate>> = (0..media.len())
        .map(|at| {
            let (time, source) = decide(read[at].dates.clone(), judge).time()?;
            let name = media[at].0.file_name().unwrap_or_default().to_string_lossy();
            let text = format!("{name}: {}", source.name());
            source.is_firm().then_some(DateCandidate {
                source: DateSource::Partner,
                text,
                moment: Some(Moment::Local(time)),
            })
        })
        .collect();
    let decision = |at: usize| {
        let mut candidates = own(at);
        candidates.extend(sidecars.iter().cloned());
        let partners = firm.iter().enumerate().filter(|(other, _)| *other != at);
        candidates.extend(partners.filter_map(|(_, partner)| partner.clone()));
        decide(candidates, judge)
    };
    // The first of the media that says so itself decides; they are of one moment. An edit may have
    // the date on which it was made.
    let originals = (members.media.len() - members.edits).max(1);
    let decisions: Vec<Decision> = (0..originals).map(decision).collect();
    let best = decisions
        .iter()
        .enumerate()
        .min_by_key(|(at, decision)| {
            (decision.time().map_or(DateSource::FileSystem, |(_, s)| s), *at)
        })
        .map_or(0, |(at, _)| at);
    let media_count = members.media.len();
    let files: Vec<PathBuf> =
        members.media.into_iter().map(|(path, _)| path).chain(members.companions).collect();
    let first = files.first().map_or(Path::new(""), PathBuf::as_path);
    let folder = first.parent().unwrap_or(Path::new("")).to_owned();
    DatedShot {
        burst: BurstFrame::of(first).map(|frame| (folder, frame.burst)),
        together: None,
        files,
        media: media_count,
        camera: read.into_iter().find_map(|embedded| embedded.camera),
        decision: decisions.into_iter().nth(best).unwrap_or_default(),
    }
}

fn from_sidecar(path: &Path) -> Vec<DateCandidate> {
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(path)?.take(MOST_SIDECAR).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    match extension.to_str() {
        Some("xmp") => sidecar::from_xmp(&read().unwrap_or_default()),
        Some("json") => sidecar::from_takeout(&read().unwrap_or_default()),
        _ => Vec::new(),
    }
}

/// Every date that is given for one file, by itself and by what belongs to it, and which won.
///
/// # Errors
/// When the file or its folder cannot be read.
pub fn explain(path: &Path, judge: Judge<'_>) -> io::Result<Decision> {
    stamp(path).ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such file"))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = folder.join(entry?.file_name());
        if let Some(stamp) = stamp(&path) {
            files.push(MediaFile { path, stamp, evidence: Evidence::default(), root: 0 });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let (mut members, mut leftovers) = (Vec::new(), Vec::new());
    put_together(&files.iter().collect::<Vec<_>>(), &mut members, &mut leftovers);
    let wanted = path.file_name();
    let is_it = |path: &Path| path.file_name() == wanted;
    let found = members.into_iter().find(|members| {
        members.media.iter().any(|(path, _)| is_it(path))
            || members.companions.iter().any(|path| is_it(path))
    });
    let no_media = || io::Error::new(io::ErrorKind::InvalidInput, "neither a picture nor a video");
    Ok(read(found.ok_or_else(no_media)?, judge).decision)
}
