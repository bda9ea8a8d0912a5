//! Writes the seeds that `fixtures/` does not have: `cargo run --example seeds -- CORPUS`, from
//! the folder `fuzz`.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use clean_backup::Plan;
use clean_backup::act::journal::{Ending, Intent, Line, Verdict};
use clean_backup::act::plan::{Action, ActionKind, ExactPath, Expected, Member, Origin, Proof};
use clean_backup::catalogue::exchange::{TableFormat, write_table};
use clean_backup::container::tiff;
use clean_backup::model::media::{
    Bytes, CaptureTime, DecodeFlags, Dimensions, FileKey, FileStamp, Format, Metadata, ModifiedNs,
};
use clean_backup::model::phash::PictureHash;
use clean_backup::model::record::{ContentHash, KnownPicture, PictureRecord};

type Done = Result<(), Box<dyn Error>>;

fn main() -> Done {
    let corpus = PathBuf::from(std::env::args().nth(1).ok_or("usage: seeds CORPUS")?);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    raw(&corpus, &fs::read(fixtures.join("raw/preview.jpg"))?)?;
    films(&corpus)?;
    exif_blocks(&corpus, &fixtures)?;
    sidecars(&corpus)?;
    plan_and_journal(&corpus)?;
    tables(&corpus)
}

fn put(corpus: &Path, target: &str, name: &str, bytes: &[u8]) -> Done {
    let folder = corpus.join(target);
    fs::create_dir_all(&folder)?;
    Ok(fs::write(folder.join(name), bytes)?)
}

/// A little-endian TIFF of one directory: width, height, maker, a further tag, and the preview.
fn tiff_with(maker: &str, tag: (u16, u32), jpeg: &[u8]) -> Vec<u8> {
    const HEAD: u32 = 8 + 2 + 7 * 12 + 4;
    let mut text = maker.as_bytes().to_vec();
    text.resize(16, 0);
    let preview = HEAD + 16;
    let mut entries = vec![
        (0x0100_u16, 4_u16, 1_u32, 4000_u32),
        (0x0101, 4, 1, 3000),
        (0x010f, 2, 16, HEAD),
        (0x0112, 3, 1, 6),
        (0x0201, 4, 1, preview),
        (0x0202, 4, 1, jpeg.len() as u32),
        (tag.0, 4, 1, tag.1),
    ];
    entries.sort_unstable();
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    bytes.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 4]);
    bytes.extend(text);
    bytes.extend(jpeg);
    bytes
}

fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let size = (content.len() as u32 + 8).to_be_bytes();
    [&size[..], kind, content].concat()
}

fn raw(corpus: &Path, jpeg: &[u8]) -> Done {
    // Reduced picture: NewSubfileType 1. DNGVersion 1.4.0.0.
    let reduced = (0x00fe, 1);
    for (name, maker) in [("nef", "NIKON"), ("arw", "SONY"), ("pef", "PENTAX"), ("srw", "SAMSUNG")]
    {
        put(corpus, "raw", &format!("seed.{name}"), &tiff_with(maker, reduced, jpeg))?;
    }
    put(corpus, "raw", "seed.dng", &tiff_with("Any", (0xc612, 0x0000_0401), jpeg))?;
    let mut olympus = tiff_with("OLYMPUS", reduced, jpeg);
    olympus[2..4].copy_from_slice(b"RO");
    put(corpus, "raw", "seed.orf", &olympus)?;
    let mut panasonic = tiff_with("Panasonic", reduced, jpeg);
    panasonic[2] = b'U';
    put(corpus, "raw", "seed.rw2", &panasonic)?;
    let mut fujifilm = b"FUJIFILMCCD-RAW 0201FF392201".to_vec();
    fujifilm.resize(100, 0);
    for (at, value) in [(84, 112), (88, jpeg.len() as u32), (92, 100), (96, 12)] {
        fujifilm[at..at + 4].copy_from_slice(&u32::to_be_bytes(value));
    }
    fujifilm.extend([0, 0, 0, 1, 0x01, 0x11, 0, 4, 0x0b, 0xb8, 0x0f, 0xa0]);
    fujifilm.extend(jpeg);
    put(corpus, "raw", "seed.raf", &fujifilm)?;
    const TAGS: u128 = 0x85c0_b687_820f_11e0_8111_f4ce_462b_6a48;
    const PREVIEW: u128 = 0xeaf4_2b5e_1c98_4b88_b9fb_b7dc_406e_4d16;
    let tags =
        [&TAGS.to_be_bytes()[..], &boxed(b"CMT1", &tiff_with("Canon", reduced, &[]))].concat();
    let preview = boxed(b"PRVW", &[&[0; 16], jpeg].concat());
    let preview = [&PREVIEW.to_be_bytes()[..], &[0, 0, 0, 0, 0, 0, 0, 1], &preview].concat();
    let canon = [
        boxed(b"ftyp", b"crx \0\0\0\x01crx isom"),
        boxed(b"moov", &boxed(b"uuid", &tags)),
        boxed(b"uuid", &preview),
    ];
    put(corpus, "raw", "seed.cr3", &canon.concat())
}

fn films(corpus: &Path) -> Done {
    let header = [&[0; 4][..], &3_631_818_600_u32.to_be_bytes(), &[0; 92]].concat();
    let key = boxed(b"mdta", b"com.apple.quicktime.creationdate");
    let keys = boxed(b"keys", &[&[0, 0, 0, 0, 0, 0, 0, 1], &key[..]].concat());
    let text = [&[0, 0, 0, 1, 0, 0, 0, 0], &b"2019-01-31T23:30:00+0100"[..]].concat();
    let list = boxed(b"ilst", &boxed(&[0, 0, 0, 1], &boxed(b"data", &text)));
    let movie = [boxed(b"mvhd", &header), boxed(b"meta", &[keys, list].concat())].concat();
    let film = [boxed(b"ftyp", b"qt  \0\0\0\0"), boxed(b"moov", &movie)].concat();
    put(corpus, "metadata", "seed.mov", &film)?;

    let mut matroska = b"\x1a\x45\xdf\xa3\x84\x42\x86\x81\x01".to_vec();
    matroska.extend(b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff\xec\x82\0\0");
    matroska.extend(b"\x15\x49\xa9\x66\x90\x2a\xd7\xb1\x81\x01\x44\x61\x88");
    matroska.extend(100_000_000_000_i64.to_be_bytes());
    put(corpus, "metadata", "seed.webm", &matroska)?;

    let chunk = |kind: &[u8; 4], content: &[u8]| {
        [kind, &(content.len() as u32).to_le_bytes()[..], content].concat()
    };
    let date = chunk(b"IDIT", b"Mon Mar 10 15:04:43 2003\n\0");
    let list = chunk(b"LIST", &[b"hdrl", &date[..]].concat());
    let film = chunk(b"RIFF", &[b"AVI ", &list[..]].concat());
    put(corpus, "metadata", "seed.avi", &film)
}

/// The Exif blocks of the fixtures that keep theirs behind a TIFF header of their own.
fn exif_blocks(corpus: &Path, fixtures: &Path) -> Done {
    let library = fixtures.join("library/2023");
    for entry in fs::read_dir(library)? {
        let path = entry?.path();
        let bytes = fs::read(&path)?;
        let Some(at) = bytes.windows(6).position(|window| window == b"Exif\0\0") else { continue };
        let block = bytes.get(at + 6..).unwrap_or_default();
        let block = &block[..block.len().min(4096)];
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        put(corpus, "exif", &name, block)?;
    }
    let whole = fs::read(fixtures.join("raster/x-orientation-6.tif"))?;
    match tiff::exif_block(&&whole[..])? {
        Some(block) => put(corpus, "exif", "orientation", &block),
        None => Ok(()),
    }
}

fn sidecars(corpus: &Path) -> Done {
    put(
        corpus,
        "sidecar",
        "seed.xmp",
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:Description \
          xmlns:e='http://ns.adobe.com/exif/1.0/' \
          e:DateTimeOriginal='2019-02-03T12:34:56.05+01:00'/></x:xmpmeta>",
    )?;
    put(
        corpus,
        "sidecar",
        "seed.json",
        br#"{"title":"a.jpg","photoTakenTime":{"timestamp":"1549197296"}}"#,
    )?;
    for name in ["IMG_20190203_123456.jpg", "VID-20190203-WA0001.mp4", "2019-02-03 12.34.56.png"] {
        put(corpus, "sidecar", name, name.as_bytes())?;
    }
    Ok(())
}

fn expected(path: &str, inode: u64) -> Expected {
    Expected {
        path: path.into(),
        stamp: FileStamp {
            key: FileKey { device: 1, inode },
            size: Bytes(10),
            modified: ModifiedNs(-5),
        },
        content: Some(ContentHash([0xab; 32])),
    }
}

fn plan_and_journal(corpus: &Path) -> Done {
    let mut plan = Plan::new(Origin::Dedupe, Path::new("/p"));
    plan.roots = vec![ExactPath("/p".into())];
    plan.destinations = vec![ExactPath("/aside".into())];
    let member = Member::alone(expected("a.jpg", 1))
        .relying_on(expected("b.jpg", 2), Proof { group: 2, ..Proof::SAME_BYTES })
        .going_to("/aside/a.jpg".into());
    plan.actions = vec![Action {
        group: 2,
        action: ActionKind::Quarantine,
        files: vec![member],
        why: "identical to the keeper".into(),
    }];
    let text = plan.to_json()?;
    Plan::from_json(&text)?;
    put(corpus, "plan", "seed.json", text.as_bytes())?;

    let time = || "2026-11-24T10:58:38Z".to_owned();
    let lines = [
        Line::Begin {
            version: 1,
            run: "20261124-105838".into(),
            time: time(),
            origin: plan.origin,
            undoes: Some("20261124-105837".into()),
            actions: 1,
        },
        Line::Folder { path: ExactPath("/aside".into()) },
        Line::Intent(Intent::from_plan(&plan, 0, &time()).ok_or("the plan has an action")?),
        Line::Ending(Ending {
            action: 0,
            time: time(),
            verdict: Verdict::Failed,
            remark: "no space".into(),
            stuck: vec![0],
        }),
        Line::Pruned { path: ExactPath("/p/old".into()) },
        Line::End { time: time() },
    ];
    let text: String = lines.iter().map(Line::to_text).collect();
    put(corpus, "journal", "seed.jsonl", text.as_bytes())
}

fn tables(corpus: &Path) -> Done {
    let record = PictureRecord {
        format: Format::Jpeg,
        dimensions: Dimensions { width: 4000, height: 3000 },
        hash: PictureHash::default(),
        metadata: Metadata {
            captured: Some(CaptureTime {
                local_seconds: 1_549_197_296,
                subsecond_ns: Some(50_000_000),
                offset_minutes: Some(60),
            }),
            camera: Some("=Make \"and\" Model".into()),
            ..Metadata::default()
        },
        flags: DecodeFlags::default(),
        provenance: None,
    };
    for (name, format) in [("csv", TableFormat::Csv), ("parquet", TableFormat::Parquet)] {
        let mut table = Vec::new();
        write_table(format, &mut table, &mut |give| {
            for number in 0..3 {
                let Expected { path, stamp, content } =
                    expected(&format!("/p/=ü,{number}\n.jpg"), number);
                let content = content.filter(|_| number > 0);
                let evidence = Default::default();
                give(KnownPicture { path, stamp, evidence, record: record.clone(), content });
            }
            Ok(())
        })?;
        put(corpus, name, &format!("seed.{name}"), &table)?;
    }
    Ok(())
}
