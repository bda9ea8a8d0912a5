//! Files a second of an import, beside `cp -a` of the same tree, in one run.
//!
//! `cargo bench --bench import [-- FILES]`: 10,000 generated JPEGs of 320×240 with dates, in 20
//! folders, into a library of a tenth as many others, in the folder for temporary files (`TMPDIR`).
//! Three rounds, medians. The program is run as people run it: it reads the dates, hashes, plans,
//! copies, waits for the disk, reads back and journals.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use image::codecs::jpeg::JpegEncoder;

const ROUNDS: usize = 3;

/// A picture of random blocks, unlike any other, with a date in its Exif tags.
fn jpeg(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let shades: Vec<u8> = (0..8 * 6).map(|_| next() as u8).collect();
    let (width, height) = (320_u32, 240_u32);
    let mut pixels = Vec::with_capacity((width * height * 3) as usize);
    for y in 0..height {
        for x in 0..width {
            let shade = shades[(y / 40 * 8 + x / 40) as usize];
            pixels.extend([shade, shade.wrapping_add(x as u8 / 8), shade ^ (y as u8 / 4)]);
        }
    }
    let mut picture = Vec::new();
    let kind = image::ExtendedColorType::Rgb8;
    JpegEncoder::new_with_quality(&mut picture, 85).encode(&pixels, width, height, kind).unwrap();
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x1a\0\0\0".to_vec();
    exif.extend(b"\0\0\0\0\x01\0\x03\x90\x02\0\x14\0\0\0\x2c\0\0\0\0\0\0\0");
    let (year, month, second) = (2000 + seed % 20, 1 + seed % 12, seed % 60);
    exif.extend(format!("{year}:{month:02}:15 12:00:{second:02}\0").bytes());
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xe1];
    bytes.extend((exif.len() as u16 + 2).to_be_bytes());
    bytes.extend(exif);
    bytes.extend(&picture[2..]);
    bytes
}

fn timed(command: &mut Command) -> Duration {
    let start = Instant::now();
    let output = command.output().unwrap();
    let took = start.elapsed();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    took
}

fn import(root: &Path, preflight: &str) -> Duration {
    let home = root.join(format!("home-{preflight}"));
    fs::create_dir_all(&home).unwrap();
    let into = format!("library-{preflight}");
    timed(
        Command::new(env!("CARGO_BIN_EXE_clean-backup"))
            .args(["organize", "card", &into, "--preflight", preflight, "--yes"])
            .env("HOME", &home)
            .env_remove("XDG_STATE_HOME")
            .env_remove("XDG_CACHE_HOME")
            .current_dir(root),
    )
}

fn main() {
    let files: u64 = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(10_000);
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for seed in 0..files {
        let to = root.join(format!("card/{:02}", seed % 20));
        fs::create_dir_all(&to).unwrap();
        fs::write(to.join(format!("IMG_{seed}.jpg")), jpeg(seed)).unwrap();
    }
    fs::create_dir_all(root.join("other")).unwrap();
    for seed in files..files + files / 10 {
        fs::write(root.join(format!("other/{seed}.jpg")), jpeg(seed)).unwrap();
    }
    let shell = |line: &str| timed(Command::new("sh").args(["-c", line]).current_dir(root));
    let ways = ["cp -a", "off", "exact", "visual"];
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); ways.len()];
    for _ in 0..ROUNDS {
        for (way, times) in ways.iter().zip(&mut times) {
            if *way == "cp -a" {
                shell("sync -f .");
                times.push(shell("cp -a card copied"));
                shell("rm -r copied");
            } else {
                shell(&format!("cp -a other library-{way} && sync -f ."));
                times.push(import(root, way));
                let filed = format!("test $(find library-{way} -name 'IMG*' | wc -l) = {files}");
                shell(&filed);
                shell(&format!("rm -r library-{way} home-{way}"));
            }
        }
    }
    println!("{files} JPEGs of 320×240, median of {ROUNDS} rounds");
    for (way, mut times) in ways.into_iter().zip(times) {
        times.sort();
        let median = times[times.len() / 2].as_secs_f64();
        let name =
            if way == "cp -a" { way.to_owned() } else { format!("organize, pre-flight {way}") };
        println!("{name:28} {median:8.2} s {:10.0} files/s", files as f64 / median);
    }
}
