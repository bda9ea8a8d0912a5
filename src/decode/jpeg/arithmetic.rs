//! Arithmetic-coded pictures (T.81, D, F.1.4 and G.1.3), sequential and progressive.

use super::DecodeError;
use super::blocks::Blocks;
use super::entropy::{self, Entropy};
use super::frame::Frame;
use super::scan;
use super::segments::{JpegReader, ScanHeader};

/// T.81, Table D.3: for each state the estimate Qe, the next state after the less and after the
/// more probable symbol, and whether the more probable one changes. The last is the fixed estimate
/// of one half.
#[rustfmt::skip]
const STATES: [(u16, u8, u8, u8); 114] = [
    (0x5a1d, 1, 1, 1), (0x2586, 14, 2, 0), (0x1114, 16, 3, 0), (0x080b, 18, 4, 0),
    (0x03d8, 20, 5, 0), (0x01da, 23, 6, 0), (0x00e5, 25, 7, 0), (0x006f, 28, 8, 0),
    (0x0036, 30, 9, 0), (0x001a, 33, 10, 0), (0x000d, 35, 11, 0), (0x0006, 9, 12, 0),
    (0x0003, 10, 13, 0), (0x0001, 12, 13, 0), (0x5a7f, 15, 15, 1), (0x3f25, 36, 16, 0),
    (0x2cf2, 38, 17, 0), (0x207c, 39, 18, 0), (0x17b9, 40, 19, 0), (0x1182, 42, 20, 0),
    (0x0cef, 43, 21, 0), (0x09a1, 45, 22, 0), (0x072f, 46, 23, 0), (0x055c, 48, 24, 0),
    (0x0406, 49, 25, 0), (0x0303, 51, 26, 0), (0x0240, 52, 27, 0), (0x01b1, 54, 28, 0),
    (0x0144, 56, 29, 0), (0x00f5, 57, 30, 0), (0x00b7, 59, 31, 0), (0x008a, 60, 32, 0),
    (0x0068, 62, 33, 0), (0x004e, 63, 34, 0), (0x003b, 32, 35, 0), (0x002c, 33, 9, 0),
    (0x5ae1, 37, 37, 1), (0x484c, 64, 38, 0), (0x3a0d, 65, 39, 0), (0x2ef1, 67, 40, 0),
    (0x261f, 68, 41, 0), (0x1f33, 69, 42, 0), (0x19a8, 70, 43, 0), (0x1518, 72, 44, 0),
    (0x1177, 73, 45, 0), (0x0e74, 74, 46, 0), (0x0bfb, 75, 47, 0), (0x09f8, 77, 48, 0),
    (0x0861, 78, 49, 0), (0x0706, 79, 50, 0), (0x05cd, 48, 51, 0), (0x04de, 50, 52, 0),
    (0x040f, 50, 53, 0), (0x0363, 51, 54, 0), (0x02d4, 52, 55, 0), (0x025c, 53, 56, 0),
    (0x01f8, 54, 57, 0), (0x01a4, 55, 58, 0), (0x0160, 56, 59, 0), (0x0125, 57, 60, 0),
    (0x00f6, 58, 61, 0), (0x00cb, 59, 62, 0), (0x00ab, 61, 63, 0), (0x008f, 61, 32, 0),
    (0x5b12, 65, 65, 1), (0x4d04, 80, 66, 0), (0x412c, 81, 67, 0), (0x37d8, 82, 68, 0),
    (0x2fe8, 83, 69, 0), (0x293c, 84, 70, 0), (0x2379, 86, 71, 0), (0x1edf, 87, 72, 0),
    (0x1aa9, 87, 73, 0), (0x174e, 72, 74, 0), (0x1424, 72, 75, 0), (0x119c, 74, 76, 0),
    (0x0f6b, 74, 77, 0), (0x0d51, 75, 78, 0), (0x0bb6, 77, 79, 0), (0x0a40, 77, 48, 0),
    (0x5832, 80, 81, 1), (0x4d1c, 88, 82, 0), (0x438e, 89, 83, 0), (0x3bdd, 90, 84, 0),
    (0x34ee, 91, 85, 0), (0x2eae, 92, 86, 0), (0x299a, 93, 87, 0), (0x2516, 86, 71, 0),
    (0x5570, 88, 89, 1), (0x4ca9, 95, 90, 0), (0x44d9, 96, 91, 0), (0x3e22, 97, 92, 0),
    (0x3824, 99, 93, 0), (0x32b4, 99, 94, 0), (0x2e17, 93, 86, 0), (0x56a8, 95, 96, 1),
    (0x4f46, 101, 97, 0), (0x47e5, 102, 98, 0), (0x41cf, 103, 99, 0), (0x3c3d, 104, 100, 0),
    (0x375e, 99, 93, 0), (0x5231, 105, 102, 0), (0x4c0f, 106, 103, 0), (0x4639, 107, 104, 0),
    (0x415e, 103, 99, 0), (0x5627, 105, 106, 1), (0x50e7, 108, 107, 0), (0x4b85, 109, 103, 0),
    (0x5597, 110, 109, 0), (0x504f, 111, 107, 0), (0x5a10, 110, 111, 1), (0x5522, 112, 109, 0),
    (0x59eb, 112, 111, 1), (0x5a1d, 113, 113, 0),
];
/// The state that never changes.
const FIXED: u8 = 113;
/// An encoder drops the zero bytes at its end; more than this were never there.
const MOST_MADE_UP: u32 = 64;

/// A statistics bin: the state, and the more probable symbol in the top bit.
type Bin = u8;

/// The decoder's registers (D.2), in the arrangement that keeps the code register in place.
struct Decoder<'a> {
    data: &'a [u8],
    at: usize,
    code: u64,
    interval: u32,
    /// Bits that the code register is ahead; below zero while it is filled at first.
    shift: i32,
    made_up: u32,
}

impl<'a> Entropy<'a> for Decoder<'a> {
    fn new(data: &'a [u8], at: usize) -> Self {
        Self { data, at, code: 0, interval: 0, shift: -16, made_up: 0 }
    }

    fn restart(&mut self) -> Option<u8> {
        *self = Self::new(self.data, self.at);
        entropy::next_restart_marker(self.data, &mut self.at)
    }

    fn overrun(&self) -> bool {
        self.made_up > MOST_MADE_UP
    }

    fn position(&self) -> usize {
        self.at
    }
}

impl Decoder<'_> {
    fn byte(&mut self) -> u8 {
        match (self.data.get(self.at), self.data.get(self.at + 1)) {
            (Some(0xff), Some(0)) => {
                self.at += 2;
                0xff
            }
            (Some(0xff), Some(0xff)) => {
                self.at += 1;
                self.byte_behind_fill()
            }
            (Some(0xff) | None, _) => {
                self.made_up += 1;
                0
            }
            (Some(&byte), _) => {
                self.at += 1;
                byte
            }
        }
    }

    #[cold]
    fn byte_behind_fill(&mut self) -> u8 {
        while self.data.get(self.at + 1) == Some(&0xff) {
            self.at += 1;
        }
        self.byte()
    }

    /// One binary decision (D.2.4 to D.2.6).
    fn decide(&mut self, bin: &mut Bin) -> bool {
        while self.interval < 0x8000 {
            self.shift -= 1;
            if self.shift < 0 {
                self.code = self.code << 8 | u64::from(self.byte());
                self.shift += 8;
                if self.shift < 0 {
                    self.shift += 1;
                    if self.shift == 0 {
                        self.interval = 0x8000;
                    }
                }
            }
            self.interval <<= 1;
        }
        let (estimate, after_less, after_more, switch) = STATES[usize::from(*bin & 0x7f)];
        let estimate = u32::from(estimate);
        let more = *bin & 0x80;
        let (less_bin, more_bin) = (more ^ (after_less | switch << 7), more ^ after_more);
        self.interval -= estimate;
        let split = u64::from(self.interval) << self.shift;
        let symbol = if self.code >= split {
            self.code -= split;
            let exchanged = self.interval < estimate;
            self.interval = estimate;
            *bin = if exchanged { more_bin } else { less_bin };
            if exchanged { more } else { more ^ 0x80 }
        } else if self.interval < 0x8000 {
            let exchanged = self.interval < estimate;
            *bin = if exchanged { less_bin } else { more_bin };
            if exchanged { more ^ 0x80 } else { more }
        } else {
            more
        };
        symbol != 0
    }

    fn half(&mut self) -> bool {
        self.decide(&mut { FIXED })
    }

    /// The bits of a magnitude whose highest is `high` (Figure F.24), and the sign.
    fn magnitude(&mut self, high: i32, bin: &mut Bin, negative: bool) -> i32 {
        let (mut value, mut bit) = (high, high >> 1);
        while bit > 0 {
            if self.decide(bin) {
                value |= bit;
            }
            bit >>= 1;
        }
        if negative { -(value + 1) } else { value + 1 }
    }

    /// Doubles `high` while the bins from `at` on say so (Figure F.23); where it stopped.
    fn category(&mut self, bins: &mut [Bin], mut at: usize, high: &mut i32) -> Option<usize> {
        while self.decide(bins.get_mut(at)?) {
            *high <<= 1;
            if *high == 0x8000 {
                return None;
            }
            at += 1;
        }
        Some(at)
    }

    /// A DC difference (F.1.4.4.1) with its contexts.
    fn dc(&mut self, lane: &mut ArithmeticLane<'_>, bins: &mut [Bin; 64]) -> Option<i32> {
        let at = lane.context;
        if !self.decide(&mut bins[at]) {
            lane.context = 0;
            return Some(0);
        }
        let negative = self.decide(&mut bins[at + 1]);
        let mut at = at + 2 + usize::from(negative);
        let mut high = i32::from(self.decide(&mut bins[at]));
        if high != 0 {
            at = self.category(bins, 20, &mut high)?;
        }
        let (lower, upper) = lane.dc_bounds;
        lane.context = if high < (1 << lower) >> 1 {
            0
        } else if high > (1 << upper) >> 1 {
            12 + 4 * usize::from(negative)
        } else {
            4 + 4 * usize::from(negative)
        };
        let bin = bins.get_mut(at + 14)?;
        Some(self.magnitude(high, bin, negative))
    }

    /// A new AC coefficient at the zigzag place `z` (F.1.4.4.2), its bins from `at` on.
    fn ac(&mut self, bins: &mut [Bin; 256], at: usize, z: usize, low_band: u8) -> Option<i32> {
        let negative = self.half();
        let mut at = at + 2;
        let mut high = i32::from(self.decide(&mut bins[at]));
        if high != 0 && self.decide(&mut bins[at]) {
            high = 2;
            let first = if z <= usize::from(low_band) { 189 } else { 217 };
            at = self.category(bins, first, &mut high)?;
        }
        let bin = bins.get_mut(at + 14)?;
        Some(self.magnitude(high, bin, negative))
    }
}

/// What reading a component's blocks takes.
struct ArithmeticLane<'a> {
    dc_table: usize,
    ac_table: usize,
    dc_bounds: (u8, u8),
    low_band: u8,
    context: usize,
    prediction: i32,
    blocks: &'a mut Option<Blocks>,
}

struct ContextState<'a> {
    lanes: Vec<ArithmeticLane<'a>>,
    dc: [[Bin; 64]; 4],
    ac: Box<[[Bin; 256]; 4]>,
    first: usize,
    last: usize,
    low: u32,
    refines: bool,
}

/// Reads one scan into the blocks of its components.
pub(super) fn read_scan(
    picture: &JpegReader<'_>,
    frame: &Frame,
    header: &ScanHeader,
    all: &mut [Option<Blocks>],
) -> Result<scan::ScanEnd, DecodeError> {
    let mut slots: Vec<Option<&mut Option<Blocks>>> = all.iter_mut().map(Some).collect();
    let mut lanes = Vec::with_capacity(header.components.len());
    for &(component, dc_table, ac_table) in &header.components {
        let Some(blocks) = slots[component].take() else { continue };
        lanes.push(ArithmeticLane {
            dc_table,
            ac_table,
            dc_bounds: picture.dc_bounds[dc_table],
            low_band: picture.low_band[ac_table],
            context: 0,
            prediction: 0,
            blocks,
        });
    }
    let (first, last) = (header.first, if frame.progressive { header.last } else { 63 });
    let refines = header.high != 0;
    let (dc, ac) = ([[0; 64]; 4], Box::new([[0; 256]; 4]));
    let mut state = ContextState { lanes, dc, ac, first, last, low: header.low, refines };
    let forget = |state: &mut ContextState<'_>| {
        (state.dc, *state.ac) = ([[0; 64]; 4], [[0; 256]; 4]);
        state.lanes.iter_mut().for_each(|lane| (lane.context, lane.prediction) = (0, 0));
    };
    let interval = picture.restart_interval;
    let end = scan::walk::<_, Decoder<'_>>(
        picture.bytes,
        frame,
        header,
        interval,
        &mut state,
        |state, decoder, place, at| block(state, decoder, place, at).is_some(),
        forget,
    );
    for lane in state.lanes {
        if let Some(blocks) = lane.blocks {
            blocks.mark(first, last, header.low);
        }
    }
    Ok(end)
}

/// One block of any kind of scan.
fn block(
    state: &mut ContextState<'_>,
    decoder: &mut Decoder<'_>,
    place: usize,
    at: (usize, usize),
) -> Option<()> {
    let (mut z, last, low) = (state.first, state.last, state.low);
    let lane = &mut state.lanes[place];
    if decoder.overrun() {
        return None;
    }
    if z == 0 {
        let value = if state.refines {
            i32::from(decoder.half()) << low
        } else {
            let difference = decoder.dc(lane, &mut state.dc[lane.dc_table])?;
            lane.prediction = lane.prediction.wrapping_add(difference);
            lane.prediction << low
        };
        if let Some(block) = lane.blocks.as_mut().and_then(|blocks| blocks.at(at)) {
            block[0] = if state.refines { block[0] | value as i16 } else { value as i16 };
        }
        z = 1;
    }
    let bins = &mut state.ac[lane.ac_table];
    let mut block = lane.blocks.as_mut().and_then(|blocks| blocks.at(at));
    if state.refines && state.first > 0 {
        return refine(decoder, bins, block?, z, last, (1_i32 << low) as i16);
    }
    while z <= last {
        let mut bin = 3 * (z - 1);
        if decoder.decide(&mut bins[bin]) {
            break;
        }
        while !decoder.decide(&mut bins[bin + 1]) {
            bin += 3;
            z += 1;
            if z > last {
                return None;
            }
        }
        let value = decoder.ac(bins, bin, z, lane.low_band)?;
        if let Some(place) = block.as_mut().and_then(|block| block.get_mut(z)) {
            *place = (value << low) as i16;
        }
        z += 1;
    }
    Some(())
}

/// G.1.3.3: one more bit for the known, and new ones of ±1.
fn refine(
    decoder: &mut Decoder<'_>,
    bins: &mut [Bin; 256],
    block: &mut [i16],
    mut z: usize,
    last: usize,
    step: i16,
) -> Option<()> {
    let known = (1..=last).rev().find(|&z| block.get(z).is_some_and(|v| *v != 0)).unwrap_or(0);
    while z <= last {
        let mut bin = 3 * (z - 1);
        if z > known && decoder.decide(&mut bins[bin]) {
            break;
        }
        loop {
            let value = block.get_mut(z)?;
            if *value != 0 {
                if decoder.decide(&mut bins[bin + 2]) {
                    *value = value.wrapping_add(if *value < 0 { -step } else { step });
                }
                break;
            }
            if decoder.decide(&mut bins[bin + 1]) {
                *value = if decoder.half() { -step } else { step };
                break;
            }
            bin += 3;
            z += 1;
            if z > last {
                return None;
            }
        }
        z += 1;
    }
    Some(())
}
