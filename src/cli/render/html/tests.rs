#![allow(clippy::unwrap_used)]

use super::*;
use crate::cli::render::tests::sample;

fn without(_: &Path) -> Result<Thumbnail, NoThumbnail> {
    Err(NoThumbnail::Failed("not there".to_owned()))
}

/// Every tag, with its attributes.
fn tags(page: &str) -> Vec<&str> {
    let body = page.split("</style>").nth(1).unwrap().split("<script>").next().unwrap();
    let tags = body.split('<').skip(1).map(|tag| tag.split('>').next().unwrap());
    tags.filter(|tag| *tag != "wbr").collect()
}

#[test]
fn names_cannot_become_markup() {
    let plain = sample();
    let mut hostile = sample();
    let names = [
        "<script>alert(1)</script>.jpg",
        "\"><img src=x onerror=alert(1)>.jpg",
        "' onmouseover='alert(1)",
        "a&lt;b\n</figure>\u{202e}gpj.exe",
    ];
    hostile.roots = vec!["</title><script>alert(2)</script>".into()];
    for (group, name) in hostile.groups.iter_mut().zip(names.into_iter().cycle()) {
        group.keeper.path = name.into();
        group.reason = name.to_owned();
        for duplicate in &mut group.duplicates {
            duplicate.picture.path = names[1].into();
        }
    }
    for skipped in &mut hostile.skipped {
        skipped.reason = names[0].to_owned();
    }
    let page = to_html(&hostile, &|_| Err(NoThumbnail::Failed(names[1].to_owned())));
    assert_eq!(tags(&page), tags(&to_html(&plain, &without)));
    assert_eq!(page.matches("<script>").count(), 1);
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/<wbr>script&gt;.jpg"));
    assert!(!page.contains('\u{202e}'));
    assert!(page.contains("<title>Duplicates in &lt;/title&gt;"));
}

#[test]
fn thumbnails_are_embedded() {
    let jpeg = vec![0xff, 0xd8, 0xff, 0xd9];
    let page = to_html(&sample(), &|_| Ok(Thumbnail { jpeg: jpeg.clone(), width: 4, height: 3 }));
    // Equal pictures are embedded once.
    let image =
        "width=\"4\" height=\"3\" alt=\"\" id=\"p0\" src=\"data:image/jpeg;base64,/9j/2Q==\">";
    assert_eq!(page.matches(image).count(), 1);
    assert_eq!(page.matches("data:image").count(), 1);
    let pictures: usize =
        sample().groups.iter().map(|g| 1 + g.duplicates.len() + g.linked.len()).sum();
    assert_eq!(page.matches(" data-same=\"p0\">").count(), pictures - 1);
    assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("<link"));
}

#[test]
fn the_page() {
    let page = to_html(&sample(), &without);
    let body = page.split("</style>").nth(1).unwrap().split("<script>").next().unwrap();
    insta::assert_snapshot!(body);
}
