//! Baseline and extended sequential pictures (T.81, F): each block is read once, at once put in
//! its place, and forgotten.

use super::bits::{Bits, Huffman};
use super::frame::Frame;
use super::idct::{ZIGZAG, dequantise};
use super::luma_sample::LumaSample;
use super::planes::SamplePlane;
use super::segments::JpegReader;
use super::{DecodeError, EntropyData, scan};

/// What reading a component's blocks takes.
struct SequentialLane<'a> {
    dc: &'a Huffman,
    ac: &'a Huffman,
    /// The last DC term (F.1.1.5.1).
    prediction: i32,
    /// Where its samples go, if the luma needs them.
    target: Option<(SamplePlane, [u16; 64])>,
    component: usize,
    precision: u8,
    /// Takes some of the blocks.
    sample: Option<Box<LumaSample>>,
    /// Blocks up to the next one that it takes; 0: it takes none.
    until_sample: u32,
}

pub(super) fn read(
    picture: &mut JpegReader<'_>,
    frame: &Frame,
    kept: usize,
) -> Result<EntropyData, DecodeError> {
    let count = frame.components.len();
    let mut planes: Vec<Option<SamplePlane>> = (0..count).map(|_| None).collect();
    let mut rows_read = u64::from(frame.height);
    let (mut damaged, mut ended, mut sample) = (false, false, None);
    loop {
        let colours = frame.colours(picture);
        let missing =
            (0..count).any(|index| planes[index].is_none() && frame.needs(index, colours));
        if !missing {
            break;
        }
        let Some(header) = picture.next_scan(frame)? else {
            return Err(DecodeError::Truncated("the file ends before the picture".into()));
        };
        let colours = frame.colours(picture);
        let wanted = |index: usize| frame.needs(index, colours) && planes[index].is_none();
        if !header.components.iter().any(|&(index, ..)| wanted(index)) {
            continue;
        }
        picture.with_usual_tables()?;
        let mut lanes = Vec::with_capacity(header.components.len());
        for &(component, dc, ac) in &header.components {
            let table = |tables: &'_ [Option<Huffman>; 4], slot: usize| tables[slot].is_some();
            if !table(&picture.dc, dc) || !table(&picture.ac, ac) {
                return Err(DecodeError::Damaged("a Huffman table is missing".into()));
            }
            let (Some(dc), Some(ac)) = (&picture.dc[dc], &picture.ac[ac]) else { continue };
            let mut sample = None;
            let target = if wanted(component) {
                let quantisation = usize::from(frame.components[component].quantisation);
                let table = picture.quantisation[quantisation].ok_or_else(|| {
                    DecodeError::Damaged("a quantisation table is missing".into())
                })?;
                let given = if component == 0 { picture.sample.take() } else { None };
                sample = given.or_else(|| LumaSample::new(frame, component, colours, kept, &table));
                Some((SamplePlane::new(frame.stored_blocks(component), kept), table))
            } else {
                None
            };
            let precision = frame.precision;
            let until_sample = sample.as_ref().map_or(0, |sample| sample.stride);
            lanes.push(SequentialLane {
                dc,
                ac,
                prediction: 0,
                target,
                component,
                precision,
                sample,
                until_sample,
            });
        }
        let data = picture.bytes;
        let interval = picture.restart_interval;
        let forget =
            |lanes: &mut [SequentialLane<'_>]| lanes.iter_mut().for_each(|l| l.prediction = 0);
        let end = if kept == 1 {
            scan::walk(data, frame, &header, interval, lanes.as_mut_slice(), dc_block, forget)
        } else {
            // The last coefficient, in zigzag order, of the k×k lowest.
            let last = (0..64)
                .rev()
                .find(|&z| usize::from(ZIGZAG[z] / 8).max(usize::from(ZIGZAG[z] % 8)) < kept)
                .unwrap_or(63);
            let block =
                |lanes: &mut [SequentialLane<'_>], bits: &mut Bits<'_>, place: usize, at| {
                    full_block(&mut lanes[place], bits, at, last)
                };
            scan::walk(data, frame, &header, interval, lanes.as_mut_slice(), block, forget)
        };
        rows_read = rows_read.min(end.rows_read);
        damaged |= end.damaged;
        ended |= end.ended;
        for lane in lanes {
            if let Some((plane, _)) = lane.target {
                planes[lane.component] = Some(plane);
            }
            sample = sample.or(lane.sample);
        }
        picture.resume(end.position);
    }
    Ok(EntropyData { planes, rows_read, damaged, ended, sample })
}

/// Reads a block of which only the DC term counts.
#[inline(always)]
fn dc_block(
    lanes: &mut [SequentialLane<'_>],
    bits: &mut Bits<'_>,
    place: usize,
    at: (usize, usize),
) -> bool {
    let lane = &mut lanes[place];
    let Some((_, difference)) = bits.value(lane.dc) else { return false };
    lane.prediction = lane.prediction.wrapping_add(difference);
    if let Some((plane, table)) = &mut lane.target {
        plane.put_dc(at, dequantise(lane.prediction, table[0], lane.precision));
        if lane.until_sample == 1 {
            return sampled(lane, bits);
        }
        lane.until_sample = lane.until_sample.wrapping_sub(1);
    }
    skip_ac(bits, lane.ac, 1)
}

/// Steps over the coefficients from the zigzag place `z` on.
#[inline(always)]
fn skip_ac(bits: &mut Bits<'_>, table: &Huffman, mut z: u32) -> bool {
    while z < 48 {
        let Some((coefficients, ends)) = bits.skip_pair(table) else { return false };
        if ends {
            return true;
        }
        z += coefficients;
    }
    while z < 64 {
        let Some(symbol) = bits.skip(table) else { return false };
        if symbol.size == 0 && symbol.run != 15 {
            break;
        }
        z += symbol.run + 1;
    }
    true
}

/// Reads the rest of a block that belongs to the sample. What is wrong with it is treated as
/// [`skip_ac`] does.
#[cold]
#[inline(never)]
fn sampled(lane: &mut SequentialLane<'_>, bits: &mut Bits<'_>) -> bool {
    let (Some((_, table)), Some(sample)) = (&lane.target, &mut lane.sample) else { return false };
    lane.until_sample = sample.stride;
    let mut block = [0; 64];
    let mut z = 1;
    while z < 64 {
        let Some((symbol, value)) = bits.value(lane.ac) else { return false };
        if symbol.size == 0 && symbol.run != 15 {
            break;
        }
        z += symbol.run as usize;
        if let Some(&place) = ZIGZAG.get(z) {
            block[usize::from(place)] = dequantise(value, table[z], lane.precision);
        }
        z += 1;
    }
    sample.take(lane.prediction, &block);
    true
}

/// Reads a block up to the zigzag place `last`, and steps over the rest.
fn full_block(
    lane: &mut SequentialLane<'_>,
    bits: &mut Bits<'_>,
    at: (usize, usize),
    last: usize,
) -> bool {
    let Some((_, difference)) = bits.value(lane.dc) else { return false };
    lane.prediction = lane.prediction.wrapping_add(difference);
    let Some((plane, table)) = &mut lane.target else { return skip_ac(bits, lane.ac, 1) };
    let mut block = [0; 64];
    block[0] = dequantise(lane.prediction, table[0], lane.precision);
    let is_sampled = lane.until_sample == 1;
    lane.until_sample = lane.until_sample.wrapping_sub(1);
    let read_to = if is_sampled { 63 } else { last };
    let mut z = 1;
    let mut ends_here = false;
    while z <= read_to {
        let Some((symbol, value)) = bits.value(lane.ac) else { return false };
        if symbol.size == 0 {
            if symbol.run != 15 {
                ends_here = true;
                break;
            }
            z += 16;
            continue;
        }
        let before = z;
        z += symbol.run as usize;
        if z > 63 {
            if before <= last {
                return false;
            }
            // As when it is stepped over.
            break;
        }
        block[usize::from(ZIGZAG[z])] = dequantise(value, table[z], lane.precision);
        z += 1;
    }
    plane.put(at, &block);
    if let Some(sample) = lane.sample.as_mut().filter(|_| is_sampled) {
        lane.until_sample = sample.stride;
        sample.take(lane.prediction, &block);
    }
    ends_here || skip_ac(bits, lane.ac, z as u32)
}
