//! The page of a report in a browser: its filters work, and hostile names do nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod browser;
mod hermetic;

use std::fs;
use std::time::{Duration, SystemTime};

use browser::Browser;
use hermetic::Hermetic;

#[test]
fn in_a_browser() {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let hermetic = Hermetic::with_library(time);
    let Some(browser) = Browser::start() else { return };
    let export = hermetic.work().join("library/export");
    let hostile = "<img src=x onerror=document.title=1>\"'&amp;.jpg";
    fs::rename(export.join("lake copy.jpg"), export.join(hostile)).unwrap();
    let ran = hermetic.run(["dedupe", "library", "--format", "html", "-o", "report.html"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    browser.resize(1280, 900);
    browser.open(&format!("file://{}", hermetic.work().join("report.html").display()));
    let shown = "[...document.querySelectorAll('main section')].filter((s) => !s.hidden).length";
    let output = "document.querySelector('output').value";
    browser.wait(&format!("{shown} === 4"));
    assert_eq!(browser.text(output), "4 of 4 shown, 160.4 kB to free");
    let loaded = "[...document.images].every((i) => i.complete && i.naturalWidth > 0)";
    browser.value("[...document.images].forEach((i) => { i.loading = 'eager'; })");
    browser.wait(loaded);
    assert!(browser.value("document.images.length").as_u64().unwrap() >= 11);

    // The name is text, and nothing else.
    let name =
        "[...document.querySelectorAll('.path')].find((p) => p.textContent.includes('onerror'))";
    assert!(browser.text(&format!("{name}.textContent")).contains("<img src=x onerror="));
    assert!(browser.text("document.title").starts_with("Duplicates in"));
    assert_eq!(browser.value("document.querySelectorAll('img[src=x]').length"), 0);

    // Filters and order.
    let uncheck = |value: &str| browser.click(&format!("input[value={value}]"));
    uncheck("burst");
    browser.wait(&format!("{shown} === 3"));
    uncheck("burst");
    uncheck("copy");
    browser.wait(&format!("{output}.startsWith('2 of 4')"));
    uncheck("copy");
    let set = |name: &str, value: &str| {
        browser.value(&format!(
            "(document.querySelector('[name={name}]').value = '{value}', \
             document.getElementById('filters').dispatchEvent(new Event('input')))"
        ));
    };
    set("path", "HARBOUR");
    browser.wait(&format!("{shown} === 1"));
    set("path", "");
    set("bytes", "1000000");
    browser.wait(&format!("{shown} === 0"));
    set("bytes", "0");
    set("order", "bytes");
    let bytes =
        "[...document.querySelectorAll('main section')].map((s) => Number(s.dataset.bytes))";
    browser.wait(&format!("(({bytes}).every((b, i, all) => i === 0 || all[i - 1] >= b))"));
    for dark in [false, true] {
        browser.dark(dark);
        for width in [1280, 400] {
            browser.resize(width, 900);
            let scheme = if dark { "dark" } else { "light" };
            browser.screenshot(&format!("report-{scheme}-{width}.png"));
            let over =
                "document.documentElement.scrollWidth - document.documentElement.clientWidth";
            assert_eq!(browser.value(over), 0, "the page is wider than {width}");
        }
    }
    // Its own policy refused nothing that it needs.
    assert_eq!(browser.log().as_array().unwrap().len(), 0, "{}", browser.log());
}

#[test]
fn of_a_large_group_the_first_are_shown() {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let hermetic = Hermetic::with_library(time);
    let garden = fs::read(hermetic.work().join("library/2024/garden.jpg")).unwrap();
    for number in 0..120 {
        fs::write(hermetic.work().join(format!("library/phone/{number}.jpg")), &garden).unwrap();
    }
    let page = hermetic.run(["dedupe", "library/phone", "--format", "html"]).stdout;
    assert_eq!(page.matches("<img ").count(), 100);
    // All of them are one file.
    assert_eq!(page.matches("data:image/jpeg").count(), 1);
    assert_eq!(page.matches("the first of each, are shown").count(), 20);
}
