//! Folders named after the date, by a template like `{year}/{month}`.

use std::fmt;
use std::path::PathBuf;

use crate::model::calendar::Civil;
use crate::model::media::CaptureTime;

/// The default of `organize`.
pub const DEFAULT_TEMPLATE: &str = "{year}/{month}";

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The fields of a template, as errors list them.
const FIELDS: &str = "year, month, month_name, day, hour, minute, camera";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Year,
    Month,
    MonthName,
    Day,
    Hour,
    Minute,
    Camera,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// A field, and to how many digits its number is filled up with zeros.
    Field(Field, usize),
}

/// Why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TemplateError {
    /// A `}` without its `{`.
    Unopened(String),
    /// A `{` without its `}`.
    Unclosed(String),
    /// No such field.
    UnknownField(String),
    /// What follows the colon is no number of digits, or the field is no number.
    Width(String),
    /// The path leads out of the destination.
    Outside(String),
    /// A folder has no name, or one that file systems change.
    FolderName(String),
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unopened(text) => write!(f, "{text:?} has a }} without its {{"),
            Self::Unclosed(text) => write!(f, "{text:?} has a {{ without its }}"),
            Self::UnknownField(name) => write!(f, "there is no {{{name}}}; there are: {FIELDS}"),
            Self::Width(field) => {
                write!(f, "{{{field}}}: a colon is followed by a number of digits")
            }
            Self::Outside(text) => write!(f, "{text:?} must lie below the destination"),
            Self::FolderName(text) => write!(
                f,
                "{text:?} is not a path: every folder needs a name without * ? \" < > | that does not end in a space or a dot"
            ),
        }
    }
}

impl std::error::Error for TemplateError {}

/// A template that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

/// [`DEFAULT_TEMPLATE`].
impl Default for Template {
    fn default() -> Self {
        let (year, month) = (Piece::Field(Field::Year, 4), Piece::Field(Field::Month, 2));
        Self(vec![year, Piece::Text("/".to_owned()), month])
    }
}

impl Template {
    /// Reads a template: text with fields in braces, and slashes between folders. Numbers are
    /// filled up with zeros, the year to four digits, others to two; `{month:1}` fills to one.
    ///
    /// # Errors
    /// [`TemplateError`]
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(open);
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            if from.starts_with('}') {
                return Err(TemplateError::Unopened(text.to_owned()));
            }
            let Some(close) = from.find('}') else {
                return Err(TemplateError::Unclosed(text.to_owned()));
            };
            pieces.push(field(&from[1..close])?);
            rest = &from[close + 1..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        let template = Self(pieces);
        // Whatever the date, the text decides whether the folders are sound.
        let sample = CaptureTime { local_seconds: 0, subsecond_ns: None, offset_minutes: None };
        let shown = template.text(sample, None);
        if shown.starts_with(['/', '\\']) || shown.contains(':') {
            return Err(TemplateError::Outside(text.to_owned()));
        }
        let mut folders = shown.split(['/', '\\']);
        if folders.any(|name| name.is_empty() || mild(name) != name) {
            return Err(TemplateError::FolderName(text.to_owned()));
        }
        Ok(template)
    }

    /// The folder for this time.
    pub fn folder(&self, time: CaptureTime, camera: Option<&str>) -> PathBuf {
        self.text(time, camera).split(['/', '\\']).map(unreserved).collect()
    }

    fn text(&self, time: CaptureTime, camera: Option<&str>) -> String {
        let at = Civil::from_seconds(time.local_seconds);
        let mut text = String::new();
        for piece in &self.0 {
            let (field, digits) = match piece {
                Piece::Text(piece) => {
                    text += piece;
                    continue;
                }
                Piece::Field(field, digits) => (*field, *digits),
            };
            let number = match field {
                Field::Year => at.year,
                Field::Month => at.month,
                Field::Day => at.day,
                Field::Hour => at.hour,
                Field::Minute => at.minute,
                Field::MonthName => {
                    let month = usize::try_from(at.month - 1).unwrap_or(0);
                    text += MONTHS.get(month).copied().unwrap_or_default();
                    continue;
                }
                Field::Camera => {
                    text += &folder_name(camera.unwrap_or_default());
                    continue;
                }
            };
            text += &format!("{number:0digits$}");
        }
        text
    }
}

fn field(inside: &str) -> Result<Piece, TemplateError> {
    let (name, width) = match inside.split_once(':') {
        Some((name, width)) => (name, Some(width)),
        None => (inside, None),
    };
    let (field, usual) = match name {
        "year" => (Field::Year, 4),
        "month" => (Field::Month, 2),
        "day" => (Field::Day, 2),
        "hour" => (Field::Hour, 2),
        "minute" => (Field::Minute, 2),
        "month_name" => (Field::MonthName, 0),
        "camera" => (Field::Camera, 0),
        _ => return Err(TemplateError::UnknownField(inside.to_owned())),
    };
    let digits = match width {
        None => usual,
        Some(width) => match width.parse() {
            Ok(digits) if usual > 0 && digits <= 8 => digits,
            _ => return Err(TemplateError::Width(inside.to_owned())),
        },
    };
    Ok(Piece::Field(field, digits))
}

/// A name of a folder for a text that may be anything.
fn folder_name(text: &str) -> String {
    let name = mild(&text.replace(['{', '}'], "_"));
    if name.is_empty() { "Unknown camera".to_owned() } else { name }
}

/// Without what file systems do not take in a name, or change.
fn mild(name: &str) -> String {
    let mild = |c: char| if c.is_control() || "/\\:*?\"<>|".contains(c) { '_' } else { c };
    let name: String = name.chars().map(mild).collect();
    name.trim().trim_end_matches('.').trim_end().to_owned()
}

/// A name that Windows does not keep for a device, whatever follows the dot in it.
fn unreserved(name: &str) -> String {
    let stem = name.split('.').next().unwrap_or(name).trim_end().to_ascii_uppercase();
    let numbered = |device: &str| {
        let number = stem.strip_prefix(device).map(|number| number.chars().collect::<Vec<_>>());
        matches!(number.as_deref(), Some(['0'..='9' | '\u{b9}' | '\u{b2}' | '\u{b3}']))
    };
    let is_device = matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$")
        || numbered("COM")
        || numbered("LPT");
    if is_device { format!("_{name}") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(template: &str, camera: Option<&str>) -> String {
        let time =
            CaptureTime { local_seconds: 1_549_197_296, subsecond_ns: None, offset_minutes: None };
        let folder = Template::parse(template).unwrap().folder(time, camera);
        folder.to_string_lossy().replace('\\', "/")
    }

    #[test]
    fn the_default_is_what_its_text_says() {
        assert_eq!(Template::parse(DEFAULT_TEMPLATE), Ok(Template::default()));
    }

    #[test]
    fn templates() {
        for (template, expected) in [
            (DEFAULT_TEMPLATE, "2019/02"),
            ("{year}/{month:02}-{month_name}", "2019/02-February"),
            ("{year}-{month}-{day}", "2019-02-03"),
            ("{month:1}/{hour}{minute}", "2/1234"),
            ("all", "all"),
            ("{camera}/{year}", "Unknown camera/2019"),
        ] {
            assert_eq!(folder(template, None), expected);
        }
        assert_eq!(folder("{camera}", Some("../X: 1/2.. ")), ".._X_ 1_2");
        for (camera, expected) in [
            ("aux", "_aux"),
            ("COM1.2", "_COM1.2"),
            ("Lpt\u{b9}", "_Lpt\u{b9}"),
            ("nul .x", "_nul .x"),
            ("COM10", "COM10"),
            ("Canon", "Canon"),
        ] {
            assert_eq!(folder("{camera}", Some(camera)), expected);
        }
        assert_eq!(folder("con/{year}", None), "_con/2019");
    }

    #[test]
    fn what_is_none() {
        for (template, why) in [
            ("{yaer}", "there is no {yaer}; there are: year"),
            ("{year", "has a { without its }"),
            ("year}", "has a } without its {"),
            ("{year:x}", "followed by a number of digits"),
            ("{camera:2}", "followed by a number of digits"),
            ("/{year}", "must lie below the destination"),
            ("C:/{year}", "must lie below the destination"),
            ("", "every folder needs a name"),
            ("{year}//{month}", "every folder needs a name"),
            ("../{year}", "every folder needs a name"),
            ("{year}/", "every folder needs a name"),
            ("{year}?", "without * ?"),
            ("{year}/a. ", "does not end in a space or a dot"),
        ] {
            let error = Template::parse(template).unwrap_err().to_string();
            assert!(error.contains(why), "{template}: {error}");
        }
    }
}
