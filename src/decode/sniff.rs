//! The format of a file by its content.

use std::io;

use super::ifd0::{Ifd0, tag};
use crate::container::ReadAt;
use crate::model::media::Format;

/// How much of a file is looked at before anything else is asked for.
const HEAD: usize = 4096;

/// Tells the format from the first bytes, and from what they point to; `None` for what is no
/// known picture.
///
/// # Errors
/// When the file cannot be read.
pub fn sniff(source: &dyn ReadAt) -> io::Result<Option<Format>> {
    let mut head = [0; HEAD];
    let len = usize::try_from(source.size()).unwrap_or(usize::MAX).min(head.len());
    let head = head.get_mut(..len).unwrap_or_default();
    source.read_exact_at(0, head)?;
    if let Some(format) = by_magic(head) {
        return Ok(Some(format));
    }
    match head {
        [b'I', b'I', b'*' | b'+', 0, ..] | [b'M', b'M', 0, b'*' | b'+', ..] => {
            among_tiffs(source, head)
        }
        [0, 0, 1, 0, ..] => Ok(is_ico(head, source.size()).then_some(Format::Ico)),
        _ => Ok(is_tga(source, head)?.then_some(Format::Tga)),
    }
}

/// Tells the container of a film from the first bytes; [`Format::OtherFilm`] for one that is not
/// read.
///
/// # Errors
/// When the file cannot be read.
pub fn sniff_film(source: &dyn ReadAt) -> io::Result<Format> {
    let mut head = [0; HEAD];
    let len = usize::try_from(source.size()).unwrap_or(usize::MAX).min(head.len());
    let head = head.get_mut(..len).unwrap_or_default();
    source.read_exact_at(0, head)?;
    Ok(match &*head {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', b' ', ..] => Format::Avi,
        // The document type stands within the first element (RFC 8794, 11.2).
        [0x1a, 0x45, 0xdf, 0xa3, ..] if memchr::memmem::find(head, b"webm").is_some() => {
            Format::WebM
        }
        [0x1a, 0x45, 0xdf, 0xa3, ..] => Format::Mkv,
        [_, _, _, _, b'f', b't', b'y', b'p', b'3', b'g', ..] => Format::ThreeGp,
        [_, _, _, _, b'f', b't', b'y', b'p', b'q', b't', b' ', b' ', ..] => Format::Mov,
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Format::Mp4,
        // QuickTime's films from before there were brands.
        [_, _, _, _, kind @ ..]
            if [b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"]
                .iter()
                .any(|name| kind.starts_with(*name)) =>
        {
            Format::Mov
        }
        _ => Format::OtherFilm,
    })
}

fn by_magic(head: &[u8]) -> Option<Format> {
    match head {
        [0xff, 0xd8, 0xff, ..] => Some(Format::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Format::Png),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Format::Gif),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Format::WebP),
        [b'I', b'I', b'R', b'O' | b'S', ..] | [b'M', b'M', b'O', b'R', ..] => Some(Format::Orf),
        [b'I', b'I', b'U', 0, ..] => Some(Format::Rw2),
        [0xff, 0x0a, ..] => Some(Format::Jxl),
        [0, 0, 0, 12, b'J', b'X', b'L', b' ', 0x0d, 0x0a, 0x87, 0x0a, ..] => Some(Format::Jxl),
        [b'q', b'o', b'i', b'f', _, _, _, _, _, _, _, _, 3 | 4, 0 | 1, ..] => Some(Format::Qoi),
        [b'P', b'1'..=b'7', ..] => is_pnm(head).then_some(Format::Pnm),
        [b'B', b'M', ..] => is_bmp(head).then_some(Format::Bmp),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => among_iso(head),
        _ if head.starts_with(b"FUJIFILMCCD-RAW") => Some(Format::Raf),
        _ => None,
    }
}

/// ISO base media files by their brands (ISO/IEC 14496-12, 4.3; 23008-12, annex B): the major one
/// first, then, where that names no codec, the compatible ones.
fn among_iso(head: &[u8]) -> Option<Format> {
    let size = head.first_chunk().map_or(0, |&size| u32::from_be_bytes(size)) as usize;
    let brands = head.get(8..size.min(head.len()))?.as_chunks::<4>().0;
    let (major, others) = brands.split_first()?;
    let of_codec = |brand: &[u8; 4]| match brand {
        b"crx " => Some(Format::Cr3),
        b"avif" | b"avis" => Some(Format::Avif),
        b"heic" | b"heix" | b"hevc" | b"hevx" | b"heim" | b"heis" | b"hevm" | b"hevs" => {
            Some(Format::Heic)
        }
        _ => None,
    };
    let of_container = |brand: &[u8; 4]| matches!(brand, b"mif1" | b"msf1" | b"mif2");
    let video = matches!(
        major,
        b"qt  " | b"mp41" | b"mp42" | b"M4V " | b"3gp4" | b"3gp5" | b"3gp6" | b"3g2a" | b"dash"
    );
    of_codec(major).or_else(|| {
        if video {
            return None;
        }
        // The first two slots are the major brand and its version.
        let others = others.get(1..).unwrap_or_default();
        others.iter().find_map(of_codec).or_else(|| {
            (of_container(major) || others.iter().any(of_container)).then_some(Format::Heic)
        })
    })
}

/// TIFF pictures, and the RAW formats that are TIFF files too.
fn among_tiffs(source: &dyn ReadAt, head: &[u8]) -> io::Result<Option<Format>> {
    if head.get(8..10) == Some(b"CR") && head.get(10).is_some_and(|&version| version >= 2) {
        return Ok(Some(Format::Cr2));
    }
    let Some(ifd) = Ifd0::read(source)? else { return Ok(None) };
    if ifd.has(tag::DNG_VERSION) {
        return Ok(Some(Format::Dng));
    }
    let make = ifd.text(tag::MAKE).to_ascii_uppercase();
    let raw = match make.as_slice() {
        make if make.starts_with(b"NIKON") => Format::Nef,
        make if make.starts_with(b"SONY") => Format::Arw,
        make if make.starts_with(b"PENTAX") || make.starts_with(b"RICOH") => Format::Pef,
        make if make.starts_with(b"SAMSUNG") => Format::Srw,
        _ => return Ok(Some(Format::Tiff)),
    };
    // The makers' programs write ordinary TIFF pictures too. In a RAW the first directory is a
    // reduced picture beside others, or it holds the sensor's values.
    let reduced = ifd.value(tag::NEW_SUBFILE_TYPE).is_some_and(|kind| kind & 1 == 1);
    let sensor = matches!(ifd.value(tag::PHOTOMETRIC), Some(32_803 | 34_892));
    let packed = matches!(ifd.value(tag::COMPRESSION), Some(6 | 32_767 | 32_770 | 34_713 | 65_535));
    let is_raw = reduced || sensor || packed || ifd.has(tag::SUB_IFDS);
    Ok(Some(if is_raw { raw } else { Format::Tiff }))
}

/// A file header, and after it the length of an information header that exists.
fn is_bmp(head: &[u8]) -> bool {
    let Some(&length) = head.get(14..).and_then(|head| head.first_chunk()) else { return false };
    matches!(u32::from_le_bytes(length), 12 | 16 | 40 | 52 | 56 | 64 | 108 | 124)
}

/// The magic, then white space or a comment, then a number (P7: a keyword).
fn is_pnm(head: &[u8]) -> bool {
    let Some((&[_, kind], rest)) = head.split_first_chunk() else { return false };
    if kind == b'7' {
        let after = rest.strip_prefix(b"\n").or_else(|| rest.strip_prefix(b"\r\n"));
        return after.is_some_and(|after| {
            [&b"#"[..], b"WIDTH ", b"HEIGHT ", b"DEPTH ", b"MAXVAL ", b"TUPLTYPE "]
                .iter()
                .any(|keyword| after.starts_with(keyword))
        });
    }
    let mut in_comment = false;
    let mut gap = false;
    let mut numbers = 0;
    let mut in_number = false;
    for &byte in rest {
        match byte {
            b'\n' | b'\r' if in_comment => (in_comment, gap, in_number) = (false, true, false),
            _ if in_comment => {}
            b' ' | b'\t' | b'\n' | b'\r' => (gap, in_number) = (true, false),
            b'#' => in_comment = true,
            b'0'..=b'9' if gap && in_number => {}
            b'0'..=b'9' if gap => {
                (numbers, in_number) = (numbers + 1, true);
                if numbers == 2 {
                    return true;
                }
            }
            _ => return false,
        }
    }
    false
}

/// A directory of icons whose first entry lies inside the file and begins as a picture does.
/// (0, 0, 1 is also how an MPEG stream's start codes begin.)
fn is_ico(head: &[u8], size: u64) -> bool {
    let entry = head.get(6..).and_then(|head| head.first_chunk::<16>());
    let (Some(&[.., c0, c1]), Some(entry)) = (head.first_chunk::<6>(), entry) else {
        return false;
    };
    let count = u64::from(u16::from_le_bytes([c0, c1]));
    let [.., l0, l1, l2, l3, o0, o1, o2, o3] = *entry;
    let len = u64::from(u32::from_le_bytes([l0, l1, l2, l3]));
    let offset = u64::from(u32::from_le_bytes([o0, o1, o2, o3]));
    let inside = offset >= 6 + 16 * count && len >= 40 && offset < size;
    count > 0 && entry[3] == 0 && inside
}

/// Targa has no magic: newer files end in a signature, older ones are recognised by a header
/// without a contradiction whose picture fits the file. Truevision TGA 2.0, "TGA File Format
/// Specification".
fn is_tga(source: &dyn ReadAt, head: &[u8]) -> io::Result<bool> {
    let Some(header) = head.first_chunk::<18>() else { return Ok(false) };
    let size = source.size();
    let [id_len, map_kind, kind, ..] = *header;
    let number = |at: usize| u64::from(u16::from_le_bytes([header[at], header[at + 1]]));
    let (map_first, map_len, map_bits) = (number(3), number(5), u64::from(header[7]));
    let (width, height) = (number(12), number(14));
    let (depth, descriptor) = (u64::from(header[16]), header[17]);

    let mapped = matches!(kind, 1 | 9);
    let packed = matches!(kind, 9..=11);
    let map_fits = match map_kind {
        0 => !mapped && map_first == 0 && map_len == 0 && matches!(map_bits, 0 | 24 | 32),
        1 => map_len > 0 && matches!(map_bits, 15 | 16 | 24 | 32),
        _ => false,
    };
    let alpha_bits = descriptor & 15;
    let depth_fits = match kind {
        1 | 9 => matches!((depth, alpha_bits), (8, 0 | 8) | (16, 0)),
        2 | 10 => matches!((depth, alpha_bits), (15 | 16, 0 | 1) | (24, 0) | (32, 0 | 8)),
        3 | 11 => matches!((depth, alpha_bits), (8, 0) | (16, 0 | 8)),
        _ => false,
    };
    if !map_fits || !depth_fits || width == 0 || height == 0 || descriptor & 0xc0 != 0 {
        return Ok(false);
    }
    let start = 18 + u64::from(id_len) + map_len * map_bits.div_ceil(8);
    const SIGNATURE: &[u8; 18] = b"TRUEVISION-XFILE.\0";
    let mut footer = [0; SIGNATURE.len()];
    if let Some(at) = size.checked_sub(footer.len() as u64) {
        source.read_exact_at(at, &mut footer)?;
        if &footer == SIGNATURE {
            return Ok(true);
        }
    }
    let (pixels, pixel_bytes) = (width * height, depth.div_ceil(8));
    let (least, most) = if packed {
        // A packet holds 1 to 128 pixels.
        (pixels.div_ceil(128) * (1 + pixel_bytes), pixels * (1 + pixel_bytes))
    } else {
        (pixels * pixel_bytes, pixels * pixel_bytes)
    };
    // Without the footer nothing but the picture is to be expected; a little padding is.
    let origin_fits = number(8) == 0 && (number(10) == 0 || number(10) == height);
    Ok(origin_fits && size >= start + least && size <= start + most + 512)
}

#[cfg(test)]
mod tests;
