//! Films made of pictures: AVI with a JPEG for every frame (Microsoft's RIFF).

#![allow(dead_code, missing_docs, clippy::unwrap_used)]

use image::codecs::jpeg::JpegEncoder;
use image::{GrayImage, Luma, imageops};

/// What was done to each frame of a film.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    None,
    /// A quarter turn clockwise.
    Turned,
    Mirrored,
    /// A twentieth of the width and of the height is cut off at each edge.
    Cropped,
    /// Black bars above and below, a quarter of the height each.
    Bars,
}

/// What a made film shows: a bright spot that wanders over a pattern.
#[derive(Clone, Copy)]
pub struct Scene {
    pub width: u32,
    pub height: u32,
    /// Of the path of the spot.
    pub seed: u32,
    /// Of the pattern behind it.
    pub backdrop: u32,
    pub frames: u32,
    /// Of the JPEGs.
    pub quality: u8,
    /// So many frames at the start are black.
    pub black: u32,
    /// The spot stays where it is.
    pub still: bool,
    /// The first so many frames were cut off.
    pub cut: u32,
    pub edit: Edit,
}

impl Scene {
    pub const ORDINARY: Self = Self {
        width: 96,
        height: 64,
        seed: 1,
        backdrop: 1,
        frames: 40,
        quality: 90,
        black: 0,
        still: false,
        cut: 0,
        edit: Edit::None,
    };

    fn edited(&self, number: u32) -> GrayImage {
        let mut frame = self.frame(number + self.cut);
        let (width, height) = frame.dimensions();
        match self.edit {
            Edit::None => frame,
            Edit::Turned => imageops::rotate90(&frame),
            Edit::Mirrored => imageops::flip_horizontal(&frame),
            Edit::Cropped => {
                let (x, y) = (width / 20, height / 20);
                imageops::crop(&mut frame, x, y, width - 2 * x, height - 2 * y).to_image()
            }
            Edit::Bars => {
                let mut barred = GrayImage::new(width, height * 3 / 2);
                imageops::replace(&mut barred, &frame, 0, i64::from(height / 4));
                barred
            }
        }
    }

    fn frame(&self, number: u32) -> GrayImage {
        if number < self.black {
            return GrayImage::new(self.width, self.height);
        }
        // Where it is at the seconds, and between them.
        let stop = |at: u32| {
            let random = |salt: u32| {
                let mut x = self.seed.wrapping_mul(2_654_435_761) ^ at.wrapping_mul(40_503) ^ salt;
                x ^= x >> 15;
                x = x.wrapping_mul(2_246_822_519);
                x ^ x >> 13
            };
            (random(1) % 64, random(2) % 64)
        };
        let (second, part) = if self.still { (0, 0) } else { (number / 5, number % 5) };
        let (from, to) = (stop(second), stop(second + 1));
        let between = |a: u32, b: u32| (a * (5 - part) + b * part) / 5;
        let (x0, y0) = (between(from.0, to.0), between(from.1, to.1));
        GrayImage::from_fn(self.width, self.height, |x, y| {
            // In hundredths of the sides, so that every size shows the same.
            let x = (f64::from(x) + 0.5) * 100.0 / f64::from(self.width);
            let y = (f64::from(y) + 0.5) * 100.0 / f64::from(self.height);
            let wave = |a: u32, b: u32| {
                let (a, b) = (self.backdrop * a % 7, self.backdrop * b % 5);
                (x * f64::from(a) / 20.0 + y * f64::from(b + 1) / 25.0).sin()
            };
            let pattern = 70.0 + 25.0 * wave(2, 3) + 25.0 * wave(5, 1);
            let (dx, dy) = (x - 18.0 - f64::from(x0), y - 18.0 - f64::from(y0));
            let spot = 130.0 * (-(dx * dx + dy * dy) / 200.0).exp();
            Luma([(pattern + spot) as u8])
        })
    }

    /// The film, with five frames a second.
    pub fn avi(&self) -> Vec<u8> {
        let frames: Vec<Vec<u8>> = (0..self.frames)
            .map(|number| {
                let mut jpeg = Vec::new();
                let frame = self.edited(number);
                JpegEncoder::new_with_quality(&mut jpeg, self.quality)
                    .encode_image(&frame)
                    .unwrap();
                jpeg
            })
            .collect();
        let u32s =
            |values: &[u32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
        let chunk = |name: &[u8; 4], content: &[u8]| {
            let mut chunk = name.to_vec();
            chunk.extend((content.len() as u32).to_le_bytes());
            chunk.extend(content);
            chunk.extend(&[0][..content.len() % 2]);
            chunk
        };
        let list =
            |name: &[u8; 4], content: &[u8]| chunk(b"LIST", &[name.as_slice(), content].concat());
        let (width, height) = self.edited(0).dimensions();
        let main = u32s(&[200_000, 0, 0, 0x10, self.frames, 0, 1, 0, width, height, 0, 0, 0, 0]);
        let mut stream = b"vidsMJPG".to_vec();
        stream.extend(u32s(&[0, 0, 0, 1, 5, 0, self.frames, 0, 0, 0, 0, 0]));
        let mut format = u32s(&[40, width, height, 0x0018_0001]);
        format.extend(b"MJPG");
        format.extend(u32s(&[width * height * 3, 0, 0, 0, 0]));
        let streams = list(b"strl", &[chunk(b"strh", &stream), chunk(b"strf", &format)].concat());
        let head = list(b"hdrl", &[chunk(b"avih", &main), streams].concat());
        let (mut movie, mut index) = (Vec::new(), Vec::new());
        for frame in &frames {
            index.extend(b"00dc");
            index.extend(u32s(&[0x10, 4 + movie.len() as u32, frame.len() as u32]));
            movie.extend(chunk(b"00dc", frame));
        }
        let content = [b"AVI ".to_vec(), head, list(b"movi", &movie), chunk(b"idx1", &index)];
        chunk(b"RIFF", &content.concat())
    }
}
