use super::*;

/// The definition, cell by cell and pixel by pixel.
fn oracle<const CELLS: usize>(width: u64, height: u64, scale: u64, plane: &[u8]) -> [u8; CELLS] {
    let side = CELLS.isqrt();
    let columns = width.div_ceil(scale);
    let overlap = |a: (u64, u64), b: (u64, u64)| a.1.min(b.1).saturating_sub(a.0.max(b.0));
    std::array::from_fn(|index| {
        let (cy, cx) = ((index / side) as u64, (index % side) as u64);
        let side = side as u64;
        let mut sum = 0;
        for (i, &sample) in plane.iter().enumerate() {
            let (y, x) = (i as u64 / columns * scale, i as u64 % columns * scale);
            let rows = (side * y, side * (y + scale).min(height));
            let cols = (side * x, side * (x + scale).min(width));
            sum += u64::from(sample)
                * overlap(rows, (cy * height, (cy + 1) * height))
                * overlap(cols, (cx * width, (cx + 1) * width));
        }
        ((sum + width * height / 2) / (width * height)) as u8
    })
}

fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..len).map(|_| next()).collect()
}

fn average(width: u32, height: u32, scale: u32, plane: &[u8]) -> Tiles {
    Plane::new(width, height, scale, plane).unwrap().tiles().unwrap()
}

#[test]
fn equals_the_definition_for_every_shape() {
    for (width, height) in [(1, 1), (1, 77), (31, 33), (32, 32), (64, 96), (100, 7), (333, 129)] {
        for scale in [1, 2, 4, 8] {
            let (w, h) = (u64::from(width), u64::from(height));
            let s = u64::from(scale);
            let plane = noise((w.div_ceil(s) * h.div_ceil(s)) as usize);
            let made = average(width, height, scale, &plane);
            assert_eq!(made.coarse.0, oracle(w, h, s, &plane), "{width}×{height} at 1/{scale}");
            assert_eq!(made.fine.0, oracle(w, h, s, &plane), "{width}×{height} at 1/{scale}");
        }
    }
}

#[test]
fn turning_the_plane_turns_the_tile() {
    let (width, height) = (45, 70);
    let plane = noise(width * height);
    let tile = average(width as u32, height as u32, 1, &plane);
    // A clockwise quarter turn: the first row is the first column, read upwards.
    let turned: Vec<u8> = (0..width)
        .flat_map(|x| (0..height).rev().map(move |y| (x, y)))
        .map(|(x, y)| plane[y * width + x])
        .collect();
    assert_eq!(
        average(height as u32, width as u32, 1, &turned),
        tile.oriented(Orientation::Rotate90)
    );
    for orientation in Orientation::ALL {
        assert_eq!(tile.oriented(orientation).oriented(orientation.inverse()), tile);
    }
}

#[test]
fn refuses_what_does_not_fit() {
    assert!(AreaAverage::new(0, 5, 1).is_none());
    assert!(AreaAverage::new(5, 5, 0).is_none());
    assert!(Plane::new(5, 0, 1, &[]).is_none());
    assert!(Plane::new(9, 8, 8, &[1, 2]).is_some());
    assert!(Plane::new(9, 8, 8, &[1, 2, 3]).is_none());
    let mut average = AreaAverage::new(4, 1, 1).unwrap();
    assert!(!average.push_row(&[1, 2, 3]));
    assert!(average.finish().is_none());
    assert!(average.push_row(&[1, 2, 3, 4]));
    assert!(!average.push_row(&[1, 2, 3, 4]));
}
