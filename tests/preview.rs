//! Previews show the picture that was hashed: the same way up, nothing cut off, in its colours.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clean_backup::decode::preview::{Preview, preview};
use clean_backup::decode::{DecodeOptions, Limits, decode};
use clean_backup::files::content::FileSource;
use clean_backup::model::media::{Dimensions, Orientation};
use clean_backup::model::policy::QUALITY_FLOOR;
use clean_backup::picture::dct;
use clean_backup::picture::hasher::CpuHasher;
use clean_backup::scan::{ScanOptions, scan};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn shown(path: &Path, side: u32) -> Result<Preview, String> {
    let source = FileSource::open(path).unwrap();
    preview(&source, side, Orientation::Upright, &DecodeOptions::default())
        .map_err(|error| error.to_string())
}

/// Scans `folder`, makes a preview of every picture in it, and hashes that; gives the files that
/// have none.
fn check(folder: &Path) -> Vec<String> {
    let cancel = AtomicBool::new(false);
    let options = ScanOptions::default();
    let found = scan(&[folder.into()], &options, None, &CpuHasher, &(), &cancel).unwrap();
    assert!(found.pictures.len() > 20, "{} pictures", found.pictures.len());
    let mut without = Vec::new();
    for picture in &found.pictures {
        let name = picture.file.path.file_name().unwrap().to_string_lossy().into_owned();
        let Ok(preview) = shown(&picture.file.path, 800) else {
            without.push(name);
            continue;
        };
        let whole = picture.record.dimensions;
        let Dimensions { width, height } = preview.dimensions;
        assert!(width.max(height) <= 800, "{name}: {width} × {height}");
        // A RAW's dimensions are the sensor's; its preview may be cut.
        if !picture.record.format.is_raw() {
            assert_eq!(width.cmp(&height), whole.width.cmp(&whole.height), "{name}: turned");
        }
        let again = decode(&preview.jpeg, &DecodeOptions::default()).unwrap();
        assert_eq!(again.dimensions, preview.dimensions, "{name}");
        if picture.record.hash.quality < QUALITY_FLOOR || whole.width.min(whole.height) < 32 {
            continue;
        }
        let (a, b) = (dct::hash_tile(&again.tiles.coarse).upright(), picture.record.hash.upright());
        let distance = a.phash.distance(b.phash).0;
        // Two fixtures have a thumbnail of its own kind, which is what is hashed.
        let most = match name.as_str() {
            // Rows of noise, which shrink to other greys.
            "page.webp" => 10,
            name if name.starts_with("thumbnail") => 6,
            _ => 4,
        };
        assert!(distance <= most, "{name}: {distance} bits of 64 differ");
    }
    without.sort();
    without
}

#[test]
fn previews_hash_like_their_pictures() {
    // What is hashed without a decoder of all of it has no preview.
    assert_eq!(
        check(&fixtures()),
        [
            "grey-32bit.tif",
            "grey-alpha-opaque.tif",
            "grey-float64.tif",
            "grey-signed-16bit.tif",
            "grey-signed-32bit.tif",
            "grey-signed-8bit.tif",
            "grey-ycbcr-1x2-deflate.tif",
            "grey-ycbcr-1x2.tif",
            "grey-ycbcr-2x1-deflate.tif",
            "grey-ycbcr-2x1.tif",
            "grey-ycbcr-2x2-deflate.tif",
            "grey-ycbcr-2x2.tif",
            "grey-ycbcr-4x1-deflate.tif",
            "grey-ycbcr-4x1.tif",
            "grey-ycbcr-4x4-deflate.tif",
            "grey-ycbcr-4x4.tif",
            "palette-4bit.tif",
            "palette-lzw.tif",
            "rgb-bmp.ico",
            "rgb-png.ico",
            "x-jpeg-one-progressive-strip.tif",
            "x-jpeg-strips.tif",
            "x-jpeg-tiles.tif",
        ]
    );
}

#[test]
fn previews_of_real_pictures() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples");
    if !folder.is_dir() {
        return eprintln!("SKIPPED: no sample pictures at {}", folder.display());
    }
    let without = check(&folder);
    let expected: &[&str] = &[];
    assert_eq!(without, expected);
}

/// Mean red, green and blue of 4 × 4 parts, seen at a size.
fn colours(path: &Path, side: u32) -> Vec<[i32; 3]> {
    let preview = shown(path, side).unwrap();
    let image = image::load_from_memory(&preview.jpeg).unwrap().into_rgb8();
    let small = image::imageops::thumbnail(&image, 4, 4);
    small.pixels().map(|pixel| pixel.0.map(i32::from)).collect()
}

#[test]
fn colours_are_those_of_the_file() {
    let families = [
        ("heif/rgb.heic", "heif/full_444.heic heif/full_422.heic heif/full_420.heic"),
        ("heif/rgb.heic", "heif/limited.heic heif/10bit.heic heif/12bit.heic"),
        ("heif/rgb.heic", "avif/full_444.avif avif/full_420.avif avif/limited.avif"),
        ("raster/rgb-reference.png", "raster/rgb-lossless.jxl raster/rgb-lossless.webp"),
        ("raster/rgb-reference.png", "raster/rgb-16bit.png raster/rgb-p6-16bit.ppm"),
        ("raster/rgb-reference.png", "raster/rgb-tiff_lzw.tif raster/rgb-24bit.bmp"),
        ("raster/alpha-reference.png", "raster/alpha-lossless.jxl raster/alpha-16bit.png"),
        ("raster/alpha-reference.png", "raster/alpha-lossless.webp raster/alpha-4channels.qoi"),
    ];
    for (reference, others) in families {
        let reference = colours(&fixtures().join(reference), 800);
        let spread = |pixel: &[i32; 3]| pixel.iter().max().unwrap() - pixel.iter().min().unwrap();
        assert!(reference.iter().map(spread).max().unwrap() > 30, "no colours to be told apart");
        for other in others.split(' ') {
            let found = colours(&fixtures().join(other), 800);
            let differences = reference.iter().flatten().zip(found.iter().flatten());
            let worst = differences.map(|(a, b)| a.abs_diff(*b)).max().unwrap();
            assert!(worst <= 8, "{other}: {worst} of 255 off: {reference:?} {found:?}");
        }
    }
}

#[test]
fn colours_of_jpeg_are_the_same_at_every_size() {
    let folder = fixtures().join("jpeg");
    let reference = colours(&folder.join("683x517-baseline.jpg"), 800);
    let forms = "baseline progressive restart optimised arithmetic arithmetic-progressive sample1x1 \
                 sample2x1 sample1x2 sample4x1 sample1x1_2x2_2x2 rgb cmyk cmyk-black ycck-black";
    for form in forms.split_whitespace() {
        // By the DC terms, by 4 and 16 samples per block, and whole.
        for side in [80, 160, 320, 800] {
            let found = colours(&folder.join(format!("683x517-{form}.jpg")), side);
            let differences = reference.iter().flatten().zip(found.iter().flatten());
            let worst = differences.map(|(a, b)| a.abs_diff(*b)).max().unwrap();
            // Reduced, a colour runs over the border of a part.
            assert!(worst <= 16, "{form} at {side}: {worst} of 255 off: {reference:?} {found:?}");
        }
    }
    let grey = colours(&folder.join("683x517-grey.jpg"), 80);
    assert!(grey.iter().all(|[r, g, b]| r.abs_diff(*g).max(g.abs_diff(*b)) <= 2), "{grey:?}");
    let turned = shown(&folder.join("150x131-exif6.jpg"), 16).unwrap().dimensions;
    assert_eq!((turned.width, turned.height), (15, 16));
}

#[test]
fn what_is_there_of_a_damaged_jpeg_is_shown() {
    let folder = fixtures().join("jpeg");
    for form in ["baseline", "restart", "arithmetic"] {
        let whole = std::fs::read(folder.join(format!("150x131-{form}.jpg"))).unwrap();
        let cut = whole[..whole.len() * 3 / 4].to_vec();
        for side in [16, 800] {
            let shown = preview(&cut, side, Orientation::Upright, &DecodeOptions::default());
            let shown = shown.unwrap_or_else(|error| panic!("{form} at {side}: {error}"));
            assert_eq!(shown.dimensions.width, side.min(150), "{form}");
        }
    }
}

#[test]
fn previews_are_turned_on_demand_and_never_enlarged() {
    let path = fixtures().join("raster/rgb-reference.png");
    let source = FileSource::open(&path).unwrap();
    let turned =
        |turn, side| preview(&source, side, turn, &DecodeOptions::default()).unwrap().dimensions;
    let plain = turned(Orientation::Upright, 10_000);
    assert_eq!(decode(&source, &DecodeOptions::default()).unwrap().dimensions, plain);
    let on_its_side = turned(Orientation::Rotate90, 10_000);
    assert_eq!((on_its_side.width, on_its_side.height), (plain.height, plain.width));
    let small = turned(Orientation::Upright, 16);
    assert_eq!(small.width.max(small.height), 16);
}

#[test]
fn damage_is_an_error() {
    let whole = std::fs::read(fixtures().join("heif/full_420.heic")).unwrap();
    let options = DecodeOptions::default();
    for length in (0..whole.len()).step_by(97) {
        let cut = whole[..length].to_vec();
        let _ = preview(&cut, 100, Orientation::Upright, &options);
    }
    let mut options = DecodeOptions::default();
    options.limits.max_pixels = 10;
    let error = preview(&whole, 100, Orientation::Upright, &options).unwrap_err().to_string();
    assert!(error.starts_with("too large"), "{error}");
}

/// Who holds memory and asks for more waits for others, who must not do the same; nor for itself.
#[test]
fn many_at_once_come_to_an_end() {
    let (done, all_done) = std::sync::mpsc::channel();
    let names = ["heif/full_444.heic", "jpeg/150x131-baseline.jpg"];
    for name in names {
        let done = done.clone();
        std::thread::spawn(move || {
            in_little_memory(name);
            let _ = done.send(name);
        });
    }
    for _ in names {
        let ended = all_done.recv_timeout(std::time::Duration::from_secs(60));
        assert!(ended.is_ok(), "they wait for one another");
    }
}

/// Eight threads in as little memory as one picture needs.
fn in_little_memory(name: &str) {
    let file = std::fs::read(fixtures().join(name)).unwrap();
    let shown = |limits: &Limits, side| {
        let options = DecodeOptions { limits: limits.clone(), exact: false };
        preview(&file, side, Orientation::Upright, &options)
    };
    let least = (1..).map(|step| step * 4096).find(|&bytes| {
        let limits = Limits::new(1 << 20, bytes, bytes);
        [60, 800].into_iter().all(|side| shown(&limits, side).is_ok())
    });
    let limits = Limits::new(1 << 20, least.unwrap(), least.unwrap());
    std::thread::scope(|scope| {
        for worker in 0..8 {
            let (shown, limits) = (&shown, &limits);
            scope.spawn(move || {
                for turn in 0..40 {
                    let side = if (worker + turn) % 2 == 0 { 60 } else { 800 };
                    shown(limits, side).unwrap();
                }
            });
        }
    });
}
