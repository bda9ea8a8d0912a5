use super::*;
use crate::index::fine;

fn hashes(count: u64) -> Vec<FineHash> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let centres: Vec<[u64; 4]> = (0..40).map(|_| [0; 4].map(|_: i32| next())).collect();
    (0..count)
        .map(|number| {
            let mut words = centres[number as usize % centres.len()];
            for _ in 0..40 {
                let bit = next() % 256;
                words[bit as usize / 64] ^= 1 << (bit % 64);
            }
            FineHash(words)
        })
        .collect()
}

/// Of the ten nearest of some needles, the share that is found.
fn recall(index: &Approximate, hashes: &[FineHash]) -> f64 {
    let mut found = 0;
    for needle in hashes.iter().step_by(37) {
        let near = index.nearest(*needle, 10, 64);
        let last = fine::nearest(*needle, hashes, 10).last().map(|n| n.distance);
        found += near.iter().filter(|hash| Some(needle.distance(**hash).0 as u16) <= last).count();
    }
    found as f64 / (10 * hashes.len().div_ceil(37)) as f64
}

#[test]
fn it_is_kept_extended_and_made_anew() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("hashes.db-hnsw");
    let all = hashes(2000);
    let first = Approximate::open(&folder, &all[..1500]);
    assert_eq!(first.origin, GraphOrigin::Anew("there is none yet".into()));
    assert!(first.not_kept.is_none());
    assert!(recall(&first.index, &all[..1500]) > 0.9);

    let kept = Approximate::open(&folder, &all[..1500]);
    assert_eq!(kept.origin, GraphOrigin::Kept);
    assert!(recall(&kept.index, &all[..1500]) > 0.9);

    let extended = Approximate::open(&folder, &all);
    assert_eq!(extended.origin, GraphOrigin::Extended(500));
    assert!(recall(&extended.index, &all) > 0.9);
    assert_eq!(Approximate::open(&folder, &all).origin, GraphOrigin::Kept);

    // What is gone is no answer.
    let some = Approximate::open(&folder, &all[..1600]);
    assert_eq!(some.origin, GraphOrigin::Kept);
    for needle in &all[1600..] {
        let near = some.index.nearest(*needle, 10, 64);
        assert_eq!(near.len(), 10);
        assert!(near.iter().all(|hash| all[..1600].contains(hash)));
    }
    let few = Approximate::open(&folder, &all[..500]);
    assert!(matches!(few.origin, GraphOrigin::Anew(why) if why.contains("1500 of 2000")));
    assert!(fs::read_dir(place.path()).unwrap().count() == 1, "something was left behind");
}

#[test]
fn damaged_files_are_made_anew() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("x-hnsw");
    let all = hashes(300);
    Approximate::open(&folder, &all);
    for name in ["index.hnsw.graph", "index.hnsw.data", MEMBERS] {
        let path = folder.join(name);
        let whole = fs::read(&path).unwrap();
        let mut changed = whole.clone();
        changed[whole.len() / 2] ^= 1;
        for bytes in [&whole[..whole.len() / 2], &changed[..], b"other", &[][..]] {
            fs::write(&path, bytes).unwrap();
            let opened = Approximate::open(&folder, &all);
            assert!(matches!(opened.origin, GraphOrigin::Anew(_)), "{name}: {:?}", opened.origin);
            assert_eq!(Approximate::open(&folder, &all).origin, GraphOrigin::Kept);
        }
        fs::remove_file(&path).unwrap();
        assert!(matches!(Approximate::open(&folder, &all).origin, GraphOrigin::Anew(_)));
    }
}

#[test]
fn nothing_is_near_in_an_empty_library() {
    let place = tempfile::tempdir().unwrap();
    let opened = Approximate::open(&place.path().join("x"), &[]);
    assert!(opened.index.nearest(FineHash([1; 4]), 5, 64).is_empty());
}
