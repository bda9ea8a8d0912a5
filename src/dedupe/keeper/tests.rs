use super::*;
use crate::dedupe::evidence;
use crate::model::media::{
    Bytes, CaptureTime, DecodeFlags, Dimensions, FileKey, Format, Metadata, ModifiedNs,
};
use crate::model::phash::PictureHash;
use crate::model::provenance::{Bandwidth, Provenance, Quantised, Traces};
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Owned {
    flags: (bool, bool, u64),
    made: bool,
    named: bool,
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
            made_from_another: self.made,
            named_after_another: self.named,
            preferred: self.flags.2,
            path: Path::new(&self.path),
            stamp: self.stamp,
            record: &self.record,
            evidence: Evidence::from(&self.record),
        }
    }
}

fn plain(path: &str) -> Owned {
    Owned {
        flags: (false, false, 0),
        made: false,
        named: false,
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

fn quantised(dc_step: u8, steps: u16) -> Quantised {
    Quantised { dc_step, steps, quality: 80, standard: true, subsampled: false, progressive: false }
}

fn provenance(record: &mut PictureRecord) -> &mut Provenance {
    record.provenance.get_or_insert_default()
}

/// Which is better, and why, in words.
fn decided(a: &Owned, b: &Owned, rules: &[KeepRule]) -> (Ordering, String) {
    let (order, criterion) = compare(&a.borrow(), &b.borrow(), rules);
    let of = |owned: &Owned| Evidence::from(&owned.record);
    (order, evidence::reason(criterion, &of(a), &of(b)))
}

#[test]
fn each_difference_in_its_turn() {
    let worst = plain("b/longer.jpg");
    type Improve = fn(&mut Owned);
    let steps: [(&str, Improve); 16] = [
        ("first by name", |c| c.path = "a/longer.jpg".into()),
        ("shorter path", |c| c.path = "z.jpg".into()),
        ("older file", |c| c.stamp.modified = ModifiedNs(-5)),
        ("the other is named like a copy", |_| ()),
        ("older", |c| {
            c.record.metadata.captured =
                Some(CaptureTime { local_seconds: 1, subsecond_ns: None, offset_minutes: None });
        }),
        ("larger file", |c| c.stamp.size = Bytes(101)),
        ("more metadata", |c| c.record.metadata.has_position = true),
        ("less compressed", |c| provenance(&mut c.record).quantised = Some(quantised(3, 500))),
        ("less lossy format", |c| c.record.format = Format::Png),
        ("more pixels", |c| c.record.dimensions.width = 11),
        ("the original", |_| ()),
        ("the camera's own file", |c| {
            c.record.format = Format::Dng;
        }),
        ("complete unit (RAW+JPEG or Live Photo)", |c| c.flags.1 = true),
        ("the whole picture", |_| ()),
        ("undamaged", |_| ()),
        ("in a reference folder", |c| c.flags.0 = true),
    ];
    let mut better = worst.clone();
    // Everything but the time is equal then.
    better.record.metadata.captured = None;
    for (reason, improve) in steps {
        let mut before = better.clone();
        improve(&mut better);
        match reason {
            "undamaged" => before.record.flags.damaged_tail = true,
            "the other is named like a copy" => before.named = true,
            "the original" => before.made = true,
            "the whole picture" => continue,
            "older" => {
                let later =
                    CaptureTime { local_seconds: 2, subsecond_ns: None, offset_minutes: None };
                before.record.metadata.captured = Some(later);
            }
            _ => {}
        }
        assert_eq!(decided(&better, &before, &[]), (Ordering::Less, reason.to_owned()));
        assert_eq!(decided(&before, &better, &[]).0, Ordering::Greater);
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
    assert_eq!(
        compare(&wanted.borrow(), &large.borrow(), &rules),
        (Ordering::Less, Criterion::Wish("preferred path"))
    );
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
        let decided = compare(&large.borrow(), &wanted.borrow(), &[rule]);
        assert_eq!(decided, (Ordering::Less, Criterion::Undamaged));
    }
    wanted.flags.0 = true;
    assert_eq!(compare(&wanted.borrow(), &large.borrow(), &rules).0, Ordering::Less);
    (wanted.flags.0, wanted.record.flags.damaged_tail) = (false, false);
    large.flags.0 = true;
    assert_eq!(compare(&wanted.borrow(), &large.borrow(), &rules).0, Ordering::Greater);
}

fn traced() -> impl Strategy<Value = Option<Provenance>> {
    let traces = [
        Traces::NONE,
        Traces::MAKER_NOTE.with(Traces::CAMERA),
        Traces::CAMERA.with(Traces::EXPOSURE),
        Traces::EDITOR,
        Traces::SCREENSHOT,
    ];
    let quantised = proptest::option::of((1..4_u8, 64..70_u16, any::<bool>()));
    let traced = (
        proptest::sample::select(traces.to_vec()),
        quantised,
        proptest::option::of(1..4_u8),
        proptest::option::of(400..1001_u16),
    );
    proptest::option::of(traced.prop_map(|(traces, quantised, earlier_dc_step, bandwidth)| {
        let quantised = quantised.map(|(dc_step, steps, standard)| Quantised {
            standard,
            ..self::quantised(dc_step, steps)
        });
        Provenance { traces, quantised, earlier_dc_step, bandwidth: bandwidth.map(Bandwidth) }
    }))
}

fn candidate() -> impl Strategy<Value = Owned> {
    let flags = (any::<bool>(), any::<bool>(), 0..2_u64);
    let captured = proptest::option::of((0..3_i64, proptest::option::of(0..2_u32)));
    let names = proptest::sample::select(vec!["a", "b", "ab", "a copy", "a (1)", "b_1"]);
    let origins = (any::<bool>(), any::<bool>(), traced());
    (flags, names, 0..3_u64, 0..3_i64, 1..3_u32, 0..5_usize, captured, origins).prop_map(
        |(flags, path, size, modified, width, format, captured, (made, named, provenance))| {
            let mut owned = plain(path);
            (owned.flags, owned.made, owned.named) = (flags, made, named);
            owned.stamp.size = Bytes(size);
            owned.stamp.modified = ModifiedNs(modified);
            owned.record.dimensions.width = width;
            owned.record.flags.damaged_tail = (size ^ u64::from(width)) & 1 == 1;
            let formats = [Format::Jpeg, Format::Png, Format::Raf, Format::Gif, Format::Heic];
            owned.record.format = formats[format];
            owned.record.provenance = provenance;
            owned.record.metadata.captured = captured.map(|(local_seconds, subsecond_ns)| {
                CaptureTime { local_seconds, subsecond_ns, offset_minutes: None }
            });
            owned
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
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
