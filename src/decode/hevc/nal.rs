//! NAL units (ITU-T H.265, 7.3.1).

use std::borrow::Cow;

/// What kind of unit it is (table 7-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UnitKind(pub(super) u8);

impl UnitKind {
    pub(super) const SPS: Self = Self(33);
    pub(super) const PPS: Self = Self(34);

    /// A part of a coded picture.
    pub(super) fn is_slice(self) -> bool {
        self.0 < 32
    }

    /// A picture that no other is needed for.
    pub(super) fn is_intra_access(self) -> bool {
        (16..24).contains(&self.0)
    }

    pub(super) fn is_instant_refresh(self) -> bool {
        matches!(self.0, 19 | 20)
    }
}

/// A unit of the base layer, without the bytes that only keep start codes from appearing.
pub(super) struct Unit<'a> {
    pub(super) kind: UnitKind,
    pub(super) payload: Cow<'a, [u8]>,
}

impl<'a> Unit<'a> {
    /// `None` for units of other layers, and for what is none.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (&[first, second], payload) = bytes.split_first_chunk()?;
        let layer = (first & 1) << 5 | second >> 3;
        (first & 0x80 == 0 && layer == 0)
            .then(|| Self { kind: UnitKind(first >> 1 & 0x3f), payload: unescaped(payload) })
    }
}

/// The units of a sample whose lengths stand before them in `size` bytes (ISO/IEC 14496-15,
/// 4.3.2).
pub(in crate::decode) fn units(mut bytes: &[u8], size: usize) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = bytes.split_at_checked(size)?;
        let length = length.iter().fold(0, |value, &byte| value << 8 | usize::from(byte));
        let (unit, rest) = rest.split_at(length.min(rest.len()));
        bytes = rest;
        Some(unit)
    })
}

fn unescaped(payload: &[u8]) -> Cow<'_, [u8]> {
    let mut out: Option<Vec<u8>> = None;
    let (mut kept, mut at) = (0, 0);
    while let Some(window) = payload.get(at..at + 3) {
        // Only a byte of at most 3 can end the pattern.
        if window[2] > 3 {
            at += 3;
        } else if window == [0, 0, 3] {
            let out = out.get_or_insert_with(|| Vec::with_capacity(payload.len()));
            out.extend_from_slice(&payload[kept..at + 2]);
            (kept, at) = (at + 3, at + 3);
        } else {
            at += 1;
        }
    }
    match out {
        None => Cow::Borrowed(payload),
        Some(mut out) => {
            out.extend_from_slice(&payload[kept..]);
            Cow::Owned(out)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_taken_out() {
        for (escaped, plain) in [
            (&[1, 0, 0, 3, 1][..], &[1, 0, 0, 1][..]),
            (&[0, 0, 3, 0, 0, 3], &[0, 0, 0, 0]),
            (&[0, 0, 3, 0, 3, 9], &[0, 0, 0, 3, 9]),
            (&[0, 0, 0, 3], &[0, 0, 0]),
            (&[0, 1, 3, 0, 0, 3, 3], &[0, 1, 3, 0, 0, 3]),
            (&[0, 0], &[0, 0]),
            (&[9, 9, 0, 0, 3], &[9, 9, 0, 0]),
        ] {
            assert_eq!(*unescaped(escaped), *plain, "{escaped:?}");
        }
    }

    #[test]
    fn units_are_split_and_told_apart() {
        let bytes = [0, 3, 33 << 1, 1, 7, 0, 2, 34 << 1, 1, 0, 9, 19 << 1, 9];
        let units: Vec<&[u8]> = units(&bytes, 2).collect();
        assert_eq!(units, [&[66, 1, 7][..], &[68, 1], &[38, 9]]);
        let first = Unit::read(units[0]).unwrap();
        assert_eq!((first.kind, &*first.payload), (UnitKind::SPS, &[7][..]));
        assert_eq!(Unit::read(units[1]).unwrap().kind, UnitKind::PPS);
        assert!(Unit::read(units[2]).is_none(), "of another layer");
        assert!(Unit::read(&[66]).is_none());
    }
}
