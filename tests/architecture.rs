//! Holds the source to its floors: a module imports only from lower floors, foreign crates stay in
//! the files that know them, and only the named files may change anything on disk.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Floor of each top-level module. A file may import from lower floors and from its own module; on
/// the two lowest floors, values are made of values and decisions of decisions, so there it may
/// also import from its own floor, as long as no circle comes of it. Adapters never know each
/// other.
const FLOORS: &[(u32, &[&str])] = &[
    (
        0,
        &[
            "phash",
            "tile",
            "media",
            "record",
            "event",
            "policy",
            "extensions",
            "path_text",
            "calendar",
            "leftover",
        ],
    ),
    (
        1,
        &[
            "container",
            "dct",
            "index",
            "group",
            "keeper",
            "relation",
            "rearrange",
            "units",
            "layout",
            "capture",
            "plan",
            "report",
        ],
    ),
    // How the program writes files of its own and gives work to a GPU, for the adapters that do.
    (2, &["own_database", "own_file", "stamp", "real_paths", "gpu"]),
    (
        3,
        &[
            "walk",
            "decode",
            "metadata",
            "cache",
            "decisions",
            "hash",
            "hamming_gpu",
            "hnsw",
            "exchange",
            "config",
            "content",
            "fsops",
            "journal",
        ],
    ),
    (
        4,
        &[
            "scan",
            "damage",
            "dedupe",
            "similar",
            "proposal",
            "thumbnails",
            "review",
            "organize",
            "apply",
            "undo",
            "quarantine",
            "settle",
        ],
    ),
    (BINARY, &["cli", "main"]),
];

/// The floor of the binary.
const BINARY: u32 = 5;

/// Foreign crates that only these files (or folders) may name.
const FOREIGN: &[(&str, &[&str])] = &[
    ("rusqlite", &["cache", "decisions.rs"]),
    ("wgpu", &["gpu", "hash/gpu", "hamming_gpu"]),
    ("pollster", &["gpu"]),
    ("hnsw_rs", &["hnsw.rs"]),
    ("parquet", &["exchange/parquet_table.rs"]),
    ("csv", &["exchange/csv_table.rs"]),
    ("ignore", &["walk"]),
    ("exif", &["metadata/exif.rs"]),
    ("quick_xml", &["metadata/xmp.rs"]),
    ("jiff", &["cli"]),
    ("heic_rs", &["decode/heif"]),
    ("heic_decoder", &["decode/heif"]),
    ("libheif_rs", &["decode/heif"]),
    ("re_rav1d", &["decode/avif"]),
    ("avif_parse", &["decode/avif"]),
    ("jxl_oxide", &["decode/jxl.rs"]),
    ("zune_jpeg", &["decode/jpeg"]),
    ("image", &["decode/raster", "decode/preview"]),
    ("png", &["decode/raster"]),
    ("tiff", &["decode/raster"]),
    ("image_webp", &["decode/webp.rs"]),
    ("axum", &["review/server.rs", "review/connections.rs"]),
    ("hyper", &["review/connections.rs"]),
    ("hyper_util", &["review/connections.rs"]),
    ("tokio", &["review/server.rs", "review/connections.rs"]),
    ("open", &["cli"]),
    ("inquire", &["cli/menu"]),
    ("getrandom", &["cli"]),
    ("clap", &["cli", "main.rs"]),
    ("indicatif", &["cli"]),
    ("tracing_subscriber", &["cli"]),
    ("ctrlc", &["cli"]),
    ("toml_edit", &["config"]),
    ("trash", &["fsops/trash_can.rs"]),
    ("rustix", &["cli/ask.rs", "fsops", "journal/library", "stamp.rs"]),
    ("unicode_normalization", &["layout"]),
];

/// Calls that change the file system, and where they may stand.
const MUTATING: &[&str] = &[
    "fs::write",
    "fs::remove_file",
    "fs::remove_dir",
    "fs::rename",
    "fs::copy",
    "fs::create_dir",
    "fs::hard_link",
    "fs::set_permissions",
    "File::create",
    "OpenOptions",
];
const MAY_MUTATE: &[&str] =
    &["cache", "decisions.rs", "own_file.rs", "hnsw.rs", "fsops", "journal"];

/// What the library must be handed instead of asking for it.
const AMBIENT: &[&str] = &[
    "std::env",
    "env::var",
    "Instant::now",
    "SystemTime::now",
    "println!",
    "eprintln!",
    "print!(",
    "stdout()",
    "stderr()",
    "process::exit",
];

fn sources() -> Vec<(PathBuf, String)> {
    fn collect(folder: &Path, out: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, out);
            } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("tests.rs") {
                out.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    paths.sort();
    assert!(paths.len() > 20, "only {} sources found", paths.len());
    paths
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            // Tests inside a file may do as they like; they stand last.
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap().to_owned();
            let code: String = code
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .map(|line| format!("{line}\n"))
                .collect();
            (path.strip_prefix(&root).unwrap().to_owned(), code)
        })
        .collect()
}

fn module(file: &Path) -> String {
    let first = file.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

fn floors() -> BTreeMap<&'static str, u32> {
    FLOORS.iter().flat_map(|(floor, names)| names.iter().map(move |name| (*name, *floor))).collect()
}

/// Every `crate::x` (library) or `clean_backup::x` (binary) that a file names.
fn imports(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for prefix in ["crate::", "clean_backup::"] {
        for (at, _) in code.match_indices(prefix) {
            let rest = &code[at + prefix.len()..];
            if let Some(list) = rest.strip_prefix('{') {
                // `use crate::{a, b::c}`: names at depth one.
                let mut depth = 0;
                let mut name = String::new();
                for c in list.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => {
                            found.push(std::mem::take(&mut name));
                            continue;
                        }
                        _ => {}
                    }
                    name.push(c);
                }
                found.push(name);
            } else {
                found.push(rest.to_owned());
            }
        }
    }
    found
        .into_iter()
        .map(|name| {
            name.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>()
        })
        .filter(|name| !name.is_empty() && name.chars().next().is_some_and(char::is_lowercase))
        .collect()
}

#[test]
fn imports_go_down() {
    let floors = floors();
    let mut broken = Vec::new();
    let mut sideways: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, code) in sources() {
        let own = module(&file);
        if own == "lib" {
            continue;
        }
        let Some(&floor) = floors.get(own.as_str()) else {
            broken.push(format!("{}: module {own} has no floor", file.display()));
            continue;
        };
        for name in imports(&code) {
            if name == own || (floor == BINARY && name == "cli") {
                continue;
            }
            match floors.get(name.as_str()) {
                Some(&other) if other < floor => {}
                Some(&other) if other == floor && floor < 2 => {
                    sideways.entry(own.clone()).or_default().insert(name);
                }
                Some(other) => broken.push(format!(
                    "{} (floor {floor}) imports {name} (floor {other})",
                    file.display()
                )),
                None => broken.push(format!("{} imports unknown {name}", file.display())),
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    // Take away what imports nothing that is left; a circle is what remains.
    while let Some(leaf) = sideways
        .iter()
        .find(|(_, targets)| targets.iter().all(|target| !sideways.contains_key(target)))
        .map(|(name, _)| name.clone())
    {
        sideways.remove(&leaf);
    }
    assert!(sideways.is_empty(), "modules import each other in a circle: {sideways:?}");
}

/// Whether `code` uses `name` as a crate path (`name::`), not as a part of a longer path.
fn names_crate(code: &str, name: &str) -> bool {
    // A module of ours of the same name, declared or imported here, takes the name.
    let declared = code.contains(&format!("mod {name};"));
    let imported = code.lines().filter(|line| line.contains("use ")).any(|line| {
        (line.contains("crate::") || line.contains("super::"))
            && line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
    });
    if declared || imported {
        return false;
    }
    let pattern = format!("{name}::");
    code.match_indices(&pattern)
        .any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
}

#[test]
fn foreign_crates_stay_in_their_files() {
    let mut broken = Vec::new();
    for (file, code) in sources() {
        let shown = file.to_string_lossy().replace('\\', "/");
        for (name, homes) in FOREIGN {
            let at_home = homes.iter().any(|home| shown.starts_with(home));
            if names_crate(&code, name) && !at_home {
                broken.push(format!("{shown} names {name}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn only_named_files_change_the_disk() {
    let mut broken = Vec::new();
    for (file, code) in sources() {
        let shown = file.to_string_lossy().replace('\\', "/");
        if MAY_MUTATE.iter().any(|home| shown.starts_with(home)) {
            continue;
        }
        for call in MUTATING.iter().filter(|call| code.contains(**call)) {
            broken.push(format!("{shown} calls {call}"));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_library_asks_for_nothing_ambient() {
    let mut broken = Vec::new();
    for (file, code) in sources() {
        if matches!(module(&file).as_str(), "main" | "cli") {
            continue;
        }
        for what in AMBIENT.iter().filter(|what| code.contains(**what)) {
            broken.push(format!("{}: {what}", file.display()));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn imports_are_seen() {
    let code =
        "use crate::media::{Format};\nuse crate::{tile, phash::View};\nlet x = crate::dct::q();";
    let mut names = imports(code);
    names.sort();
    assert_eq!(names, ["dct", "media", "phash", "tile"]);
    assert!(names_crate("use image::Limits;", "image"));
    assert!(!names_crate("use my_image::x; a::image::b()", "image"));
}
