//! In what order windows are hashed, and which of them a workgroup takes.

use crate::picture::window::Window;

/// Windows that one question may name.
pub(super) const MOST_WINDOWS: usize = 1024;
/// Windows of a run: enough that averaging along the horizontal interval costs little, and few
/// enough that a small batch keeps a device busy.
const RUN: usize = 8;

/// Windows by horizontal interval, and the runs of them.
#[derive(Debug)]
pub(super) struct WindowPlan {
    /// Where each window stood in the question.
    pub places: Vec<usize>,
    /// Top and bottom edge of each.
    pub downs: Vec<[u32; 2]>,
    /// `Run` of `windows.wgsl`: first window and one past the last, left and right edge.
    pub runs: Vec<[u32; 4]>,
}

impl WindowPlan {
    /// Of at most [`MOST_WINDOWS`].
    pub fn new(windows: &[Window]) -> Self {
        let across = |place: usize| {
            let [_, left, _, right] = windows[place].edges();
            (left, right)
        };
        let mut places: Vec<usize> = (0..windows.len()).collect();
        places.sort_by_key(|&place| across(place));
        let mut runs = Vec::new();
        let mut first = 0;
        for alike in places.chunk_by(|&a, &b| across(a) == across(b)) {
            for run in alike.chunks(RUN) {
                let (left, right) = across(run[0]);
                runs.push([first, first + run.len() as u32, left, right]);
                first += run.len() as u32;
            }
        }
        let down = |&place: &usize| {
            let [top, _, bottom, _] = windows[place].edges();
            [top, bottom]
        };
        let downs = places.iter().map(down).collect();
        Self { places, downs, runs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::window::WindowSet;

    #[test]
    fn every_window_is_in_one_run_of_its_horizontal_interval() {
        for set in [WindowSet::Few, WindowSet::Many] {
            let windows = set.kept();
            let plan = WindowPlan::new(&windows);
            let mut seen = vec![0; windows.len()];
            let mut next = 0;
            for &[first, end, left, right] in &plan.runs {
                assert!(first == next && end > first && end - first <= RUN as u32);
                next = end;
                for number in first as usize..end as usize {
                    let [top, bottom] = plan.downs[number];
                    let place = plan.places[number];
                    assert_eq!(windows[place].edges(), [top, left, bottom, right]);
                    seen[place] += 1;
                }
            }
            assert_eq!(seen, vec![1; windows.len()]);
        }
    }
}
