//! The sequence parameter set (ITU-T H.265, 7.3.2.2).

use super::HevcRefusal;
use super::bits::Bits;
use super::references::RefSets;
use super::scaling::{ScalingLists, scaling_lists};
use super::vui::{Signal, signal, skip_after_signal};

/// What of it decoding the luma of intra pictures needs.
#[derive(Clone, Debug)]
pub(super) struct Sps {
    /// 0: luma alone, 1: 4:2:0, 2: 4:2:2, 3: 4:4:4.
    pub(super) chroma: u32,
    /// In samples, padding included.
    pub(super) width: usize,
    pub(super) height: usize,
    /// Columns at the left and right, and rows at the top and bottom, that are not shown.
    pub(super) hidden: [usize; 4],
    /// Bits of a luma sample.
    pub(super) depth: u32,
    pub(super) chroma_depth: u32,
    pub(super) poc_bits: u32,
    pub(super) log2_min_cb: u32,
    pub(super) log2_ctb: u32,
    pub(super) log2_min_tb: u32,
    pub(super) log2_max_tb: u32,
    pub(super) max_transform_depth: u32,
    pub(super) scaling: Option<ScalingLists>,
    pub(super) has_sao: bool,
    pub(super) pcm: Option<Pcm>,
    pub(super) references: RefSets,
    pub(super) has_temporal_mvp: bool,
    pub(super) strong_smoothing: bool,
    pub(super) signal: Signal,
    pub(super) range: RangeExtension,
}

/// Blocks of samples that are stored as they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pcm {
    pub(super) luma_bits: u32,
    pub(super) chroma_bits: u32,
    pub(super) log2_min: u32,
    pub(super) log2_max: u32,
}

/// 7.3.2.2.2; what it can switch on that is not read here is refused.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RangeExtension {
    pub(super) skip_has_context: bool,
    pub(super) no_smoothing: bool,
    pub(super) adapts_rice: bool,
}

/// What stands before all else.
struct SpsHead {
    /// Temporal layers above the first.
    sub_layers: u32,
    chroma: u32,
    separate_planes: bool,
    width: u32,
    height: u32,
}

impl SpsHead {
    /// All before the number; how many temporal layers there are above the first.
    fn skip_to_number(bits: &mut Bits<'_>) -> Result<u32, HevcRefusal> {
        bits.skip(4)?;
        let sub_layers = bits.take(3)?;
        bits.skip(1)?;
        skip_profile(bits, sub_layers)?;
        Ok(sub_layers)
    }

    fn read(bits: &mut Bits<'_>) -> Result<Self, HevcRefusal> {
        let sub_layers = Self::skip_to_number(bits)?;
        bits.golomb_to(15)?;
        let chroma = bits.golomb_to(3)?;
        let separate_planes = chroma == 3 && bits.flag()?;
        let (width, height) = (bits.golomb_to(1 << 16)?, bits.golomb_to(1 << 16)?);
        Ok(Self { sub_layers, chroma, separate_planes, width, height })
    }
}

impl Sps {
    /// The number that it has.
    pub(super) fn number(payload: &[u8]) -> Result<u32, HevcRefusal> {
        let mut bits = Bits::new(payload);
        SpsHead::skip_to_number(&mut bits)?;
        bits.golomb_to(15)
    }

    /// Width and height, padding included, of a stream without temporal layers.
    pub(super) fn stored_size(payload: &[u8]) -> Option<(u32, u32)> {
        let head = SpsHead::read(&mut Bits::new(payload)).ok()?;
        (head.sub_layers == 0).then_some((head.width, head.height))
    }

    /// What the samples stand for, whatever comes behind that.
    #[cfg(feature = "video")]
    pub(super) fn signal(payload: &[u8]) -> Result<Signal, HevcRefusal> {
        let bits = &mut Bits::new(payload);
        Self::read_to_signal(bits)?;
        if bits.flag()? { signal(bits) } else { Ok(Signal::default()) }
    }

    pub(super) fn read(payload: &[u8]) -> Result<Self, HevcRefusal> {
        let bits = &mut Bits::new(payload);
        let (mut sps, sub_layers) = Self::read_to_signal(bits)?;
        if bits.flag()? {
            sps.signal = signal(bits)?;
            skip_after_signal(bits, sub_layers)?;
        }
        sps.range = RangeExtension::read(bits)?;
        let [left, right, top, bottom] = sps.hidden;
        if left + right >= sps.width || top + bottom >= sps.height {
            return Err(HevcRefusal::Damaged("nothing of it is shown"));
        }
        Ok(sps)
    }

    /// All before the description of the samples; how many temporal layers there are above the first.
    fn read_to_signal(bits: &mut Bits<'_>) -> Result<(Self, u32), HevcRefusal> {
        let SpsHead { sub_layers, chroma, separate_planes, width, height } = SpsHead::read(bits)?;
        if separate_planes {
            return Err(HevcRefusal::Unsupported("colour planes coded separately"));
        }
        let mut hidden = [0; 4];
        if bits.flag()? {
            let units = [u32::from(matches!(chroma, 1 | 2)) + 1, u32::from(chroma == 1) + 1];
            for (index, side) in hidden.iter_mut().enumerate() {
                *side = (bits.golomb_to(1 << 16)? * units[index / 2]) as usize;
            }
        }
        let (depth, chroma_depth) = (bits.golomb_to(8)? + 8, bits.golomb_to(8)? + 8);
        if depth > 12 {
            return Err(HevcRefusal::Unsupported("more than 12 bits"));
        }
        let poc_bits = bits.golomb_to(12)? + 4;
        for _ in if bits.flag()? { 0 } else { sub_layers }..=sub_layers {
            for _ in 0..3 {
                bits.golomb()?;
            }
        }
        let log2_min_cb = bits.golomb_to(3)? + 3;
        let log2_ctb = log2_min_cb + bits.golomb_to(3)?;
        let log2_min_tb = bits.golomb_to(3)? + 2;
        let log2_max_tb = log2_min_tb + bits.golomb_to(3)?;
        let is_sound = (4..=6).contains(&log2_ctb)
            && log2_min_tb < log2_min_cb
            && log2_max_tb <= log2_ctb.min(5);
        let aligned = (1 << log2_min_cb) - 1;
        if !is_sound || width == 0 || height == 0 || (width | height) & aligned != 0 {
            return Err(HevcRefusal::Damaged("its block sizes contradict each other"));
        }
        bits.golomb()?;
        let max_transform_depth = bits.golomb_to(log2_ctb - log2_min_tb)?;
        let scaling = match bits.flag()? {
            true if bits.flag()? => Some(scaling_lists(bits)?),
            true => Some(ScalingLists::default()),
            false => None,
        };
        bits.skip(1)?;
        let has_sao = bits.flag()?;
        let pcm = if bits.flag()? { Some(Pcm::read(bits)?) } else { None };
        let references = RefSets::read(bits, poc_bits)?;
        let (has_temporal_mvp, strong_smoothing) = (bits.flag()?, bits.flag()?);
        let sps = Self {
            chroma,
            width: width as usize,
            height: height as usize,
            hidden,
            depth,
            chroma_depth,
            poc_bits,
            log2_min_cb,
            log2_ctb,
            log2_min_tb,
            log2_max_tb,
            max_transform_depth,
            scaling,
            has_sao,
            pcm,
            references,
            has_temporal_mvp,
            strong_smoothing,
            signal: Signal::default(),
            range: RangeExtension::default(),
        };
        Ok((sps, sub_layers))
    }

    /// Coding tree blocks in a row.
    pub(super) fn columns(&self) -> usize {
        self.width.div_ceil(1 << self.log2_ctb)
    }

    /// Rows of coding tree blocks.
    pub(super) fn rows(&self) -> usize {
        self.height.div_ceil(1 << self.log2_ctb)
    }
}

impl Pcm {
    fn read(bits: &mut Bits<'_>) -> Result<Self, HevcRefusal> {
        let (luma_bits, chroma_bits) = (bits.take(4)? + 1, bits.take(4)? + 1);
        let log2_min = bits.golomb_to(2)? + 3;
        let log2_max = log2_min + bits.golomb_to(2)?;
        bits.skip(1)?;
        Ok(Self { luma_bits, chroma_bits, log2_min, log2_max })
    }
}

impl RangeExtension {
    fn read(bits: &mut Bits<'_>) -> Result<Self, HevcRefusal> {
        if !bits.flag()? {
            return Ok(Self::default());
        }
        let has_range = bits.flag()?;
        // Of several layers or views, the first is like any other picture.
        bits.skip(2)?;
        if bits.flag()? {
            return Err(HevcRefusal::Unsupported("screen content coding"));
        }
        bits.skip(4)?;
        if !has_range {
            return Ok(Self::default());
        }
        let (rotates_skipped, skip_has_context) = (bits.flag()?, bits.flag()?);
        // Explicit RDPCM is for predicted pictures.
        let (implicit_rdpcm, _) = (bits.flag()?, bits.flag()?);
        if rotates_skipped || implicit_rdpcm {
            return Err(HevcRefusal::Unsupported("residuals that are turned or summed up"));
        }
        let extended_precision = bits.flag()?;
        let no_smoothing = bits.flag()?;
        bits.skip(1)?;
        let adapts_rice = bits.flag()?;
        if extended_precision || bits.flag()? {
            return Err(HevcRefusal::Unsupported("16-bit profiles"));
        }
        Ok(Self { skip_has_context, no_smoothing, adapts_rice })
    }
}

/// `profile_tier_level(1, …)` (7.3.3).
fn skip_profile(bits: &mut Bits<'_>, sub_layers: u32) -> Result<(), HevcRefusal> {
    bits.skip(88 + 8)?;
    let mut present = Vec::new();
    for _ in 0..sub_layers {
        present.push((bits.flag()?, bits.flag()?));
    }
    if sub_layers > 0 {
        bits.skip(2 * (8 - sub_layers as usize))?;
    }
    for (profile, level) in present {
        bits.skip(if profile { 88 } else { 0 } + if level { 8 } else { 0 })?;
    }
    Ok(())
}
