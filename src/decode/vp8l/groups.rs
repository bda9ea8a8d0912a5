//! Groups of five codes that belong to parts of a picture (3.7.2.2).

use super::bits::Bits;
use super::codes::Code;

/// Symbols of lengths, behind those of green.
pub(super) const LENGTHS: usize = 24;
/// Symbols of distances.
const DISTANCES: usize = 40;
/// Bits that whole pixels are looked up by.
const WHOLE: u32 = 12;
/// What a place in the cache is told by.
const CACHED: u32 = 1 << 31;
/// Pixels of a picture for which a table of whole pixels is worth while.
const WORTH: usize = 8 << WHOLE;

/// The codes of some parts of a picture.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub green: Code,
    pub red: Code,
    pub blue: Code,
    pub alpha: Code,
    pub distance: Code,
    /// Whole pixels by their next bits: red, green and blue, or a place in the cache and
    /// [`CACHED`]; between them how many bits they have. 0 for what needs more bits than those.
    /// Empty where coverage differs, too.
    whole: Box<[u32]>,
    opaque: u32,
}

impl Group {
    pub fn read(bits: &mut Bits<'_>, cached: usize) -> Option<Self> {
        Some(Self {
            green: Code::read(bits, 256 + LENGTHS + cached)?,
            red: Code::read(bits, 256)?,
            blue: Code::read(bits, 256)?,
            alpha: Code::read(bits, 256)?,
            distance: Code::read(bits, DISTANCES)?,
            whole: Box::default(),
            opaque: 0,
        })
    }

    /// How much there is of it in memory, in entries of four bytes.
    pub fn entries(&self) -> usize {
        let codes = [&self.green, &self.red, &self.blue, &self.alpha, &self.distance];
        codes.iter().map(|code| code.entries() + 8).sum::<usize>() + self.whole.len()
    }

    /// Makes the table of whole pixels, if so many pixels for each group are worth it.
    pub fn look_ahead(&mut self, pixels: usize) {
        let Some(alpha) = self.alpha.only().filter(|_| pixels >= WORTH) else { return };
        self.opaque = u32::from(alpha) << 24;
        self.whole = (0..1 << WHOLE).map(|next| self.at_once(next).unwrap_or(0)).collect();
    }

    fn at_once(&self, next: u32) -> Option<u32> {
        let (green, length) = self.green.first_of(next)?;
        let (found, length) = if let Some(place) = usize::from(green).checked_sub(256 + LENGTHS) {
            (CACHED | place as u32, length)
        } else {
            let green = u8::try_from(green).ok()?;
            let (red, red_length) = self.red.first_of(next >> length)?;
            let length = length + red_length;
            let (blue, blue_length) = self.blue.first_of(next >> length)?;
            let length = length + blue_length;
            (u32::from(red) << 16 | u32::from(green) << 8 | u32::from(blue), length)
        };
        // A pixel of no bits at all is read in the other way.
        (length <= WHOLE).then_some(length << 24 | found)
    }

    /// A pixel that is looked up as a whole, of which the bits are there.
    #[inline(always)]
    pub fn whole_pixel(&self, bits: &mut Bits<'_>) -> Option<WholePixel> {
        let next = bits.ready() & ((1 << WHOLE) - 1);
        let found = *self.whole.get(next as usize)?;
        let length = found >> 24 & 15;
        bits.skip(length);
        (length > 0).then_some(if found & CACHED == 0 {
            WholePixel::Colour(found & 0xff_ffff | self.opaque)
        } else {
            WholePixel::Cached(found as usize & 0xffff)
        })
    }
}

/// A pixel that was looked up: itself, or its place in the cache.
pub(super) enum WholePixel {
    Colour(u32),
    Cached(usize),
}
