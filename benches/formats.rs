//! Decoding for a hash, format by format: a photograph of the samples where they are at hand, else
//! a drawn scene with the noise of a sensor. The throughput is in pixels.
//!
//! HEIC and AVIF are made by other programs (`heif-enc`, `avifenc`), and left out where those are
//! missing. `benches/peers/formats.py` has the same beside other decoders.

#![allow(missing_docs, clippy::unwrap_used)]

mod scenes;

use std::fs;
use std::hint::black_box;
use std::io::Cursor;
use std::path::Path;
use std::process::{Command, Stdio};

use clean_backup::decode::{DecodeOptions, decode};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use image::codecs::jpeg::JpegEncoder;
use image::{ImageFormat, RgbImage};
use tiff::encoder::{Compression, Predictor, TiffEncoder, colortype};

/// Where it is, a photograph of 12 megapixels.
const SAMPLE: &str = "../shared/samples/photos/jpg/tests/42_IndexError.jpg";

fn picture() -> RgbImage {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join(SAMPLE);
    if let Some(photograph) = fs::read(sample).ok().and_then(|b| image::load_from_memory(&b).ok()) {
        return photograph.into_rgb8();
    }
    scenes::camera_picture()
}

fn tiff(picture: &RgbImage, compression: Compression, predictor: Predictor) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    TiffEncoder::new(&mut out)
        .unwrap()
        .with_compression(compression)
        .with_predictor(predictor)
        .write_image::<colortype::RGB8>(picture.width(), picture.height(), picture.as_raw())
        .unwrap();
    out.into_inner()
}

/// What another program makes of a PNG; `None` where there is no such program.
fn by(program: &str, words: &[&str], png: &Path) -> Option<Vec<u8>> {
    let out = png.with_extension("out");
    let paths = [("IN", png), ("OUT", &*out)];
    let mut command = Command::new(program);
    for word in words {
        match paths.iter().find(|(name, _)| name == word) {
            Some((_, path)) => command.arg(path),
            None => command.arg(word),
        };
    }
    let done = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !done.is_ok_and(|status| status.success()) {
        eprintln!("left out: {program} is missing or fails");
        return None;
    }
    fs::read(out).ok()
}

fn bench(c: &mut Criterion) {
    let picture = picture();
    let folder = tempfile::tempdir().unwrap();
    let png_path = folder.path().join("picture.png");
    let encoded = |format| {
        let mut out = Cursor::new(Vec::new());
        picture.write_to(&mut out, format).unwrap();
        out.into_inner()
    };
    let png = encoded(ImageFormat::Png);
    fs::write(&png_path, &png).unwrap();
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 90).encode_image(&picture).unwrap();
    let lossy = |quality| by("cwebp", &["-q", quality, "IN", "-o", "OUT"], &png_path);
    let differences = Predictor::Horizontal;
    let files = [
        ("jpeg", Some(jpeg)),
        ("png", Some(png)),
        ("webp-75", lossy("75")),
        ("webp-90", lossy("90")),
        ("webp-lossless", Some(encoded(ImageFormat::WebP))),
        ("tiff-lzw", Some(tiff(&picture, Compression::Lzw, differences))),
        (
            "tiff-deflate",
            Some(tiff(&picture, Compression::Deflate(Default::default()), differences)),
        ),
        ("tiff-plain", Some(tiff(&picture, Compression::Uncompressed, Predictor::None))),
        ("heic", by("heif-enc", &["-q", "60", "IN", "-o", "OUT"], &png_path)),
        ("avif", by("avifenc", &["-s", "8", "IN", "OUT"], &png_path)),
    ];
    let options = DecodeOptions::default();
    let mut group = c.benchmark_group("formats");
    group.sample_size(10);
    group
        .throughput(Throughput::Elements(u64::from(picture.width()) * u64::from(picture.height())));
    for (name, bytes) in files {
        let Some(bytes) = bytes else { continue };
        group.bench_function(name, |b| b.iter(|| black_box(decode(&bytes, &options).unwrap())));
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
