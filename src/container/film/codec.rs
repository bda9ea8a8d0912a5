//! The codecs by the names that containers give them.

/// How the frames of a film are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// H.264, AVC (ISO/IEC 14496-10).
    H264,
    /// H.265, HEVC (ISO/IEC 23008-2).
    Hevc,
    /// AV1.
    Av1,
    /// VP8 (RFC 6386).
    Vp8,
    /// VP9.
    Vp9,
    /// MPEG-4 part 2: DivX, Xvid (ISO/IEC 14496-2).
    Mpeg4,
    /// A JPEG for every frame.
    Mjpeg,
}

impl Codec {
    /// Name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::H264 => "h264",
            Self::Hevc => "hevc",
            Self::Av1 => "av1",
            Self::Vp8 => "vp8",
            Self::Vp9 => "vp9",
            Self::Mpeg4 => "mpeg4",
            Self::Mjpeg => "mjpeg",
        }
    }

    /// By the four-character code of an MP4 or an AVI, in whatever case. What `mp4v` stands for is
    /// in its description ([`Self::of_object_type`]); here it is MPEG-4.
    pub(super) fn of_fourcc(code: [u8; 4]) -> Option<Self> {
        Some(match &code.map(|byte| byte.to_ascii_lowercase()) {
            b"avc1" | b"avc3" | b"h264" | b"x264" | b"dva1" | b"dvav" => Self::H264,
            b"hvc1" | b"hev1" | b"hevc" | b"h265" | b"x265" | b"dvh1" | b"dvhe" => Self::Hevc,
            b"av01" => Self::Av1,
            b"vp08" | b"vp80" => Self::Vp8,
            b"vp09" | b"vp90" => Self::Vp9,
            b"mp4v" | b"xvid" | b"divx" | b"dx50" | b"fmp4" | b"m4s2" => Self::Mpeg4,
            b"jpeg" | b"mjpg" | b"dmb1" => Self::Mjpeg,
            _ => return None,
        })
    }

    /// By the object type of an `esds` box (ISO/IEC 14496-1, 7.2.6.6).
    pub(super) fn of_object_type(object_type: u8) -> Option<Self> {
        match object_type {
            0x20 => Some(Self::Mpeg4),
            0x21 => Some(Self::H264),
            0x6c => Some(Self::Mjpeg),
            _ => None,
        }
    }

    /// By the identifier of a Matroska track.
    pub(super) fn of_matroska(id: &str) -> Option<Self> {
        Some(match id {
            "V_MPEG4/ISO/AVC" => Self::H264,
            "V_MPEGH/ISO/HEVC" => Self::Hevc,
            "V_AV1" => Self::Av1,
            "V_VP8" => Self::Vp8,
            "V_VP9" => Self::Vp9,
            "V_MPEG4/ISO/SP" | "V_MPEG4/ISO/ASP" | "V_MPEG4/ISO/AP" => Self::Mpeg4,
            "V_MJPEG" => Self::Mjpeg,
            _ => return None,
        })
    }
}

/// A four-character code as text; bytes that cannot be printed as dots.
pub(super) fn text(code: [u8; 4]) -> String {
    code.map(|byte| if byte.is_ascii_graphic() || byte == b' ' { byte as char } else { '.' })
        .iter()
        .collect()
}
