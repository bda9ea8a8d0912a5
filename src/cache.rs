//! stub
use crate::media::*;
use crate::record::*;
#[derive(Debug)]
pub struct CacheError;
impl std::fmt::Display for CacheError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("x")
    }
}
pub struct Row {
    pub record: Record,
    pub content: Option<ContentHash>,
}
pub struct Cache;
impl Cache {
    pub fn lookup(&self, f: &[MediaFile]) -> Result<Vec<Option<Row>>, CacheError> {
        Ok(f.iter().map(|_| None).collect())
    }
    pub fn write_batch(&mut self, _: &[(&MediaFile, &Record)]) -> Result<(), CacheError> {
        Ok(())
    }
}
