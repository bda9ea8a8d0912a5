//! JPEG XL pictures (ISO/IEC 18181), the first frame of animated ones.
//!
//! Lossy ones are computed in floating point inside the foreign decoder; that cannot be avoided,
//! the format defines its transforms so. Its scalar and vector paths may differ in the last bits
//! of a float, which moves a sample of 16 bits by a unit or so: the averages of a tile then differ
//! at most where they stand right between two values, and a hash by a bit or two, within any
//! radius. Lossless pictures are exact. From the decoder's 16-bit samples on all is in integers.

use std::io;

use jxl_oxide::{
    AllocTracker, EnumColourEncoding, InitializeResult, JxlImage, JxlThreadPool, PixelFormat,
    RenderingIntent, UninitializedJxlImage,
};

use super::luma::{Channels, LumaRows, narrow};
use super::pixels::Pixels;
use super::{DecodeError, DecodeOptions, Decoded, OrientationFrom};
use crate::container::ReadAt;
use crate::model::media::{DecodeFlags, Dimensions, Format};

/// Most boxes of a container that are looked at.
const MOST_BOXES: usize = 1 << 12;
/// Most bytes of an EXIF box that are read.
const MOST_EXIF: u64 = 1 << 20;
/// Bytes that are fed at a time.
const PORTION: u64 = 1 << 16;
/// Portions after which a header has to be complete; it may hold a colour profile.
const MOST_HEADER_PORTIONS: usize = 128;
/// What the decoder may hold beside the picture.
const OVERHEAD: u64 = 16 << 20;

/// Where the codestream and the metadata lie, as offset and length.
#[derive(Default)]
struct Parts {
    codestream: Vec<(u64, u64)>,
    exif: Option<(u64, u64)>,
    /// The file ends within a box.
    cut: bool,
}

pub(super) fn decode(source: &dyn ReadAt, options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    let parts = find_parts(source)?;
    let (mut dimensions, mut rows) = (Dimensions { width: 0, height: 0 }, None);
    read(parts.codestream, source, options, &mut |sides, channels, row| {
        dimensions = sides;
        let rows = match &mut rows {
            Some(rows) => rows,
            none => none.insert(LumaRows::new(sides)?),
        };
        rows.push_wide(channels, row.iter().copied())
    })?;
    let rows = rows.ok_or_else(|| DecodeError::Damaged("the picture has no pixels".into()))?;
    Ok(Decoded {
        format: Format::Jxl,
        tiles: rows.finish()?,
        dimensions,
        orientation: OrientationFrom::Applied,
        exif: parts.exif.map(|(at, len)| read_exif(source, at, len)).transpose()?.flatten(),
        flags: DecodeFlags { damaged_tail: parts.cut, ..DecodeFlags::default() },
        provenance: rows.provenance(),
    })
}

/// The same picture in colour.
pub(super) fn pixels(source: &dyn ReadAt, options: &DecodeOptions) -> Result<Pixels, DecodeError> {
    let mut pixels = Pixels::default();
    let mut narrowed = Vec::new();
    read(find_parts(source)?.codestream, source, options, &mut |sides, channels, row| {
        pixels.dimensions = sides;
        narrowed.clear();
        narrowed.extend(row.iter().map(|&sample| narrow(sample)));
        channels.rgb_row(&narrowed, &mut pixels.rgb);
        Ok(())
    })?;
    Ok(pixels)
}

/// Takes a row of the picture, from the top: its dimensions, what its samples are, and those.
type TakeRow<'a> = dyn FnMut(Dimensions, Channels, &[u16]) -> Result<(), DecodeError> + 'a;

fn read(
    codestream: Vec<(u64, u64)>,
    source: &dyn ReadAt,
    options: &DecodeOptions,
    take: &mut TakeRow<'_>,
) -> Result<(), DecodeError> {
    let mut feed = Feed { source, parts: codestream, left: Vec::new(), ended: false };
    // Before the decoder sees the picture: the number of its pieces follows from its size.
    options.limits.admit(coded_dimensions(&mut feed)?)?;
    // The decoder gets the codestream alone: the other boxes it would keep, and unpack, unasked.
    let allowed = options.limits.max_picture_bytes;
    let tracker = AllocTracker::with_limit(usize::try_from(allowed).unwrap_or(usize::MAX));
    let start =
        JxlImage::builder().pool(JxlThreadPool::none()).alloc_tracker(tracker).build_uninit();
    let mut image = initialise(start, &mut feed)?;

    let dimensions = Dimensions { width: image.width(), height: image.height() };
    options.limits.admit(dimensions)?;
    // Colours and coverage in floats, once before and once after the filters.
    let channels = 3 + image.image_header().metadata.ec_info.len() as u64;
    let needed = OVERHEAD + dimensions.pixels().saturating_mul(channels.saturating_mul(8));
    let _held = options.limits.reserve(needed.min(allowed))?;
    while image.num_loaded_keyframes() == 0 {
        let Some(portion) = feed.next()? else { break };
        let taken = image.feed_bytes(&portion).map_err(refused)?;
        feed.keep(portion, taken);
    }
    if image.num_loaded_keyframes() == 0 {
        return Err(DecodeError::Truncated("the first frame of a JPEG XL is incomplete".into()));
    }
    let metadata = &image.image_header().metadata;
    if metadata.xyb_encoded {
        // Coded in a colour space of its own: ask for the usual one.
        let encoding = if metadata.grayscale() {
            EnumColourEncoding::gray_srgb(RenderingIntent::Relative)
        } else {
            EnumColourEncoding::srgb(RenderingIntent::Relative)
        };
        image.request_color_encoding(encoding);
    }
    render(&image, dimensions, take)
}

/// The codestream, portion by portion.
struct Feed<'a> {
    source: &'a dyn ReadAt,
    parts: Vec<(u64, u64)>,
    /// What was not taken yet.
    left: Vec<u8>,
    /// Whether that was offered once more when nothing else was to come.
    ended: bool,
}

impl Feed<'_> {
    /// Puts what the decoder did not take before the next bytes.
    fn keep(&mut self, mut portion: Vec<u8>, taken: usize) {
        portion.drain(..taken.min(portion.len()));
        self.left = portion;
    }

    /// The next bytes, or `None` at the end.
    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        while let Some((at, len)) = self.parts.first_mut() {
            if *len == 0 {
                self.parts.remove(0);
                continue;
            }
            let take = (*len).min(PORTION);
            let mut portion = std::mem::take(&mut self.left);
            let kept = portion.len();
            portion.resize(kept + take as usize, 0);
            self.source.read_exact_at(*at, portion.get_mut(kept..).unwrap_or_default())?;
            (*at, *len) = (*at + take, *len - take);
            return Ok(Some(portion));
        }
        let last = !self.ended && !self.left.is_empty();
        self.ended = true;
        Ok(last.then(|| std::mem::take(&mut self.left)))
    }
}

/// The picture's stored dimensions from the first bits of the codestream (ISO/IEC 18181-1, D.2).
fn coded_dimensions(feed: &mut Feed<'_>) -> Result<Dimensions, DecodeError> {
    let mut portion = Vec::new();
    while portion.len() < 18 {
        feed.keep(portion, 0);
        match feed.next()? {
            Some(more) => portion = more,
            None => return Err(DecodeError::Truncated("a JPEG XL of a few bytes".into())),
        }
    }
    let bits = portion.get(2..18).and_then(|bits| bits.first_chunk());
    let mut bits = u128::from_le_bytes(*bits.unwrap_or(&[0; 16]));
    if !portion.starts_with(&[0xff, 0x0a]) {
        return Err(DecodeError::Damaged("JPEG XL without a codestream".into()));
    }
    // The lowest bit comes first.
    let mut take = |count: u32| {
        let value = (bits & ((1_u128 << count) - 1)) as u32;
        bits >>= count;
        value
    };
    let in_eights = take(1) == 1;
    let side = |take: &mut dyn FnMut(u32) -> u32| {
        if in_eights {
            return (take(5) + 1) * 8;
        }
        let count = [9, 13, 18, 30].get(take(2) as usize).copied().unwrap_or(30);
        take(count) + 1
    };
    let height = side(&mut take);
    let ratio = match take(3) {
        0 => None,
        1 => Some((1, 1)),
        2 => Some((12, 10)),
        3 => Some((4, 3)),
        4 => Some((3, 2)),
        5 => Some((16, 9)),
        6 => Some((5, 4)),
        _ => Some((2, 1)),
    };
    let width = match ratio {
        None => side(&mut take),
        Some((across, down)) => {
            u32::try_from(u64::from(height) * across / down).unwrap_or(u32::MAX)
        }
    };
    feed.keep(portion, 0);
    feed.ended = false;
    Ok(Dimensions { width, height })
}

fn initialise(
    mut start: UninitializedJxlImage,
    feed: &mut Feed<'_>,
) -> Result<JxlImage, DecodeError> {
    for _ in 0..MOST_HEADER_PORTIONS {
        let Some(portion) = feed.next()? else { break };
        let taken = start.feed_bytes(&portion).map_err(refused)?;
        feed.keep(portion, taken);
        match start.try_init().map_err(refused)? {
            InitializeResult::NeedMoreData(more) => start = more,
            InitializeResult::Initialized(image) => return Ok(image),
        }
    }
    Err(DecodeError::Truncated("the header of a JPEG XL is incomplete".into()))
}

fn render(
    image: &JxlImage,
    dimensions: Dimensions,
    take: &mut TakeRow<'_>,
) -> Result<(), DecodeError> {
    let channels = match image.pixel_format() {
        PixelFormat::Gray => Channels::Grey,
        PixelFormat::Graya => Channels::GreyAlpha,
        PixelFormat::Rgb => Channels::Rgb,
        PixelFormat::Rgba => Channels::Rgba,
        PixelFormat::Cmyk | PixelFormat::Cmyka => {
            return Err(DecodeError::Unsupported("JPEG XL in inks".into()));
        }
    };
    let render = image.render_frame(0).map_err(refused)?;
    let mut stream = render.stream();
    let fits = (stream.width(), stream.height()) == (dimensions.width, dimensions.height)
        && stream.channels() as usize == channels.count();
    if !fits {
        return Err(DecodeError::Damaged("a JPEG XL frame that is not the picture".into()));
    }
    let mut row = vec![0_u16; dimensions.width as usize * channels.count()];
    for _ in 0..dimensions.height {
        stream.write_to_buffer(&mut row);
        take(dimensions, channels, &row)?;
    }
    Ok(())
}

/// The codestream in the boxes `jxlc` or `jxlp`, or the whole of a bare one (ISO/IEC 18181-2).
fn find_parts(source: &dyn ReadAt) -> io::Result<Parts> {
    let size = source.size();
    let mut magic = [0; 2];
    source.read_exact_at(0, &mut magic)?;
    if magic == [0xff, 0x0a] {
        return Ok(Parts { codestream: vec![(0, size)], ..Parts::default() });
    }
    let mut parts = Parts::default();
    let mut at = 0_u64;
    for _ in 0..MOST_BOXES {
        let mut head = [0; 16];
        let Some(left) = size.checked_sub(at).filter(|&left| left >= 8) else { break };
        let head_len = left.min(16) as usize;
        source.read_exact_at(at, head.get_mut(..head_len).unwrap_or_default())?;
        let [l0, l1, l2, l3, n0, n1, n2, n3, long @ ..] = head;
        let (start, len) = match u32::from_be_bytes([l0, l1, l2, l3]) {
            0 => (8, left),
            1 => (16, u64::from_be_bytes(long)),
            len => (8, u64::from(len)),
        };
        if len < start {
            break;
        }
        let body = (at + start.min(left), len.min(left).saturating_sub(start));
        match &[n0, n1, n2, n3] {
            b"jxlc" => {
                parts.cut |= len > left;
                parts.codestream.push(body);
            }
            // Four bytes of sequence number stand before each part.
            b"jxlp" if body.1 >= 4 => {
                parts.cut |= len > left;
                parts.codestream.push((body.0 + 4, body.1 - 4));
            }
            b"Exif" => parts.exif = parts.exif.or(Some(body)),
            _ => {}
        }
        at = at.saturating_add(len);
    }
    Ok(parts)
}

/// The EXIF block from its TIFF header on, whose offset stands in the first four bytes (some
/// writers leave these out).
fn read_exif(source: &dyn ReadAt, at: u64, len: u64) -> io::Result<Option<Vec<u8>>> {
    if !(4..=MOST_EXIF).contains(&len) {
        return Ok(None);
    }
    let mut block = vec![0; len as usize];
    source.read_exact_at(at, &mut block)?;
    if block.starts_with(b"II*\0") || block.starts_with(b"MM\0*") {
        return Ok(Some(block));
    }
    let skip = block.first_chunk().map_or(0, |&skip| u32::from_be_bytes(skip)) as usize;
    Ok(block.get(4..).and_then(|block| block.get(skip..)).map(<[u8]>::to_vec))
}

fn refused(error: Box<dyn std::error::Error + Send + Sync + 'static>) -> DecodeError {
    DecodeError::Damaged(error.to_string())
}
