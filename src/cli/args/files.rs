//! Which files are read, and how: as typed.

use clap::{ArgAction, Args};

use super::values::{joined, set, text};
use crate::cli::config::{Key, Layer, Value};

/// Which files are looked at, and how.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Files")]
pub struct FilesArgs {
    /// Only files that match; may be repeated, or a comma-separated list
    #[arg(long, value_name = "GLOB", value_parser = text(Key::Include), action = ArgAction::Append)]
    pub include: Vec<Value>,
    /// Skip files and folders that match; may be repeated, or a comma-separated list
    #[arg(long, value_name = "GLOB", value_parser = text(Key::Exclude), action = ArgAction::Append)]
    pub exclude: Vec<Value>,
    /// Include hidden files and folders
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", value_parser = text(Key::Hidden))]
    pub hidden: Option<Value>,
    /// Follow symbolic links
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", value_parser = text(Key::FollowLinks))]
    pub follow_links: Option<Value>,
    /// Stay on the file system of each folder
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", value_parser = text(Key::OneFileSystem))]
    pub one_file_system: Option<Value>,
    /// Read files whose bytes are only online (iCloud Drive, OneDrive), which downloads them
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", value_parser = text(Key::DownloadPlaceholders))]
    pub download_placeholders: Option<Value>,
    /// Decode whole pictures: no embedded thumbnails, and with the loop filters of HEIC, AVIF and WebP
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", value_parser = text(Key::ExactDecode))]
    pub exact_decode: Option<Value>,
    /// In which order files are read: auto, as they lie on rotating disks and network shares;
    /// place, always so; found, many at once as they are found
    #[arg(long, value_name = "WHICH", value_parser = text(Key::ReadOrder))]
    pub read_order: Option<Value>,
    /// Skip pictures with more pixels than this
    #[arg(long, value_name = "N", value_parser = text(Key::MaxPixels))]
    pub max_pixels: Option<Value>,
    /// Memory limit for decoding, all threads together, like 4GiB
    #[arg(long, value_name = "BYTES", value_parser = text(Key::Memory))]
    pub memory: Option<Value>,
}

impl FilesArgs {
    /// Adds the settings among the flags.
    pub fn add_settings(&self, layer: &mut Layer) {
        set(layer, Key::Include, &joined(&self.include));
        set(layer, Key::Exclude, &joined(&self.exclude));
        set(layer, Key::Hidden, &self.hidden);
        set(layer, Key::FollowLinks, &self.follow_links);
        set(layer, Key::OneFileSystem, &self.one_file_system);
        set(layer, Key::DownloadPlaceholders, &self.download_placeholders);
        set(layer, Key::ExactDecode, &self.exact_decode);
        set(layer, Key::ReadOrder, &self.read_order);
        set(layer, Key::MaxPixels, &self.max_pixels);
        set(layer, Key::Memory, &self.memory);
    }
}
