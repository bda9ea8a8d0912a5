//! What a slot takes of a batch.

use crate::picture::tile::{Plane, Tile};

/// Bytes of planes that a slot takes.
pub(super) const PLANE_BYTES: usize = 16 << 20;
/// Pictures that a slot takes: 4 MiB of tiles.
pub(super) const SLOT_PICTURES: usize = 4096;

/// What is to be hashed.
#[derive(Clone, Copy)]
pub(super) enum HashInput<'a> {
    Tiles(&'a [Tile]),
    Planes(&'a [Plane<'a>]),
}

impl<'a> HashInput<'a> {
    pub fn len(self) -> usize {
        match self {
            Self::Tiles(tiles) => tiles.len(),
            Self::Planes(planes) => planes.len(),
        }
    }

    /// As much from the front as a slot takes, and the rest.
    pub fn split(self) -> (Self, Self) {
        match self {
            Self::Tiles(tiles) => {
                let (now, later) = tiles.split_at(tiles.len().min(SLOT_PICTURES));
                (Self::Tiles(now), Self::Tiles(later))
            }
            Self::Planes(planes) => {
                let mut bytes = 0;
                let fit = planes.iter().take(SLOT_PICTURES).take_while(|plane| {
                    bytes += plane.samples().len();
                    bytes <= PLANE_BYTES
                });
                let (now, later) = planes.split_at(fit.count());
                (Self::Planes(now), Self::Planes(later))
            }
        }
    }
}
