//! A JPEG for a hash, against what no reader can do without: an earlier part of the stream tells where
//! the next symbol begins, so that each one has to be looked up.
//!
//! `symbols` is that and nothing else: it steps from symbol to symbol of a baseline JPEG, and keeps
//! no value, takes no care of damage and makes no tile. `bytes` is a pass over the file for the markers
//! in it, which every reader makes too.

#![allow(missing_docs, clippy::unwrap_used)]

mod scenes;

use std::hint::black_box;

use clean_backup::decode::{DecodeOptions, decode};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use image::codecs::jpeg::JpegEncoder;

/// By the next 16 bits: the bits of a symbol and its magnitude, and the coefficients that it stands
/// for; 64 at the end of a block.
type Steps = Vec<(u8, u8)>;

/// What stepping through a scan needs: the tables of each block of an MCU, and how many there are.
struct Scan<'a> {
    blocks: Vec<[&'a Steps; 2]>,
    mcus: usize,
    data: Vec<u8>,
}

fn steps(counts: &[u8], symbols: &[u8], is_dc: bool) -> Steps {
    let mut table = vec![(16, 64); 1 << 16];
    let (mut code, mut symbols) = (0_usize, symbols.iter());
    for (length, &count) in (1_usize..).zip(counts) {
        for &symbol in symbols.by_ref().take(count.into()) {
            let size = symbol & 15;
            let coefficients = match symbol >> 4 {
                _ if is_dc => 1,
                run if size == 0 && run < 15 => 64,
                run => run + 1,
            };
            let first = code << (16 - length);
            table[first..first + (1 << (16 - length))].fill((length as u8 + size, coefficients));
            code += 1;
        }
        code <<= 1;
    }
    table
}

/// The tables and the one scan of a baseline JPEG without restart markers.
fn read(jpeg: &[u8], tables: &mut [[Steps; 2]; 2]) -> (Vec<[usize; 2]>, usize, Vec<u8>) {
    let (mut at, mut mcus, mut sampling) = (2, 0, Vec::new());
    loop {
        let marker = jpeg[at + 1];
        let length = usize::from(jpeg[at + 2]) << 8 | usize::from(jpeg[at + 3]);
        let body = &jpeg[at + 4..at + 2 + length];
        at += 2 + length;
        match marker {
            0xc0 => {
                let side = |at: usize| usize::from(body[at]) << 8 | usize::from(body[at + 1]);
                sampling = body[6..].chunks(3).map(|c| [c[1] >> 4, c[1] & 15]).collect();
                let most = |which| sampling.iter().map(|c: &[u8; 2]| c[which]).max().unwrap();
                let across = side(3).div_ceil(8 * usize::from(most(0)));
                mcus = across * side(1).div_ceil(8 * usize::from(most(1)));
            }
            0xc4 => {
                let mut rest = body;
                while let [head, more @ ..] = rest {
                    let (counts, more) = more.split_at(16);
                    let total = counts.iter().map(|&count| usize::from(count)).sum();
                    let (class, slot) = (usize::from(head >> 4), usize::from(head & 15));
                    tables[class][slot] = steps(counts, &more[..total], class == 0);
                    rest = &more[total..];
                }
            }
            0xda => {
                let used = body[1..].chunks(2).take(usize::from(body[0]));
                let used = used.zip(&sampling).flat_map(|(pair, sampling)| {
                    let tables = [usize::from(pair[1] >> 4), usize::from(pair[1] & 15)];
                    vec![tables; usize::from(sampling[0] * sampling[1])]
                });
                // Without the zero bytes that are stuffed into it.
                let mut data = Vec::with_capacity(jpeg.len() - at + 16);
                for (index, &byte) in jpeg[at..jpeg.len() - 2].iter().enumerate() {
                    if byte != 0 || jpeg[at + index - 1] != 0xff {
                        data.push(byte);
                    }
                }
                data.extend([0; 16]);
                return (used.collect(), mcus, data);
            }
            _ => {}
        }
    }
}

/// Steps over all symbols; how many there are.
fn walk(scan: &Scan<'_>) -> usize {
    let (mut at, mut symbols) = (0_usize, 0);
    let mut step = |table: &Steps| {
        let next = scan.data[at / 8..].first_chunk::<4>().unwrap();
        let next = (u32::from_be_bytes(*next) << (at % 8) >> 16) as usize;
        let (bits, coefficients) = table[next];
        at += usize::from(bits);
        symbols += 1;
        coefficients
    };
    for _ in 0..scan.mcus {
        for [dc, ac] in &scan.blocks {
            step(dc);
            let mut place = 1;
            while place < 64 {
                place += step(ac);
            }
        }
    }
    assert!(at.div_ceil(8) + 16 == scan.data.len(), "the walk has gone astray");
    symbols
}

fn bench(c: &mut Criterion) {
    let picture = scenes::camera_picture();
    let pixels = u64::from(picture.width()) * u64::from(picture.height());
    let mut group = c.benchmark_group("jpeg");
    group.sample_size(20).throughput(Throughput::Elements(pixels));
    for quality in [75, 90] {
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, quality).encode_image(&picture).unwrap();
        let mut tables = [[Vec::new(), Vec::new()], [Vec::new(), Vec::new()]];
        let (used, mcus, data) = read(&jpeg, &mut tables);
        let blocks = used.iter().map(|&[dc, ac]| [&tables[0][dc], &tables[1][ac]]).collect();
        let scan = Scan { blocks, mcus, data };
        println!("quality {quality}: {} bytes, {} symbols", jpeg.len(), walk(&scan));
        let options = DecodeOptions::default();
        group.bench_function(format!("decode, quality {quality}"), |b| {
            b.iter(|| black_box(decode(&jpeg, &options).unwrap()));
        });
        group.bench_function(format!("symbols, quality {quality}"), |b| {
            b.iter(|| walk(black_box(&scan)));
        });
        group.bench_function(format!("bytes, quality {quality}"), |b| {
            b.iter(|| memchr::memchr_iter(0xff, black_box(&jpeg)).count());
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
