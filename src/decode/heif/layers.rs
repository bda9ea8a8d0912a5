//! From the items of a HEIF or AVIF file to one luma plane: tiles put together, overlays laid,
//! transparency flattened on white, the container's own turns applied.
//!
//! The codec is handed in: it turns one coded item into 8-bit full-range luma. A picture of many tiles
//! needs its plane and one tile for each thread that works on it.

use super::super::luma::{luma, narrow, on_white};
use super::super::spare::spread;
use super::super::{DecodeError, DecodeOptions, Decoded, Limits, OrientationFrom};
use crate::container::ReadAt;
use crate::container::isobmff::{self, Fields, Items};
use crate::model::media::{DecodeFlags, Dimensions, Format, Orientation};
use crate::model::provenance::Provenance;
use crate::picture::tile::{AreaAverage, Tiles};

/// How deep items may be derived from items (a grid in an identity in an overlay).
const MAX_DEPTH: u32 = 4;
/// Most coded items that one picture may be made of.
const MAX_PARTS: usize = 4096;

/// 8-bit full-range luma, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::decode) struct Luma {
    pub width: u32,
    pub height: u32,
    pub samples: Vec<u8>,
}

/// Short side of the smallest thumbnail that a hash is taken of.
const MIN_THUMBNAIL: u64 = 64;

/// What the container says of the colours of an item (`colr` of type `nclx`, ISO/IEC 14496-12,
/// 12.1.5), in the code points of ITU-T H.273.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode) struct Colour {
    /// 0: the three planes are green, blue and red.
    pub matrix: u16,
    pub full_range: bool,
}

/// One coded picture, as a codec gets it.
pub(in crate::decode) struct Coded<'a> {
    /// The number of the item.
    pub id: u32,
    /// Content of its configuration property.
    pub config: &'a [u8],
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Where the container says it.
    pub colour: Option<Colour>,
    /// Opacity is always full range.
    pub is_alpha: bool,
    /// Most pixels that it may have.
    pub max_pixels: u64,
}

/// A still-picture codec inside the container.
pub(in crate::decode) trait Codec: Sync {
    /// Item types that it decodes.
    const KINDS: &'static [[u8; 4]];
    /// Its configuration property.
    const CONFIG: [u8; 4];
    /// Bytes of memory that it takes for a pixel.
    const BYTES_PER_PIXEL: u64;

    /// The part of a configuration that says the sampling of the chroma and the depth.
    fn sampling(config: &[u8]) -> Option<&[u8]>;

    /// Luma of one coded picture.
    fn luma(&self, coded: Coded<'_>) -> Result<Luma, DecodeError>;

    /// Red, green and blue of one coded picture.
    fn colours(&self, coded: Coded<'_>) -> Result<[Luma; 3], DecodeError>;
}

pub(super) fn damaged(what: &str) -> DecodeError {
    DecodeError::Damaged(what.into())
}

/// In a picture of fewer pixels a cell of the tile has few samples, so that what the filters in the
/// loop do to them shows in the hash: 6 of 64 bits in one of 160 × 96.
const LARGE: u64 = 1 << 17;

/// Whether all of a picture is decoded as the standard says, because it is small: that costs next
/// to nothing.
pub(in crate::decode) fn is_small(items: &Items) -> bool {
    let size = items.extents(items.primary);
    size.is_none_or(|(width, height)| u64::from(width) * u64::from(height) < LARGE)
}

/// Decodes the primary item to its tiles.
pub(in crate::decode) fn decode<C: Codec>(
    codec: &C,
    format: Format,
    items: &Items,
    source: &dyn ReadAt,
    options: &DecodeOptions,
) -> Result<Decoded, DecodeError> {
    // What the tile does not need may be missing: other parts of a grid than a thumbnail shows,
    // frames after the first.
    let damaged_tail = isobmff::is_cut(source)? || items.are_beyond(source.size());
    let thumbnail = if options.exact { None } else { thumbnail_of::<C>(items) };
    if let Some(thumbnail) = thumbnail
        && let Ok((tiles, _)) = shown(codec, items, thumbnail, source, options, tiles_of)
    {
        let properties = items.properties(items.primary);
        let turns = properties.filter_map(|(kind, content)| turn(kind, content));
        let stored = dimensions_of(items, items.primary)?;
        options.limits.admit(stored)?;
        return Ok(Decoded {
            format,
            tiles,
            dimensions: turns.fold(stored, |dimensions, turn| turn.shown(dimensions)),
            orientation: OrientationFrom::Applied,
            exif: items.exif(source),
            flags: DecodeFlags { thumbnail: true, damaged_tail },
            provenance: Provenance::default(),
        });
    }
    let (tiles, dimensions) = shown(codec, items, items.primary, source, options, tiles_of)?;
    Ok(Decoded {
        format,
        tiles,
        dimensions,
        orientation: OrientationFrom::Applied,
        exif: items.exif(source),
        flags: DecodeFlags { thumbnail: false, damaged_tail },
        provenance: Provenance::default(),
    })
}

pub(super) fn dimensions_of(items: &Items, id: u32) -> Result<Dimensions, DecodeError> {
    items
        .extents(id)
        .map(|(width, height)| Dimensions { width, height })
        .ok_or_else(|| damaged("an item has no dimensions"))
}

/// A thumbnail item that was made with the picture: turned in the same way, nothing cut off or
/// transparent in either, of the same shape within a pixel, and of the same codec, depth, chroma
/// sampling and code points of colours. (A camera's 8-bit thumbnail of a 10-bit picture was 6 bits of
/// 64 away.) Profiles may differ: none is applied before hashing.
pub(super) fn thumbnail_of<C: Codec>(items: &Items) -> Option<u32> {
    let is_coded = |id: u32| items.kind(id).is_some_and(|kind| C::KINDS.contains(&kind));
    // How an item is shown, and how it (or its first tile) is coded.
    let form = |id: u32| {
        let is_plain = items.property(id, b"clap").is_none() && alpha_of(items, id).is_none();
        let shown = items.properties(id).filter(|(kind, content)| match kind {
            b"irot" | b"imir" => true,
            b"colr" => content.starts_with(b"nclx"),
            _ => false,
        });
        let coded = match items.kind(id)? {
            kind if &kind == b"grid" => *items.targets(id, b"dimg").first()?,
            _ => id,
        };
        let sampling = C::sampling(items.property(coded, &C::CONFIG)?)?;
        (is_plain && is_coded(coded)).then(|| (shown.collect::<Vec<_>>(), sampling))
    };
    let of_whole = form(items.primary)?;
    let whole = dimensions_of(items, items.primary).ok()?;
    let fits = |&id: &u32| {
        let Ok(small) = dimensions_of(items, id) else { return false };
        let (w, h) = (u64::from(small.width), u64::from(small.height));
        let (width, height) = (u64::from(whole.width), u64::from(whole.height));
        is_coded(id)
            && form(id).is_some_and(|of_small| of_small == of_whole)
            && w.min(h) >= MIN_THUMBNAIL
            && (w * height).abs_diff(h * width) <= width.max(height)
            && small.pixels() < whole.pixels()
    };
    items.sources(items.primary, *b"thmb").filter(fits).max_by_key(|&id| items.extents(id))
}

/// The tiles and the dimensions of a picture as it is shown.
fn tiles_of(plane: &Luma, turns: &[Orientation]) -> Result<(Tiles, Dimensions), DecodeError> {
    let mut tiles = average(plane)?;
    let mut dimensions = Dimensions { width: plane.width, height: plane.height };
    for &turn in turns {
        tiles = tiles.oriented(turn);
        dimensions = turn.shown(dimensions);
    }
    Ok((tiles, dimensions))
}

/// What `take` makes of an item's plane and of how that is to be turned.
pub(super) fn shown<C: Codec, T>(
    codec: &C,
    items: &Items,
    id: u32,
    source: &dyn ReadAt,
    options: &DecodeOptions,
    take: impl FnOnce(&Luma, &[Orientation]) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    let cost = cost_of::<C>(items, id, source, &options.limits)?;
    let _reserved = options.limits.reserve(cost.bytes)?;
    let scene = Scene { codec, items, source, cost: &cost, limits: &options.limits };
    let layer = scene.layer(id, 0, false)?;
    take(&layer.flat(), &layer.turns)
}

/// What decoding an item takes.
pub(super) struct Cost {
    /// Of memory, for one plane.
    pub bytes: u64,
    /// Of memory, for another coded item at once.
    of_another: u64,
    /// Pixels of the largest of the coded items that it is made of.
    largest: u64,
}

/// Estimates what decoding an item takes, and refuses what is over the limits.
pub(super) fn cost_of<C: Codec>(
    items: &Items,
    id: u32,
    source: &dyn ReadAt,
    limits: &Limits,
) -> Result<Cost, DecodeError> {
    let mut parts = Vec::new();
    collect(items, id, 0, &mut parts)?;
    let (mut largest, mut all, mut coded) = (0, 0_u64, 0_u64);
    for &id in &parts {
        let dimensions = dimensions_of(items, id)?;
        limits.admit(dimensions)?;
        if items.kind(id).is_some_and(|kind| C::KINDS.contains(&kind)) {
            largest = largest.max(dimensions.pixels());
            coded = coded.saturating_add(dimensions.pixels());
        } else {
            all = all.saturating_add(dimensions.pixels());
        }
    }
    // Items may be used more than once: what a small file makes us decode has its bound too.
    if coded / 4 > limits.max_pixels {
        return Err(DecodeError::TooLarge {
            what: format!("{coded} coded pixels"),
            limit: format!("{} pixels", limits.max_pixels.saturating_mul(4)),
        });
    }
    let of_another = largest
        .saturating_mul(C::BYTES_PER_PIXEL)
        .saturating_add(source.size().min(largest.saturating_mul(8)).saturating_mul(3));
    Ok(Cost { bytes: all.saturating_add(of_another), of_another, largest })
}

/// The tiles of a plane.
pub(in crate::decode) fn average(plane: &Luma) -> Result<Tiles, DecodeError> {
    let mut average = AreaAverage::new(plane.width, plane.height, 1)
        .ok_or_else(|| damaged("the picture has no pixels"))?;
    for row in plane.samples.chunks_exact(plane.width as usize).take(plane.height as usize) {
        average.push_row(row);
    }
    average.finish().ok_or_else(|| damaged("rows are missing"))
}

/// Every item that the picture `id` is made of, itself included.
fn collect(items: &Items, id: u32, depth: u32, parts: &mut Vec<u32>) -> Result<(), DecodeError> {
    if depth > MAX_DEPTH || parts.len() >= MAX_PARTS {
        return Err(damaged("items are derived from items without end"));
    }
    parts.push(id);
    let derived = items.targets(id, b"dimg").iter().copied();
    for part in derived.chain(alpha_of(items, id)) {
        collect(items, part, depth + 1, parts)?;
    }
    Ok(())
}

/// The item that holds the opacity of `id` (ISO/IEC 23008-12, 6.4.5).
fn alpha_of(items: &Items, id: u32) -> Option<u32> {
    const KINDS: [&[u8]; 2] =
        [b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1"];
    items.sources(id, *b"auxl").find(|&aux| {
        let kind = items
            .property(aux, b"auxC")
            .and_then(|content| content.get(4..)?.split(|&byte| byte == 0).next());
        kind.is_some_and(|kind| KINDS.contains(&kind))
    })
}

/// A picture before it is turned.
pub(super) struct HeifLayer {
    pub plane: Luma,
    pub alpha: Option<Luma>,
    pub premultiplied: bool,
    /// What is to be done to it, in this order.
    pub turns: Vec<Orientation>,
}

impl HeifLayer {
    fn from_plane(plane: Luma) -> Self {
        Self { plane, alpha: None, premultiplied: false, turns: Vec::new() }
    }

    /// Sample and opacity at a place inside the plane; an opacity plane of other dimensions is
    /// stretched over it.
    fn opacity_row(&self, y: u32) -> Option<(&[u8], u32)> {
        let alpha = self.alpha.as_ref()?;
        let from = u64::from(y) * u64::from(alpha.height) / u64::from(self.plane.height.max(1));
        let start = usize::try_from(from).ok()?.checked_mul(alpha.width as usize)?;
        Some((alpha.samples.get(start..)?.get(..alpha.width as usize)?, alpha.width))
    }

    /// Laid on `under`, of which this layer's upper left corner is `at`.
    fn lay_on(&self, under: &mut Luma, at: (i64, i64)) {
        let width = self.plane.width as usize;
        for (y, row) in self.plane.samples.chunks_exact(width.max(1)).enumerate() {
            let Ok(to_y) = usize::try_from(at.1 + y as i64) else { continue };
            let start = to_y * under.width as usize;
            let Some(target) = under.samples.get_mut(start..start + under.width as usize) else {
                continue;
            };
            let opacity = self.opacity_row(y as u32);
            if let (None, Ok(left)) = (opacity, usize::try_from(at.0)) {
                let len = row.len().min(target.len().saturating_sub(left));
                if let Some(target) = target.get_mut(left..left + len) {
                    target.copy_from_slice(&row[..len]);
                }
                continue;
            }
            for (x, &sample) in row.iter().enumerate() {
                let to = usize::try_from(at.0 + x as i64).ok();
                let Some(target) = to.and_then(|x| target.get_mut(x)) else { continue };
                let alpha = opacity.map_or(255, |(row, alpha_width)| {
                    let from = x as u64 * u64::from(alpha_width) / width as u64;
                    row.get(from as usize).copied().unwrap_or(255)
                });
                *target = self.blend(sample, alpha, *target);
            }
        }
    }

    fn blend(&self, sample: u8, alpha: u8, under: u8) -> u8 {
        let (over, rest) = (u32::from(sample), u32::from(255 - alpha));
        let over = if self.premultiplied { over * 255 } else { over * u32::from(alpha) };
        ((over + u32::from(under) * rest + 127) / 255).min(255) as u8
    }

    /// The plane, flattened on white.
    pub fn flat(&self) -> std::borrow::Cow<'_, Luma> {
        if self.alpha.is_none() {
            return std::borrow::Cow::Borrowed(&self.plane);
        }
        let mut white = self.plane.clone();
        white.samples.fill(255);
        self.lay_on(&mut white, (0, 0));
        std::borrow::Cow::Owned(white)
    }
}

struct Scene<'a, C> {
    codec: &'a C,
    items: &'a Items,
    source: &'a dyn ReadAt,
    /// No coded item may turn out larger.
    cost: &'a Cost,
    limits: &'a Limits,
}

impl<C: Codec> Scene<'_, C> {
    fn layer(&self, id: u32, depth: u32, is_alpha: bool) -> Result<HeifLayer, DecodeError> {
        if depth > MAX_DEPTH {
            return Err(damaged("items are derived from items without end"));
        }
        let kind = self.items.kind(id).ok_or_else(|| damaged("an item is missing"))?;
        let mut layer = match &kind {
            kind if C::KINDS.contains(kind) => HeifLayer::from_plane(self.coded(id, is_alpha)?),
            b"grid" => HeifLayer::from_plane(self.grid(id, depth, is_alpha)?),
            b"iovl" => HeifLayer::from_plane(self.overlay(id, depth)?),
            b"iden" => {
                let inner = self.items.targets(id, b"dimg").first().copied();
                self.layer(
                    inner.ok_or_else(|| damaged("an item is missing"))?,
                    depth + 1,
                    is_alpha,
                )?
            }
            kind => {
                let name = kind.escape_ascii();
                return Err(DecodeError::Unsupported(format!("pictures of type {name}")));
            }
        };
        if let Some(alpha) = alpha_of(self.items, id).filter(|_| !is_alpha) {
            layer.alpha = Some(self.layer(alpha, depth + 1, true)?.plane);
            layer.premultiplied = self.items.targets(id, b"prem").contains(&alpha);
        }
        for (kind, content) in self.items.properties(id) {
            if let Some(turn) = turn(kind, content) {
                layer.turns.push(turn);
            } else if &kind == b"clap" {
                if layer.turns.iter().any(|&turn| turn != Orientation::Upright) {
                    return Err(DecodeError::Unsupported("a picture cut after its turn".into()));
                }
                let cut = aperture(content, &layer.plane)
                    .ok_or_else(|| damaged("the picture is cut outside of its bounds"))?;
                if let Some(alpha) = &mut layer.alpha
                    && (alpha.width, alpha.height) == (layer.plane.width, layer.plane.height)
                {
                    crop(alpha, cut);
                }
                crop(&mut layer.plane, cut);
            }
        }
        Ok(layer)
    }

    fn coded(&self, id: u32, is_alpha: bool) -> Result<Luma, DecodeError> {
        let config = self.items.property(id, &C::CONFIG);
        let config = config.ok_or_else(|| damaged("a coded picture has no configuration"))?;
        let bytes = self.items.bytes(self.source, id, self.source.size())?;
        // The tiles of a grid may leave it to the grid.
        let colour = [id, self.items.primary].into_iter().find_map(|id| {
            let mut properties = self.items.properties(id).filter(|(kind, _)| kind == b"colr");
            properties.find_map(|(_, content)| colour(content))
        });
        let max_pixels = self.cost.largest;
        let plane = self.codec.luma(Coded { id, config, bytes, colour, is_alpha, max_pixels })?;
        let pixels = u64::from(plane.width) * u64::from(plane.height);
        if pixels == 0 || plane.samples.len() as u64 != pixels {
            return Err(damaged("a coded picture has other dimensions than it says"));
        }
        Ok(plane)
    }

    /// Tiles side by side (ISO/IEC 23008-12, 6.6.2.3).
    fn grid(&self, id: u32, depth: u32, is_alpha: bool) -> Result<Luma, DecodeError> {
        let content = self.items.bytes(self.source, id, 64)?;
        let mut fields = Fields(&content);
        let head = (|| {
            let (_, flags) = (fields.u8()?, fields.u8()?);
            let (rows, columns) = (u32::from(fields.u8()?) + 1, u32::from(fields.u8()?) + 1);
            let size = if flags & 1 == 0 { 2 } else { 4 };
            Some((rows, columns, fields.uint(size)? as u32, fields.uint(size)? as u32))
        })();
        let (rows, columns, width, height) =
            head.ok_or_else(|| damaged("a grid says no dimensions"))?;
        let mut plane = self.canvas(id, width, height, 0)?;
        let tiles = self.items.targets(id, b"dimg");
        if tiles.len() as u64 != u64::from(rows) * u64::from(columns) {
            return Err(damaged("a grid has another number of tiles than it says"));
        }
        let mut size = None;
        let decode = |index: usize| self.layer(tiles[index], depth + 1, is_alpha);
        let lay = |index: usize, tile: HeifLayer| {
            let (tile_width, tile_height) =
                *size.get_or_insert((tile.plane.width, tile.plane.height));
            if (tile_width, tile_height) != (tile.plane.width, tile.plane.height)
                || !tile.turns.is_empty()
            {
                return Err(damaged("the tiles of a grid differ"));
            }
            let index = index as u32;
            let x = i64::from(index % columns) * i64::from(tile_width);
            let y = i64::from(index / columns) * i64::from(tile_height);
            tile.lay_on(&mut plane, (x, y));
            Ok(())
        };
        let memory = (self.cost.bytes, self.cost.of_another);
        spread(self.limits, memory, tiles.len(), decode, lay)?;
        let covered = size.is_some_and(|(tile_width, tile_height)| {
            u64::from(tile_width) * u64::from(columns) >= u64::from(width)
                && u64::from(tile_height) * u64::from(rows) >= u64::from(height)
        });
        if covered { Ok(plane) } else { Err(damaged("a grid is larger than its tiles")) }
    }

    /// Pictures laid over a background (ISO/IEC 23008-12, 6.6.2.4).
    fn overlay(&self, id: u32, depth: u32) -> Result<Luma, DecodeError> {
        let content = self.items.bytes(self.source, id, 65_536)?;
        let mut fields = Fields(&content);
        let mut head = || {
            let (_, flags) = (fields.u8()?, fields.u8()?);
            let (r, g, b, a) = (fields.u16()?, fields.u16()?, fields.u16()?, fields.u16()?);
            let fill = on_white(luma(narrow(r), narrow(g), narrow(b)), narrow(a));
            let size = if flags & 1 == 0 { 2 } else { 4 };
            let (width, height) = (fields.uint(size)? as u32, fields.uint(size)? as u32);
            Some((fill, size, width, height))
        };
        let cut_off = || damaged("an overlay ends too early");
        let (fill, size, width, height) = head().ok_or_else(cut_off)?;
        let mut plane = self.canvas(id, width, height, fill)?;
        for &part in self.items.targets(id, b"dimg") {
            let mut offset = || {
                let value = fields.uint(size)?;
                Some(if size == 2 {
                    i64::from(value as u16 as i16)
                } else {
                    i64::from(value as u32 as i32)
                })
            };
            let at = (offset().ok_or_else(cut_off)?, offset().ok_or_else(cut_off)?);
            let layer = self.layer(part, depth + 1, false)?;
            if layer.turns.iter().any(|&turn| turn != Orientation::Upright) {
                return Err(DecodeError::Unsupported("an overlay of turned pictures".into()));
            }
            layer.lay_on(&mut plane, at);
        }
        Ok(plane)
    }

    /// An empty plane of the dimensions that were admitted for the item.
    fn canvas(&self, id: u32, width: u32, height: u32, fill: u8) -> Result<Luma, DecodeError> {
        if self.items.extents(id) != Some((width, height)) {
            return Err(damaged("a derived picture has other dimensions than it says"));
        }
        Ok(Luma { width, height, samples: vec![fill; width as usize * height as usize] })
    }
}

/// What a property asks to be done to the picture, if it is one of those.
fn turn(kind: [u8; 4], content: &[u8]) -> Option<Orientation> {
    let value = content.first().copied().unwrap_or(0);
    match &kind {
        // Quarter turns anticlockwise (ISO/IEC 23008-12, 6.5.10).
        b"irot" => Some(match value & 3 {
            0 => Orientation::Upright,
            1 => Orientation::Rotate270,
            2 => Orientation::Rotate180,
            _ => Orientation::Rotate90,
        }),
        // 6.5.12: 0 exchanges top and bottom, 1 left and right.
        b"imir" if value & 1 == 0 => Some(Orientation::MirrorVertical),
        b"imir" => Some(Orientation::MirrorHorizontal),
        _ => None,
    }
}

fn colour(content: &[u8]) -> Option<Colour> {
    let mut fields = Fields(content);
    if &fields.code()? != b"nclx" {
        return None;
    }
    let (_, _, matrix) = (fields.u16()?, fields.u16()?, fields.u16()?);
    Some(Colour { matrix, full_range: fields.u8()? & 0x80 != 0 })
}

/// Left, top, width and height that a clean aperture leaves (ISO/IEC 14496-12, 12.1.4).
fn aperture(content: &[u8], plane: &Luma) -> Option<(u32, u32, u32, u32)> {
    let mut fields = Fields(content);
    let mut axis = [(0_i64, 0_i64); 4];
    for (numerator, denominator) in &mut axis {
        *numerator = i64::from(fields.u32()?);
        *denominator = i64::from(fields.u32()?);
    }
    let [width, height, x, y] = axis;
    let cut = |full: u32, extent: (i64, i64), offset: (i64, i64)| {
        let full = i64::from(full);
        let size = extent.0.checked_div(extent.1)?;
        // The offset is that of the centre, and signed.
        let twice = i64::from(offset.0 as u32 as i32).checked_mul(2)?.checked_div(offset.1)?;
        let start = (full - size + twice).div_euclid(2).clamp(0, full);
        (size > 0 && start + size <= full)
            .then(|| Some((u32::try_from(start).ok()?, u32::try_from(size).ok()?)))?
    };
    let (left, width) = cut(plane.width, width, x)?;
    let (top, height) = cut(plane.height, height, y)?;
    Some((left, top, width, height))
}

fn crop(plane: &mut Luma, (left, top, width, height): (u32, u32, u32, u32)) {
    let stride = plane.width as usize;
    let rows = plane.samples.chunks_exact(stride.max(1)).skip(top as usize).take(height as usize);
    let range = left as usize..(left + width) as usize;
    plane.samples = rows.filter_map(|row| row.get(range.clone())).flatten().copied().collect();
    (plane.width, plane.height) = (width, height);
}

/// Samples of `depth` bits as 8-bit full range, rounded; limited range as ITU-T H.273, 8.3.
pub(in crate::decode) fn widen(depth: u32, full_range: bool) -> Option<Vec<u8>> {
    if !(8..=16).contains(&depth) {
        return None;
    }
    let (low, range) = match full_range {
        true => (0, (1_u32 << depth) - 1),
        false => (16 << (depth - 8), 219 << (depth - 8)),
    };
    let scale = |value: u32| ((value.saturating_sub(low) * 255 + range / 2) / range).min(255) as u8;
    Some((0..1_u32 << depth).map(scale).collect())
}
