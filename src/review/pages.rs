//! The files of the page, and the headers that go with every answer.

/// Media type of pages.
pub(super) const HTML: &str = "text/html; charset=utf-8";
/// Media type of styles.
pub(super) const CSS: &str = "text/css; charset=utf-8";
/// Media type of modules.
pub(super) const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The page of a review.
pub(super) const PAGE: &str = include_str!("page/index.html");
/// Where people log in, and what that page is made of.
pub(super) const LOGIN: &str = include_str!("page/login.html");
pub(super) const LOGIN_SCRIPT: &str = include_str!("page/login.js");
pub(super) const STYLE: &str = include_str!("page/style.css");
/// The page of the whole program.
pub(super) const APP: &str = include_str!("page/app.html");

/// What both pages are made of: path, media type, text.
pub(super) const FILES: [(&str, &str, &str); 22] = [
    ("/style.css", CSS, STYLE),
    ("/app.css", CSS, include_str!("page/app.css")),
    ("/icon.svg", "image/svg+xml", include_str!("page/icon.svg")),
    ("/dom.js", SCRIPT, include_str!("page/dom.js")),
    ("/server.js", SCRIPT, include_str!("page/server.js")),
    ("/words.js", SCRIPT, include_str!("page/words.js")),
    ("/review.js", SCRIPT, include_str!("page/review.js")),
    ("/list.js", SCRIPT, include_str!("page/list.js")),
    ("/group.js", SCRIPT, include_str!("page/group.js")),
    ("/viewer.js", SCRIPT, include_str!("page/viewer.js")),
    ("/films.js", SCRIPT, include_str!("page/films.js")),
    ("/facts.js", SCRIPT, include_str!("page/facts.js")),
    ("/apply.js", SCRIPT, include_str!("page/apply.js")),
    ("/folders.js", SCRIPT, include_str!("page/folders.js")),
    ("/keys.js", SCRIPT, include_str!("page/keys.js")),
    ("/app.js", SCRIPT, include_str!("page/app.js")),
    ("/job.js", SCRIPT, include_str!("page/job.js")),
    ("/picker.js", SCRIPT, include_str!("page/picker.js")),
    ("/duplicates.js", SCRIPT, include_str!("page/duplicates.js")),
    ("/organise.js", SCRIPT, include_str!("page/organise.js")),
    ("/settings.js", SCRIPT, include_str!("page/settings.js")),
    ("/history.js", SCRIPT, include_str!("page/history.js")),
];

/// Nothing but the page's own files (Content Security Policy Level 3), nothing kept where others
/// can see it, and no other page may frame, open or embed it.
pub(super) const HEADERS: [(&str, &str); 4] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// A page of one sentence, for those who may not see more.
pub(super) fn sentence(text: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>clean-backup</title>\
         <p>{text}</p></html>\n"
    )
}
