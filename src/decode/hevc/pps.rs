//! The picture parameter set (ITU-T H.265, 7.3.2.3).

use super::HevcRefusal;
use super::bits::Bits;
use super::scaling::{ScalingLists, scaling_lists};

/// What of it decoding the luma of intra pictures needs.
#[derive(Clone, Debug)]
pub(super) struct Pps {
    pub(super) has_dependent_slices: bool,
    pub(super) has_output_flag: bool,
    pub(super) extra_header_bits: u32,
    pub(super) hides_signs: bool,
    pub(super) initial_qp: i32,
    pub(super) has_transform_skip: bool,
    /// How often a coding tree block is split above what can have a quantiser of its own.
    pub(super) qp_delta_depth: Option<u32>,
    pub(super) slice_has_chroma_qp: bool,
    pub(super) has_bypass: bool,
    pub(super) tiles: Option<TileForm>,
    pub(super) has_wavefronts: bool,
    pub(super) filters_across_slices: bool,
    pub(super) overrides_deblocking: bool,
    pub(super) no_deblocking: bool,
    pub(super) scaling: Option<ScalingLists>,
    pub(super) has_header_extension: bool,
    pub(super) log2_max_skip: u32,
    pub(super) cross_component: bool,
}

/// Columns and rows of tiles, in coding tree blocks.
#[derive(Clone, Debug)]
pub(super) enum TileForm {
    Uniform {
        columns: usize,
        rows: usize,
    },
    /// The last column and row take what is left.
    Explicit {
        widths: Vec<usize>,
        heights: Vec<usize>,
    },
}

impl Pps {
    pub(super) fn read(payload: &[u8]) -> Result<Self, HevcRefusal> {
        let bits = &mut Bits::new(payload);
        bits.golomb_to(63)?;
        bits.golomb_to(15)?;
        let (has_dependent_slices, has_output_flag) = (bits.flag()?, bits.flag()?);
        let extra_header_bits = bits.take(3)?;
        let hides_signs = bits.flag()?;
        bits.skip(1)?;
        bits.golomb()?;
        bits.golomb()?;
        let initial_qp = 26 + bits.signed()?.clamp(-100, 100);
        bits.skip(1)?;
        let has_transform_skip = bits.flag()?;
        let qp_delta_depth = if bits.flag()? { Some(bits.golomb_to(3)?) } else { None };
        bits.signed()?;
        bits.signed()?;
        let slice_has_chroma_qp = bits.flag()?;
        bits.skip(2)?;
        let has_bypass = bits.flag()?;
        let (has_tiles, has_wavefronts) = (bits.flag()?, bits.flag()?);
        if has_tiles && has_wavefronts {
            return Err(HevcRefusal::Unsupported("wavefronts in tiles"));
        }
        let tiles = if has_tiles { Some(TileForm::read(bits)?) } else { None };
        let filters_across_slices = bits.flag()?;
        let (mut overrides_deblocking, mut no_deblocking) = (false, false);
        if bits.flag()? {
            (overrides_deblocking, no_deblocking) = (bits.flag()?, bits.flag()?);
            if !no_deblocking {
                bits.signed()?;
                bits.signed()?;
            }
        }
        let scaling = if bits.flag()? { Some(scaling_lists(bits)?) } else { None };
        bits.skip(1)?;
        bits.golomb()?;
        let has_header_extension = bits.flag()?;
        let mut own = Self {
            has_dependent_slices,
            has_output_flag,
            extra_header_bits,
            hides_signs,
            initial_qp,
            has_transform_skip,
            qp_delta_depth,
            slice_has_chroma_qp,
            has_bypass,
            tiles,
            has_wavefronts,
            filters_across_slices,
            overrides_deblocking,
            no_deblocking,
            scaling,
            has_header_extension,
            log2_max_skip: 2,
            cross_component: false,
        };
        if bits.flag()? {
            own.read_extensions(bits)?;
        }
        Ok(own)
    }

    fn read_extensions(&mut self, bits: &mut Bits<'_>) -> Result<(), HevcRefusal> {
        let has_range = bits.flag()?;
        bits.skip(2)?;
        if bits.flag()? {
            return Err(HevcRefusal::Unsupported("screen content coding"));
        }
        bits.skip(4)?;
        if !has_range {
            return Ok(());
        }
        if self.has_transform_skip {
            self.log2_max_skip = 2 + bits.golomb_to(3)?;
        }
        self.cross_component = bits.flag()?;
        if bits.flag()? {
            return Err(HevcRefusal::Unsupported("blocks that choose a quantiser for chroma"));
        }
        Ok(())
    }
}

impl TileForm {
    /// Levels allow 20 columns and 22 rows (table A.8).
    fn read(bits: &mut Bits<'_>) -> Result<Self, HevcRefusal> {
        let columns = bits.golomb_to(63)? as usize + 1;
        let rows = bits.golomb_to(63)? as usize + 1;
        let is_uniform = bits.flag()?;
        let mut sizes = |count: usize| {
            (1..count).map(|_| Ok(bits.golomb_to(1 << 16)? as usize + 1)).collect::<Result<_, _>>()
        };
        let form = match is_uniform {
            true => Self::Uniform { columns, rows },
            false => Self::Explicit { widths: sizes(columns)?, heights: sizes(rows)? },
        };
        bits.skip(1)?;
        Ok(form)
    }
}
