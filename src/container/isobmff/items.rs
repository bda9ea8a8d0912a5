//! The items of a HEIF file (ISO/IEC 14496-12, 8.11 and ISO/IEC 23008-12, 6 to 9).

use std::collections::BTreeMap;
use std::io;

use super::{Fields, MAX_META, boxes, child, children, malformed};
use crate::container::ReadAt;

/// Where the bytes of an item lie.
#[derive(Clone, Copy, Debug)]
struct ByteRange {
    in_idat: bool,
    offset: u64,
    /// 0: to the end of the file.
    len: u64,
}

#[derive(Clone, Debug, Default)]
struct Item {
    kind: [u8; 4],
    extents: Vec<ByteRange>,
    /// Indices into the properties, in the order of their association.
    properties: Vec<usize>,
    /// Its bytes lie in a way that is not read (other items, other files).
    elsewhere: bool,
}

#[derive(Clone, Debug)]
struct Reference {
    kind: [u8; 4],
    from: u32,
    to: Vec<u32>,
}

/// The items of a file: pictures, tiles, metadata, with their properties and references.
#[derive(Clone, Debug, Default)]
pub struct Items {
    /// The item that the file is about.
    pub primary: u32,
    items: BTreeMap<u32, Item>,
    properties: Vec<([u8; 4], Vec<u8>)>,
    references: Vec<Reference>,
    idat: Vec<u8>,
}

impl Items {
    /// Reads the `meta` box at the top level; `None` when the file has none.
    ///
    /// # Errors
    /// `InvalidData` when it is damaged or larger than 16 MiB; else what the source says.
    pub fn read(source: &dyn ReadAt) -> io::Result<Option<Self>> {
        let top = boxes(source, 0, source.size())?;
        let Some(meta) = top.iter().find(|found| &found.kind == b"meta") else { return Ok(None) };
        if meta.size() > MAX_META {
            return Err(malformed("the meta box is too large"));
        }
        let mut content = vec![0; meta.size() as usize];
        source.read_exact_at(meta.start, &mut content)?;
        let content = content.get(4..).ok_or_else(|| malformed("the meta box is empty"))?;
        let mut items = Self::default();
        for (kind, content) in children(content) {
            let read = match &kind {
                b"pitm" => items.read_primary(content),
                b"iinf" => items.read_kinds(content),
                b"iloc" => items.read_locations(content),
                b"iref" => items.read_references(content),
                b"iprp" => items.read_properties(content),
                b"idat" => {
                    items.idat = content.to_vec();
                    Some(())
                }
                _ => Some(()),
            };
            read.ok_or_else(|| malformed("a box of the items ends too early"))?;
        }
        Ok(Some(items))
    }

    fn read_primary(&mut self, content: &[u8]) -> Option<()> {
        let mut fields = Fields(content);
        let (version, _) = fields.version()?;
        self.primary = fields.id(version > 0)?;
        Some(())
    }

    fn read_kinds(&mut self, content: &[u8]) -> Option<()> {
        let mut fields = Fields(content);
        let (version, _) = fields.version()?;
        fields.id(version > 0)?;
        for (kind, content) in children(fields.0) {
            let mut fields = Fields(content);
            let (version, _) = fields.version()?;
            // Versions 0 and 1 know no item types: nothing that a picture is made of.
            if &kind == b"infe" && version >= 2 {
                let id = fields.id(version > 2)?;
                fields.u16()?;
                self.items.entry(id).or_default().kind = fields.code()?;
            }
        }
        Some(())
    }

    fn read_locations(&mut self, content: &[u8]) -> Option<()> {
        let mut fields = Fields(content);
        let (version, _) = fields.version()?;
        let sizes = fields.u16()?;
        let size = |shift: u32| usize::from((sizes >> shift) & 15).min(8);
        let (offset_size, length_size, base_size) = (size(12), size(8), size(4));
        let index_size = if version > 0 { size(0) } else { 0 };
        for _ in 0..fields.id(version > 1)? {
            let id = fields.id(version > 1)?;
            let method = if version > 0 { fields.u16()? & 15 } else { 0 };
            let elsewhere = fields.u16()? != 0 || method > 1;
            let base = fields.uint(base_size)?;
            let mut extents = Vec::new();
            for _ in 0..fields.u16()? {
                fields.uint(index_size)?;
                let offset = base.checked_add(fields.uint(offset_size)?)?;
                let len = fields.uint(length_size)?;
                extents.push(ByteRange { in_idat: method == 1, offset, len });
                // An entry of no bytes at all could be repeated forever.
                if offset_size + length_size + index_size == 0 {
                    break;
                }
            }
            let item = self.items.entry(id).or_default();
            (item.extents, item.elsewhere) = (extents, elsewhere);
        }
        Some(())
    }

    fn read_references(&mut self, content: &[u8]) -> Option<()> {
        let mut fields = Fields(content);
        let (version, _) = fields.version()?;
        for (kind, content) in children(fields.0) {
            let mut fields = Fields(content);
            let from = fields.id(version > 0)?;
            let to = (0..fields.u16()?).map(|_| fields.id(version > 0)).collect::<Option<_>>()?;
            self.references.push(Reference { kind, from, to });
        }
        Some(())
    }

    fn read_properties(&mut self, content: &[u8]) -> Option<()> {
        for (kind, content) in children(child(content, b"ipco")?) {
            self.properties.push((kind, content.to_vec()));
        }
        for (_, content) in children(content).filter(|(kind, _)| kind == b"ipma") {
            let mut fields = Fields(content);
            let (version, flags) = fields.version()?;
            for _ in 0..fields.u32()? {
                let id = fields.id(version > 0)?;
                let indices = (0..fields.u8()?)
                    .map(|_| match flags & 1 {
                        0 => fields.u8().map(|index| usize::from(index & 0x7f)),
                        _ => fields.u16().map(|index| usize::from(index & 0x7fff)),
                    })
                    .collect::<Option<Vec<_>>>()?;
                // Counted from 1; 0 stands for no property.
                let indices = indices.into_iter().filter_map(|index| index.checked_sub(1));
                self.items.entry(id).or_default().properties.extend(indices);
            }
        }
        Some(())
    }

    /// Whether the bytes of an item lie beyond the end of a file of `size` bytes.
    pub fn are_beyond(&self, size: u64) -> bool {
        let here = self.items.values().filter(|item| !item.elsewhere);
        here.flat_map(|item| &item.extents).any(|extent| {
            let size = if extent.in_idat { self.idat.len() as u64 } else { size };
            extent.offset.checked_add(extent.len).is_none_or(|end| end > size)
        })
    }

    /// Type of an item.
    pub fn kind(&self, id: u32) -> Option<[u8; 4]> {
        self.items.get(&id).map(|item| item.kind)
    }

    /// Items of a type, in the order of their numbers.
    pub fn of_kind(&self, kind: [u8; 4]) -> impl Iterator<Item = u32> {
        self.items.iter().filter(move |(_, item)| item.kind == kind).map(|(&id, _)| id)
    }

    /// Properties of an item in their order: kind and content.
    pub fn properties(&self, id: u32) -> impl Iterator<Item = ([u8; 4], &[u8])> {
        let indices = self.items.get(&id).map_or(&[][..], |item| &item.properties);
        indices
            .iter()
            .filter_map(|&index| self.properties.get(index))
            .map(|(kind, content)| (*kind, content.as_slice()))
    }

    /// Types of the auxiliary pictures, such as `urn:mpeg:hevc:2015:auxid:2` for depth.
    pub fn auxiliaries(&self) -> impl Iterator<Item = String> {
        let contents = self.properties.iter().filter(|(kind, _)| kind == b"auxC");
        contents.filter_map(|(_, content)| {
            let text = content.get(4..)?.split(|&byte| byte == 0).next()?;
            Some(String::from_utf8_lossy(text).into_owned())
        })
    }

    /// Content of the first property of that kind.
    pub fn property(&self, id: u32, kind: &[u8; 4]) -> Option<&[u8]> {
        self.properties(id).find(|(found, _)| found == kind).map(|(_, content)| content)
    }

    /// What `from` refers to by references of that kind.
    pub fn targets(&self, from: u32, kind: &[u8; 4]) -> &[u32] {
        self.references
            .iter()
            .find(|reference| reference.from == from && &reference.kind == kind)
            .map_or(&[], |reference| &reference.to)
    }

    /// What refers to `to` by references of that kind.
    pub fn sources(&self, to: u32, kind: [u8; 4]) -> impl Iterator<Item = u32> {
        self.references
            .iter()
            .filter(move |reference| reference.kind == kind && reference.to.contains(&to))
            .map(|reference| reference.from)
    }

    /// Width and height that the item's `ispe` property states (ISO/IEC 23008-12, 6.5.3).
    pub fn extents(&self, id: u32) -> Option<(u32, u32)> {
        let mut fields = Fields(self.property(id, b"ispe")?);
        fields.version()?;
        Some((fields.u32()?, fields.u32()?))
    }

    /// The bytes of an item.
    ///
    /// # Errors
    /// `InvalidData` when it has none, lies elsewhere, or would have more than `limit` bytes or
    /// than the file; `UnexpectedEof` when the file ends before it does.
    pub fn bytes(&self, source: &dyn ReadAt, id: u32, limit: u64) -> io::Result<Vec<u8>> {
        let item = self.items.get(&id).ok_or_else(|| malformed("an item is missing"))?;
        if item.elsewhere || item.extents.is_empty() {
            return Err(malformed("the bytes of an item lie in another file or item"));
        }
        let size = |extent: &ByteRange| {
            let whole = if extent.in_idat { self.idat.len() as u64 } else { source.size() };
            if extent.len == 0 { whole.saturating_sub(extent.offset) } else { extent.len }
        };
        let total = item.extents.iter().fold(0_u64, |sum, e| sum.saturating_add(size(e)));
        if total > source.size() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if total > limit {
            return Err(malformed("an item is too large"));
        }
        let mut bytes = vec![0; usize::try_from(total).map_err(|_| malformed("an item is large"))?];
        let mut rest = bytes.as_mut_slice();
        for extent in &item.extents {
            let len = size(extent) as usize;
            let Some((part, after)) = rest.split_at_mut_checked(len) else { break };
            if extent.in_idat {
                self.idat.read_exact_at(extent.offset, part)?;
            } else {
                source.read_exact_at(extent.offset, part)?;
            }
            rest = after;
        }
        Ok(bytes)
    }

    /// The Exif item of the primary picture (of any, if none refers to it), from its TIFF header
    /// on (ISO/IEC 23008-12, A.2.1); `None` when there is none or it cannot be read.
    pub fn exif(&self, source: &dyn ReadAt) -> Option<Vec<u8>> {
        let about = |id: &u32| self.targets(*id, b"cdsc").contains(&self.primary);
        let id = self.of_kind(*b"Exif").find(about).or_else(|| self.of_kind(*b"Exif").next())?;
        let mut bytes = self.bytes(source, id, MAX_META).ok()?;
        let skip = usize::try_from(Fields(&bytes).u32()?).ok()?.checked_add(4)?;
        let is_tiff = |at: usize| {
            bytes.get(at..).is_some_and(|b| b.starts_with(b"II*\0") || b.starts_with(b"MM\0*"))
        };
        // Some writers count the offset from elsewhere, or leave it out.
        let start = [skip, 4, 10, 0].into_iter().find(|&at| is_tiff(at))?;
        bytes.drain(..start);
        Some(bytes)
    }
}
