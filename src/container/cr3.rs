//! Canon's CR3: ISO boxes with the tags in TIFFs of their own and three JPEG previews.

use std::io;
use std::ops::Range;

use super::isobmff::{self, BoxRange, Fields};
use super::{ReadAt, tiff};

/// The box of Canon's tags inside `moov`, and that of the preview at the top level.
const TAGS: [u8; 16] = 0x85c0_b687_820f_11e0_8111_f4ce_462b_6a48_u128.to_be_bytes();
const PREVIEW: [u8; 16] = 0xeaf4_2b5e_1c98_4b88_b9fb_b7dc_406e_4d16_u128.to_be_bytes();
/// Longest `moov` box that is read; real ones have some tens of kilobytes.
const MAX_MOVIE: u64 = 16 << 20;

/// What lies in the boxes.
#[derive(Clone, Debug, Default)]
pub struct Cr3 {
    /// `CMT1` (main directory), `CMT2` (Exif), `CMT4` (GPS).
    tags: [Vec<u8>; 3],
    /// Stretches of the file that may hold a JPEG: the contents of `THMB` and `PRVW`, where a few
    /// fields stand before it, and the first sample of every track.
    pub previews: Vec<Range<u64>>,
}

/// Reads the boxes; `None` when there are no tags among them.
///
/// # Errors
/// When the source cannot be read.
pub fn read(source: &dyn ReadAt) -> io::Result<Option<Cr3>> {
    let mut cr3 = Cr3::default();
    for top in isobmff::boxes(source, 0, source.size())? {
        match &top.kind {
            b"moov" if top.size() <= MAX_MOVIE => {
                let mut movie = vec![0; top.size() as usize];
                source.read_exact_at(top.start, &mut movie)?;
                cr3.read_movie(&movie, top.start)?;
            }
            b"uuid" if top.size() >= 24 => {
                let mut name = [0; 16];
                source.read_exact_at(top.start, &mut name)?;
                if name == PREVIEW {
                    // Eight bytes stand before the boxes.
                    let inner = isobmff::boxes(source, top.start + 24, top.end)?;
                    let preview = inner.iter().find(|found| &found.kind == b"PRVW");
                    cr3.previews.extend(preview.map(|found| found.start..found.end));
                }
            }
            _ => {}
        }
    }
    Ok((!cr3.tags[0].is_empty()).then_some(cr3))
}

impl Cr3 {
    fn read_movie(&mut self, movie: &Vec<u8>, start: u64) -> io::Result<()> {
        let content = |range: BoxRange| {
            movie.get(range.start as usize..range.end as usize).unwrap_or_default()
        };
        for found in isobmff::boxes(movie, 0, movie.size())? {
            match &found.kind {
                b"trak" => self.previews.extend(first_sample(content(found))),
                b"uuid" if content(found).starts_with(&TAGS) => {
                    for inner in isobmff::boxes(movie, found.start + 16, found.end)? {
                        match &inner.kind {
                            b"CMT1" => self.tags[0] = content(inner).to_vec(),
                            b"CMT2" => self.tags[1] = content(inner).to_vec(),
                            b"CMT4" => self.tags[2] = content(inner).to_vec(),
                            b"THMB" => self.previews.push(start + inner.start..start + inner.end),
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The tags as one block.
    pub fn exif_block(&self) -> Option<Vec<u8>> {
        tiff::join(self.tags.each_ref().map(Vec::as_slice))
    }
}

/// Where the first sample of a track lies (ISO/IEC 14496-12, 8.7.3 and 8.7.5).
fn first_sample(track: &[u8]) -> Option<Range<u64>> {
    let path = [b"mdia", b"minf", b"stbl"];
    let table = path.into_iter().try_fold(track, |content, kind| isobmff::child(content, kind))?;
    let mut sizes = Fields(isobmff::child(table, b"stsz")?);
    let (_, size, count) = (sizes.version()?, sizes.u32()?, sizes.u32()?);
    let size = if size == 0 && count > 0 { sizes.u32()? } else { size };
    let offset = match isobmff::child(table, b"co64") {
        Some(content) => Fields(content.get(8..)?).uint(8)?,
        None => u64::from(Fields(isobmff::child(table, b"stco")?.get(8..)?).u32()?),
    };
    Some(offset..offset.checked_add(u64::from(size))?)
}
