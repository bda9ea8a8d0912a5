//! Films for the browser to play, a range of their bytes at a time (RFC 9110, 14).

use axum::body::Body;
use axum::extract::{Path as UrlPath, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::answers::{aside, problem, unknown};
use super::state::Shared;
use crate::container::ReadAt as _;
use crate::files::content::FileSource;
use crate::model::media::Format;

/// Most bytes of one answer: the browser asks for more when it has played some.
const MOST: u64 = 2 << 20;

pub(super) async fn film(
    State(app): Shared,
    UrlPath((group, member)): UrlPath<(usize, usize)>,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let found = {
        let session = app.session();
        let film = session.picture(group, member).filter(|picture| picture.film.is_some());
        film.map(|film| (session.place(film), film.format))
    };
    let Some((place, format)) = found else { return Err(unknown()) };
    let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok()).map(str::to_owned);
    aside(move || {
        let source = match FileSource::open(&place) {
            Ok(source) => source,
            Err(why) => return problem(StatusCode::GONE, why.to_string()),
        };
        let size = source.size();
        let Some((from, to)) = part(range.as_deref().unwrap_or("bytes=0-"), size) else {
            let whole = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
            return (StatusCode::RANGE_NOT_SATISFIABLE, whole).into_response();
        };
        let mut bytes = vec![0; (to - from + 1) as usize];
        if let Err(why) = source.read_exact_at(from, &mut bytes) {
            return problem(StatusCode::GONE, why.to_string());
        }
        let headers = [
            (header::CONTENT_TYPE, media_type(format).to_owned()),
            (header::ACCEPT_RANGES, "bytes".to_owned()),
            (header::CONTENT_RANGE, format!("bytes {from}-{to}/{size}")),
            (header::CACHE_CONTROL, "no-store".to_owned()),
        ];
        (StatusCode::PARTIAL_CONTENT, headers, Body::from(bytes)).into_response()
    })
    .await
}

/// First and last byte of what is asked for, [`MOST`] at most; `None` where there are none.
fn part(range: &str, size: u64) -> Option<(u64, u64)> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    let last = size.checked_sub(1)?;
    let (from, to) = match (from.trim(), to.trim()) {
        ("", count) => (size.saturating_sub(count.parse().ok()?), last),
        (from, "") => (from.parse().ok()?, last),
        (from, to) => (from.parse().ok()?, to.parse::<u64>().ok()?.min(last)),
    };
    (from <= to).then(|| (from, to.min(from.saturating_add(MOST - 1))))
}

/// As browsers take it: they play a QuickTime film as the MP4 that it nearly is.
fn media_type(format: Format) -> &'static str {
    match format {
        Format::Mp4 | Format::Mov => "video/mp4",
        Format::ThreeGp => "video/3gpp",
        Format::WebM => "video/webm",
        Format::Mkv => "video/x-matroska",
        Format::Avi => "video/x-msvideo",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (range, size, expected) in [
            ("bytes=0-", 10, Some((0, 9))),
            ("bytes=3-5", 10, Some((3, 5))),
            ("bytes=3-50", 10, Some((3, 9))),
            ("bytes=-4", 10, Some((6, 9))),
            ("bytes=-40", 10, Some((0, 9))),
            ("bytes=0-", MOST + 5, Some((0, MOST - 1))),
            ("bytes=5-", u64::MAX, Some((5, MOST + 4))),
            ("bytes=10-", 10, None),
            ("bytes=6-5", 10, None),
            ("bytes=-0", 10, None),
            ("bytes=0-", 0, None),
            ("bytes=a-b", 10, None),
            ("bytes=0-1,4-5", 10, None),
            ("items=0-1", 10, None),
        ] {
            assert_eq!(part(range, size), expected, "{range} of {size}");
        }
    }
}
