//! Which of several copies to keep. The first difference decides, and it is the reason given.

use std::cmp::Ordering;
use std::path::Path;

use crate::model::media::{FileStamp, Format};
use crate::model::policy::KeepRule;
use crate::model::record::PictureRecord;

/// What the choice of a keeper depends on.
#[derive(Clone, Copy, Debug)]
pub struct KeeperCandidate<'a> {
    /// It lies in a reference folder, which is never touched.
    pub reference: bool,
    /// It shows no more than a part of another one, or the same with something around it.
    pub lesser: bool,
    /// It belongs to a unit (RAW+JPEG, Live Photo) that is complete where it lies.
    pub complete_unit: bool,
    /// For each rule that prefers paths, by its place among the rules, a set bit where it prefers
    /// this one.
    pub preferred: u64,
    /// Its path.
    pub path: &'a Path,
    /// Size and time.
    pub stamp: FileStamp,
    /// Dimensions, format, metadata.
    pub record: &'a PictureRecord,
}

/// Compares two candidates: `Less` when `a` is the better keeper, with the first difference that
/// says so. Equal only for the same path.
pub fn compare(
    a: &KeeperCandidate<'_>,
    b: &KeeperCandidate<'_>,
    keep: &[KeepRule],
) -> (Ordering, &'static str) {
    let pixels = |c: &KeeperCandidate<'_>| c.record.dimensions.pixels();
    // Before any wish: a picture of which a part is missing is not what anybody wants to keep.
    let first = [
        (more(a.reference, b.reference), "in a reference folder"),
        (more(!damaged(a), !damaged(b)), "undamaged"),
        (more(!a.lesser, !b.lesser), "the whole picture"),
    ];
    let wishes = keep.iter().zip(0..u64::BITS).map(|(rule, place)| match rule {
        KeepRule::Largest if pixels(a) != pixels(b) => (more(pixels(a), pixels(b)), "more pixels"),
        KeepRule::Largest => (more(a.stamp.size, b.stamp.size), "larger file"),
        KeepRule::Oldest => (age(a, b), "older"),
        KeepRule::Newest => (age(b, a), "newer"),
        KeepRule::ShortestPath => (shorter(a, b), "shorter path"),
        KeepRule::Prefer(_) => {
            let wanted = |c: &KeeperCandidate<'_>| c.preferred >> place & 1;
            (more(wanted(a), wanted(b)), "preferred path")
        }
    });
    let usual = [
        (more(a.complete_unit, b.complete_unit), "complete unit (RAW+JPEG or Live Photo)"),
        (more(pixels(a), pixels(b)), "more pixels"),
        (loss(a.record.format).cmp(&loss(b.record.format)), "less lossy format"),
        (more(richness(a), richness(b)), "more metadata"),
        (more(a.stamp.size, b.stamp.size), "larger file"),
        (age(a, b), "older"),
        (shorter(a, b), "shorter path"),
        (
            a.path.as_os_str().as_encoded_bytes().cmp(b.path.as_os_str().as_encoded_bytes()),
            "first by name",
        ),
    ];
    first
        .into_iter()
        .chain(wishes)
        .chain(usual)
        .find(|(order, _)| order.is_ne())
        .unwrap_or((Ordering::Equal, "the same file"))
}

/// More is better.
fn more<T: Ord>(a: T, b: T) -> Ordering {
    b.cmp(&a)
}

fn damaged(candidate: &KeeperCandidate<'_>) -> bool {
    candidate.record.flags.damaged_tail
}

/// How much a format loses: the sensor's values, all pixels, most of them.
fn loss(format: Format) -> u8 {
    match format {
        _ if format.is_raw() => 0,
        Format::Tiff
        | Format::Png
        | Format::Bmp
        | Format::Tga
        | Format::Qoi
        | Format::Pnm
        | Format::Ico => 1,
        // GIF keeps at most 256 colours.
        _ => 2,
    }
}

/// Capture date and position, one each.
fn richness(candidate: &KeeperCandidate<'_>) -> u8 {
    let metadata = &candidate.record.metadata;
    u8::from(metadata.captured.is_some()) + u8::from(metadata.has_position)
}

/// The older is better: by capture time where both have one, then by modification time.
fn age(a: &KeeperCandidate<'_>, b: &KeeperCandidate<'_>) -> Ordering {
    // Those with a capture time first, so that the order stays total.
    let captured = |c: &KeeperCandidate<'_>| {
        let captured = c.record.metadata.captured;
        (captured.is_none(), captured.map(|time| (time.local_seconds, time.subsecond_ns)))
    };
    captured(a).cmp(&captured(b)).then(a.stamp.modified.cmp(&b.stamp.modified))
}

fn shorter(a: &KeeperCandidate<'_>, b: &KeeperCandidate<'_>) -> Ordering {
    a.path.as_os_str().len().cmp(&b.path.as_os_str().len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::media::{
        Bytes, CaptureTime, DecodeFlags, Dimensions, FileKey, Metadata, ModifiedNs,
    };
    use crate::model::phash::PictureHash;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    struct Owned {
        flags: (bool, bool, u64),
        path: String,
        stamp: FileStamp,
        record: PictureRecord,
    }

    impl Owned {
        fn borrow(&self) -> KeeperCandidate<'_> {
            KeeperCandidate {
                reference: self.flags.0,
                lesser: false,
                complete_unit: self.flags.1,
                preferred: self.flags.2,
                path: Path::new(&self.path),
                stamp: self.stamp,
                record: &self.record,
            }
        }
    }

    fn plain(path: &str) -> Owned {
        Owned {
            flags: (false, false, 0),
            path: path.into(),
            stamp: FileStamp {
                key: FileKey { device: 1, inode: 1 },
                size: Bytes(100),
                modified: ModifiedNs(0),
            },
            record: PictureRecord {
                format: Format::Jpeg,
                dimensions: Dimensions { width: 10, height: 10 },
                hash: PictureHash::default(),
                metadata: Metadata::default(),
                flags: DecodeFlags::default(),
                provenance: None,
            },
        }
    }

    #[test]
    fn each_difference_in_its_turn() {
        let worst = plain("b/longer.jpg");
        type Improve = fn(&mut Owned);
        let steps: [(&str, Improve); 10] = [
            ("first by name", |c| c.path = "a/longer.jpg".into()),
            ("shorter path", |c| c.path = "z.jpg".into()),
            ("older", |c| c.stamp.modified = ModifiedNs(-5)),
            ("larger file", |c| c.stamp.size = Bytes(101)),
            ("more metadata", |c| c.record.metadata.has_position = true),
            ("less lossy format", |c| c.record.format = Format::Png),
            ("more pixels", |c| c.record.dimensions.width = 11),
            ("complete unit (RAW+JPEG or Live Photo)", |c| c.flags.1 = true),
            ("undamaged", |_| ()),
            ("in a reference folder", |c| c.flags.0 = true),
        ];
        let mut better = worst.clone();
        for (reason, improve) in steps {
            let mut before = better.clone();
            improve(&mut better);
            if reason == "undamaged" {
                before.record.flags.damaged_tail = true;
            }
            assert_eq!(compare(&better.borrow(), &before.borrow(), &[]), (Ordering::Less, reason));
            assert_eq!(compare(&before.borrow(), &better.borrow(), &[]).0, Ordering::Greater);
        }
    }

    #[test]
    fn wishes_go_first_but_references_before_them() {
        let mut large = plain("a.jpg");
        large.record.dimensions.width = 1000;
        let mut wanted = plain("keep/b.jpg");
        wanted.flags.2 = 1;
        wanted.stamp.size = Bytes(5);
        let rules = [KeepRule::Prefer("keep/*".into())];
        let (order, reason) = compare(&wanted.borrow(), &large.borrow(), &rules);
        assert_eq!((order, reason), (Ordering::Less, "preferred path"));
        assert_eq!(
            compare(&wanted.borrow(), &large.borrow(), &[KeepRule::Largest]).0,
            Ordering::Greater
        );
        // Nor does any wish make a damaged picture a keeper, unless it is a reference.
        wanted.record.flags.damaged_tail = true;
        for rule in [
            KeepRule::Prefer("keep/*".into()),
            KeepRule::Largest,
            KeepRule::Oldest,
            KeepRule::Newest,
            KeepRule::ShortestPath,
        ] {
            let (order, reason) = compare(&large.borrow(), &wanted.borrow(), &[rule]);
            assert_eq!((order, reason), (Ordering::Less, "undamaged"));
        }
        wanted.flags.0 = true;
        assert_eq!(compare(&wanted.borrow(), &large.borrow(), &rules).0, Ordering::Less);
        (wanted.flags.0, wanted.record.flags.damaged_tail) = (false, false);
        large.flags.0 = true;
        assert_eq!(compare(&wanted.borrow(), &large.borrow(), &rules).0, Ordering::Greater);
    }

    fn candidate() -> impl Strategy<Value = Owned> {
        let flags = (any::<bool>(), any::<bool>(), 0..2_u64);
        let captured = proptest::option::of((0..3_i64, proptest::option::of(0..2_u32)));
        (flags, "[ab]{1,2}", 0..3_u64, 0..3_i64, 1..3_u32, 0..4_usize, captured).prop_map(
            |(flags, path, size, modified, width, format, captured)| {
                let mut owned = plain(&path);
                owned.flags = flags;
                owned.stamp.size = Bytes(size);
                owned.stamp.modified = ModifiedNs(modified);
                owned.record.dimensions.width = width;
                owned.record.flags.damaged_tail = (size ^ u64::from(width)) & 1 == 1;
                owned.record.format = [Format::Jpeg, Format::Png, Format::Raf, Format::Gif][format];
                owned.record.metadata.captured = captured.map(|(local_seconds, subsecond_ns)| {
                    CaptureTime { local_seconds, subsecond_ns, offset_minutes: None }
                });
                owned
            },
        )
    }

    proptest! {
        #[test]
        fn the_order_is_total(
            a in candidate(), b in candidate(), c in candidate(),
            rule in proptest::sample::select(vec![
                KeepRule::Largest, KeepRule::Oldest, KeepRule::Newest, KeepRule::ShortestPath,
            ]),
        ) {
            let rules = [rule];
            let order = |x: &Owned, y: &Owned| compare(&x.borrow(), &y.borrow(), &rules).0;
            prop_assert_eq!(order(&a, &b), order(&b, &a).reverse());
            if order(&a, &b).is_le() && order(&b, &c).is_le() {
                prop_assert!(order(&a, &c).is_le());
            }
        }
    }
}
