use super::*;

fn tile(seed: u8) -> FineTile {
    FineTile(std::array::from_fn(|i| (i as u8).wrapping_mul(seed | 1)))
}

fn content(seed: u8) -> ContentHash {
    ContentHash([seed; 32])
}

fn read(store: &TileStore, wanted: &[TileId]) -> Vec<(TileId, StoredTile)> {
    let mut found = Vec::new();
    store.each(wanted, &mut |id, tile| found.push((id, tile))).unwrap();
    found
}

#[test]
fn tiles_come_back_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.db-tiles");
    let cut = Part { bottom: 150, ..Part::WHOLE };
    let mut store = TileStore::open(&file).unwrap();
    let tiles: Vec<FineTile> = (0..20).map(tile).collect();
    let whole = |n: u8| if n == 3 { cut } else { Part::WHOLE };
    store.write((0..20).map(|n| (content(n), &tiles[n as usize], whole(n)))).unwrap();
    // The same bytes again change nothing.
    store.write([(content(5), &tiles[6], Part::WHOLE)]).unwrap();
    drop(store);
    let store = TileStore::open(&file).unwrap();
    let ids = store.ids().unwrap();
    assert_eq!((ids.len(), store.stats().unwrap().tiles), (20, 20));
    assert!(store.stats().unwrap().bytes_on_disk > 20 * 4096);
    let mut all: Vec<TileId> = ids.values().copied().collect();
    all.sort();
    for wanted in [&all[..], &all[3..4], &[all[0], all[19]]] {
        let found = read(&store, wanted);
        assert_eq!(found.iter().map(|(id, _)| *id).collect::<Vec<_>>(), wanted);
        for (id, stored) in found {
            let n = (0..20).find(|&n| ids[&content(n)] == id).unwrap();
            assert_eq!(stored, StoredTile { cells: tile(n), intact: whole(n) });
        }
    }
    assert_eq!(store.id_of(content(7)).unwrap(), Some(ids[&content(7)]));
    assert_eq!(store.id_of(content(99)).unwrap(), None);
    let read_only = TileStore::open_read_only(&file).unwrap().unwrap();
    assert_eq!(read(&read_only, &all).len(), 20);
    assert!(TileStore::open_read_only(&folder.path().join("none")).unwrap().is_none());
}

#[test]
fn damaged_tiles_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.db-tiles");
    let mut store = TileStore::open(&file).unwrap();
    let tiles: Vec<FineTile> = (0..4).map(tile).collect();
    store.write((0..4).map(|n| (content(n), &tiles[n as usize], Part::WHOLE))).unwrap();
    let damage = [
        "UPDATE tile SET cells = zeroblob(4096) WHERE id = 1",
        "UPDATE tile SET cells = zeroblob(4095) WHERE id = 2",
        "UPDATE tile SET intact = x'00000080' WHERE id = 3",
    ];
    damage.iter().for_each(|sql| store.connection.execute_batch(sql).unwrap());
    let all: Vec<TileId> = (1..=4).map(TileId).collect();
    assert_eq!(read(&store, &all).len(), 1);
    assert_eq!(read(&store, &all[3..])[0].1.cells, tile(3));
}

#[test]
fn pairs_hold_for_their_rule_and_go_with_their_tiles() {
    let mut store = TileStore::none().unwrap();
    let tiles: Vec<FineTile> = (0..4).map(tile).collect();
    store.write((0..4).map(|n| (content(n), &tiles[n as usize], Part::WHOLE))).unwrap();
    let pair = |first, second, verdict| StoredPair {
        first: TileId(first),
        second: TileId(second),
        verdict: [verdict; 12],
    };
    let (one, other) = (PairRule(7), PairRule(-8));
    store.write_pairs(one, &[pair(2, 3, 1), pair(1, 2, 2)]).unwrap();
    store.write_pairs(one, &[pair(2, 3, 9)]).unwrap();
    assert_eq!(store.pairs(one).unwrap(), [pair(1, 2, 2), pair(2, 3, 9)]);
    assert_eq!(store.pairs(other).unwrap(), []);
    let set = [TileId(1), TileId(2), TileId(3)];
    store.set_compared(one, &set[..2], None).unwrap();
    store.set_compared(one, &set, Some(0)).unwrap();
    assert_eq!(store.compared(one).unwrap(), [(1, set.to_vec())]);
    for _ in 0..20 {
        store.set_compared(one, &set, None).unwrap();
    }
    assert_eq!(store.compared(one).unwrap().len(), 8);
    assert_eq!(store.retain(&|_| true).unwrap(), 0);
    store.write_pairs(one, &[pair(1, 3, 4)]).unwrap();
    assert_eq!(store.pairs(one).unwrap().len(), 3);
    assert_eq!(store.retain(&|c| c != content(1)).unwrap(), 1);
    // What was found of the others stays.
    assert_eq!(store.pairs(one).unwrap(), [pair(1, 3, 4)]);
    assert_eq!(store.compared(one).unwrap().len(), 8);
    // A new tile gets a number of its own.
    let gone = store.ids().unwrap().into_values().max().unwrap();
    store.retain(&|c| c != content(3)).unwrap();
    store.write([(content(9), &tiles[0], Part::WHOLE)]).unwrap();
    assert!(store.id_of(content(9)).unwrap() > Some(gone));
    store.clear().unwrap();
    assert_eq!(store.stats().unwrap().tiles, 0);
}

#[test]
fn a_foreign_file_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.db-tiles");
    std::fs::write(&file, b"a photograph").unwrap();
    assert!(matches!(TileStore::open(&file), Err(TileStoreError::Foreign(_))));
    assert!(matches!(TileStore::open_read_only(&file), Err(TileStoreError::Foreign(_))));
    assert_eq!(std::fs::read(&file).unwrap(), b"a photograph");
}
