//! Approximate nearest neighbours by the 256-bit hash: a hierarchical navigable small world graph
//! (Malkov, Yashunin: "Efficient and Robust Approximate Nearest Neighbor Search Using Hierarchical
//! Navigable Small World Graphs", 2016), by `hnsw_rs`, kept beside the cache.
//!
//! It answers without a radius and without looking at every hash, and may miss some: it decides
//! nothing that is acted on. It is expensive to build (a millisecond of CPU time per hash) and
//! large (2.6 kB a hash), so that it is only made when asked for. The nodes are different hashes;
//! what is new is inserted, what is gone is passed over, and when a third is gone the graph is
//! rebuilt.
//!
//! `hnsw_rs` ends the process when a file of its is cut off, so that its files are read only after
//! their checksums were found right.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use bytemuck::{Pod, Zeroable};
use hnsw_rs::prelude::{AnnT as _, Distance, Hnsw, HnswIo};

use crate::files::atomic_file;
use crate::model::panics;
use crate::model::path_text::for_people;
use crate::model::phash::{FineHash, HASH_VERSION};

const MAGIC: [u8; 8] = *b"ClBkHN01";
/// Neighbours of a node, and candidates looked at when one is inserted.
const CONNECTIONS: usize = 16;
const EFFORT_OF_BUILDING: usize = 64;
const LAYERS: usize = 16;
/// What `hnsw_rs` names its files by.
const BASE: &str = "index";
/// What tells whether they are whole, and which hash each node is.
const MEMBERS: &str = "members";

/// Bits that differ. The crate's own Hamming distance compares whole words.
#[derive(Clone, Copy, Debug, Default)]
struct HashBits;

impl Distance<u64> for HashBits {
    fn eval(&self, a: &[u64], b: &[u64]) -> f32 {
        a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum::<u32>() as f32
    }
}

type HnswGraph = Hnsw<'static, u64, HashBits>;

#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
struct GraphHeader {
    magic: [u8; 8],
    hash_version: u64,
    count: u64,
    /// BLAKE3 of the members that follow, of the graph, of its data.
    checks: [[u8; 32]; 3],
}

/// The graph over different hashes.
pub struct Approximate {
    graph: HnswGraph,
    members: Vec<FineHash>,
    /// Members that the library still has.
    current: HashSet<FineHash>,
}

impl std::fmt::Debug for Approximate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Approximate").field("members", &self.members.len()).finish_non_exhaustive()
    }
}

/// How a graph came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GraphOrigin {
    /// As it lay there.
    Kept,
    /// So many hashes were inserted.
    Extended(usize),
    /// Rebuilt, and why (human-readable).
    Anew(String),
}

/// A graph, how it came about, and why it could not be kept, if it could not.
#[derive(Debug)]
pub struct OpenedGraph {
    /// The graph.
    pub index: Approximate,
    /// How it came about.
    pub origin: GraphOrigin,
    /// Why it is not on the disk.
    pub not_kept: Option<io::Error>,
}

impl Approximate {
    /// The graph of these hashes, from `folder` if there is one that is whole, rebuilt if not.
    /// What changed is written back.
    pub fn open(folder: &Path, hashes: &[FineHash]) -> OpenedGraph {
        let current: HashSet<FineHash> = hashes.iter().copied().collect();
        let (index, origin) = match load(folder) {
            Ok((graph, members)) => {
                let known: HashSet<FineHash> = members.iter().copied().collect();
                let gone = known.iter().filter(|hash| !current.contains(hash)).count();
                if gone * 3 > known.len() {
                    let why = format!("{gone} of {} pictures in it are gone", known.len());
                    (Self::build(current), GraphOrigin::Anew(why))
                } else {
                    let mut new: Vec<FineHash> = current.difference(&known).copied().collect();
                    new.sort_unstable();
                    let mut index = Self { graph, members, current };
                    index.insert(&new);
                    let kept = new.is_empty();
                    (index, if kept { GraphOrigin::Kept } else { GraphOrigin::Extended(new.len()) })
                }
            }
            Err(why) => (Self::build(current), GraphOrigin::Anew(why.to_string())),
        };
        let not_kept = if origin == GraphOrigin::Kept { None } else { index.write(folder).err() };
        OpenedGraph { index, origin, not_kept }
    }

    /// The graph of these hashes, in memory alone.
    pub fn not_kept(hashes: &[FineHash]) -> OpenedGraph {
        let index = Self::build(hashes.iter().copied().collect());
        OpenedGraph {
            index,
            origin: GraphOrigin::Anew("there is no cache".to_owned()),
            not_kept: None,
        }
    }

    fn build(current: HashSet<FineHash>) -> Self {
        let mut hashes: Vec<FineHash> = current.iter().copied().collect();
        hashes.sort_unstable();
        let graph =
            Hnsw::new(CONNECTIONS, hashes.len().max(1), LAYERS, EFFORT_OF_BUILDING, HashBits);
        let mut index = Self { graph, members: Vec::new(), current };
        index.insert(&hashes);
        index
    }

    fn insert(&mut self, hashes: &[FineHash]) {
        let first = self.members.len();
        self.members.extend_from_slice(hashes);
        let items: Vec<(&[u64], usize)> =
            hashes.iter().zip(first..).map(|(hash, id)| (&hash.0[..], id)).collect();
        if !items.is_empty() {
            self.graph.parallel_insert_slice(&items);
        }
    }

    /// Different hashes near a needle, the nearest first: most of the `count` nearest. The more
    /// `effort` (at least `count`; 64 is usual), the fewer are missed.
    pub fn nearest(&self, needle: FineHash, count: usize, effort: usize) -> Vec<FineHash> {
        // Those that are gone take places: ask for as many more.
        let gone = self.members.len() - self.current.len().min(self.members.len());
        let asked = count.saturating_add(gone.min(count.saturating_mul(4)));
        let found = self.graph.search(&needle.0, asked, effort.max(asked));
        let known = found.iter().filter_map(|near| self.members.get(near.d_id).copied());
        known.filter(|hash| self.current.contains(hash)).take(count).collect()
    }

    /// In a folder of its own first, so that the old one stays until the new one is whole.
    fn write(&self, folder: &Path) -> io::Result<()> {
        let mut name = folder.as_os_str().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let part = PathBuf::from(name);
        atomic_file::make_new_private_folder(&part)?;
        let written = self
            .write_into(&part)
            .and_then(|()| remove(folder))
            .and_then(|()| fs::rename(&part, folder));
        if written.is_err() {
            let _ = remove(&part);
        }
        written
    }

    fn write_into(&self, folder: &Path) -> io::Result<()> {
        let dumped = panics::catch(|| self.graph.file_dump(folder, BASE));
        match dumped {
            Ok(Ok(base)) if base == BASE => {}
            Ok(Ok(base)) => return Err(io::Error::other(format!("it was written as {base}"))),
            Ok(Err(error)) => return Err(io::Error::other(error.to_string())),
            Err(_) => return Err(io::Error::other("hnsw_rs panicked")),
        }
        let members: Vec<u8> = self.members.iter().flat_map(|hash| hash.to_bytes()).collect();
        let [graph, data] = files(folder);
        atomic_file::make_private(&graph)?;
        atomic_file::make_private(&data)?;
        let header = GraphHeader {
            magic: MAGIC,
            hash_version: u64::from(HASH_VERSION).to_le(),
            count: (self.members.len() as u64).to_le(),
            checks: [*blake3::hash(&members).as_bytes(), check(&graph)?, check(&data)?],
        };
        atomic_file::replace_by(&folder.join(MEMBERS), &|file| {
            file.write_all(bytemuck::bytes_of(&header))?;
            file.write_all(&members)
        })
    }
}

/// Removes the folder of a graph, unless anything else is in it.
fn remove(folder: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut own = files(folder).to_vec();
    own.push(folder.join(MEMBERS));
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if !entry.file_type()?.is_file() || !own.contains(&entry.path()) {
            let message = format!("{} is no file of clean-backup", for_people(&entry.path()));
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
        found.push(entry.path());
    }
    for file in found {
        fs::remove_file(file)?;
    }
    fs::remove_dir(folder)
}

/// The two files of `hnsw_rs`.
fn files(folder: &Path) -> [PathBuf; 2] {
    ["graph", "data"].map(|kind| folder.join(format!("{BASE}.hnsw.{kind}")))
}

fn check(path: &Path) -> io::Result<[u8; 32]> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(*hasher.finalize().as_bytes())
}

/// The graph in a folder, checked.
fn load(folder: &Path) -> io::Result<(HnswGraph, Vec<FineHash>)> {
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let mut bytes = Vec::new();
    match File::open(folder.join(MEMBERS)) {
        Ok(mut file) => file.read_to_end(&mut bytes)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(wrong("there is none yet"));
        }
        Err(error) => return Err(error),
    };
    let (head, members) =
        bytes.split_at_checked(size_of::<GraphHeader>()).ok_or_else(|| wrong("it is damaged"))?;
    let header: GraphHeader = bytemuck::pod_read_unaligned(head);
    if header.magic != MAGIC {
        return Err(wrong("it is none of this program's"));
    }
    if u64::from_le(header.hash_version) != u64::from(HASH_VERSION) {
        return Err(wrong("another version of the program made it"));
    }
    let [graph, data] = files(folder);
    let (hashes, rest) = members.as_chunks::<32>();
    let whole = hashes.len() as u64 == u64::from_le(header.count)
        && rest.is_empty()
        && blake3::hash(members) == header.checks[0]
        && check(&graph)? == header.checks[1]
        && check(&data)? == header.checks[2];
    if !whole {
        return Err(wrong("it is damaged"));
    }
    let hashes: Vec<FineHash> = hashes.iter().map(|&hash| FineHash::from_bytes(hash)).collect();
    // The graph borrows from its reader; both live as long as the process, which has one.
    let loaded = panics::catch(|| {
        let reader: &'static mut HnswIo = Box::leak(Box::new(HnswIo::new(folder, BASE)));
        reader.load_hnsw::<u64, HashBits>()
    });
    match loaded {
        Ok(Ok(graph)) if graph.get_nb_point() == hashes.len() => Ok((graph, hashes)),
        Ok(Ok(_)) => Err(wrong("it lacks pictures")),
        Ok(Err(error)) => Err(wrong(&error.to_string())),
        Err(_) => Err(wrong("hnsw_rs panicked")),
    }
}

#[cfg(test)]
mod tests;
