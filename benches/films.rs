//! What a film of a minute costs in seconds of one CPU: its first frame, by which it is found; its
//! frames at eight times, by which it is compared; and five pieces of six seconds through ffmpeg,
//! as other programs read films. Prints Markdown. Needs ffmpeg with libx264, libx265, libvpx and
//! libaom, and Linux, which tells the time of CPUs.

#![allow(missing_docs, clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clean_backup::container::film::{self, FilmTrack};
use clean_backup::decode::DecodeOptions;
use clean_backup::decode::film::{FrameBudget, TOLERANCE, frame_at, frames_at};

/// Ticks a second of the times in `/proc`.
const TICKS: f64 = 100.0;
/// Six seconds are coded, and repeated up to a minute.
const REPEATED: &str = "9";
/// How often what takes little time is done.
const ROUNDS: u32 = 5;

/// Seconds of a CPU that this program used, and those that the programs which it ran used.
fn used() -> (f64, f64) {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<f64> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .skip(11)
        .take(4)
        .map(|field| field.parse::<f64>().unwrap() / TICKS)
        .collect();
    (fields[0] + fields[1], fields[2] + fields[3])
}

fn ffmpeg(arguments: &[&str]) -> bool {
    let quiet = ["-hide_banner", "-loglevel", "error", "-y"];
    let run = Command::new("ffmpeg").args(quiet).args(arguments).stdout(Stdio::null()).status();
    run.is_ok_and(|status| status.success())
}

fn make(folder: &Path, name: &str, side: &str, options: &str) -> Option<PathBuf> {
    let (short, long) = (folder.join(format!("short-{name}")), folder.join(name));
    if !long.exists() {
        let scene = format!("testsrc2=size={side}:rate=30");
        let grain = "noise=alls=4:allf=t,format=yuv420p";
        let mut arguments = vec!["-f", "lavfi", "-i", &scene, "-t", "6", "-vf", grain];
        arguments.extend(options.split(' '));
        let short = short.to_str()?;
        arguments.push(short);
        let done = ffmpeg(&arguments)
            && ffmpeg(&["-stream_loop", REPEATED, "-i", short, "-c", "copy", long.to_str()?]);
        fs::remove_file(short).ok();
        done.then_some(())?;
    }
    Some(long)
}

/// Seconds for each of so many rounds.
fn seconds(rounds: u32, mut call: impl FnMut()) -> f64 {
    let (before, _) = used();
    (0..rounds).for_each(|_| call());
    (used().0 - before) / f64::from(rounds)
}

/// Eight times of a film, each so long after the keyframe before it.
fn times(track: &FilmTrack, after: i64) -> Vec<i64> {
    let keys: Vec<i64> = track.samples.iter().filter(|s| s.is_key).filter_map(|s| s.time).collect();
    let eighth = |n: i64| track.duration * n / 8;
    let near = |time| keys.iter().copied().min_by_key(|key| key.abs_diff(time)).unwrap_or(0);
    (0..8).map(|n| near(eighth(n)) + after).collect()
}

fn frames(source: &[u8], track: &FilmTrack, times: &[i64]) {
    let mut budget = FrameBudget { pixels: u64::MAX };
    let options = DecodeOptions::default();
    let mut each = |_, shown: Result<_, _>| shown.is_ok();
    frames_at(&source, track, times, TOLERANCE, &mut budget, &options, &mut each).unwrap();
}

fn main() {
    let folder = std::env::temp_dir().join("clean-backup-film-bench");
    fs::create_dir_all(&folder).unwrap();
    let films = [
        ("h264.mp4", "1920x1080", "-c:v libx264 -preset veryfast -crf 23 -g 60"),
        ("hevc.mp4", "1920x1080", "-c:v libx265 -preset ultrafast -x265-params keyint=60"),
        ("vp9.webm", "1920x1080", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 4M -g 60"),
        ("av1.mp4", "1920x1080", "-c:v libaom-av1 -usage realtime -cpu-used 10 -b:v 4M -g 60"),
        ("mpeg4.mp4", "1920x1080", "-c:v mpeg4 -q:v 4 -g 60"),
        ("mjpeg.mov", "1920x1080", "-c:v mjpeg -q:v 4"),
        ("h264-4k.mp4", "3840x2160", "-c:v libx264 -preset veryfast -crf 23 -g 60"),
        ("hevc-4k.mp4", "3840x2160", "-c:v libx265 -preset ultrafast -x265-params keyint=60"),
    ];
    println!(
        "| film of a minute | first frame | 8 keyframes | 8 frames .2 s after keyframes | ffmpeg, 5 × 6 s |"
    );
    println!("|---|--:|--:|--:|--:|");
    for (name, side, options) in films {
        let Some(path) = make(&folder, name, side, options) else {
            eprintln!("{name}: ffmpeg cannot make it");
            continue;
        };
        let source = fs::read(&path).unwrap();
        let track = film::read(&source).unwrap();
        let decode = DecodeOptions::default();
        let first = seconds(ROUNDS, || {
            let track = film::read(&source).unwrap();
            frame_at(&source, &track, 0, &mut FrameBudget::PROBE.clone(), &decode).unwrap();
        });
        let keys = seconds(1, || frames(&source, &track, &times(&track, 0)));
        let between = seconds(1, || frames(&source, &track, &times(&track, 200_000)));
        let (_, before) = used();
        for piece in 0..5 {
            let start = (piece * 12).to_string();
            let path = path.to_str().unwrap();
            let raw = ["-an", "-f", "rawvideo", "-pix_fmt", "gray", "-"];
            assert!(ffmpeg(&[&["-ss", &start, "-t", "6", "-i", path][..], &raw].concat()));
        }
        let others = used().1 - before;
        println!("| {name}, {side} | {first:.2} | {keys:.2} | {between:.2} | {others:.1} |");
    }
}
