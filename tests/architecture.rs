//! Holds the source to its rooms: a file imports from its own room and from lower ones, foreign
//! crates stay in the files that know them, and only the named files change anything on disk.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, lowest floor first. A file imports from its own room and from rooms on lower floors;
/// rooms on one floor do not know each other. The last floor is the program.
const FLOORS: &[&[&str]] = &[
    &["model", "container"],
    &["picture"],
    &["video"],
    &["index", "metadata", "decode", "units"],
    &["dedupe", "files", "gpu"],
    &["catalogue", "act"],
    &["scan", "organize", "review"],
    &["library", "distributed"],
    &["cli", "main"],
];

/// The files that answer requests.
const SERVER: &[&str] = &[
    "review/server.rs",
    "review/state.rs",
    "review/answers.rs",
    "review/desk_answers.rs",
    "review/films.rs",
    "review/connections.rs",
    "review/login.rs",
    "review/refusals.rs",
];

/// Foreign crates that only these files (or folders) may name.
const FOREIGN: &[(&str, &[&str])] = &[
    ("rusqlite", &["catalogue/cache", "catalogue/decisions.rs", "catalogue/tiles"]),
    ("wgpu", &["gpu"]),
    ("pollster", &["gpu/device"]),
    ("hnsw_rs", &["catalogue/approximate.rs"]),
    ("parquet", &["catalogue/exchange/parquet_table.rs"]),
    ("csv", &["catalogue/exchange/csv_table.rs", "cli/render/csv.rs"]),
    ("ignore", &["files/walk.rs"]),
    ("exif", &["metadata/exif"]),
    ("quick_xml", &["metadata/xml.rs", "metadata/xmp"]),
    ("jiff", &["cli"]),
    ("heic_decoder", &["decode/heif"]),
    ("libheif_rs", &["decode/heif"]),
    ("re_rav1d", &["decode/av1.rs"]),
    ("jxl_oxide", &["decode/jxl.rs"]),
    ("zune_jpeg", &["decode/jpeg"]),
    ("image", &["decode/raster", "decode/preview"]),
    ("png", &["decode/raster"]),
    ("fdeflate", &["decode/tiff/strips.rs"]),
    ("tiff", &["decode/tiff"]),
    ("image_webp", &["decode/webp.rs"]),
    ("rust_h264", &["decode/film/h264.rs"]),
    ("rust_h265", &["decode/film/hevc.rs"]),
    ("rusty_vp9", &["decode/film/vp9.rs"]),
    ("oxideav_mpeg4video", &["decode/film/mpeg4.rs"]),
    ("arrow_array", &["distributed/ipc.rs"]),
    ("arrow_ipc", &["distributed/ipc.rs"]),
    ("arrow_schema", &["distributed/ipc.rs"]),
    ("axum", SERVER),
    ("argon2", &["review/password.rs"]),
    ("notify", &["cli/watching/notices.rs"]),
    ("hyper", &["review/connections.rs"]),
    ("hyper_util", &["review/connections.rs"]),
    ("tokio", SERVER),
    ("open", &["cli"]),
    ("inquire", &["cli/menu"]),
    ("rustyline", &["cli/line.rs"]),
    ("getrandom", &["cli"]),
    ("clap", &["cli", "main.rs"]),
    ("clap_complete", &["cli/args", "main.rs"]),
    ("clap_mangen", &["main.rs"]),
    ("gif", &["decode/raster"]),
    ("globset", &["cli/config/value.rs", "files/globs.rs"]),
    ("zune_core", &["decode/jpeg"]),
    ("indicatif", &["cli"]),
    ("tracing_subscriber", &["cli"]),
    ("anstyle_query", &["main.rs"]),
    ("crossterm", &["cli/stderr.rs"]),
    ("ctrlc", &["cli/interrupt.rs"]),
    ("dunce", &["files/real_paths.rs"]),
    ("windows_sys", &["files/fsops", "files/windows"]),
    ("signal_hook", &["cli/interrupt.rs"]),
    ("toml_edit", &["cli/config"]),
    ("trash", &["files/fsops/trash_can.rs"]),
    (
        "rustix",
        &[
            "cli/ask.rs",
            "cli/stderr.rs",
            "files/drive.rs",
            "files/fsops",
            "act/journal/library",
            "files/stamp.rs",
        ],
    ),
    ("unicode_normalization", &["act/layout", "files/globs.rs"]),
];

/// Crates that hold no device, database or decoder, and may stand anywhere.
const ANYWHERE: &[&str] = &[
    "base64",
    "blake3",
    "bytemuck",
    "crossbeam_channel",
    "memchr",
    "rayon",
    "serde",
    "serde_json",
    "tracing",
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
const MAY_MUTATE: &[&str] = &[
    "catalogue",
    "files/atomic_file.rs",
    "files/fsops",
    // Opens files without the right to read or change them.
    "files/windows/mod.rs",
    "act/journal",
];

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

/// The module that a file is: `index/banded/mod.rs` is `index::banded`.
fn module(file: &Path) -> Vec<String> {
    let text = file.with_extension("").to_string_lossy().replace('\\', "/");
    let mut parts: Vec<String> = text.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts
}

fn room(file: &Path) -> String {
    module(file)[0].clone()
}

fn floors() -> BTreeMap<&'static str, usize> {
    FLOORS.iter().enumerate().flat_map(|(n, rooms)| rooms.iter().map(move |r| (*r, n))).collect()
}

/// The paths that a use tree names: `a::{b, c::{d, self}}` names `a::b`, `a::c::d`, `a::c`.
fn paths(tree: &str) -> Vec<Vec<String>> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let head_end = tree.find(|c: char| !word(c) && c != ':').unwrap_or(tree.len());
    let head = tree[..head_end].trim_end_matches(':');
    let head: Vec<String> =
        head.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let Some(list) = tree[head_end..].strip_prefix('{') else { return vec![head] };
    let (mut depth, mut items, mut item) = (0_u32, Vec::new(), String::new());
    for c in list.chars() {
        match c {
            '}' if depth == 0 => break,
            ',' if depth == 0 => {
                items.push(std::mem::take(&mut item));
                continue;
            }
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        item.push(c);
    }
    items.push(item);
    let items = items.iter().map(|item| item.trim()).filter(|item| !item.is_empty());
    items
        .flat_map(|item| if item == "self" { vec![Vec::new()] } else { paths(item) })
        .map(|rest| [head.clone(), rest].concat())
        .collect()
}

/// Every path into this package that the code of `module` names, from the root of the crate:
/// `crate::`, `clean_backup::` (in the program), `self::` and `super::` are resolved.
fn imports(module: &[String], code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (start, _) in code.match_indices("::") {
        let before = &code[..start];
        let word_start = before
            .rfind(|c: char| !c.is_alphanumeric() && c != '_')
            .map_or(0, |at| at + before[at..].chars().next().unwrap().len_utf8());
        let base = match &before[word_start..] {
            "crate" | "clean_backup" => Vec::new(),
            "self" => module.to_vec(),
            "super" => {
                // `super::super::x` is read at its last `super`.
                if code[start..].starts_with("::super::") {
                    continue;
                }
                let mut up = 1;
                let mut rest = &before[..word_start];
                while let Some(shorter) = rest.strip_suffix("super::") {
                    (up, rest) = (up + 1, shorter);
                }
                module[..module.len().saturating_sub(up)].to_vec()
            }
            _ => continue,
        };
        found.extend(
            paths(&code[start + 2..]).into_iter().map(|rest| [base.clone(), rest].concat()),
        );
    }
    found
}

#[test]
fn imports_go_down() {
    let floors = floors();
    let mut broken = Vec::new();
    for (file, code) in sources() {
        let own = room(&file);
        if own == "lib" {
            continue;
        }
        let Some(&floor) = floors.get(own.as_str()) else {
            broken.push(format!("{}: {own} is no room", file.display()));
            continue;
        };
        let program = floor == FLOORS.len() - 1;
        for path in imports(&module(&file), &code) {
            let Some(name) = path.first().filter(|name| **name != own) else { continue };
            match floors.get(name.as_str()) {
                Some(&other) if other < floor || (program && other == floor) => {}
                Some(_) => broken.push(format!("{} imports {}", file.display(), path.join("::"))),
                // What the root itself names.
                None if program && name.chars().next().is_some_and(char::is_uppercase) => {}
                None => broken.push(format!("{} imports unknown {name}", file.display())),
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// The imports between the children of every module, by the path of the module. What a module
/// names of its parent's own is no arrow: a parent and its children are one piece of work.
fn arrows() -> BTreeMap<String, BTreeMap<String, BTreeSet<String>>> {
    let sources: Vec<(Vec<String>, String)> =
        sources().into_iter().map(|(file, code)| (module(&file), code)).collect();
    let known: BTreeSet<Vec<String>> = sources.iter().map(|(path, _)| path.clone()).collect();
    let mut arrows: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (own, code) in &sources {
        for path in imports(own, code) {
            // Where the two paths part, both are children of what they have in common.
            let common = own.iter().zip(&path).take_while(|(a, b)| a == b).count();
            if common == 0 || common >= own.len() || common >= path.len() {
                continue;
            }
            if !known.iter().any(|module| module.starts_with(&path[..=common])) {
                continue;
            }
            let inside = arrows.entry(own[..common].join("::")).or_default();
            inside.entry(own[common].clone()).or_default().insert(path[common].clone());
        }
    }
    arrows
}

#[test]
fn no_circles_inside_a_room() {
    let arrows = arrows();
    assert!(arrows.len() > 10, "{arrows:?}");
    let mut circles = Vec::new();
    for (parent, mut inside) in arrows {
        // Take away what imports nothing that is left; a circle is what remains.
        while let Some(leaf) = inside
            .iter()
            .find(|(_, targets)| targets.iter().all(|target| !inside.contains_key(target)))
            .map(|(name, _)| name.clone())
        {
            inside.remove(&leaf);
        }
        if !inside.is_empty() {
            circles.push(format!("{parent}: {inside:?}"));
        }
    }
    assert!(circles.is_empty(), "{}", circles.join("\n"));
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

/// What `Cargo.toml` depends on, as code names it.
fn dependencies() -> Vec<String> {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
    let manifest = manifest.unwrap();
    let (mut inside, mut found) = (false, Vec::new());
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]") && !line.contains("dev-dependencies");
        } else if inside && let Some((name, _)) = line.split_once(" = ") {
            // The only one whose code has another name.
            let name = if name == "kamadak-exif" { "exif" } else { name };
            found.push(name.replace('-', "_"));
        }
    }
    assert!(found.len() > 30, "{found:?}");
    found
}

#[test]
fn every_dependency_has_its_place() {
    let known: Vec<&str> =
        FOREIGN.iter().map(|(name, _)| *name).chain(ANYWHERE.iter().copied()).collect();
    let dependencies = dependencies();
    let homeless: Vec<_> = dependencies.iter().filter(|d| !known.contains(&d.as_str())).collect();
    assert!(homeless.is_empty(), "neither in FOREIGN nor in ANYWHERE: {homeless:?}");
    let gone: Vec<_> = known.iter().filter(|k| !dependencies.contains(&(**k).to_owned())).collect();
    assert!(gone.is_empty(), "no dependencies any more: {gone:?}");
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
        if matches!(room(&file).as_str(), "main" | "cli") {
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
    let code = "use crate::model::{media::{self, Format}, phash};\nuse super::tile;\n\
                let x = super::super::index::q(); use self::a;";
    let module = ["picture".to_owned(), "dct".to_owned()];
    let mut names: Vec<String> =
        imports(&module, code).into_iter().map(|path| path.join("::")).collect();
    names.sort();
    let expected = [
        "index::q",
        "model::media",
        "model::media::Format",
        "model::phash",
        "picture::dct::a",
        "picture::tile",
    ];
    assert_eq!(names, expected);
    assert!(names_crate("use image::Limits;", "image"));
    assert!(!names_crate("use my_image::x; a::image::b()", "image"));
}
