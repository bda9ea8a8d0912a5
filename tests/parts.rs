//! Parts of pictures, documents that look alike, and what is remembered of pairs: with real files.

#![allow(clippy::unwrap_used, clippy::panic)]

mod hermetic;

use std::fs;
use std::path::Path;

use clean_backup::catalogue::cache::Cache;
use clean_backup::catalogue::tiles::beside;
use clean_backup::model::record::KnownPicture;
use hermetic::{Hermetic, Ran};
use image::{GrayImage, ImageFormat, Luma, imageops};
use serde_json::Value;

const SIDE: u32 = 480;

/// Numbers that look random, the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as u32 % end
    }
}

/// Hundreds of discs of all sizes and shades: detail everywhere, and no two seeds alike.
fn photograph(seed: u64) -> GrayImage {
    let mut dice = Dice((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut levels = vec![120_i32; (SIDE * SIDE) as usize];
    for _ in 0..400 {
        let (cy, cx, radius) = (dice.below(SIDE), dice.below(SIDE), 6 + dice.below(40));
        let level = dice.below(140) as i32 - 70;
        for y in cy.saturating_sub(radius)..(cy + radius).min(SIDE) {
            for x in cx.saturating_sub(radius)..(cx + radius).min(SIDE) {
                if y.abs_diff(cy).pow(2) + x.abs_diff(cx).pow(2) < radius * radius {
                    levels[(y * SIDE + x) as usize] += level;
                }
            }
        }
    }
    GrayImage::from_fn(SIDE, SIDE, |x, y| {
        Luma([levels[(y * SIDE + x) as usize].clamp(0, 255) as u8])
    })
}

/// An invoice: the head and the lines of a template, and words and numbers of its own.
fn invoice(seed: u64) -> GrayImage {
    let mut dice = Dice((seed + 7).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut page = GrayImage::from_pixel(SIDE, SIDE * 3 / 2, Luma([255]));
    let mut fill = |x: u32, y: u32, width: u32, height: u32, level: u8| {
        for (px, py) in (y..y + height).flat_map(|py| (x..x + width).map(move |px| (px, py))) {
            page.put_pixel(px, py, Luma([level]));
        }
    };
    fill(0, 0, SIDE, 60, 60);
    fill(30, 20, 200, 20, 255);
    for line in 0..9 {
        let y = 180 + line * 40;
        fill(30, y - 6, SIDE - 60, 1, 170);
        let mut x = 34;
        while x < 300 {
            for _ in 0..2 + dice.below(6) {
                fill(x, y + dice.below(5), 3, 6 + dice.below(6), 20);
                x += 6;
            }
            x += 10;
        }
        for digit in 0..5 {
            fill(370 + digit * 12, y + dice.below(6), 6, 4 + dice.below(8), 20);
        }
    }
    page
}

fn crop(picture: &GrayImage, (x, y): (u32, u32), (width, height): (u32, u32)) -> GrayImage {
    imageops::crop_imm(picture, x, y, width, height).to_image()
}

/// With a white strip below, on which something is written.
fn captioned(picture: &GrayImage) -> GrayImage {
    let mut out = GrayImage::from_pixel(SIDE, SIDE + 70, Luma([255]));
    imageops::replace(&mut out, picture, 0, 0);
    for stroke in 0..24 {
        for y in 0..14 + stroke % 5 {
            out.put_pixel(40 + stroke * 16, SIDE + 25 + y, Luma([0]));
        }
    }
    out
}

fn save(folder: &Path, name: &str, picture: &GrayImage) {
    fs::create_dir_all(folder).unwrap();
    picture.save(folder.join(name)).unwrap();
}

fn json(ran: &Ran) -> Value {
    assert!(ran.code <= 1, "{}", ran.all());
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.all()))
}

fn dedupe(hermetic: &Hermetic, more: &[&str]) -> Value {
    let line = ["dedupe", "library", "--format", "json"];
    json(&hermetic.run(line.iter().chain(more)))
}

fn name(picture: &Value) -> &str {
    let path = picture["path"].as_str().unwrap();
    path.rsplit(['/', '\\']).next().unwrap()
}

/// The duplicates of all groups: keeper, name, relation, whether they are acted on.
fn found(report: &Value) -> Vec<(String, String, String, bool)> {
    let mut found = Vec::new();
    for group in report["groups"].as_array().unwrap() {
        for duplicate in group["duplicates"].as_array().unwrap() {
            found.push((
                name(&group["keeper"]).to_owned(),
                name(duplicate).to_owned(),
                duplicate["relation"].as_str().unwrap().to_owned(),
                duplicate["acted_on"].as_bool().unwrap(),
            ));
        }
    }
    found.sort();
    found
}

fn part_of(keeper: &str, duplicate: &str, acted_on: bool) -> (String, String, String, bool) {
    (keeper.to_owned(), duplicate.to_owned(), "part".to_owned(), acted_on)
}

#[test]
fn the_whole_picture_stays_whatever_the_files_are_like() {
    let hermetic = Hermetic::new();
    let library = hermetic.work().join("library");
    for seed in 0..3 {
        let whole = photograph(seed);
        // By its format the crop would be the better one.
        save(&library, &format!("{seed}-whole.jpg"), &whole);
        save(&library, &format!("{seed}-crop.png"), &crop(&whole, (24, 24), (432, 432)));
    }
    let report = dedupe(&hermetic, &[]);
    let expected: Vec<_> = (0..3)
        .map(|seed| part_of(&format!("{seed}-whole.jpg"), &format!("{seed}-crop.png"), true))
        .collect();
    assert_eq!(found(&report), expected);
    let group = &report["groups"][0];
    assert_eq!(group["reason"], "the whole picture");
    let region = &group["duplicates"][0]["region"];
    assert_eq!((&region["of"], &region["surroundings"]), (&"keeper".into(), &"picture".into()));
    for (edge, expected) in [("top", 0.05), ("left", 0.05), ("bottom", 0.95), ("right", 0.95)] {
        let found = region[edge].as_f64().unwrap();
        assert!((found - expected).abs() < 0.02, "{edge} {found}");
    }
    let text = hermetic.run(["dedupe", "library"]).stdout;
    assert!(text.contains(" % alike, cropped to 8"), "{text}");
    // At exact nobody asks for parts.
    assert_eq!(found(&dedupe(&hermetic, &["--sensitivity", "exact"])), []);
}

#[test]
fn a_picture_without_its_caption_is_the_whole() {
    let hermetic = Hermetic::new();
    let library = hermetic.work().join("library");
    let plain = photograph(5);
    save(&library, "plain.jpg", &plain);
    save(&library, "captioned.png", &captioned(&plain));
    let report = dedupe(&hermetic, &[]);
    assert_eq!(found(&report), [part_of("plain.jpg", "captioned.png", true)]);
    let region = &report["groups"][0]["duplicates"][0]["region"];
    assert_eq!(region["surroundings"], "caption-below", "{region}");
    assert_eq!(region["of"], "duplicate");
}

#[test]
fn a_crop_in_finer_detail_is_not_given_up() {
    let hermetic = Hermetic::new();
    let library = hermetic.work().join("library");
    let whole = photograph(8);
    let small = imageops::resize(&whole, 200, 200, imageops::FilterType::Triangle);
    save(&library, "small-whole.jpg", &small);
    save(&library, "large-crop.jpg", &crop(&whole, (24, 24), (432, 432)));
    let report = dedupe(&hermetic, &[]);
    let found = found(&report);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(!found[0].3, "one shows more, the other shows it better: {found:?}");
    assert_eq!(report["groups"][0]["duplicates"][0]["shows_more"], true);
    assert_eq!(report["summary"]["actionable"], 0);
}

#[test]
fn documents_of_one_template_are_kept_apart_and_their_copies_found() {
    let hermetic = Hermetic::new();
    let library = hermetic.work().join("library");
    for seed in 0..12 {
        save(&library, &format!("{seed:02}.png"), &invoice(seed));
    }
    for sensitivity in ["exact", "standard", "aggressive"] {
        let report = dedupe(&hermetic, &["--sensitivity", sensitivity]);
        let acted: Vec<_> = found(&report).into_iter().filter(|found| found.3).collect();
        assert_eq!(acted, [], "{sensitivity}");
    }
    for seed in 0..12 {
        let page = invoice(seed);
        let mut jpeg = Vec::new();
        let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 30);
        page.write_with_encoder(encoder).unwrap();
        fs::write(library.join(format!("{seed:02}-again.jpg")), jpeg).unwrap();
    }
    let report = dedupe(&hermetic, &[]);
    let copies = found(&report);
    assert_eq!(copies.iter().filter(|found| found.3).count(), 12, "{copies:?}");
    for (keeper, duplicate, ..) in copies.iter().filter(|found| found.3) {
        assert_eq!(keeper[..2], duplicate[..2]);
    }
}

#[test]
fn two_shots_of_one_scene_are_only_alike() {
    let hermetic = Hermetic::new();
    let library = hermetic.work().join("library");
    let first = photograph(11);
    // What stood at one place is at another one.
    let mut second = first.clone();
    imageops::replace(&mut second, &crop(&photograph(12), (90, 90), (110, 110)), 60, 80);
    save(&library, "first.jpg", &first);
    save(&library, "second.jpg", &second);
    let report = dedupe(&hermetic, &[]);
    let alike = |acted_on| {
        [("first.jpg".to_owned(), "second.jpg".to_owned(), "alike".to_owned(), acted_on)]
    };
    let mut shown = found(&report);
    if shown[0].0 == "second.jpg" {
        let first = std::mem::take(&mut shown[0].1);
        shown[0].1 = std::mem::replace(&mut shown[0].0, first);
    }
    assert_eq!(shown, alike(false));
    assert_eq!(report["summary"]["alike"], 1);
    let ran = hermetic.run(["dedupe", "library", "--action", "quarantine", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(fs::read_dir(&library).unwrap().count(), 2, "{}", ran.all());
    let ran =
        hermetic.run(["dedupe", "library", "--include-alike", "--action", "quarantine", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let left = ["first.jpg", "second.jpg"].map(|name| library.join(name).exists());
    assert_eq!(left.iter().filter(|left| **left).count(), 1, "{}", ran.all());
}

#[test]
fn a_cut_off_file_pairs_with_its_whole_twin() {
    let hermetic = Hermetic::new();
    let library = hermetic.work().join("library");
    let picture = photograph(21);
    save(&library, "whole.jpg", &picture);
    let bytes = fs::read(library.join("whole.jpg")).unwrap();
    fs::write(library.join("cut.jpg"), &bytes[..bytes.len() * 6 / 10]).unwrap();
    save(&library, "other.jpg", &photograph(22));
    let report = dedupe(&hermetic, &[]);
    let found = found(&report);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].0.as_str(), found[0].1.as_str()), ("whole.jpg", "cut.jpg"));
    assert!(found[0].3, "the damaged one goes");
    assert_eq!(report["groups"][0]["duplicates"][0]["damaged"], true);
}

#[test]
fn what_is_known_of_pairs_is_not_proven_again() {
    let hermetic = Hermetic::new();
    let library = hermetic.work().join("library");
    for seed in 0..6 {
        let whole = photograph(30 + seed);
        save(&library, &format!("{seed}.jpg"), &whole);
        save(&library, &format!("{seed}-crop.jpg"), &crop(&whole, (0, 0), (SIDE, SIDE * 9 / 10)));
    }
    let first = dedupe(&hermetic, &[]);
    assert_eq!(found(&first).len(), 6);
    let stats = json(&hermetic.run(["cache", "stats", "--format", "json"]));
    assert_eq!(stats["tiles"], 12);
    assert!(stats["pairs"].as_u64().unwrap() >= 6, "{stats}");
    // Without the tiles everything would have to be proven from the files again.
    let store = rusqlite::Connection::open(beside(&hermetic.cache_file())).unwrap();
    let refused = "UPDATE pair SET verdict = x'030164000000000000000000'";
    assert!(store.execute(refused, []).unwrap() >= 6);
    assert_eq!(found(&dedupe(&hermetic, &[])), [], "what was found is believed");
    // Another rule knows nothing of it; and a picture that is new is compared with all others.
    assert_eq!(found(&dedupe(&hermetic, &["--threshold", "7"])).len(), 6);
    let new = crop(&photograph(32), (24, 24), (432, 432));
    save(&library, "new.jpg", &new);
    assert_eq!(found(&dedupe(&hermetic, &[])).len(), 1);
    assert_eq!(
        found(&dedupe(&hermetic, &["--threshold", "7"])).len(),
        found(&dedupe(&hermetic, &["--threshold", "7", "--cache", "fresh.db"])).len()
    );
}

#[test]
fn copies_of_a_picture_that_was_compared_before_are_found() {
    let hermetic = Hermetic::new();
    let library = hermetic.work().join("library");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    // Its time has no fraction of a second, so that by their names the copies may be frames.
    let dated = fs::read(fixtures.join("keepers/converted/DSC_0003.jpg")).unwrap();
    fs::create_dir(&library).unwrap();
    fs::write(library.join("first.jpg"), &dated).unwrap();
    assert_eq!(found(&dedupe(&hermetic, &[])), []);
    for (name, copies) in [("second.jpg", 1), ("third.jpg", 2)] {
        fs::write(library.join(name), &dated).unwrap();
        for _ in 0..2 {
            assert_eq!(found(&dedupe(&hermetic, &[])).len(), copies, "{name}");
        }
    }
}

#[test]
fn new_pictures_are_compared_as_if_everything_were() {
    let hermetic = Hermetic::new();
    let library = hermetic.work().join("library");
    for seed in 0..10 {
        save(&library, &format!("{seed}.jpg"), &photograph(50 + seed));
    }
    for options in [&["--sensitivity", "aggressive"][..], &["--any-orientation"]] {
        dedupe(&hermetic, options);
    }
    let whole = photograph(52);
    save(&library, "a-crop.jpg", &crop(&whole, (100, 60), (340, 340)));
    save(&library, "b-mirrored.jpg", &imageops::flip_horizontal(&photograph(53)));
    save(&library, "c-wide.jpg", &captioned(&photograph(54)));
    for options in [&["--sensitivity", "aggressive"][..], &["--any-orientation"]] {
        let again = dedupe(&hermetic, options);
        let mut fresh = options.to_vec();
        fresh.extend(["--cache", "fresh.db"]);
        assert_eq!(again["groups"], dedupe(&hermetic, &fresh)["groups"], "{options:?}");
        assert!(!found(&again).is_empty(), "{options:?}");
        fs::remove_file(hermetic.work().join("fresh.db")).unwrap();
        fs::remove_file(hermetic.work().join("fresh.db-tiles")).unwrap();
    }
}

#[test]
fn window_hashes_are_kept_while_scanning_and_made_again_where_they_are_missing() {
    let hermetic = Hermetic::new();
    let library = hermetic.work().join("library");
    for seed in 0..6 {
        let whole = photograph(70 + seed);
        save(&library, &format!("{seed}.jpg"), &whole);
        save(&library, &format!("{seed}-crop.jpg"), &crop(&whole, (0, 0), (SIDE, SIDE * 17 / 20)));
    }
    assert_eq!(hermetic.run(["scan", "library"]).code, 0);
    let store = rusqlite::Connection::open(beside(&hermetic.cache_file())).unwrap();
    let rows = || -> Vec<(u32, Vec<u8>)> {
        let mut statement = store.prepare("SELECT id, hashes FROM window ORDER BY id").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let kept = rows();
    assert_eq!(kept.len(), 12);
    let forget = "DELETE FROM pair; DELETE FROM compared;";
    let groups = dedupe(&hermetic, &[])["groups"].clone();
    assert_eq!(groups.as_array().map(Vec::len), Some(6));
    // What is kept is believed: without it only crops are found that look like their wholes.
    store.execute_batch(forget).unwrap();
    let hashes: Vec<u8> = kept[0].1.iter().map(|_| 0xff).collect();
    store.execute("UPDATE window SET hashes = ?1", [hashes]).unwrap();
    assert!(found(&dedupe(&hermetic, &[])).len() < 4);
    for damage in ["DELETE FROM window", "UPDATE window SET hashes = substr(hashes, 1, 152)"] {
        store.execute_batch(forget).unwrap();
        store.execute_batch(damage).unwrap();
        assert_eq!(dedupe(&hermetic, &[])["groups"], groups, "{damage}");
        assert_eq!(rows(), kept, "{damage}");
    }
}

#[test]
fn a_crop_finds_its_whole_and_the_whole_its_crop() {
    let hermetic = Hermetic::new();
    let library = hermetic.work().join("library");
    for seed in 0..4 {
        save(&library, &format!("{seed}.jpg"), &photograph(70 + seed));
    }
    let whole = photograph(72);
    let needle = hermetic.work().join("needle.png");
    crop(&whole, (24, 24), (432, 432)).save_with_format(&needle, ImageFormat::Png).unwrap();
    assert_eq!(hermetic.run(["scan", "library", "--quiet"]).code, 0);
    let answers = |arguments: &[&str]| {
        json(&hermetic.run(["similar", "--format", "json"].iter().chain(arguments)))
    };
    let hits = answers(&["needle.png"])["needles"][0]["similar"].clone();
    assert_eq!(hits.as_array().unwrap().len(), 1, "{hits}");
    assert_eq!(name(&hits[0]), "2.jpg");
    assert_eq!(hits[0]["region"]["of"], "picture", "the needle is a part of it");
    let text = hermetic.run(["similar", "needle.png"]).stdout;
    assert!(text.contains("the needle is a crop of it: 8"), "{text}");
    // The other way round, and turned.
    let turned = imageops::rotate90(&crop(&whole, (24, 24), (432, 432)));
    fs::create_dir_all(hermetic.work().join("crops")).unwrap();
    turned.save(hermetic.work().join("crops/turned.jpg")).unwrap();
    assert_eq!(hermetic.run(["scan", "crops", "--quiet"]).code, 0);
    let line = ["--in", "crops", "--any-orientation", "library/2.jpg"];
    let hits = answers(&line)["needles"][0]["similar"].clone();
    assert_eq!(hits.as_array().unwrap().len(), 1, "{hits}");
    assert_eq!(
        (&hits[0]["region"]["of"], &hits[0]["orientation"]),
        (&"needle".into(), &"rotate90".into())
    );
}

fn known(cache: &Cache) -> Vec<KnownPicture> {
    let mut known = Vec::new();
    cache.each_picture(&mut |picture| known.push(picture)).unwrap();
    known
}

#[test]
fn rows_of_earlier_versions_get_their_traces_when_they_are_in_a_group() {
    let hermetic = Hermetic::new();
    let library = hermetic.work().join("library");
    save(&library, "a.png", &photograph(1));
    save(&library, "b.jpg", &photograph(1));
    save(&library, "c.jpg", &photograph(2));
    assert_eq!(hermetic.run(["scan", "library"]).code, 0);
    let open = || Cache::open(&hermetic.cache_file(), Path::new("/")).unwrap().cache;
    let mut cache = open();
    let mut pictures = known(&cache);
    assert!(pictures.iter().all(|picture| picture.record.provenance.is_some()));
    let before = pictures.clone();
    for picture in &mut pictures {
        picture.record.provenance = None;
    }
    cache.write_known(&pictures).unwrap();
    drop(cache);
    assert_eq!(dedupe(&hermetic, &[])["groups"].as_array().unwrap().len(), 1);
    let after = known(&open());
    // The last is in no group, and is as it was.
    assert_eq!(after[..2], before[..2]);
    assert_eq!(after[2], pictures[2]);
    // What cannot be read any more is still known.
    open().write_known(&pictures).unwrap();
    fs::remove_file(library.join("b.jpg")).unwrap();
    fs::create_dir(library.join("b.jpg")).unwrap();
    dedupe(&hermetic, &[]);
    assert_eq!(known(&open())[1], pictures[1]);
}
