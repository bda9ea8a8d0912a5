//! What is known of a film beside its frames.

use super::path_text::one_line;
use super::readable::{human_bit_rate, human_duration};

/// How a film is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FilmFacts {
    /// The codec in lower case (`h264`, `hevc`), or as the file names it where it is not known.
    pub codec: String,
    /// From the first frame to the end of the last one, in microseconds.
    pub duration_us: i64,
    /// Frames that are shown; 0 where they were not counted, as in long Matroska films.
    pub frames: u32,
    /// Those of all frames that can be decoded without others.
    pub keyframes: u32,
    /// Bytes of all frames, without sound; of the whole file where they were not counted.
    pub frame_bytes: u64,
}

impl FilmFacts {
    /// How long it is, how it is coded, and bits a second (human-readable).
    pub fn words(&self) -> String {
        let (length, rate) = (human_duration(self.duration_us), human_bit_rate(self.bit_rate()));
        format!("{length} of {}, {rate}", one_line(&self.codec))
    }

    /// Bits of the frames a second, rounded down; 0 for a film of no length.
    pub fn bit_rate(&self) -> u64 {
        let bits = u128::from(self.frame_bytes) * 8 * 1_000_000;
        let duration = u128::try_from(self.duration_us).unwrap_or(0);
        bits.checked_div(duration).map_or(0, |rate| u64::try_from(rate).unwrap_or(u64::MAX))
    }

    /// Frames in 1,000 seconds, rounded down; 0 for a film of no length.
    pub fn frames_per_1000_s(&self) -> u64 {
        let duration = u64::try_from(self.duration_us).unwrap_or(0);
        (u64::from(self.frames) * 1_000_000_000).checked_div(duration).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates() {
        let facts = FilmFacts {
            duration_us: 2_002_000,
            frames: 60,
            frame_bytes: 1_000_000,
            ..Default::default()
        };
        assert_eq!(facts.bit_rate(), 3_996_003);
        assert_eq!(facts.frames_per_1000_s(), 29_970);
        assert_eq!(FilmFacts::default().bit_rate(), 0);
        assert_eq!(FilmFacts { duration_us: -1, ..facts }.frames_per_1000_s(), 0);
    }
}
