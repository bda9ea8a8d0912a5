use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Mutex;

use super::*;
use crate::model::film::FilmFacts;
use crate::model::media::{
    Bytes, CaptureTime, Dimensions, Evidence, FileStamp, Format, MediaFile, ModifiedNs,
};
use crate::model::phash::{PerceptualHash, View};
use crate::picture::proof::Whose;
use crate::picture::tile::FineTile;
use crate::video::{Agreement, FilmRecord, Fingerprint, Frame, Stretch};

fn film(name: &str, seconds: i64, phash: u64, width: u32) -> Film {
    let mut tile = Box::new(FineTile([100; 64 * 64]));
    tile.0[..64 * 32].fill(180);
    let view = View { phash: PerceptualHash(phash), ..View::default() };
    let inode = name.bytes().fold(7, |sum, byte| sum * 31 + u64::from(byte));
    Film {
        file: MediaFile {
            path: name.into(),
            stamp: FileStamp {
                key: FileKey { device: 1, inode },
                size: Bytes(inode % 100_000),
                modified: ModifiedNs(0),
            },
            evidence: Evidence::default(),
            root: 0,
        },
        record: FilmRecord {
            format: Format::Mp4,
            dimensions: Dimensions { width, height: width / 2 },
            facts: FilmFacts {
                codec: "h264".into(),
                duration_us: seconds * 1_000_000,
                frames: 30 * seconds as u32,
                keyframes: 8,
                frame_bytes: 1_000_000,
            },
            captured: None,
            camera: None,
            is_cut: false,
            fingerprint: Fingerprint {
                duration_us: seconds * 1_000_000,
                frames: vec![(0, Frame { time: 0, view, tile })],
            },
            undecoded: None,
        },
        content: None,
    }
}

/// Finds what it is told, and remembers what it was asked.
#[derive(Default)]
struct Told {
    same: Vec<(u32, u32)>,
    still: Vec<(u32, u32)>,
    /// How the smaller lies on the other.
    way: Option<Way>,
    asked: Mutex<Vec<(u32, u32)>>,
}

impl FilmProver for Told {
    fn prove(&self, a: u32, b: u32) -> Option<FilmMatch> {
        let pair = (a.min(b), a.max(b));
        self.asked.lock().unwrap().push(pair);
        let standing = match pair {
            pair if self.same.contains(&pair) => FilmStanding::Same,
            pair if self.still.contains(&pair) => FilmStanding::Still,
            _ => FilmStanding::Different,
        };
        let agreement = Agreement { standing, median: FineDistance(4), motion: 987, moments: 8 };
        let way = self.way.unwrap_or(Way::UPRIGHT);
        Some(FilmMatch { agreement, way: if a < b { way } else { way.inverse() } })
    }
}

type Names = Vec<(u32, BTreeSet<(u32, Relation)>)>;

#[derive(Default)]
struct Asked {
    contents: HashMap<u32, u8>,
    apart: Vec<(u32, u32)>,
    left_out: HashSet<u32>,
    references: Vec<bool>,
    otherwise: Vec<(u32, u32)>,
}

impl Asked {
    fn groups(&self, films: &[Film], prover: &Told) -> Vec<Group<u32>> {
        let content = |index: u32| self.contents.get(&index).map(|&byte| ContentHash([byte; 32]));
        let contents: Vec<_> = (0..films.len() as u32).map(content).collect();
        let are_apart = |a: u32, b: u32| self.apart.contains(&(a.min(b), a.max(b)));
        let question = FilmQuestion {
            films,
            contents: &contents,
            reference_roots: &self.references,
            keep: &[],
            prefer: None,
            are_apart: &are_apart,
            left_out: &self.left_out,
            otherwise: &self.otherwise,
        };
        groups(&question, prover)
    }

    fn names(&self, films: &[Film], prover: &Told) -> Names {
        let groups = self.groups(films, prover);
        let names = groups.iter().map(|group| {
            let duplicates = group.duplicates.iter().map(|d| (d.picture, d.relation));
            (group.keeper, duplicates.collect())
        });
        names.collect()
    }
}

use Relation::{Alike, Copy, Identical};

#[test]
fn the_best_film_takes_what_is_proven_against_it() {
    let films = [
        film("a", 9, 0, 100),
        film("b", 9, 1, 400),
        film("c", 9, 3, 200),
        film("far", 9, u64::MAX, 900),
        film("long", 12, 0, 900),
    ];
    let prover = Told { same: vec![(0, 1), (1, 2)], ..Told::default() };
    let found = Asked::default().groups(&films, &prover);
    assert_eq!(Asked::default().names(&films, &prover), [(1, [(0, Copy), (2, Copy)].into())]);
    assert_eq!(found[0].reason, "more pixels");
    assert_eq!(found[0].duplicates[0].picture, 2, "the better ones first");
    assert_eq!(found[0].duplicates[0].likeness.map(|l| l.per_cent), Some(98));
    // What was taken is not asked about again, nor what is far or of another length.
    let asked: BTreeSet<_> = prover.asked.lock().unwrap().iter().copied().collect();
    assert_eq!(asked, [(0, 1), (1, 2)].into());
    // A like B and B like C does not make C a copy of A.
    let chain = Told { same: vec![(0, 1), (0, 2)], ..Told::default() };
    assert_eq!(Asked::default().names(&films, &chain), [(1, [(0, Copy)].into())]);
}

#[test]
fn what_is_turned_or_cropped_is_found_where_it_is_asked_for() {
    let films = [film("a", 9, 0, 100), film("b", 9, u64::MAX, 400)];
    let mut asked = Asked::default();
    let mut prover = Told { same: vec![(0, 1)], ..Told::default() };
    prover.way = Some(Way::turned(Orientation::Rotate90));
    assert!(asked.names(&films, &prover).is_empty());
    asked.otherwise = vec![(0, 1)];
    assert_eq!(asked.names(&films, &prover), [(1, [(0, Copy)].into())]);
    // The keeper is the second of them.
    let turned = &asked.groups(&films, &prover)[0].duplicates[0];
    assert_eq!(turned.orientation, Orientation::Rotate270);
    // The keeper shows more, then the other one does.
    let part = Part { top: 16, left: 0, bottom: 240, right: 256 };
    for (whose, of, shows_more) in
        [(Whose::Second, Member::Keeper, false), (Whose::First, Member::Duplicate, true)]
    {
        prover.way = Some(Way { whose, part, ..Way::UPRIGHT });
        assert_eq!(asked.names(&films, &prover), [(1, [(0, Relation::Part)].into())]);
        let cropped = &asked.groups(&films, &prover)[0].duplicates[0];
        let region = cropped.likeness.and_then(|likeness| likeness.region).unwrap();
        assert_eq!((region.of, region.edges), (of, [16, 0, 240, 256]));
        assert_eq!(cropped.shows_more, shows_more);
    }
    asked.apart = vec![(0, 1)];
    assert!(asked.names(&films, &prover).is_empty());
    asked.apart.clear();
    asked.left_out = [0].into();
    assert!(asked.names(&films, &prover).is_empty());
}

#[test]
fn of_a_film_and_a_cut_one_the_longer_shows_more() {
    let films = [film("cut", 9, 0, 400), film("whole", 10, u64::MAX, 100)];
    let asked = Asked { otherwise: vec![(0, 1)], ..Asked::default() };
    let mut prover = Told { same: vec![(0, 1)], ..Told::default() };
    for (second, relation, shows_more) in [(1_000_000, Relation::Part, true), (0, Copy, false)] {
        // The head is cut off, or it is faster.
        let lasts = [9_000_000, 10_000_000 - second];
        let stretch = Some(Stretch { starts: [0, second], lasts });
        prover.way = Some(Way { stretch, ..Way::UPRIGHT });
        let found = asked.groups(&films, &prover);
        assert_eq!(found[0].keeper, 0, "more pixels");
        let whole = &found[0].duplicates[0];
        assert_eq!((whole.relation, whole.shows_more), (relation, shows_more));
    }
}

#[test]
fn black_bars_are_no_pixels() {
    let mut films = [film("a", 9, 0, 100), film("b", 9, 1, 110)];
    let prover = Told { same: vec![(0, 1)], ..Told::default() };
    let keeper = |films: &[Film]| Asked::default().groups(films, &prover)[0].keeper;
    let mut barred = |bars: &[usize]| {
        let tile = &mut films[1].record.fingerprint.frames[0].1.tile;
        **tile = FineTile([180; 64 * 64]);
        tile.0[..64 * 32].fill(100);
        for &row in bars {
            tile.0[row * 64..][..64].fill(2);
        }
        keeper(&films)
    };
    assert_eq!(barred(&[]), 1);
    assert_eq!(barred(&[0, 1, 2, 3, 4, 5, 58, 59, 60, 61, 62, 63]), 0);
    // A night sky is no bar, nor is a dark edge.
    assert_eq!(barred(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), 1);
    assert_eq!(barred(&[0, 1, 62, 63]), 1);
}

#[test]
fn the_same_bytes_need_no_proof() {
    let mut films = [film("x/a", 9, 0, 100), film("b", 9, u64::MAX, 100), film("c", 9, 0, 400)];
    films[1].file.stamp.size = films[0].file.stamp.size;
    let mut asked = Asked { contents: [(0, 1), (1, 1)].into(), ..Asked::default() };
    let nothing = Told::default();
    assert_eq!(asked.names(&films, &nothing), [(1, [(0, Identical)].into())]);
    // With their like they go to a better keeper, both of them.
    films[1].record.fingerprint = films[0].record.fingerprint.clone();
    let prover = Told { same: vec![(1, 2)], ..Told::default() };
    assert_eq!(asked.names(&films, &prover), [(2, [(0, Copy), (1, Copy)].into())]);
    // Equally long, of other bytes: one of them may be damaged.
    asked.contents = [(0, 1), (1, 2)].into();
    let prover = Told { same: vec![(0, 1)], ..Told::default() };
    let found = asked.groups(&films, &prover);
    assert!(found[0].duplicates[0].alarm.is_some());
    // One that cannot be decoded is compared by its bytes, too.
    films[1].record.undecoded = Some("no".into());
    assert!(asked.names(&films, &prover).is_empty());
    asked.contents = [(0, 1), (1, 1)].into();
    assert_eq!(asked.names(&films, &nothing), [(1, [(0, Identical)].into())]);
    // Two names of one file are one film.
    films[1].file.stamp.key = films[0].file.stamp.key;
    assert!(asked.names(&films, &nothing).is_empty());
}

#[test]
fn references_marks_and_films_of_pictures_are_left_alone() {
    let mut films = [film("a", 9, 0, 100), film("b", 9, 1, 400)];
    let prover = Told { same: vec![(0, 1)], ..Told::default() };
    let mut asked = Asked::default();
    films[0].file.root = 1;
    asked.references = vec![false, true];
    let found = asked.groups(&films, &prover);
    assert_eq!((found[0].keeper, &*found[0].reason), (0, "in a reference folder"));
    films[1].file.root = 1;
    assert!(asked.names(&films, &prover).is_empty(), "both are references");
    asked.references.clear();
    asked.apart = vec![(0, 1)];
    assert!(asked.names(&films, &prover).is_empty());
    asked.apart.clear();
    asked.left_out = [1].into();
    assert!(asked.names(&films, &prover).is_empty());
}

#[test]
fn what_does_not_move_and_two_takes_are_only_alike() {
    let mut films = [film("a", 9, 0, 100), film("b", 9, 1, 400), film("c", 9, 2, 50)];
    let still = Told { still: vec![(0, 1), (1, 2)], ..Told::default() };
    assert_eq!(Asked::default().names(&films, &still), [(1, [(0, Alike), (2, Alike)].into())]);
    let both = Told { same: vec![(0, 2)], still: vec![(1, 2), (0, 1)], ..Told::default() };
    let expected = [(0, [(2, Copy)].into())];
    assert_eq!(Asked::default().names(&films, &both), expected, "copies have the precedence");
    let prover = Told { same: vec![(0, 1)], ..Told::default() };
    for (film, second) in films.iter_mut().zip([0, 3, 0]) {
        film.record.captured = Some(CaptureTime {
            local_seconds: second,
            subsecond_ns: None,
            offset_minutes: Some(60),
        });
    }
    let names = |films: &[Film]| Asked::default().names(films, &prover);
    assert_eq!(names(&films), [(1, [(0, Copy)].into())], "a date alone may be that of the export");
    for film in &mut films {
        film.record.camera = Some("Pinhole One".into());
    }
    assert_eq!(names(&films), [(1, [(0, Alike)].into())]);
}

#[test]
fn the_keeper_is_the_better_film() {
    let base = || film("b", 9, 0, 100);
    let better = |change: &dyn Fn(&mut Film), expected: &str| {
        let mut films = [film("a", 9, 0, 100), base()];
        films[0].file.stamp.size = Bytes(9);
        films[1].file.stamp.size = Bytes(9);
        change(&mut films[1]);
        let prover = Told { same: vec![(0, 1)], ..Told::default() };
        let found = Asked::default().groups(&films, &prover);
        let keeper = if expected == "first by name" { 0 } else { 1 };
        assert_eq!((found[0].keeper, &*found[0].reason), (keeper, expected));
        found[0].duplicates[0].unsure
    };
    better(&|_| {}, "first by name");
    better(&|film| film.record.dimensions.width = 101, "more pixels");
    better(&|film| film.record.facts.frames = 540, "more frames a second");
    let longer = |film: &mut Film| {
        film.record.facts.duration_us += 200_000;
        film.record.facts.frames += 6;
    };
    better(&longer, "longer");
    let hardly_longer = |film: &mut Film| {
        film.record.facts.duration_us += 30_000;
        film.record.facts.frames += 1;
    };
    better(&hardly_longer, "first by name");
    better(&|film| film.record.facts.frame_bytes = 1_100_000, "less compressed");
    // A few bytes more are another container, not a better picture.
    better(&|film| film.record.facts.frame_bytes = 1_000_100, "first by name");
    better(&|film| film.record.facts.codec = "hevc".into(), "less compressed");
    better(&|film| film.record.camera = Some("Pinhole".into()), "names its camera");
    better(&|film| film.file.stamp.modified = ModifiedNs(-1), "older file");
    // By its figures the one, by its tags the other.
    let mut films = [film("a", 9, 0, 100), film("b", 9, 0, 200)];
    films[0].record.camera = Some("Pinhole".into());
    let prover = Told { same: vec![(0, 1)], ..Told::default() };
    let found = Asked::default().groups(&films, &prover);
    assert_eq!(found[0].keeper, 1);
    assert!(found[0].duplicates[0].unsure.is_some());
    // A cut one is never kept, however good.
    films[1].record.is_cut = true;
    let found = Asked::default().groups(&films, &prover);
    assert_eq!((found[0].keeper, &*found[0].reason), (0, "not damaged"));
}
