//! The whole program in the browser, and by requests: folders within what is allowed, one job at a
//! time that can be paused, and what a kill leaves unfinished.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod browser;
mod hermetic;
mod served;
#[cfg(target_os = "linux")]
mod terminal;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use browser::Browser;
use clean_backup::files::content::content_hash;
use clean_backup::files::real_paths::real_path;
use hermetic::{Hermetic, contents};
use serde_json::{Value, json};
use served::{Review, library};

/// The library and a card in the home folder, where they can be chosen.
fn home() -> Hermetic {
    let hermetic = library();
    let home = hermetic.root().join("home");
    fs::rename(hermetic.work().join("library"), home.join("library")).unwrap();
    // What the card has is in no RAW of the library.
    for raw in ["2024/R001.raf", "export/R001 copy.raf"] {
        fs::remove_file(home.join("library").join(raw)).unwrap();
    }
    fs::create_dir_all(home.join("card/DCIM")).unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for (from, to) in [
        ("library/2024/garden.jpg", "IMG_20240203_111213.jpg"),
        ("jpeg/683x517-baseline.jpg", "IMG_20190704_101112.jpg"),
        ("library/2023/IMG_0500.jpg", "IMG_0500.jpg"),
    ] {
        fs::copy(fixtures.join(from), home.join("card/DCIM").join(to)).unwrap();
    }
    hermetic
}

/// The number of a folder, by the names on the way to it from the home folder.
fn place(app: &Review, cookie: &str, names: &[&str]) -> u64 {
    let mut listing = app.json(cookie, "/api/places");
    let mut id = None;
    for name in ["home"].iter().chain(names) {
        let folders = listing["folders"].as_array().unwrap();
        let found = folders.iter().find(|folder| {
            Path::new(folder["name"].as_str().unwrap()).file_name().unwrap() == *name
        });
        id = found.unwrap_or_else(|| panic!("no {name}: {listing}"))["id"].as_u64();
        listing = app.json(cookie, &format!("/api/places/{}", id.unwrap()));
    }
    id.unwrap()
}

#[test]
fn only_allowed_folders_can_be_chosen() {
    let hermetic = home();
    let secret = hermetic.root().join("secret");
    fs::create_dir(&secret).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(&secret, hermetic.root().join("home/link")).unwrap();
    let app = Review::app(&hermetic, &[]);
    for path in ["/", "/api/places", "/api/history", "/api/settings", "/app.js", "/review"] {
        assert_eq!(app.get(path, &[]).status, 403, "{path} without the link");
    }
    let cookie = app.cookie();
    let top = app.json(&cookie, "/api/places");
    assert!(!top.to_string().contains("secret"), "{top}");
    let home = place(&app, &cookie, &[]);
    let listed = app.json(&cookie, &format!("/api/places/{home}"));
    assert!(!listed.to_string().contains("link"), "links are not followed: {listed}");
    let post = |path: &str, body: &Value| app.post(&cookie, path, &body.to_string());
    for name in ["..", "../secret", "/etc", "a/b", ".", "", "link/x", ".ssh"] {
        let answer = post(&format!("/api/places/{home}"), &json!({ "name": name }));
        assert_eq!(answer.status, 400, "{name}: {}", answer.text());
    }
    let in_home = |rest: &str| hermetic.root().join("home").join(rest).display().to_string();
    let secret = secret.display().to_string();
    for path in ["/", "/etc", &secret, &in_home("../secret"), &in_home("link"), "library", "~"] {
        let answer = post("/api/places", &json!({ "path": path }));
        assert_eq!(answer.status, 403, "{path}: {}", answer.text());
    }
    assert_eq!(post("/api/places", &json!({ "path": in_home("library") })).status, 200);
    for body in [
        json!({"find": {"folders": [9999]}}),
        json!({"find": {"folders": []}}),
        json!({"find": {"folders": ["/etc"]}}),
        json!({"file": {"source": 9999, "destination": home, "moves": true, "template": "{year}"}}),
        json!({"resume": "../../x"}),
        json!({"again": {}}),
    ] {
        let answer = post("/api/begin", &body);
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
    }
    for path in ["/api/history/..%2F..%2Fsecret", "/api/places/-1", "/api/places/..%2f"] {
        let answer = app.get(path, &[("Cookie", &cookie)]);
        assert!((400..500).contains(&answer.status), "{path}: {}", answer.text());
    }
    // Only some settings can be changed, and no file can be named by one.
    for (key, value) in [("cache", "/tmp/x"), ("sensitivity", "wild"), ("nothing", "true")] {
        let answer = post("/api/settings", &json!({"key": key, "value": value}));
        assert_eq!(answer.status, 409, "{key}: {}", answer.text());
    }
    assert!(!hermetic.config_file().exists());
    assert_eq!(post("/api/settings", &json!({"key": "hidden", "value": "true"})).status, 200);
    assert_eq!(fs::read_to_string(hermetic.config_file()).unwrap(), "hidden = true\n");
}

#[test]
fn a_search_is_paused_and_finished_after_a_kill() {
    let hermetic = home();
    let many = hermetic.root().join("home/many");
    fs::create_dir(&many).unwrap();
    let picture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/jpeg/683x517-baseline.jpg");
    let mut bytes = fs::read(picture).unwrap();
    for number in 0..400_u32 {
        bytes.extend(number.to_le_bytes());
        fs::write(many.join(format!("{number}.jpg")), &bytes).unwrap();
    }
    hermetic.configure("threads = 1\n");
    let app = Review::app(&hermetic, &[]);
    let cookie = app.cookie();
    let folder = place(&app, &cookie, &["many"]);
    let begin = json!({"find": {"folders": [folder], "sensitivity": "exact"}}).to_string();
    assert_eq!(app.post(&cookie, "/api/begin", &begin).status, 200);
    assert_eq!(app.post(&cookie, "/api/begin", &begin).status, 409, "one job at a time");
    let job = || app.json(&cookie, "/api/job");
    while job()["phase"] != "hash" || job()["done"] == 0 {
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(app.post(&cookie, "/api/pause", "{}").status, 200);
    while job()["running"] == true {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(job()["paused"], true, "{}", job());
    assert_eq!(app.json(&cookie, "/api/overview")["groups"], 0);
    drop(app);

    // Killed: the next one knows of it, and does not begin by itself.
    let app = Review::app(&hermetic, &[]);
    let cookie = app.cookie();
    let left = app.json(&cookie, "/api/left-off");
    assert_eq!(left["folders"], json!([real_path(&many).unwrap().display().to_string()]));
    let done = app.begin(&cookie, r#"{"again":{}}"#);
    assert_eq!((&done["found"]["pictures"], &done["found"]["groups"]), (&json!(400), &json!(1)));
    assert_eq!(app.json(&cookie, "/api/left-off"), Value::Null);
    let overview = app.json(&cookie, "/api/overview");
    assert_eq!(overview["groups"], 1);
    // A page that still shows an earlier search decides nothing about this one.
    let (now, host) = (overview["search"].as_u64().unwrap(), app.host());
    for (search, expected) in [(now - 1, 409), (now + 1, 409), (now, 200)] {
        let (origin, search) = (format!("http://{host}"), search.to_string());
        let headers = [
            ("Host", host.as_str()),
            ("Origin", &origin),
            ("Cookie", &cookie),
            ("Content-Type", "application/json"),
            ("X-Search", &search),
        ];
        let answer = browser::request(app.port, "POST", "/api/accept", &headers, "{}");
        assert_eq!(answer.status, expected, "{search}: {}", answer.text());
        let picture = app.get(&format!("/picture/0/0/320?of={search}"), &[("Cookie", &cookie)]);
        assert_eq!(picture.status == 200, expected == 200, "{search}");
    }
}

#[test]
fn an_interrupted_run_is_finished_and_undone() {
    let hermetic = home();
    let before = contents(hermetic.root().join("home").as_path());
    let app = Review::app(&hermetic, &[]);
    let cookie = app.cookie();
    let (card, home) = (place(&app, &cookie, &["card"]), place(&app, &cookie, &[]));
    let new = app.post(&cookie, &format!("/api/places/{home}"), r#"{"name":"Filed"}"#);
    let new: Value = serde_json::from_slice(&new.body).unwrap();
    assert_eq!(new["exists"], false);
    let file = json!({"file": {
        "source": card, "destination": new["id"], "moves": true, "template": "{year}/{month}",
    }});
    let plan = app.begin(&cookie, &file.to_string());
    assert_eq!(plan["plan"]["files"], 3, "{plan}");
    assert!(
        plan["plan"]["folders"].to_string().replace(r"\\", "/").contains("Filed/2019/07"),
        "{plan}"
    );
    assert_eq!(contents(hermetic.root().join("home").as_path()), before, "a plan changes nothing");
    let apply = json!({"apply": {"number": plan["number"], "lost_for_good": 0}});
    let done = app.job(&cookie, &apply.to_string());
    assert_eq!(done["result"]["files"], 3, "{done}");
    drop(app);
    // As if it had been killed before it could write that it has ended.
    let run = done["result"]["run"].as_str().unwrap();
    let runs = hermetic.root().join("state/clean-backup/runs");
    let journal = runs.join(run).join("journal.jsonl");
    let text = fs::read_to_string(&journal).unwrap();
    let cut = text.trim_end().rfind('\n').unwrap();
    fs::write(&journal, &text[..=cut]).unwrap();

    let app = Review::app(&hermetic, &[]);
    let cookie = app.cookie();
    let past = app.json(&cookie, "/api/history");
    assert_eq!((&past[0]["run"], &past[0]["ended"]), (&json!(run), &json!(false)), "{past}");
    let resumed = app.begin(&cookie, &json!({ "resume": run }).to_string());
    assert_eq!(resumed["error"], Value::Null, "{resumed}");
    assert_eq!(app.json(&cookie, "/api/history")[0]["ended"], true);
    let files = app.json(&cookie, &format!("/api/history/{run}"));
    assert_eq!(files.as_array().unwrap().len(), 3, "{files}");
    let undone = app.job(&cookie, &json!({ "undo": run }).to_string());
    assert_eq!(undone["result"]["files"], 3, "{undone}");
    assert_eq!(contents(hermetic.root().join("home").as_path()), before);
    let past = app.json(&cookie, "/api/history");
    assert_eq!(past[1]["undone_by"], past[0]["run"], "{past}");
}

#[test]
fn what_was_killed_while_it_moved_files_is_finished() {
    const FILES: u32 = 500;
    let hermetic = home();
    let home = hermetic.root().join("home");
    fs::create_dir(home.join("many")).unwrap();
    let picture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/jpeg/8x8-tiny.jpg");
    let mut bytes = fs::read(picture).unwrap();
    let mut filed = BTreeMap::new();
    for number in 0..FILES {
        let (month, second) = (number % 12 + 1, number / 12);
        let name = format!("IMG_2019{month:02}04_1011{second:02}.jpg");
        bytes.extend(number.to_le_bytes());
        fs::write(home.join("many").join(&name), &bytes).unwrap();
        let hash = content_hash(&home.join("many").join(&name)).unwrap().to_hex();
        filed.insert(home.join(format!("Filed/2019/{month:02}/{name}")), hash);
    }
    let before = contents(&home);
    let mut app = Review::app(&hermetic, &[]);
    let cookie = app.cookie();
    let (many, top) = (place(&app, &cookie, &["many"]), place(&app, &cookie, &[]));
    let new = app.post(&cookie, &format!("/api/places/{top}"), r#"{"name":"Filed"}"#);
    let new: Value = serde_json::from_slice(&new.body).unwrap();
    let file = json!({"file": {
        "source": many, "destination": new["id"], "moves": true, "template": "{year}/{month}",
    }});
    let plan = app.begin(&cookie, &file.to_string());
    assert_eq!(plan["plan"]["files"], FILES, "{plan}");
    let apply = json!({"apply": {"number": plan["number"], "lost_for_good": 0}});
    assert_eq!(app.post(&cookie, "/api/job", &apply.to_string()).status, 200);
    while fs::read_dir(home.join("many")).unwrap().count() > FILES as usize - 20 {
        std::thread::sleep(Duration::from_millis(1));
    }
    // SIGKILL, or what there is of it elsewhere.
    app.child.kill().unwrap();
    app.child.wait().unwrap();
    let places = |folder: &str| -> BTreeMap<PathBuf, String> {
        let mut files = contents(&home.join(folder));
        files.retain(|path, _| path.extension().is_some_and(|kind| kind == "jpg"));
        files
    };
    let (left, moved) = (places("many"), places("Filed"));
    assert!(!left.is_empty() && !moved.is_empty(), "{} moved", moved.len());
    let all: BTreeSet<&String> = left.values().chain(moved.values()).collect();
    assert_eq!((left.len() + moved.len(), all.len()), (filed.len(), filed.len()));

    // The page offers to finish it.
    let app = Review::app(&hermetic, &[]);
    let browser = Browser::start();
    let cookie = match &browser {
        Some(browser) => {
            browser.open(&app.link);
            browser.wait("document.querySelectorAll('#unfinished button').length === 1");
            browser.screenshot("app-unfinished.png");
            let again = hermetic.run(["app", "--no-open"]).stdout;
            app.cookie_by(again[again.find("/open/").unwrap()..].trim_end())
        }
        None => app.cookie(),
    };
    let past = app.json(&cookie, "/api/history");
    let run = past[0]["run"].as_str().unwrap();
    assert_eq!(past[0]["ended"], false, "{past}");
    match &browser {
        Some(browser) => {
            browser.click("#unfinished button");
            browser.wait("document.querySelectorAll('#unfinished button').length === 0");
        }
        None => drop(app.begin(&cookie, &json!({ "resume": run }).to_string())),
    }
    while app.json(&cookie, "/api/job")["running"] == true {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!((places("many"), places("Filed")), (BTreeMap::new(), filed));
    let past = app.json(&cookie, "/api/history");
    assert_eq!((&past[0]["ended"], &past[0]["done"]), (&json!(true), &json!(FILES)), "{past}");
    let undone = app.job(&cookie, &json!({ "undo": run }).to_string());
    assert_eq!(undone["result"]["files"], FILES, "{undone}");
    assert_eq!(contents(&home), before);
}

#[test]
fn the_whole_program_in_a_browser() {
    let hermetic = home();
    let Some(browser) = Browser::start() else { return };
    let home = hermetic.root().join("home");
    let before = contents(&home);
    let app = Review::app(&hermetic, &[]);
    browser.resize(1440, 900);
    browser.dark(false);
    browser.open(&app.link);
    browser.wait("document.querySelectorAll('.tile').length === 3");
    let seen = |what: &str| {
        browser.accessible(what);
        browser.screenshot(&format!("app-{what}.png"));
    };
    seen("home");
    let open = |name: &str| {
        let button = "[...document.querySelectorAll('#picker-folders button')]";
        let is = format!("b.textContent.split('/').at(-1) === '{name}'");
        browser
            .wait(&format!("document.getElementById('picker').open && {button}.some((b) => {is})"));
        browser.value(&format!("{button}.find((b) => {is}).click()"));
    };
    let here = |name: &str| {
        let path = "document.getElementById('picker-path').textContent";
        browser.wait(&format!("{path}.endsWith('{name}')"));
        browser.click("#picker-choose");
        browser.wait("!document.getElementById('picker').open");
    };

    // Choose a folder, and search it.
    browser.click(".tile[href='#duplicates']");
    browser.click("#search-add");
    open("home");
    open("library");
    seen("picker");
    here("/home/library");
    seen("search");
    browser.click("#search-start");
    browser.wait("!document.getElementById('found').hidden");
    let found = browser.text("document.getElementById('found-sentence').textContent");
    assert!(found.contains("duplicates in") && found.contains("groups"), "{found}");
    browser.click("#found-skipped");
    browser.wait("document.getElementById('found-unread').textContent.includes('broken.jpg')");
    seen("found");

    // Review with a rule for all groups, apply, and undo.
    browser.click("#found-review");
    browser.wait("document.querySelectorAll('.card .member').length > 4");
    browser.click("#folders-open");
    browser.wait("document.getElementById('folders').open");
    browser.value("(document.querySelector('#rule [name=folder]').selectedIndex = [...document.querySelectorAll('#rule [name=folder] option')].findIndex((o) => o.textContent.endsWith('/export')))");
    browser.click("#rule .main");
    browser.wait("document.getElementById('sure').open");
    browser.click("#sure-yes");
    browser.wait("document.getElementById('undo-step').title.includes('preferred')");
    browser.click("#accept-all");
    browser.wait("document.getElementById('sure').open");
    browser.click("#sure-yes");
    browser.wait("document.getElementById('counts').textContent.includes(' 0 open')");
    browser.press("a");
    browser.wait("document.getElementById('apply').open");
    browser.click("#apply-plan");
    browser.wait("!document.getElementById('apply-plan-shown').hidden");
    assert_eq!(contents(&home), before, "nothing is changed yet");
    browser.click("#apply-do");
    browser.wait("!document.getElementById('apply-result').hidden");
    assert!(home.join("library/export/harbour-brighter.webp").exists(), "as the rule says");
    assert!(!home.join("library/phone/harbour.jpg").exists());
    browser.click("#result-undo");
    browser
        .wait("document.getElementById('result-sentence').textContent.includes('files restored')");
    assert_eq!(contents(&home), before);
    browser.click("#apply-result [data-close]");
    browser.click("#home");

    // Organise the card into the library.
    browser.wait("document.querySelectorAll('.tile').length === 3");
    browser.click(".tile[href='#organise']");
    browser.click("#filing-source");
    open("home");
    open("card");
    here("/home/card");
    browser.click("#filing-destination");
    open("home");
    open("library");
    here("/home/library");
    seen("organise");
    browser.click("#filing-plan");
    browser.wait("!document.getElementById('preview').hidden");
    let plan = browser.text("document.getElementById('preview').textContent");
    assert!(plan.contains("1 file") && plan.contains("IMG_20190704_101112.jpg"), "{plan}");
    assert!(plan.contains("/library/2019/07"), "{plan}");
    assert!(plan.contains("the library has it"), "{plan}");
    seen("preview");
    assert_eq!(contents(&home), before);
    browser.click("#preview-apply");
    browser.wait("!document.getElementById('filed').hidden");
    let filed = home.join("library/2019/07/IMG_20190704_101112.jpg");
    assert!(filed.exists());

    // All of it is in the history, after the tab was closed and opened again.
    browser.open("about:blank");
    browser.open(&format!("http://{}/#history", app.host()));
    browser.wait("document.querySelectorAll('.run').length === 3");
    seen("history");
    browser.click(".run .buttons button");
    browser.wait("document.getElementById('sure').open");
    browser.click("#sure-yes");
    browser.wait("document.querySelectorAll('.run').length === 4");
    assert!(!filed.exists());
    assert_eq!(contents(&home), before);

    // Settings, and what is left of the page where there is little room.
    browser.open(&format!("http://{}/#settings", app.host()));
    browser.wait("document.querySelectorAll('.choice').length === 3");
    browser.click("#sensitivity-aggressive");
    browser.wait("document.getElementById('sensitivity-aggressive').checked");
    browser.wait("performance.getEntriesByType('resource').filter((e) => e.name.endsWith('/api/settings')).length === 2");
    assert!(fs::read_to_string(hermetic.config_file()).unwrap().contains("aggressive"));
    for (dark, width) in [(true, 1024), (true, 400), (false, 400)] {
        browser.dark(dark);
        browser.resize(width, 850);
        for part in ["home", "duplicates", "organise", "settings", "history"] {
            browser.value(&format!("location.hash = '{part}'"));
            browser.wait(&format!("!document.getElementById('{part}').hidden"));
            let wider =
                "document.documentElement.scrollWidth - document.documentElement.clientWidth";
            assert_eq!(browser.value(wider), 0, "{part} is wider than {width}");
            seen(&format!("{part}-{width}-{dark}"));
        }
    }
    browser.click("#quit");
    browser.click("#sure-yes");
    browser.wait("document.body.textContent.includes('The program has ended')");
    assert_eq!(browser.log(), json!([]), "the console has errors");
    let mut app = app;
    assert_eq!(app.child.wait().unwrap().code(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn the_menu_opens_it_too() {
    use std::os::unix::fs::PermissionsExt as _;
    use terminal::{DOWN, ENTER, ESCAPE, Terminal};
    let hermetic = home();
    // In the place of a browser.
    let programs = hermetic.root().join("programs");
    let opened = hermetic.root().join("opened");
    fs::create_dir(&programs).unwrap();
    let browser = programs.join("xdg-open");
    fs::write(&browser, format!("#!/bin/sh\necho \"$1\" > {}\n", opened.display())).unwrap();
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();
    let mut terminal = Terminal::start(hermetic.command().env("PATH", &programs));
    let downs = [DOWN; 5].concat();
    terminal.answer("What would you like to do?", &(downs + ENTER));
    terminal.wait("Open it at ");
    let link = terminal.wait(" ").trim().lines().next().unwrap().to_owned();
    let (host, token) = link.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let port = host.strip_prefix("127.0.0.1:").unwrap().parse().unwrap();
    let opened = || fs::read_to_string(&opened).is_ok_and(|shown| shown.trim() == link);
    terminal.until("the browser was started", opened);
    let headers = [("Host", host)];
    let answer = browser::request(port, "GET", &format!("/{token}"), &headers, "");
    let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap();
    let headers = [("Host", host), ("Cookie", cookie)];
    let page = browser::request(port, "GET", "/", &headers, "");
    assert!(page.text().contains("Organise by date"), "{}", page.text());
    // The menu comes back when the page says that it is done.
    let origin = format!("http://{host}");
    let headers = [("Host", host), ("Cookie", cookie), ("Origin", &origin)];
    assert_eq!(browser::request(port, "POST", "/api/close", &headers, "").status, 200);
    terminal.wait("The same without the menu: clean-backup app\n");
    terminal.answer("What would you like to do?", ESCAPE);
    assert_eq!(terminal.end(), 0);
}
