//! What was read on one machine, told to others.

use std::collections::HashMap;
use std::path::PathBuf;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::act::plan::Attested;
use crate::files::content::settled_content_hash;
use crate::files::stamp::stamp;
use crate::model::path_form::PathForm;
use crate::model::record::{ContentHash, Skip, Stage};

/// Version of the form.
const VERSION: u32 = 1;

/// Files that plans of other volumes rely on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeeperList {
    /// Version of the form.
    pub version: u32,
    /// The search that the list belongs to.
    pub run: String,
    /// The volume that the files are on.
    pub volume: String,
    /// The files.
    pub keepers: Vec<KeptFile>,
}

/// A file, as it was when it was hashed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFile {
    /// Where.
    #[serde(flatten)]
    pub path: PathForm,
    /// Its size.
    pub bytes: u64,
    /// BLAKE3 of its bytes, in hexadecimal digits.
    pub blake3: String,
}

/// Says of files that they were there and had these bytes, at a time, on the machine of their
/// volume. The checksum tells one that was cut or edited, not a friend from an enemy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    version: u32,
    run: String,
    volume: String,
    machine: String,
    at: String,
    files: Vec<KeptFile>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    checksum: Option<String>,
}

/// Reads the files of a list. What is not there, or has other bytes, is skipped.
///
/// # Errors
/// A list of another version.
pub fn attest(
    list: &KeeperList,
    machine: String,
    at: String,
) -> Result<(Receipt, Vec<Skip>), String> {
    if list.version != VERSION {
        return Err(format!(
            "the list is of version {}, this program reads {VERSION}",
            list.version
        ));
    }
    let checked: Vec<Result<KeptFile, Skip>> = list.keepers.par_iter().map(check).collect();
    let (mut files, mut skipped) = (Vec::new(), Vec::new());
    for outcome in checked {
        match outcome {
            Ok(file) => files.push(file),
            Err(skip) => skipped.push(skip),
        }
    }
    let (run, volume) = (list.run.clone(), list.volume.clone());
    let mut receipt = Receipt { version: VERSION, run, volume, machine, at, files, checksum: None };
    receipt.checksum = Some(receipt.computed());
    Ok((receipt, skipped))
}

fn check(file: &KeptFile) -> Result<KeptFile, Skip> {
    let path = file.path.path().unwrap_or_default();
    let skip = |reason: String| Skip { path: path.clone(), stage: Stage::Read, reason };
    let seen = stamp(&path).ok_or_else(|| skip("it is not there, or no regular file".into()))?;
    if seen.size.0 != file.bytes {
        return Err(skip(format!("it has {} bytes, and had {}", seen.size.0, file.bytes)));
    }
    let content = settled_content_hash(&path).map_err(|error| skip(error.to_string()))?;
    match content.to_hex() == file.blake3 {
        true => Ok(file.clone()),
        false => Err(skip("it has other bytes than it had".into())),
    }
}

impl Receipt {
    fn computed(&self) -> String {
        let bare = Self { checksum: None, ..self.clone() };
        let text = serde_json::to_vec(&bare).unwrap_or_default();
        ContentHash(*blake3::hash(&text).as_bytes()).to_hex()
    }

    /// As JSON.
    ///
    /// # Errors
    /// None that a receipt can cause; the signature is the serialiser's.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }

    /// Reads what [`Receipt::to_json`] wrote.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let receipt: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        match () {
            () if receipt.version != VERSION => {
                Err(format!("it is of version {}, this program reads {VERSION}", receipt.version))
            }
            () if receipt.checksum.as_ref() != Some(&receipt.computed()) => {
                Err("it was changed since it was made".to_owned())
            }
            () => Ok(receipt),
        }
    }
}

/// What receipts of one search say, by volume and path.
pub(super) struct Attestations(HashMap<(String, PathBuf), Attested>);

impl Attestations {
    /// Of the receipts that belong to the search `run`.
    pub fn of(run: &str, receipts: &[Receipt]) -> Self {
        let mut all = HashMap::new();
        for receipt in receipts.iter().filter(|receipt| receipt.run == run) {
            for file in &receipt.files {
                let told = file.path.path().zip(ContentHash::from_hex(&file.blake3));
                let Some((path, content)) = told else { continue };
                let attested = Attested {
                    volume: receipt.volume.clone(),
                    path: path.clone(),
                    content,
                    run: receipt.run.clone(),
                    at: receipt.at.clone(),
                };
                all.insert((receipt.volume.clone(), path), attested);
            }
        }
        Self(all)
    }

    /// The receipt for a file with these bytes.
    pub fn get(&self, volume: &str, path: PathBuf, content: ContentHash) -> Option<&Attested> {
        self.0.get(&(volume.to_owned(), path)).filter(|attested| attested.content == content)
    }
}
