//! The files of the page, and the headers that go with every answer.

/// The page.
pub(super) const PAGE: &str = include_str!("page/index.html");
/// How it looks.
pub(super) const STYLE: &str = include_str!("page/style.css");
/// Its icon.
pub(super) const ICON: &str = include_str!("page/icon.svg");
/// What it does.
pub(super) const SCRIPT: &str = include_str!("page/main.js");

/// Nothing but the page's own files (Content Security Policy Level 3), nothing kept where others
/// can see it, and no other page may frame, open or embed it.
pub(super) const HEADERS: [(&str, &str); 4] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
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
