use std::path::{Path, PathBuf};

use super::*;
use clean_backup::model::findings::{
    Counts, Duplicate, Findings, FoundPicture, Group, Linked, Matching, Relation, Skipped,
};
use clean_backup::model::media::{
    Bytes, CaptureTime, Dimensions, FileKey, FileStamp, Format, ModifiedNs, Orientation,
};
use clean_backup::model::phash::{
    Distance, FineDistance, FineHash, PerceptualHash, PictureHash, Quality, View,
};
use clean_backup::model::policy::Policy;
use clean_backup::model::record::Stage;

fn picture(path: impl Into<PathBuf>, inode: u64, bytes: u64) -> FoundPicture {
    FoundPicture {
        path: path.into(),
        stamp: FileStamp {
            key: FileKey { device: 7, inode },
            size: Bytes(bytes),
            modified: ModifiedNs(1_549_197_296_000_000_000),
        },
        content: None,
        format: Format::Jpeg,
        dimensions: Dimensions { width: 4000, height: 3000 },
        hash: PictureHash {
            views: [View {
                phash: PerceptualHash(0x0123_4567_89ab_cdef),
                fine: FineHash([1, 2, 3, u64::MAX]),
            }; 4],
            quality: Quality(87),
        },
        camera: None,
        provenance: None,
        film: None,
        captured: None,
        reference: false,
        damaged: false,
        other_names: Vec::new(),
    }
}

fn duplicate(picture: FoundPicture, relation: Relation) -> Duplicate {
    let distance = if relation == Relation::Identical { 0 } else { 2 };
    Duplicate {
        alarm: None,
        picture,
        distance: Distance(distance),
        fine_distance: FineDistance(distance * 3),
        relation,
        orientation: Orientation::Upright,
        whole_beside_damaged: false,
        likeness: None,
        shows_more: false,
        unsure: None,
    }
}

/// Not UTF-8 where the system allows that.
fn odd_bytes() -> PathBuf {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt as _;
        PathBuf::from(std::ffi::OsString::from_vec(b"old disk/caf\xe9.jpg".to_vec()))
    }
    #[cfg(not(unix))]
    PathBuf::from("old disk/caf\u{fffd}.jpg")
}

pub(in crate::cli::render) fn sample() -> Findings {
    let mut keeper = picture("photos/Ferien, \"2019\".jpg", 1, 3_141_592);
    keeper.captured = Some(CaptureTime {
        local_seconds: 1_549_197_296,
        subsecond_ns: Some(250_000_000),
        offset_minutes: Some(120),
    });
    let mut burst = picture("photos/👩‍👩‍👧 2.heic", 3, 2_000_000);
    burst.format = Format::Heic;
    burst.captured = Some(CaptureTime {
        local_seconds: 1_549_197_297,
        subsecond_ns: None,
        offset_minutes: None,
    });
    let mut turned = duplicate(picture("copies/turned.jpg", 4, 999), Relation::Copy);
    turned.orientation = Orientation::Rotate90;
    let mut two_names = picture("copies/two names.jpg", 5, 5_000_000);
    two_names.other_names = vec!["copies/second name.jpg".into()];
    let mut reference = picture("reference/kept.png", 10, 9_000_000);
    reference.reference = true;
    Findings {
        damaged: Vec::new(),
        undecoded: Vec::new(),
        known: Default::default(),
        warnings: Vec::new(),
        roots: vec!["photos".into(), odd_bytes()],
        references: vec!["reference".into()],
        matching: Matching {
            policy: Policy::from_threshold(6),
            fine_only: false,
            any_orientation: true,
            include_bursts: false,
            include_alike: false,
            include_unsure: false,
            include_films: false,
            deep: false,
        },
        groups: vec![
            Group {
                keeper,
                reason: "more pixels".into(),
                duplicates: vec![
                    duplicate(
                        picture("photos/a\nGroup 9: 0 duplicates\u{1b}[2J.jpg", 2, 1_048_576),
                        Relation::Identical,
                    ),
                    duplicate(burst, Relation::Burst),
                    turned,
                    duplicate(two_names, Relation::Copy),
                ],
                linked: vec![Linked {
                    picture: picture("far.jpg", 6, 10),
                    distance: Distance(8),
                    fine_distance: FineDistance(60),
                    near: Some("copies/turned.jpg".into()),
                }],
            },
            Group {
                keeper: picture(odd_bytes(), 8, 1_500),
                reason: "in a reference folder".into(),
                duplicates: vec![
                    duplicate(picture("b.jpg", 9, 1), Relation::Copy),
                    duplicate(reference, Relation::Copy),
                ],
                linked: vec![],
            },
        ],
        skipped: vec![Skipped {
            path: "bad\u{202e}gpj.exe".into(),
            stage: Stage::Decode,
            reason: "damaged: marker \u{1b}]0;x\u{7}\nnext".into(),
        }],
        counts: Counts {
            films: Default::default(),
            files: 1_234_567,
            not_pictures: 12,
            images: 1_234_554,
            hashed: 1_000_000,
            from_cache: 234_554,
            seconds: 12.34,
            backend: "cpu".into(),
            by_folder: Default::default(),
        },
    }
}

#[test]
fn text_form() {
    insta::assert_snapshot!(to_text(&sample(), TextOptions::default()));
}

#[cfg(unix)]
#[test]
fn json_form() {
    insta::assert_snapshot!(to_json(&sample()).unwrap());
}

#[cfg(unix)]
#[test]
fn csv_form() {
    insta::assert_snapshot!(to_csv(&sample()).unwrap().replace('\r', "␍"));
}

#[test]
fn an_empty_report() {
    let mut report = sample();
    report.groups.clear();
    report.skipped.clear();
    report.counts = Counts { backend: "cpu".into(), ..Counts::default() };
    insta::assert_snapshot!(to_text(&report, TextOptions::default()), @r"
    No duplicates found.
    0 files: 0 pictures (0 hashed now, 0 from the cache), 0 of other kinds, 0 skipped.
    Matched within standard, 6 of 64 bits and 56 of 256, in any orientation. Took 0.0 s on cpu.
    ");
}

#[test]
fn what_is_not_shown_is_counted() {
    let all = sample().groups.len();
    let shown = |most| {
        let options = TextOptions { most_groups: Some(most), ..TextOptions::default() };
        to_text(&sample(), options)
    };
    let text = shown(1);
    assert!(text.contains("Group 1: ") && !text.contains("Group 2: "), "{text}");
    assert_eq!(all, 2);
    assert!(
        text.contains("… and 1 more group, ") && text.contains("`clean-backup review`"),
        "{text}"
    );
    // The figures are those of all.
    assert_eq!(text.lines().last(), shown(all).lines().last());
    assert!(!shown(all).contains(" more group"));
}

#[test]
fn colour_only_adds_colour_and_names_add_nothing() {
    let plain = to_text(&sample(), TextOptions::default());
    let mut coloured = to_text(&sample(), TextOptions { colour: true, ..TextOptions::default() });
    assert!(!plain.contains(|c: char| c.is_control() && c != '\n'), "{plain}");
    assert_ne!(plain, coloured);
    for code in ["\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[33m"] {
        coloured = coloured.replace(code, "");
    }
    assert_eq!(plain, coloured);
    let heads = plain.lines().filter(|line| line.starts_with("Group ")).count();
    assert_eq!(heads, 2, "a name must not forge a third group");
}

#[test]
fn bytes_to_free_count_what_would_really_go() {
    let report = sample();
    let [group, _] = &report.groups[..] else { panic!("two groups") };
    // The identical one and the turned one; not the burst, not the file with two names.
    assert_eq!(group.reclaimable_bytes(&report.matching), 1_048_576 + 999);
    let bursts_too = Matching { include_bursts: true, ..report.matching };
    assert_eq!(group.reclaimable_bytes(&bursts_too), 1_048_576 + 999 + 2_000_000);
    // The second group's reference picture is never touched.
    assert_eq!(report.summary().reclaimable_bytes, 1_048_576 + 999 + 1);
    assert_eq!((report.summary().duplicates, report.summary().actionable), (6, 4));

    let mut linked_names = group.clone();
    let twin = linked_names.duplicates[0].clone();
    linked_names.duplicates.push(twin);
    assert_eq!(linked_names.reclaimable_bytes(&report.matching), 1_048_576 + 999, "one inode once");
    linked_names.keeper.stamp.key = linked_names.duplicates[0].picture.stamp.key;
    assert_eq!(linked_names.reclaimable_bytes(&report.matching), 999, "the keeper's own inode");
}

#[test]
fn what_may_be_the_original_is_told_in_every_form() {
    let mut report = sample();
    report.groups[0].duplicates[2].unsure = Some("the kept one may be enlarged");
    assert_eq!((report.summary().unsure, report.summary().actionable), (1, 3));
    let told = "; unsure which is the original: the kept one may be enlarged";
    let shown = format!("{told}; shown, not acted on\n");
    let text = to_text(&report, TextOptions::default());
    assert!(text.contains("  unsure     copies/turned.jpg") && text.contains(&shown), "{text}");
    assert!(text.contains("unsure among them: 1"), "{text}");
    let csv = to_csv(&report).unwrap();
    assert_eq!(csv.matches(",the kept one may be enlarged\r\n").count(), 1, "{csv}");
    let json: serde_json::Value = serde_json::from_str(&to_json(&report).unwrap()).unwrap();
    let unsure = &json["groups"][0]["duplicates"][2];
    assert_eq!(unsure["unsure"], "the kept one may be enlarged");
    assert_eq!(unsure["acted_on"], false);
    // Still told where it is acted on.
    report.matching.include_unsure = true;
    assert_eq!(report.summary().actionable, 4);
    let text = to_text(&report, TextOptions::default());
    assert!(text.contains(&format!("{told}\n")), "{text}");
    // A burst is not acted on for another reason.
    report.groups[0].duplicates[1].unsure = Some("the kept one may be enlarged");
    let text = to_text(&report, TextOptions::default());
    assert!(text.contains("another shot of a burst: shown, never acted on"), "{text}");
}

#[test]
fn a_whole_picture_beside_a_damaged_keeper_is_told() {
    let mut keeper = picture("reference/half.jpg", 20, 5_000);
    (keeper.reference, keeper.damaged) = (true, true);
    let mut whole = duplicate(picture("import/whole.jpg", 21, 9_000), Relation::Copy);
    whole.whole_beside_damaged = true;
    let report = Findings {
        groups: vec![Group {
            keeper,
            reason: "in a reference folder".into(),
            duplicates: vec![whole],
            linked: Vec::new(),
        }],
        ..sample()
    };
    assert_eq!((report.summary().duplicates, report.summary().actionable), (1, 0));
    assert_eq!(report.summary().reclaimable_bytes, 0);
    let text = to_text(&report, TextOptions::default());
    assert!(text.contains("reference/half.jpg  4000×3000 jpeg, 5.0 kB, damaged\n"), "{text}");
    let told = "copy, 2 of 64 bits differ, 6 of 256; whole, but its keeper is damaged: shown, never \
                acted on\n";
    assert!(text.contains(told), "{text}");
    let json: serde_json::Value = serde_json::from_str(&to_json(&report).unwrap()).unwrap();
    let group = &json["groups"][0];
    assert_eq!(group["keeper"]["damaged"], true);
    let duplicate = &group["duplicates"][0];
    assert_eq!(duplicate["whole_beside_damaged"], true);
    assert_eq!(duplicate["acted_on"], false);
    assert_eq!(duplicate.get("damaged"), None);
    let csv = to_csv(&report).unwrap();
    assert!(csv.lines().any(|line| line.contains("half.jpg") && line.contains(",true,")), "{csv}");
}

#[cfg(unix)]
#[test]
fn a_csv_reader_gets_the_fields_back() {
    let csv = to_csv(&sample()).unwrap();
    // RFC 4180, 2: quoted fields, doubled quotes, CR LF.
    let (mut rows, mut row, mut field, mut quoted) = (vec![], vec![], String::new(), false);
    let mut chars = csv.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, quoted) {
            ('"', true) if chars.peek() == Some(&'"') => field.extend(chars.next()),
            ('"', _) => quoted = !quoted,
            (',', false) => row.push(std::mem::take(&mut field)),
            ('\r', false) => {}
            ('\n', false) => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            (c, _) => field.push(c),
        }
    }
    assert_eq!(rows.len(), 10);
    assert!(rows.iter().all(|row| row.len() == 22));
    assert_eq!(rows[1][2], "photos/Ferien, \"2019\".jpg");
    // A name that would command a terminal is written in escapes, and exactly in base64.
    assert_eq!(rows[2][2], r"photos/a\nGroup 9: 0 duplicates\x1b[2J.jpg");
    let exact = clean_backup::model::path_text::path_of(&rows[2][2], Some(&rows[2][17])).unwrap();
    assert_eq!(exact, Path::new("photos/a\nGroup 9: 0 duplicates\u{1b}[2J.jpg"));
}
