//! Streams of entropy-coded data, and the restart markers in them (T.81, B.2.1).

/// A stream of entropy-coded data.
pub(super) trait Entropy<'a> {
    /// Begins at a place of the data.
    fn new(data: &'a [u8], at: usize) -> Self;
    /// Continues after the next restart marker, and tells its number; `None` when another marker or
    /// the end comes first.
    fn restart(&mut self) -> Option<u8>;
    /// Whether more was taken than there is.
    fn overrun(&self) -> bool;
    /// Where the data continue.
    fn position(&self) -> usize;
}

/// Finds the next restart marker from `at` on, goes after it, and tells its number; stays at any
/// other marker.
pub(super) fn next_restart_marker(data: &[u8], at: &mut usize) -> Option<u8> {
    loop {
        *at += memchr::memchr(0xff, data.get(*at..)?)?;
        match data.get(*at + 1)? {
            0 => *at += 2,
            0xff => *at += 1,
            marker @ 0xd0..=0xd7 => {
                *at += 2;
                return Some(marker - 0xd0);
            }
            _ => return None,
        }
    }
}
