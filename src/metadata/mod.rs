//! stub
pub fn read_exif(_b: &[u8]) -> crate::media::Metadata {
    Default::default()
}
