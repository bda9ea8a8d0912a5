//! The hashes of all pictures side by side in one file, so that a question is answered without
//! reading the database: `similar` needs 8 bytes of each of a million pictures, and the path of a
//! few.
//!
//! The file lies beside the database, and may be thrown away as that may. It carries the generation
//! of the database, which changes with every write; where that is another one, or the file is
//! damaged, it is rebuilt.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use bytemuck::{Pod, Zeroable};

use crate::model::path_text::path_of_key;
use crate::model::phash::{FineHash, HASH_VERSION, PerceptualHash, View};

/// First bytes of the file; the last two are the number of its form.
const MAGIC: [u8; 8] = *b"ClBkPk02";
/// What files of all forms begin with.
const OWN: &[u8] = MAGIC.split_at(6).0;

/// What the file begins with; numbers have the lower byte first.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
struct PackedHeader {
    magic: [u8; 8],
    hash_version: u64,
    generation: [u64; 2],
    count: u64,
    path_bytes: u64,
    /// BLAKE3 of the 64-bit hashes, of the 256-bit ones, of the paths with where each begins.
    checks: [[u8; 32]; 3],
    /// BLAKE3 of the 64-bit hashes and of the 256-bit ones of each turned view.
    turned_checks: [[[u8; 32]; 2]; TURNED],
}
const HEADER_BYTES: u64 = size_of::<PackedHeader>() as u64;
/// Views of a picture that are stored beside the upright one.
const TURNED: usize = 3;

/// The database's last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Generation(pub [u64; 2]);

/// Hashes and paths of all pictures whose hashes mean something.
#[derive(Debug)]
pub struct Packed {
    hashes: Vec<PerceptualHash>,
    rest: Rest,
}

#[derive(Debug)]
enum Rest {
    Memory { fine: Vec<FineHash>, starts: Vec<u64>, paths: Vec<u8>, turned: [Hashes; TURNED] },
    File { file: File, header: PackedHeader },
}

/// What a [`Packed`] is made of, picture by picture.
#[derive(Debug, Default)]
pub(super) struct Packing {
    hashes: Vec<PerceptualHash>,
    fine: Vec<FineHash>,
    starts: Vec<u64>,
    paths: Vec<u8>,
    turned: [Hashes; TURNED],
}

/// One view of all pictures.
#[derive(Clone, Debug, Default)]
struct Hashes {
    coarse: Vec<PerceptualHash>,
    fine: Vec<FineHash>,
}

impl Packing {
    pub fn push(&mut self, path: &[u8], [upright, turned @ ..]: [View; 4]) {
        self.starts.push(self.paths.len() as u64);
        self.paths.extend_from_slice(path);
        self.hashes.push(upright.phash);
        self.fine.push(upright.fine);
        for (view, hashes) in turned.into_iter().zip(&mut self.turned) {
            hashes.coarse.push(view.phash);
            hashes.fine.push(view.fine);
        }
    }

    pub fn finish(mut self) -> Packed {
        self.starts.push(self.paths.len() as u64);
        let Self { hashes, fine, starts, paths, turned } = self;
        Packed { hashes, rest: Rest::Memory { fine, starts, paths, turned } }
    }
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the packed hashes are damaged")
}

impl Packed {
    /// The 64-bit hashes; positions here number the pictures.
    pub fn hashes(&self) -> &[PerceptualHash] {
        &self.hashes
    }

    /// All 256-bit hashes.
    ///
    /// # Errors
    /// When they cannot be read, or are damaged.
    pub fn fine(&self) -> io::Result<Vec<FineHash>> {
        let (file, header) = match &self.rest {
            Rest::Memory { fine, .. } => return Ok(fine.clone()),
            Rest::File { file, header } => (file, header),
        };
        let bytes = read(file, fine_at(header, 0), header.count, 32)?;
        if blake3::hash(&bytes) != header.checks[1] {
            return Err(damaged());
        }
        Ok(fine_hashes(&bytes))
    }

    /// The 256-bit hash of one picture. Not checked for damage: compare it with the row's.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn fine_of(&self, position: u32) -> io::Result<FineHash> {
        match &self.rest {
            Rest::Memory { fine, .. } => fine.get(position as usize).copied().ok_or_else(damaged),
            Rest::File { file, header } => {
                let mut bytes = [0; 32];
                read_exact_at(file, &mut bytes, fine_at(header, u64::from(position)))?;
                Ok(FineHash::from_bytes(bytes))
            }
        }
    }

    /// All 64-bit hashes of one of the
    /// [`PictureHash::views`](crate::model::phash::PictureHash::views); only looking for turned
    /// pictures needs others than the first.
    ///
    /// # Errors
    /// When they cannot be read, or are damaged.
    pub fn hashes_of_view(&self, view: usize) -> io::Result<Cow<'_, [PerceptualHash]>> {
        let Some(turned) = view.checked_sub(1) else { return Ok(Cow::Borrowed(&self.hashes)) };
        match &self.rest {
            Rest::Memory { turned: hashes, .. } => {
                hashes.get(turned).map(|hashes| Cow::Borrowed(&hashes.coarse[..]))
            }
            Rest::File { file, header } => {
                let at = turned_at(header, turned);
                let bytes = read(file, at, header.count, 8)?;
                (header.turned_checks.get(turned).is_some_and(|c| blake3::hash(&bytes) == c[0]))
                    .then(|| Cow::Owned(perceptual_hashes(&bytes)))
            }
        }
        .ok_or_else(damaged)
    }

    /// All 256-bit hashes of one of the views.
    ///
    /// # Errors
    /// When they cannot be read, or are damaged.
    pub fn fine_of_view(&self, view: usize) -> io::Result<Vec<FineHash>> {
        let Some(turned) = view.checked_sub(1) else { return self.fine() };
        match &self.rest {
            Rest::Memory { turned: hashes, .. } => {
                hashes.get(turned).map(|hashes| hashes.fine.clone())
            }
            Rest::File { file, header } => {
                let at = turned_at(header, turned) + header.count * 8;
                let bytes = read(file, at, header.count, 32)?;
                (header.turned_checks.get(turned).is_some_and(|c| blake3::hash(&bytes) == c[1]))
                    .then(|| fine_hashes(&bytes))
            }
        }
        .ok_or_else(damaged)
    }

    /// The views of one picture beside the upright one. Not checked for damage: compare them with
    /// the row's.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn turned_of(&self, position: u32) -> io::Result<[View; TURNED]> {
        let mut views = [View::default(); TURNED];
        match &self.rest {
            Rest::Memory { turned, .. } => {
                for (view, hashes) in views.iter_mut().zip(turned) {
                    let hashes = hashes
                        .coarse
                        .get(position as usize)
                        .zip(hashes.fine.get(position as usize));
                    let (&phash, &fine) = hashes.ok_or_else(damaged)?;
                    *view = View { phash, fine };
                }
            }
            Rest::File { file, header } => {
                let position = u64::from(position);
                for (turned, view) in views.iter_mut().enumerate() {
                    let (mut phash, mut fine) = ([0; 8], [0; 32]);
                    read_exact_at(file, &mut phash, turned_at(header, turned) + position * 8)?;
                    let at = turned_at(header, turned) + header.count * 8 + position * 32;
                    read_exact_at(file, &mut fine, at)?;
                    view.phash = PerceptualHash(u64::from_le_bytes(phash));
                    view.fine = FineHash::from_bytes(fine);
                }
            }
        }
        Ok(views)
    }

    /// The path of one picture. Not checked for damage: ask the database for its row.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn path_of(&self, position: u32) -> io::Result<PathBuf> {
        match &self.rest {
            Rest::Memory { starts, paths, .. } => {
                let (from, to) = (starts[position as usize], starts[position as usize + 1]);
                Ok(path_of_key(&paths[from as usize..to as usize]))
            }
            Rest::File { file, header } => {
                let starts = fine_at(header, header.count);
                let bytes = read(file, starts + u64::from(position) * 8, 2, 8)?;
                let (bounds, _) = bytes.as_chunks::<8>();
                let [from, to] = [0, 1].map(|i| u64::from_le_bytes(bounds[i]));
                if from > to || to > header.path_bytes {
                    return Err(damaged());
                }
                let paths = starts + (header.count + 1) * 8;
                Ok(path_of_key(&read(file, paths + from, to - from, 1)?))
            }
        }
    }

    /// All paths, in the order of the pictures.
    ///
    /// # Errors
    /// When they cannot be read, or are damaged.
    pub fn paths(&self) -> io::Result<Vec<PathBuf>> {
        let (starts, paths) = match &self.rest {
            Rest::Memory { starts, paths, .. } => (starts.clone(), paths.clone()),
            Rest::File { file, header } => {
                let at = fine_at(header, header.count);
                let mut bytes = read(file, at, (header.count + 1) * 8 + header.path_bytes, 1)?;
                if blake3::hash(&bytes) != header.checks[2] {
                    return Err(damaged());
                }
                let paths = bytes.split_off((header.count as usize + 1) * 8);
                let (starts, _) = bytes.as_chunks::<8>();
                (starts.iter().map(|&start| u64::from_le_bytes(start)).collect(), paths)
            }
        };
        let path = |bounds: &[u64]| {
            let range = bounds[0] as usize..bounds[1] as usize;
            paths.get(range).map(path_of_key).ok_or_else(damaged)
        };
        starts.windows(2).map(path).collect()
    }

    /// Opens the file if it is whole and says what the database of this generation says.
    pub(super) fn open(path: &Path, generation: Generation) -> Option<Self> {
        let file = File::open(path).ok()?;
        let bytes = read(&file, 0, HEADER_BYTES, 1).ok()?;
        let header: PackedHeader = bytemuck::pod_read_unaligned(&bytes);
        let good = header.magic == MAGIC
            && u64::from_le(header.hash_version) == u64::from(HASH_VERSION)
            && header.generation.map(u64::from_le) == generation.0;
        let header = PackedHeader {
            count: u64::from_le(header.count),
            path_bytes: u64::from_le(header.path_bytes),
            ..header
        };
        // Sums that a damaged header makes too large are no size of any file.
        let size = u128::from(HEADER_BYTES)
            + u128::from(header.count) * (48 + 40 * TURNED as u128)
            + 8
            + u128::from(header.path_bytes);
        if !good || u128::from(file.metadata().ok()?.len()) != size {
            return None;
        }
        let bytes = read(&file, HEADER_BYTES, header.count, 8).ok()?;
        if blake3::hash(&bytes) != header.checks[0] {
            return None;
        }
        let hashes = perceptual_hashes(&bytes);
        Some(Self { hashes, rest: Rest::File { file, header } })
    }

    /// Writes what is in memory, in the place of an older file of this kind and of no other.
    pub(super) fn write(&self, path: &Path, generation: Generation) -> io::Result<()> {
        let Rest::Memory { fine, starts, paths, turned } = &self.rest else { return Ok(()) };
        check_replaceable(path)?;
        let coarse_bytes = |hashes: &[PerceptualHash]| -> Vec<u8> {
            hashes.iter().flat_map(|hash| hash.0.to_le_bytes()).collect()
        };
        let fine_bytes = |hashes: &[FineHash]| -> Vec<u8> {
            hashes.iter().flat_map(|hash| hash.to_bytes()).collect()
        };
        let (hashes, fine) = (coarse_bytes(&self.hashes), fine_bytes(fine));
        let turned =
            turned.each_ref().map(|view| [coarse_bytes(&view.coarse), fine_bytes(&view.fine)]);
        let starts: Vec<u8> = starts.iter().flat_map(|start| start.to_le_bytes()).collect();
        let mut last = blake3::Hasher::new();
        last.update(&starts).update(paths);
        let header = PackedHeader {
            magic: MAGIC,
            hash_version: u64::from(HASH_VERSION).to_le(),
            generation: generation.0.map(u64::to_le),
            count: (self.hashes.len() as u64).to_le(),
            path_bytes: (paths.len() as u64).to_le(),
            checks: [blake3::hash(&hashes), blake3::hash(&fine), last.finalize()].map(Into::into),
            turned_checks: turned
                .each_ref()
                .map(|view| view.each_ref().map(|hashes| blake3::hash(hashes).into())),
        };
        crate::files::atomic_file::replace_by(path, &|file| {
            let mut out = BufWriter::new(file);
            for part in [bytemuck::bytes_of(&header), &hashes, &fine, &starts, paths] {
                out.write_all(part)?;
            }
            turned.iter().flatten().try_for_each(|part| out.write_all(part))?;
            out.flush()
        })
    }
}

/// Checks that nothing is at `path`, or packed hashes of whatever form.
fn check_replaceable(path: &Path) -> io::Result<()> {
    let found = match std::fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let own = found.is_file() && read(&File::open(path)?, 0, OWN.len() as u64, 1)? == OWN;
    let foreign = || io::Error::new(io::ErrorKind::AlreadyExists, "it is no file of clean-backup");
    if own { Ok(()) } else { Err(foreign()) }
}

/// Where the 256-bit hash of a picture lies.
fn fine_at(header: &PackedHeader, position: u64) -> u64 {
    HEADER_BYTES + header.count * 8 + position * 32
}

/// Where a turned view begins. The size of the file was held against the header.
fn turned_at(header: &PackedHeader, turned: usize) -> u64 {
    let paths = fine_at(header, header.count) + (header.count + 1) * 8;
    paths + header.path_bytes + turned as u64 * header.count * 40
}

fn perceptual_hashes(bytes: &[u8]) -> Vec<PerceptualHash> {
    let (words, _) = bytes.as_chunks::<8>();
    words.iter().map(|&word| PerceptualHash(u64::from_le_bytes(word))).collect()
}

fn fine_hashes(bytes: &[u8]) -> Vec<FineHash> {
    let (hashes, _) = bytes.as_chunks::<32>();
    hashes.iter().map(|&bytes| FineHash::from_bytes(bytes)).collect()
}

/// `count` items of `size` bytes each.
fn read(file: &File, at: u64, count: u64, size: u64) -> io::Result<Vec<u8>> {
    let bytes =
        count.checked_mul(size).and_then(|n| usize::try_from(n).ok()).ok_or_else(damaged)?;
    // A damaged count must not ask for more than the file has.
    if file.metadata()?.len() < at.saturating_add(bytes as u64) {
        return Err(damaged());
    }
    let mut buffer = vec![0; bytes];
    read_exact_at(file, &mut buffer, at)?;
    Ok(buffer)
}

#[cfg(unix)]
fn read_exact_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, at)
}

#[cfg(not(unix))]
fn read_exact_at(mut file: &File, buffer: &mut [u8], at: u64) -> io::Result<()> {
    use std::io::{Read as _, Seek as _};
    file.seek(io::SeekFrom::Start(at))?;
    file.read_exact(buffer)
}
