//! Progressive pictures (T.81, G): only the scans that carry what is kept, and no more of the file
//! once it is there. Arithmetic-coded pictures, also sequential ones, are read here too.

use super::bits::{Bits, Huffman};
use super::blocks::Blocks;
use super::frame::{Colours, Frame};
use super::idct::{ZIGZAG, dequantise};
use super::luma_sample::LumaSample;
use super::planes::SamplePlane;
use super::segments::{JpegReader, ScanHeader};
use super::{DecodeError, EntropyData, arithmetic, scan};

/// State of a scan.
struct ProgressiveScan<'a> {
    lanes: Vec<ProgressiveLane<'a>>,
    /// Blocks that the last EOBn says are empty (G.1.2.2).
    empty: u32,
    first: usize,
    last: usize,
    low: u32,
}

struct ProgressiveLane<'a> {
    table: Option<&'a Huffman>,
    prediction: i32,
    /// `None`: read and dropped.
    blocks: Option<Blocks>,
    component: usize,
}

pub(super) fn read(
    picture: &mut JpegReader<'_>,
    frame: &Frame,
    kept: usize,
) -> Result<EntropyData, DecodeError> {
    let count = frame.components.len();
    let per_block = if kept == 1 { 1 } else { 64 };
    let mut all: Vec<Option<Blocks>> = (0..count).map(|_| None).collect();
    let mut quantisation: Vec<Option<[u16; 64]>> = vec![None; count];
    let mut rows_read = u64::from(frame.height);
    let (mut damaged, mut ended) = (false, false);
    let mut colours = frame.colours(picture);
    while let Some(header) = picture.next_scan(frame)? {
        colours = frame.colours(picture);
        let wanted = header.components.iter().any(|&(index, ..)| frame.needs(index, colours))
            && (header.first == 0 || kept > 1);
        if wanted {
            prepare(picture, frame, &header, colours, per_block, &mut all, &mut quantisation)?;
            let end = if frame.arithmetic {
                arithmetic::read_scan(picture, frame, &header, &mut all)?
            } else {
                read_scan(picture, frame, &header, &mut all)?
            };
            if header.first == 0 {
                rows_read = rows_read.min(end.rows_read);
            }
            damaged |= end.damaged;
            ended |= end.ended;
            picture.resume(end.position);
        }
        let done = (0..count)
            .filter(|&index| frame.needs(index, colours))
            .all(|index| all[index].as_ref().is_some_and(Blocks::complete));
        if done {
            break;
        }
    }
    let mut planes: Vec<Option<SamplePlane>> = (0..count).map(|_| None).collect();
    let mut sample = None;
    for index in (0..count).filter(|&index| frame.needs(index, colours)) {
        let (Some(blocks), Some(table)) = (&mut all[index], quantisation[index]) else {
            return Err(DecodeError::Truncated("the file ends before the picture".into()));
        };
        // Later scans may be missing: the picture is all there, only coarser.
        damaged |= !blocks.complete();
        let mut taken = if blocks.complete() {
            LumaSample::new(frame, index, colours, kept, &table)
        } else {
            None
        };
        planes[index] = Some(plane(frame, index, blocks, &table, kept, taken.as_deref_mut()));
        sample = sample.or(taken);
    }
    Ok(EntropyData { planes, rows_read, damaged, ended, sample })
}

/// Makes room for the components of a scan, and keeps the quantisation table that is in force when
/// a component is first met.
fn prepare(
    picture: &JpegReader<'_>,
    frame: &Frame,
    header: &ScanHeader,
    colours: Colours,
    per_block: usize,
    all: &mut [Option<Blocks>],
    quantisation: &mut [Option<[u16; 64]>],
) -> Result<(), DecodeError> {
    for &(index, ..) in &header.components {
        if !frame.needs(index, colours) {
            continue;
        }
        if quantisation[index].is_none() {
            let table = usize::from(frame.components[index].quantisation);
            quantisation[index] = picture.quantisation[table];
        }
        if quantisation[index].is_none() {
            return Err(DecodeError::Damaged("a quantisation table is missing".into()));
        }
        if all[index].is_none() {
            let (across, down) = frame.stored_blocks(index);
            all[index] = Some(Blocks {
                values: vec![0; across as usize * down as usize * per_block],
                per_block,
                across: across as usize,
                open: [16; 64],
            });
        }
    }
    Ok(())
}

fn read_scan(
    picture: &mut JpegReader<'_>,
    frame: &Frame,
    header: &ScanHeader,
    all: &mut [Option<Blocks>],
) -> Result<scan::ScanEnd, DecodeError> {
    picture.with_usual_tables()?;
    let (data, interval) = (picture.bytes, picture.restart_interval);
    let refines = header.high != 0;
    let mut lanes = Vec::with_capacity(header.components.len());
    for &(component, dc, ac) in &header.components {
        let (tables, slot) = if header.first == 0 { (&picture.dc, dc) } else { (&picture.ac, ac) };
        let table = tables[slot].as_ref();
        // A refinement of DC terms is plain bits.
        if table.is_none() && !(refines && header.first == 0) {
            return Err(DecodeError::Damaged("a Huffman table is missing".into()));
        }
        lanes.push(ProgressiveLane {
            table,
            prediction: 0,
            blocks: all[component].take(),
            component,
        });
    }
    let (first, last, low) = (header.first, header.last, header.low);
    let mut state = ProgressiveScan { lanes, empty: 0, first, last, low };
    let restart = |state: &mut ProgressiveScan<'_>| {
        state.empty = 0;
        state.lanes.iter_mut().for_each(|lane| lane.prediction = 0);
    };
    let end = match (first == 0, refines) {
        (true, false) => scan::walk(data, frame, header, interval, &mut state, dc_first, restart),
        (true, true) => scan::walk(data, frame, header, interval, &mut state, dc_refine, restart),
        (false, false) => scan::walk(data, frame, header, interval, &mut state, ac_first, restart),
        (false, true) => scan::walk(data, frame, header, interval, &mut state, ac_refine, restart),
    };
    for lane in state.lanes {
        all[lane.component] = lane.blocks.map(|mut blocks| {
            blocks.mark(first, last, low);
            blocks
        });
    }
    Ok(end)
}

#[inline(always)]
fn dc_first(
    state: &mut ProgressiveScan<'_>,
    bits: &mut Bits<'_>,
    place: usize,
    at: (usize, usize),
) -> bool {
    let lane = &mut state.lanes[place];
    let Some((_, difference)) = lane.table.and_then(|table| bits.value(table)) else {
        return false;
    };
    lane.prediction = lane.prediction.wrapping_add(difference);
    if let Some(block) = lane.blocks.as_mut().and_then(|blocks| blocks.at(at)) {
        block[0] = (lane.prediction << state.low) as i16;
    }
    true
}

#[inline(always)]
fn dc_refine(
    state: &mut ProgressiveScan<'_>,
    bits: &mut Bits<'_>,
    place: usize,
    at: (usize, usize),
) -> bool {
    let bit = bits.raw(1) as i16;
    if let Some(block) = state.lanes[place].blocks.as_mut().and_then(|blocks| blocks.at(at)) {
        block[0] |= bit << state.low;
    }
    true
}

fn ac_first(
    state: &mut ProgressiveScan<'_>,
    bits: &mut Bits<'_>,
    place: usize,
    at: (usize, usize),
) -> bool {
    if state.empty > 0 {
        state.empty -= 1;
        return true;
    }
    let lane = &mut state.lanes[place];
    let Some(table) = lane.table else { return false };
    let mut block = lane.blocks.as_mut().and_then(|blocks| blocks.at(at));
    let mut z = state.first;
    while z <= state.last {
        let Some(symbol) = bits.symbol(table) else { return false };
        if symbol.size == 0 {
            if symbol.run == 15 {
                z += 16;
                continue;
            }
            state.empty = (1 << symbol.run) + bits.raw(symbol.run) - 1;
            break;
        }
        z += symbol.run as usize;
        let value = bits.extended(symbol.size);
        if z > state.last {
            return false;
        }
        if let Some(block) = &mut block {
            block[z] = (value << state.low) as i16;
        }
        z += 1;
    }
    true
}

/// G.1.2.3: a coefficient that is known gets one more bit, one that is new is ±1, and the run
/// counts only those that stay zero.
fn ac_refine(
    state: &mut ProgressiveScan<'_>,
    bits: &mut Bits<'_>,
    place: usize,
    at: (usize, usize),
) -> bool {
    let lane = &mut state.lanes[place];
    let Some(table) = lane.table else { return false };
    let Some(block) = lane.blocks.as_mut().and_then(|blocks| blocks.at(at)) else { return false };
    let step = (1_i32 << state.low) as i16;
    let mut z = state.first;
    if state.empty == 0 {
        while z <= state.last {
            let Some(symbol) = bits.symbol(table) else { return false };
            let mut fresh = 0;
            let mut zeros = symbol.run;
            match symbol.size {
                0 if symbol.run < 15 => {
                    state.empty = (1 << symbol.run) + bits.raw(symbol.run);
                    break;
                }
                0 => {}
                1 => fresh = if bits.raw(1) == 1 { step } else { -step },
                _ => return false,
            }
            while z <= state.last {
                let value = &mut block[z];
                z += 1;
                if *value != 0 {
                    refine(value, bits, step);
                } else if zeros == 0 {
                    *value = fresh;
                    break;
                } else {
                    zeros -= 1;
                }
            }
        }
    }
    if state.empty > 0 {
        for value in block.iter_mut().take(state.last + 1).skip(z).filter(|value| **value != 0) {
            refine(value, bits, step);
        }
        state.empty -= 1;
    }
    true
}

#[inline(always)]
fn refine(value: &mut i16, bits: &mut Bits<'_>, step: i16) {
    if bits.raw(1) == 1 && *value & step == 0 {
        *value = value.wrapping_add(if *value > 0 { step } else { -step });
    }
}

fn plane(
    frame: &Frame,
    index: usize,
    blocks: &mut Blocks,
    table: &[u16; 64],
    kept: usize,
    mut sample: Option<&mut LumaSample>,
) -> SamplePlane {
    let (across, down) = frame.stored_blocks(index);
    let mut plane = SamplePlane::new((across, down), kept);
    let precision = frame.precision;
    let (mut number, mut before) = (0, 0);
    for y in 0..down as usize {
        for x in 0..across as usize {
            let Some(values) = blocks.at((x, y)) else { continue };
            let taking = sample.as_deref_mut().filter(|sample| number % sample.stride == 0);
            number += 1;
            if kept == 1 {
                // Flat blocks are mostly among their like.
                if let Some(sample) = taking.filter(|_| values[0] != before) {
                    sample.take_dc(i32::from(values[0]));
                }
                before = values[0];
                plane.put_dc((x, y), dequantise(i32::from(values[0]), table[0], precision));
                continue;
            }
            let mut block = [0; 64];
            for (z, &value) in values.iter().enumerate().filter(|(_, value)| **value != 0) {
                block[usize::from(ZIGZAG[z])] = dequantise(i32::from(value), table[z], precision);
            }
            if let Some(sample) = taking {
                sample.take(i32::from(values[0]), &block);
            }
            plane.put((x, y), &block);
        }
    }
    plane
}
