//! PNG, GIF, TIFF, BMP, TGA, QOI, PNM, ICO.
#![no_main]

use clean_backup::model::media::Format;
use clean_backup_fuzz::check_picture_of;
use libfuzzer_sys::{Corpus, fuzz_target};

fn is_raster(format: Format) -> bool {
    matches!(
        format,
        Format::Png
            | Format::Gif
            | Format::Tiff
            | Format::Bmp
            | Format::Tga
            | Format::Qoi
            | Format::Pnm
            | Format::Ico
    )
}

fuzz_target!(|bytes: &[u8]| -> Corpus {
    match check_picture_of(bytes, is_raster) {
        true => Corpus::Keep,
        false => Corpus::Reject,
    }
});
