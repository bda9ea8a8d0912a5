//! Pixels as they are coded: by themselves, as repetitions, or as colours of the cache (3.6).

use super::bits::Bits;
use super::cache::ColourCache;
use super::codes::Code;
use super::distances::distance;
use super::groups::{Group, LENGTHS, WholePixel};

/// Most pixels that one repetition has.
const LONGEST: usize = 4096;
/// Repetitions that are copied pixel by pixel.
const SHORT: usize = 16;
/// No pixel repeats one that lies farther back: 2²⁰ less what the pixels nearby take.
const FARTHEST: usize = 1 << 20;
/// Pixels that are kept beyond that, so that they are seldom moved.
const SPARE: usize = 1 << 20;
/// What all codes of a picture may have at least, and at most.
const LEAST_ENTRIES: usize = 1 << 14;
const MOST_ENTRIES: usize = 1 << 22;
/// Most groups of codes: as many as there can be numbers of them.
const MOST_GROUPS: usize = 1 << 16;

/// Memory of a picture, at most, beside its packed bytes and its other pictures.
pub(super) fn memory((width, height): (usize, usize)) -> usize {
    let total = width.saturating_mul(height);
    4 * (most_entries(total) + kept(total, width))
}

/// Most entries of the codes of so many pixels: small pictures need few codes.
fn most_entries(total: usize) -> usize {
    (total / 2 + LEAST_ENTRIES).min(MOST_ENTRIES)
}

/// How many of so many pixels are kept.
fn kept(total: usize, width: usize) -> usize {
    total.min(FARTHEST + SPARE + 2 * width) + LONGEST
}

/// Which group of codes counts where.
#[derive(Clone, Debug)]
struct Places {
    groups: Vec<u32>,
    /// Sides of a part are 2 to the power of this.
    bits: u32,
    across: usize,
}

/// A picture in a picture, or the picture itself, before it is transformed back.
#[derive(Clone, Debug)]
pub(super) struct PixelReader {
    width: usize,
    /// Pixels of the picture.
    total: usize,
    groups: Vec<Group>,
    places: Option<Places>,
    cache: Option<ColourCache>,
    /// The last pixels.
    pixels: Vec<u32>,
    /// How many pixels were there before them, and how many of them are read.
    before: usize,
    at: usize,
    row: usize,
}

/// Sides of a part of a picture of so many parts.
pub(super) fn parts(side: usize, bits: u32) -> usize {
    side.div_ceil(1 << bits)
}

impl PixelReader {
    /// Reads what stands before the pixels; only the picture itself has several groups of codes.
    pub fn new(bits: &mut Bits<'_>, (width, height): (usize, usize), main: bool) -> Option<Self> {
        let total = width.checked_mul(height)?;
        let cache_bits = if bits.flag() { bits.number(4) } else { 0 };
        if cache_bits > 11 {
            return None;
        }
        let cache = (cache_bits > 0).then(|| ColourCache::new(cache_bits));
        let mut count = 1;
        let mut places = None;
        if main && bits.flag() {
            let side_bits = 2 + bits.number(3);
            let (across, down) = (parts(width, side_bits), parts(height, side_bits));
            let image = Self::new(bits, (across, down), false)?.all(bits)?;
            let groups: Vec<u32> = image.into_iter().map(|pixel| pixel >> 8 & 0xffff).collect();
            count = groups.iter().max().map_or(1, |&most| most as usize + 1);
            places = Some(Places { groups, bits: side_bits, across });
        }
        if count > MOST_GROUPS {
            return None;
        }
        let cached = cache.as_ref().map_or(0, |_| 1 << cache_bits);
        let mut entries = 0;
        let mut groups = Vec::new();
        for _ in 0..count {
            let mut group = Group::read(bits, cached)?;
            group.look_ahead(total / count);
            entries += group.entries();
            if entries > most_entries(total) || bits.is_exhausted() {
                return None;
            }
            groups.push(group);
        }
        Some(Self {
            width,
            total,
            groups,
            places,
            cache,
            pixels: vec![0; kept(total, width)],
            before: 0,
            at: 0,
            row: 0,
        })
    }

    /// All pixels, of a small picture.
    pub fn all(mut self, bits: &mut Bits<'_>) -> Option<Vec<u32>> {
        let mut pixels = Vec::with_capacity(self.total);
        while pixels.len() < self.total {
            pixels.extend_from_slice(self.next_row(bits)?);
        }
        Some(pixels)
    }

    /// The next row; `None` where it is not there.
    pub fn next_row(&mut self, bits: &mut Bits<'_>) -> Option<&[u32]> {
        let start = self.row * self.width;
        let end = start + self.width;
        if end > self.total {
            return None;
        }
        if self.at + self.width + LONGEST > self.pixels.len() {
            // The row in hand is part of what is kept: a repetition may have begun it.
            let dropped = self.at.saturating_sub(FARTHEST);
            self.pixels.copy_within(dropped..self.at, 0);
            (self.before, self.at) = (self.before + dropped, self.at - dropped);
        }
        let mut own = bits.clone();
        while self.before + self.at < end {
            let column = self.before + self.at - start;
            let (group, stop) = match &self.places {
                None => (0, self.width),
                Some(places) => {
                    let part = column >> places.bits;
                    let at = (self.row >> places.bits) * places.across + part;
                    let group = *places.groups.get(at)?;
                    (group as usize, self.width.min((part + 1) << places.bits))
                }
            };
            let (group, stop) = (self.groups.get(group)?, start + stop - self.before);
            let room = self.total - self.before;
            let run = Run { width: self.width, room, stop };
            self.at = match &mut self.cache {
                None => run.read(&mut own, group, &mut self.pixels, self.at, &mut NoCache)?,
                Some(cache) => run.read(&mut own, group, &mut self.pixels, self.at, cache)?,
            };
        }
        *bits = own;
        self.row += 1;
        if bits.is_exhausted() {
            return None;
        }
        let start = start - self.before;
        self.pixels.get(start..start + self.width)
    }
}

/// What becomes of the pixels that were read.
trait Cache {
    fn add(&mut self, colour: u32);
    fn get(&self, at: usize) -> Option<u32>;
}

struct NoCache;

impl Cache for NoCache {
    #[inline(always)]
    fn add(&mut self, _: u32) {}

    fn get(&self, _: usize) -> Option<u32> {
        None
    }
}

impl Cache for ColourCache {
    #[inline(always)]
    fn add(&mut self, colour: u32) {
        self.add(colour);
    }

    fn get(&self, at: usize) -> Option<u32> {
        self.get(at)
    }
}

/// Pixels of one group.
struct Run {
    width: usize,
    /// Where the picture and where the run ends, among the pixels that are kept.
    room: usize,
    stop: usize,
}

impl Run {
    /// Reads on from `at`, and gives where it ends: after a repetition perhaps behind the run.
    #[inline(always)]
    fn read(
        &self,
        bits: &mut Bits<'_>,
        group: &Group,
        pixels: &mut [u32],
        mut at: usize,
        cache: &mut impl Cache,
    ) -> Option<usize> {
        while at < self.stop {
            bits.fill();
            if let Some(found) = group.whole_pixel(bits) {
                let pixel = match found {
                    WholePixel::Colour(pixel) => pixel,
                    WholePixel::Cached(place) => cache.get(place)?,
                };
                *pixels.get_mut(at)? = pixel;
                cache.add(pixel);
                at += 1;
                continue;
            }
            let symbol = group.green.ready_symbol(bits);
            if let Ok(green) = u8::try_from(symbol) {
                let red = group.red.ready_symbol(bits);
                let blue = group.blue.ready_symbol(bits);
                bits.fill();
                let alpha = group.alpha.ready_symbol(bits);
                let pixel = u32::from(alpha & 255) << 24
                    | u32::from(red & 255) << 16
                    | u32::from(green) << 8
                    | u32::from(blue & 255);
                *pixels.get_mut(at)? = pixel;
                cache.add(pixel);
                at += 1;
                continue;
            }
            let symbol = usize::from(symbol) - 256;
            if let Some(index) = symbol.checked_sub(LENGTHS) {
                let pixel = cache.get(index)?;
                *pixels.get_mut(at)? = pixel;
                cache.add(pixel);
                at += 1;
                continue;
            }
            let length = prefixed(bits, symbol);
            let coded = read_prefixed(bits, &group.distance);
            let distance = distance(coded, self.width);
            let from = at.checked_sub(distance)?;
            let end = at.checked_add(length).filter(|&end| end <= self.room)?;
            if end > pixels.len() {
                return None;
            }
            if length > SHORT && distance >= length {
                pixels.copy_within(from..from + length, at);
            } else {
                (0..length).for_each(|step| pixels[at + step] = pixels[from + step]);
            }
            pixels.get(at..end)?.iter().for_each(|&pixel| cache.add(pixel));
            at = end;
        }
        Some(at)
    }
}

/// A symbol of a code of lengths or distances, and the bits behind it.
fn read_prefixed(bits: &mut Bits<'_>, code: &Code) -> usize {
    let symbol = code.symbol(bits);
    prefixed(bits, symbol.into())
}

/// The number that begins with such a symbol, at least 1 (3.6.2.2).
fn prefixed(bits: &mut Bits<'_>, symbol: usize) -> usize {
    if symbol < 4 {
        return symbol + 1;
    }
    let extra = (symbol as u32 - 2) >> 1;
    let offset = (2 + (symbol & 1)) << extra;
    offset + bits.number(extra) as usize + 1
}
