//! The order of blocks in a scan (T.81, A.2), restart markers, and what happens at damage.

use super::entropy::Entropy;
use super::frame::Frame;
use super::segments::ScanHeader;

/// How far a scan was read.
pub(super) struct ScanEnd {
    /// Rows of pixels from the top that are whole.
    pub rows_read: u64,
    /// Something was missing or wrong.
    pub damaged: bool,
    /// The data ended, at a marker or with the file, before the scan did.
    pub ended: bool,
    /// Where the file continues.
    pub position: usize,
}

/// Goes through the blocks of a scan. `block(bits, place in the scan's components, across, down)`
/// reads one block and says whether it could; `restart` forgets the predictions.
#[inline(always)]
pub(super) fn walk<'a, S: ?Sized, E: Entropy<'a>>(
    data: &'a [u8],
    frame: &Frame,
    scan: &ScanHeader,
    restart_interval: u32,
    state: &mut S,
    mut block: impl FnMut(&mut S, &mut E, usize, (usize, usize)) -> bool,
    mut restart: impl FnMut(&mut S),
) -> ScanEnd {
    let mut bits = E::new(data, scan.data);
    // The blocks of one MCU, and how many MCUs there are.
    let (layout, (across, down), rows_a_mcu) = if let [(lone, ..)] = scan.components[..] {
        let c = &frame.components[lone];
        let size = (c.width.div_ceil(8), c.height.div_ceil(8));
        let rows = 8 * u64::from(frame.v_max) / u64::from(c.v);
        (vec![(0, 0, 0, 1, 1)], size, rows)
    } else {
        let mut layout = Vec::new();
        for (place, &(component, ..)) in scan.components.iter().enumerate() {
            let c = &frame.components[component];
            let (h, v) = (usize::from(c.h), usize::from(c.v));
            for y in 0..v {
                layout.extend((0..h).map(|x| (place, x, y, h, v)));
            }
        }
        (layout, frame.mcus(), 8 * u64::from(frame.v_max))
    };
    let (across, down) = (across as usize, down as usize);
    let mcus = across * down;
    let (mut damaged, mut undecodable) = (false, false);
    let mut until_restart = restart_interval;
    let mut expected = 0_u8;
    let mut mcu = 0;
    let mut last_good = 0;
    while mcu < mcus {
        if restart_interval > 0 && until_restart == 0 {
            match next_restart(&mut bits, &mut expected, restart_interval, mcu) {
                Some(Restarted { mcu: there, skipped }) => {
                    damaged |= skipped;
                    mcu = there;
                    until_restart = restart_interval;
                    restart(state);
                    continue;
                }
                None => {
                    damaged = true;
                    break;
                }
            }
        }
        let (mcu_y, mcu_x) = (mcu / across, mcu % across);
        let whole = layout.iter().all(|&(place, x, y, h, v)| {
            block(state, &mut bits, place, (mcu_x * h + x, mcu_y * v + y))
        }) && !bits.overrun();
        if whole {
            mcu += 1;
            last_good = mcu;
            until_restart = until_restart.wrapping_sub(1);
        } else {
            // What comes is lost up to the next restart marker.
            damaged = true;
            undecodable |= !bits.overrun();
            if restart_interval == 0 {
                break;
            }
            mcu += until_restart as usize;
            until_restart = 0;
        }
    }
    let rows = (last_good / across.max(1)) as u64 * rows_a_mcu;
    let complete = last_good == mcus;
    let rows_read = if complete { u64::from(frame.height) } else { rows };
    let ended = !complete && !undecodable;
    ScanEnd { rows_read, damaged, ended, position: bits.position() }
}

struct Restarted {
    mcu: usize,
    skipped: bool,
}

/// Continues after the next restart marker. A marker of a later number than expected says that
/// intervals are missing: their MCUs are stepped over.
fn next_restart<'a>(
    bits: &mut impl Entropy<'a>,
    expected: &mut u8,
    interval: u32,
    mcu: usize,
) -> Option<Restarted> {
    let found = bits.restart()?;
    let missing = found.wrapping_sub(*expected) & 7;
    *expected = (found + 1) & 7;
    Some(Restarted { mcu: mcu + usize::from(missing) * interval as usize, skipped: missing > 0 })
}
