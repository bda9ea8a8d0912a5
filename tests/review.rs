//! The review page: in a browser as people use it, and by requests that must be refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod browser;
mod hermetic;
mod served;

use std::fs;
use std::process::Command;

use clean_backup::files::content::content_hash;

use browser::{Browser, request};
use hermetic::contents;
use serde_json::Value;
use served::{Review, find, library};

#[test]
fn only_who_has_the_link_is_answered() {
    let hermetic = library();
    let review = Review::start(&hermetic, &[]);
    let host = review.host();
    for path in ["/", "/review.js", "/api/overview", "/api/groups?ids=0", "/picture/0/0/320", "/x"]
    {
        assert_eq!(review.get(path, &[]).status, 403, "{path}");
        let wrong = format!("clean-backup-{}=0123456789abcdef0123456789abcdef", review.port);
        assert_eq!(review.get(path, &[("Cookie", &wrong)]).status, 403, "{path}");
    }
    for path in ["/open/", "/open/0123456789abcdef0123456789abcdef", "/open/..%2f..%2fetc%2fpasswd"]
    {
        assert_ne!(review.get(path, &[]).status, 303, "{path}");
    }
    // A foreign name that resolves to this machine must not use the token up.
    let foreign = [("Host", "evil.example")];
    assert_eq!(request(review.port, "GET", review.token_path(), &foreign, "").status, 403);

    let cookie = review.cookie();
    assert_eq!(review.get(review.token_path(), &[]).status, 403, "the link worked twice");
    let with = |extra: &[(&str, &str)]| {
        let mut headers = vec![("Cookie", cookie.as_str())];
        headers.extend(extra);
        review.get("/api/overview", &headers).status
    };
    assert_eq!(with(&[]), 200);
    assert_eq!(with(&[("Origin", &format!("http://{host}"))]), 200);
    assert_eq!(with(&[("Origin", "http://evil.example")]), 403);
    assert_eq!(with(&[("Origin", "null")]), 403);
    assert_eq!(with(&[("Sec-Fetch-Site", "cross-site")]), 403);
    for host in ["evil.example", "127.0.0.1", "127.0.0.1:1", "[::1]:80"] {
        let headers = [("Host", host), ("Cookie", cookie.as_str())];
        assert_eq!(
            request(review.port, "GET", "/api/overview", &headers, "").status,
            403,
            "{host}"
        );
    }
    // What changes something says where it comes from.
    let silent =
        [("Host", host.as_str()), ("Cookie", &cookie), ("Content-Type", "application/json")];
    let accepted = r#"{"accepted":true}"#;
    assert_eq!(request(review.port, "POST", "/api/group/0", &silent, accepted).status, 403);
    let mut foreign = silent.to_vec();
    foreign.push(("Origin", "http://evil.example"));
    assert_eq!(request(review.port, "POST", "/api/group/0", &foreign, accepted).status, 403);
    // A form of another page can send plain text, and nothing else, without being asked first.
    let origin = format!("http://{host}");
    let plain = [
        ("Host", host.as_str()),
        ("Cookie", &cookie),
        ("Origin", &origin),
        ("Content-Type", "text/plain"),
    ];
    assert_eq!(request(review.port, "POST", "/api/group/0", &plain, accepted).status, 400);
    assert_eq!(review.json(&cookie, "/api/group/0")["state"], "open");

    let page = review.get("/", &[("Cookie", &cookie)]);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(page.header("access-control-allow-origin"), None);
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
}

/// With fewer files than connections at its disposal: those that say nothing have to go.
#[cfg(unix)]
#[test]
fn half_open_connections_shut_nobody_out() {
    use std::io::Write as _;
    let hermetic = library();
    let program = hermetic.command();
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "ulimit -n 64; exec \"$@\"", "sh"]).arg(program.get_program());
    command.env_clear().envs(program.get_envs().filter_map(|(key, value)| Some((key, value?))));
    command.current_dir(hermetic.work());
    let review = Review::run(command, &["--threads", "1"]);
    let half_open = |_| {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", review.port)).unwrap();
        // One that was closed at once need not take it.
        let _ = stream.write_all(b"GET / HTTP/1.1\r\nHost: 127.0");
        stream
    };
    let half_open: Vec<_> = (0..300).map(half_open).collect();
    let cookie = review.cookie();
    for _ in 0..20 {
        review.json(&cookie, "/api/overview");
    }
    drop(half_open);
}

#[test]
fn without_duplicates_nothing_is_served() {
    let hermetic = library();
    let ran = hermetic.run(["review", "library/2024", "--no-open", "--no-progress"]);
    assert_eq!(
        ran.stdout,
        "No duplicates found: there is nothing to review.\n\
         1 file could not be read: see clean-backup dedupe.\n"
    );
    assert_eq!(ran.code, 1, "{}", ran.all());
}

#[test]
fn files_are_served_by_number_alone() {
    let hermetic = library();
    fs::write(
        hermetic.work().join("secret.jpg"),
        fs::read(hermetic.work().join("library/2024/garden.jpg")).unwrap(),
    )
    .unwrap();
    let review = Review::start(&hermetic, &[]);
    let cookie = review.cookie();
    let status = |path: &str| review.get(path, &[("Cookie", &cookie)]).status;
    assert_eq!(status("/picture/0/0/320"), 200);
    for path in [
        "/picture/999/0/320",
        "/picture/0/99/320",
        "/picture/0/0/321",
        "/picture/0/-1/320",
        "/picture/0/0/../../../secret.jpg",
        "/picture/..%2F..%2Fsecret.jpg/0/320",
        "/picture/library%2F2024%2Fgarden.jpg/0/320",
        "/secret.jpg",
        "/../secret.jpg",
        "/%2e%2e/secret.jpg",
        "/api/group/999",
        "/api/group/secret.jpg",
        "/api/tags/0/99",
        "//etc/passwd",
    ] {
        let status = status(path);
        assert!(status == 404 || status == 400, "{path}: {status}");
    }
    for (path, body) in [
        ("/api/group/999", r#"{"accepted":true}"#),
        ("/api/group/0", r#"{"keeper":99}"#),
        ("/api/group/0", r#"{"spare":{"member":99,"value":true}}"#),
        ("/api/group/0", r#"{"path":"/etc/passwd"}"#),
        ("/api/group/0", "{"),
        ("/api/job", r#"{"plan":"move"}"#),
        ("/api/job", r#"{"plan":"report"}"#),
        ("/api/job", r#"{"apply":{"number":1,"lost_for_good":0}}"#),
        ("/api/job", r#"{"undo":"../../x"}"#),
    ] {
        let answer = review.post(&cookie, path, body);
        assert!((400..500).contains(&answer.status), "{path} {body}: {}", answer.text());
        assert!(answer.text().contains("error"), "{path} {body}: {}", answer.text());
    }
    // HEIC and RAW come as JPEG.
    let found = review.json(&cookie, "/api/groups?ids=0,1,2,3,4,5");
    let mut formats = Vec::new();
    for group in found["groups"].as_array().unwrap() {
        for member in group["members"].as_array().unwrap() {
            let path = format!("/picture/{}/{}/1600", group["id"], member["id"]);
            let answer = review.get(&path, &[("Cookie", &cookie)]);
            assert_eq!(answer.status, 200, "{member}: {}", answer.text());
            assert_eq!(answer.header("content-type"), Some("image/jpeg"));
            assert!(answer.body.starts_with(&[0xff, 0xd8, 0xff]));
            formats.push(member["format"].as_str().unwrap().to_owned());
        }
    }
    assert!(
        formats.contains(&"heic".to_owned()) && formats.contains(&"raf".to_owned()),
        "{formats:?}"
    );
}

#[cfg(feature = "video")]
#[test]
fn films_are_served_by_ranges_and_stay() {
    let hermetic = hermetic::Hermetic::new();
    let library = hermetic.work().join("library");
    fs::create_dir(&library).unwrap();
    let films = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/films");
    for name in ["h264.mp4", "hevc.mkv"] {
        fs::copy(films.join(name), library.join(name)).unwrap();
    }
    let review = Review::start(&hermetic, &[]);
    let cookie = review.cookie();
    let group = review.json(&cookie, "/api/group/0");
    let kept = group["members"][0].clone();
    let bytes = fs::read(library.join(kept["name"].as_str().unwrap())).unwrap();
    assert!(kept["film"].as_str().unwrap().contains(" of h"), "{group}");
    assert_eq!(group["members"][1]["role"], "film", "{group}");
    let get = |path: &str, range: &str| review.get(path, &[("Cookie", &cookie), ("Range", range)]);
    let part = get("/film/0/0", "bytes=10-19");
    assert_eq!((part.status, &part.body[..]), (206, &bytes[10..20]));
    let range = format!("bytes 10-19/{}", bytes.len());
    assert_eq!(part.header("content-range"), Some(&*range));
    let whole = review.get("/film/0/0", &[("Cookie", &cookie)]);
    assert_eq!((whole.status, &whole.body), (206, &bytes));
    assert_eq!(get("/film/0/0", "bytes=999999-").status, 416);
    // The strip of frames.
    let strip = review.get("/picture/0/1/320", &[("Cookie", &cookie)]);
    assert_eq!((strip.status, &strip.body[..3]), (200, &[0xff, 0xd8, 0xff][..]));
    for path in ["/film/0/9", "/film/9/0", "/film/0/..%2Fh264.mp4", "/film/library%2Fh264.mp4/0"] {
        let status = get(path, "bytes=0-").status;
        assert!(status == 404 || status == 400, "{path}: {status}");
    }
    assert_eq!(review.get("/film/0/0", &[]).status, 403, "without the cookie");
    // A picture is no film.
    drop(review);
    let hermetic = self::library();
    let review = Review::start(&hermetic, &[]);
    let cookie = review.cookie();
    assert_eq!(review.get("/film/0/0", &[("Cookie", &cookie)]).status, 404);
}

#[test]
fn decisions_are_found_again_and_marks_hold_in_every_run() {
    let hermetic = library();
    let before = hermetic.contents();
    let review = Review::start(&hermetic, &[]);
    let cookie = review.cookie();
    let (harvest, first) = find(&review, &cookie, "harvest.heic");
    let (lake, small) = find(&review, &cookie, "lake-small.jpg");
    let (harbour, brighter) = (find(&review, &cookie, "harbour.jpg").0, 1);
    let change = |group: u64, body: String| {
        let answer = review.post(&cookie, &format!("/api/group/{group}"), &body);
        assert_eq!(answer.status, 200, "{}", answer.text());
    };
    change(harvest, format!(r#"{{"apart":{{"member":{first},"value":true}}}}"#));
    change(lake, format!(r#"{{"keeper":{small}}}"#));
    change(lake, r#"{"spare":{"member":0,"value":true}}"#.into());
    change(lake, r#"{"accepted":true}"#.into());
    change(harbour, format!(r#"{{"spare":{{"member":{brighter},"value":true}}}}"#));
    drop(review);
    assert_eq!(hermetic.contents(), before, "deciding changes no file");

    let review = Review::start(&hermetic, &[]);
    let cookie = review.cookie();
    let ids = review.json(&cookie, "/api/ids?path=harvest");
    assert_eq!(ids["ids"].as_array().unwrap().len(), 0, "a mark holds in the next run");
    let (lake, small) = find(&review, &cookie, "lake-small.jpg");
    let group = review.json(&cookie, &format!("/api/group/{lake}"));
    assert_eq!((&group["state"], &group["keeper"]), (&"accepted".into(), &small.into()));
    assert_eq!(group["members"][0]["role"], "spared");
    assert_eq!(group["reason"], "chosen by hand");
    let (harbour, _) = find(&review, &cookie, "harbour.jpg");
    let group = review.json(&cookie, &format!("/api/group/{harbour}"));
    assert_eq!((&group["state"], &group["members"][1]["role"]), (&"open".into(), &"spared".into()));
    drop(review);

    let listed = |arguments: &[&str]| hermetic.run(arguments).stdout.contains("harvest again.heic");
    assert!(!listed(&["dedupe", "library"]));
    assert!(listed(&["dedupe", "library", "--ignore-marks"]));
    // A mark goes by the bytes, wherever the file is now.
    let phone = hermetic.work().join("library/phone");
    fs::rename(
        phone.join("harvest again.heic"),
        hermetic.work().join("library/moved harvest again.heic"),
    )
    .unwrap();
    assert!(!listed(&["dedupe", "library"]));

    // None of a group are duplicates: but what has the same bytes.
    let review = Review::start(&hermetic, &[]);
    let cookie = review.cookie();
    let (lake, first) = find(&review, &cookie, "IMG_0412.jpg");
    for body in
        [format!(r#"{{"keeper":{first}}}"#), r#"{"apart":{"member":null,"value":true}}"#.into()]
    {
        let answer = review.post(&cookie, &format!("/api/group/{lake}"), &body);
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let group = review.json(&cookie, &format!("/api/group/{lake}"));
    let members = group["members"].as_array().unwrap();
    let roles = members.iter().map(|m| (m["name"].as_str().unwrap(), m["role"].as_str().unwrap()));
    let expected = [
        ("IMG_0412.jpg", "keep"),
        ("lake copy.jpg", "remove"),
        ("lake-small.jpg", "apart"),
        ("lake.png", "apart"),
    ];
    assert_eq!(roles.collect::<Vec<_>>(), expected);
    drop(review);

    // With the marks ignored they are seen, and can be undone.
    let review = Review::start(&hermetic, &["--ignore-marks"]);
    let cookie = review.cookie();
    let (harvest, first) = find(&review, &cookie, "harvest.heic");
    let group = review.json(&cookie, &format!("/api/group/{harvest}"));
    assert_eq!(group["members"][first as usize]["role"], "apart");
    let back = format!(r#"{{"apart":{{"member":{first},"value":false}}}}"#);
    assert_eq!(review.post(&cookie, &format!("/api/group/{harvest}"), &back).status, 200);
    drop(review);
    assert!(listed(&["dedupe", "library"]));
}

#[test]
fn what_is_applied_is_what_was_shown() {
    let hermetic = library();
    let before = hermetic.contents();
    let review = Review::start(&hermetic, &["--to", "aside"]);
    let cookie = review.cookie();
    assert_eq!(review.post(&cookie, "/api/accept", "{}").status, 200);
    let plan = review.job(&cookie, r#"{"plan":"quarantine"}"#);
    let files = plan["plan"]["files"].as_u64().unwrap();
    assert!(files >= 5, "{plan}");
    // Something is decided otherwise: the plan that was shown is void.
    let (lake, small) = find(&review, &cookie, "lake-small.jpg");
    let spare = format!(r#"{{"spare":{{"member":{small},"value":true}}}}"#);
    assert_eq!(review.post(&cookie, &format!("/api/group/{lake}"), &spare).status, 200);
    let apply = |number: &Value| format!(r#"{{"apply":{{"number":{number},"lost_for_good":0}}}}"#);
    assert_eq!(review.post(&cookie, "/api/job", &apply(&plan["number"])).status, 409);
    assert_eq!(
        review.post(&cookie, &format!("/api/group/{lake}"), r#"{"accepted":true}"#).status,
        200
    );
    let plan = review.job(&cookie, r#"{"plan":"quarantine"}"#);
    assert_eq!(plan["plan"]["files"], files - 1);
    // And a file is another one now: it is refused, and the rest is done.
    let sources = plan["plan"]["sources"].as_array().unwrap();
    let changed = hermetic.work().join(sources[0].as_str().unwrap());
    let mut bytes = fs::read(&changed).unwrap();
    bytes.push(0);
    fs::write(&changed, &bytes).unwrap();
    let done = review.job(&cookie, &apply(&plan["number"]));
    assert_eq!(done["result"]["files"], files - 2, "{done}");
    assert_eq!(done["result"]["problems"].as_array().unwrap().len(), 1, "{done}");
    assert!(changed.exists());
    assert!(hermetic.work().join("library/phone/lake-small.jpg").exists());
    assert_eq!(fs::read_dir(hermetic.work().join("aside")).unwrap().count(), 2);
    let run = done["result"]["run"].as_str().unwrap();
    let undone = review.job(&cookie, &format!(r#"{{"undo":"{run}"}}"#));
    assert_eq!(undone["result"]["files"], files - 2, "{undone}");
    let mut expected = before;
    expected.insert(changed.clone(), content_hash(&changed).unwrap().to_hex());
    assert_eq!(hermetic.contents(), expected);
    // What only looks the same is never deleted here: it goes into quarantine first.
    let plan = review.job(&cookie, r#"{"plan":"delete"}"#);
    assert_eq!(plan["plan"]["lost_for_good"].as_u64().unwrap_or(0), 0, "{plan}");
    let left = plan["plan"]["left"].as_array().unwrap();
    let reasons = left.iter().filter(|left| left.to_string().contains("only looks the same"));
    assert!(reasons.count() >= 2, "{plan}");
    assert_eq!(hermetic.contents(), expected);
    // The command line knows the runs.
    assert!(hermetic.run(["history"]).stdout.contains(run));
}

#[test]
fn what_is_agreed_to_is_one_plan_with_what_it_loses() {
    let hermetic = library();
    let before = hermetic.contents();
    let review = Review::start(&hermetic, &["--to", "aside"]);
    let cookie = review.cookie();
    assert_eq!(review.post(&cookie, "/api/accept", "{}").status, 200);
    let shown = |order: &str| review.job(&cookie, order)["number"].as_u64().unwrap();
    let apply = |number: u64, lost: u64| {
        format!(r#"{{"apply":{{"number":{number},"lost_for_good":{lost}}}}}"#)
    };
    // A second window has made another plan since.
    let first = shown(r#"{"plan":"quarantine"}"#);
    let second = shown(r#"{"plan":"delete"}"#);
    assert_ne!(first, second);
    for (number, lost) in [(first, 0), (second + 1, 0), (second, 1)] {
        let answer = review.post(&cookie, "/api/job", &apply(number, lost));
        assert_eq!(answer.status, 409, "{number}, {lost}: {}", answer.text());
        assert!(answer.text().contains("not the plan that was shown last"), "{}", answer.text());
    }
    assert_eq!(review.json(&cookie, "/api/job")["number"], second, "nothing was begun");
    assert_eq!(hermetic.contents(), before);
    // The one that was shown last is carried out, once.
    let done = review.job(&cookie, &apply(second, 0));
    assert!(done["result"]["files"].as_u64().unwrap() > 0, "{done}");
    assert_eq!(review.post(&cookie, "/api/job", &apply(second, 0)).status, 409);
    assert_ne!(hermetic.contents(), before);
}

#[test]
fn in_a_browser() {
    let hermetic = library();
    let Some(browser) = Browser::start() else { return };
    let before = hermetic.contents();
    let review = Review::start(&hermetic, &[]);
    let one = "!document.getElementById('one').hidden";
    let loaded = "[...document.images].every((image) => !image.checkVisibility() || (image.complete && image.naturalWidth > 0))";

    // Without the token nothing is seen.
    browser.open(&format!("http://{}/", review.host()));
    assert!(browser.text("document.body.textContent").contains("Open the link"));
    browser.resize(1280, 900);
    browser.dark(false);
    browser.open(&review.link);
    browser.wait("document.querySelectorAll('.card').length > 4");
    browser.wait(loaded);
    browser.screenshot("list-light-1280.png");
    assert_eq!(browser.text("location.pathname"), "/", "the token stays out of the history");

    // What could not be read is told.
    assert_eq!(browser.text("document.getElementById('skipped-open').textContent"), "1 not read…");
    browser.click("#skipped-open");
    browser.wait("document.getElementById('skipped-files').textContent.includes('broken.jpg: decode: truncated')");
    browser.accessible("what was not read");
    browser.press("\u{e00c}");
    browser.wait("!document.getElementById('skipped').open");
    browser.press("?");
    browser.wait("document.getElementById('help').open");
    browser.accessible("keys");
    browser.press("\u{e00c}");
    browser.wait("!document.getElementById('help').open");

    // Look at a group: both pictures are there, and move together.
    let lake = "[...document.querySelectorAll('.card')].findIndex((c) => c.textContent.includes('lake-small'))";
    let at = browser.value(lake).as_u64().unwrap();
    browser.click(&format!(".card:nth-of-type({}) .member[data-role=keep]", at + 1));
    browser.wait("document.getElementById('strip').textContent.includes('lake-small')");
    browser.wait(loaded);
    browser.press("\u{e014}");
    browser.wait(loaded);
    browser.screenshot("group-light-1280.png");
    browser.press("z");
    browser.wait("[...document.querySelectorAll('.frame img')].every((i) => i.style.transform.includes('scale(4)'))");
    let moved = "document.querySelector('#pane-b img').style.transform === document.querySelector('#pane-a img').style.transform";
    browser.value("document.querySelector('#pane-b .frame').dispatchEvent(new WheelEvent('wheel', {deltaY: -200, clientX: 900, clientY: 400, cancelable: true}))");
    browser.wait(moved);
    browser.press("z");
    // Two fingers zoom about their middle, one drags; both pictures go along.
    let corner = |edge: &str| {
        let box_of = "document.querySelector('#pane-a .frame').getBoundingClientRect()";
        browser.value(&format!("{box_of}.{edge}")).as_f64().unwrap()
    };
    let (x, y) = (corner("left") + 200.0, corner("top") + 200.0);
    let style = "document.querySelector('#pane-a img').style.transform";
    browser.touch("touchStart", &[(x - 20.0, y), (x + 20.0, y)]);
    browser.touch("touchMove", &[(x - 60.0, y), (x + 60.0, y)]);
    browser.wait(&format!("{style}.includes('scale(3)')"));
    browser.touch("touchEnd", &[]);
    browser.wait(moved);
    let zoomed = browser.text(style);
    browser.touch("touchStart", &[(x, y)]);
    browser.touch("touchMove", &[(x - 30.0, y - 30.0)]);
    browser.touch("touchEnd", &[]);
    browser.wait(&format!("{style} !== '{zoomed}' && {style}.includes('scale(3)')"));
    browser.wait(moved);
    browser.press("z");
    // The pictures of the next group are there before it is asked for.
    let fetched = "performance.getEntriesByType('resource').map((e) => e.name)";
    browser.wait(&format!(
        "new Set({fetched}.filter((n) => n.includes('/1600')).map((n) => n.split('/')[4])).size > 1"
    ));
    let early = browser.value(fetched);
    let place = browser.text("document.getElementById('place').textContent");
    browser.press("n");
    browser.wait(&format!("document.getElementById('place').textContent !== '{place}'"));
    for pane in ["a", "b"] {
        let source = browser.text(&format!("document.querySelector('#pane-{pane} img').src"));
        assert!(early.as_array().unwrap().contains(&source.clone().into()), "{source}: {early}");
    }
    browser.press("p");
    browser.wait(&format!("document.getElementById('place').textContent === '{place}'"));
    browser.wait(loaded);
    browser.press("3");
    browser
        .wait("getComputedStyle(document.getElementById('pane-b')).mixBlendMode === 'difference'");
    browser.wait(loaded);
    browser.screenshot("difference-light-1280.png");
    browser.press("2");
    browser.press(" ");
    let front = browser.text("document.getElementById('viewer').dataset.front");
    browser.press(" ");
    browser.wait(&format!("document.getElementById('viewer').dataset.front !== '{front}'"));
    browser.press("1");

    // Change the keeper by one key.
    let members = "[...document.querySelectorAll('#strip .member')]";
    let role = |name: &str| {
        browser
            .text(&format!("{members}.find((m) => m.textContent.includes('{name}')).dataset.role"))
    };
    let select = |name: &str| {
        browser.wait(&format!("{members}.find((m) => m.textContent.includes('{name}'))"));
        browser.value(&format!("{members}.find((m) => m.textContent.includes('{name}')).click()"));
    };
    assert_eq!(role("lake-small"), "remove");
    select("lake-small");
    browser.press("k");
    browser.wait(&format!(
        "{members}.find((m) => m.textContent.includes('lake-small')).dataset.role === 'keep'"
    ));
    assert_eq!(role("lake.png"), "remove");
    // Keep another one too.
    select("lake.png");
    browser.press("s");
    browser.wait(&format!(
        "{members}.find((m) => m.textContent.includes('lake.png')).dataset.role === 'spared'"
    ));
    browser.press("t");
    browser.wait("document.querySelectorAll('#facts tr').length >= 9");
    // Accept it, and go on.
    let place = browser.text("document.getElementById('place').textContent");
    browser.press("\u{e007}");
    browser.wait("document.getElementById('counts').textContent.includes('1 accepted')");
    browser.wait(&format!("document.getElementById('place').textContent !== '{place}'"));

    // Undone by one key, and accepted again by Enter after a click of the mouse.
    browser.press("u");
    browser.wait("document.getElementById('counts').textContent.includes(' 0 accepted')");
    browser.wait(&format!("document.getElementById('place').textContent === '{place}'"));
    browser.click("#strip .member[data-role=remove]");
    browser.wait("document.querySelector('#strip [aria-pressed=true]').dataset.role === 'remove'");
    browser.press("\u{e007}");
    browser.wait("document.getElementById('counts').textContent.includes('1 accepted')");
    browser.wait(&format!("document.getElementById('place').textContent !== '{place}'"));
    browser.press("p");
    browser.wait(&format!("document.getElementById('place').textContent === '{place}'"));

    // What differs comes first, in words that people use.
    let facts = browser.text("document.getElementById('facts').innerText.replace(/\\s+/g, ' ')");
    let (different, same) = (facts.find("Different").unwrap(), facts.find("The same").unwrap());
    assert!(
        different < facts.find("Folder").unwrap() && facts.find("Folder").unwrap() < same,
        "{facts}"
    );
    assert!(facts.contains(" % alike"), "{facts}");
    assert!(facts.contains("14 November 2023, "), "{facts}");

    // What folders have in common, and a rule for keepers.
    browser.press("l");
    browser.wait("!document.getElementById('list').hidden");
    browser.click("#folders-open");
    browser.wait("document.getElementById('pairs').children.length > 1");
    browser.accessible("folders");
    browser.screenshot("folders-light-1280.png");
    browser.value("(document.querySelector('#rule [name=folder]').selectedIndex = [...document.querySelectorAll('#rule [name=folder] option')].findIndex((o) => o.textContent === 'library/export'))");
    browser.click("#rule .main");
    browser.wait("document.getElementById('sure').open");
    let asked = browser.text("document.getElementById('sure-what').textContent");
    assert!(asked.contains("library/export") && asked.contains("open groups"), "{asked}");
    browser.click("#sure-yes");
    browser.wait("document.getElementById('undo-step').title.includes('library/export preferred')");
    browser.click("#undo-step");
    browser.wait("!document.getElementById('undo-step').title.includes('preferred')");

    // Not duplicates: by one key, and back.
    browser.value("(document.querySelector('[name=path]').value = 'harvest', document.getElementById('filters').dispatchEvent(new Event('input', {bubbles: true})))");
    browser.wait("document.querySelectorAll('.card').length === 1");
    browser.click(".card .member");
    let drawn = |name: &str| format!("{members}.some((m) => m.textContent.includes('{name}'))");
    browser.wait(&drawn("harvest"));
    // The keeper was clicked; before, another one was looked at.
    browser
        .wait(&format!("{members}.find((m) => m.ariaPressed === 'true').dataset.role === 'keep'"));
    browser.press("\u{e014}");
    let wanted = |role: &str| format!("{members}.some((m) => m.dataset.role === '{role}')");
    browser.press("d");
    browser.wait(&wanted("apart"));
    browser.press("d");
    browser.wait(&format!("!{}", wanted("apart")));
    browser.press("d");
    browser.wait(&wanted("apart"));
    browser.press("\u{e007}");
    browser.wait("document.getElementById('counts').textContent.includes('2 accepted')");

    // Apply to quarantine, and undo.
    browser.press("a");
    browser.wait("document.getElementById('apply').open");
    browser.click("#apply-plan");
    browser.wait("!document.getElementById('apply-plan-shown').hidden");
    browser.accessible("the plan");
    let sentence = browser.text("document.getElementById('plan-sentence').textContent");
    assert!(sentence.starts_with("2 files (") && sentence.contains("moved aside"), "{sentence}");
    browser.screenshot("apply-light-1280.png");
    let files = browser.text("document.getElementById('plan-files').textContent");
    assert!(files.contains("lake copy.jpg → ") && files.contains("/quarantine/"), "{files}");
    assert_eq!(hermetic.contents(), before, "a plan changes no file");
    browser.click("#apply-do");
    browser.wait("!document.getElementById('apply-result').hidden");
    let sentence = browser.text("document.getElementById('result-sentence').textContent");
    assert!(sentence.starts_with("2 files done"), "{sentence}");
    let library = hermetic.work().join("library");
    assert!(library.join("phone/lake-small.jpg").exists());
    assert!(library.join("export/lake.png").exists());
    assert!(library.join("phone/harvest again.heic").exists());
    assert!(!library.join("export/lake copy.jpg").exists());
    let quarantine = library.join(".clean-backup/quarantine");
    assert_eq!(contents(&quarantine).len(), 2);
    browser.click("#result-undo");
    browser
        .wait("document.getElementById('result-sentence').textContent.includes('files restored')");
    assert_eq!(hermetic.contents(), before, "undo brings every byte back");
    browser.click("#apply-result [data-close]");

    // How it looks elsewhere.
    browser.value("(document.querySelector('[name=path]').value = '', document.getElementById('filters').dispatchEvent(new Event('input', {bubbles: true})))");
    for (dark, scheme) in [(false, "light"), (true, "dark")] {
        browser.dark(dark);
        for (width, height) in [(1440, 900), (1024, 768), (400, 850)] {
            browser.resize(width, height);
            let overflow =
                "document.documentElement.scrollWidth - document.documentElement.clientWidth";
            browser.wait(one);
            browser.wait(loaded);
            browser.screenshot(&format!("one-{scheme}-{width}.png"));
            assert_eq!(browser.value(overflow), 0, "the group is wider than {width}");
            browser.accessible("the group");
            let controls = "['header', '.bar', '#decide'].map((s) => document.querySelector(s)).filter((e) => e.matches('header, .bar') || getComputedStyle(e).position === 'fixed').reduce((sum, e) => sum + e.offsetHeight, 0)";
            let controls = browser.value(controls).as_u64().unwrap();
            assert!(controls < u64::from(height) / 3, "{controls} of {height} pixels are controls");
            browser.press("l");
            browser.wait("document.querySelectorAll('.card').length > 4");
            browser.wait(loaded);
            browser.screenshot(&format!("list-{scheme}-{width}.png"));
            assert_eq!(browser.value(overflow), 0, "the list is wider than {width}");
            browser.accessible("the list");
            browser.press("l");
        }
    }
    browser.resize(1280, 900);
    browser.click("#finish");
    browser.click("#sure-yes");
    browser.wait("document.body.textContent.includes('The review is over')");
    let refusals: Vec<String> = browser
        .log()
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["message"].as_str().unwrap().to_owned())
        .filter(|message| !message.contains("403 (Forbidden)"))
        .collect();
    assert_eq!(refusals, Vec::<String>::new(), "the console has errors");
    // Done, but one file could not be read.
    let mut review = review;
    assert_eq!(review.child.wait().unwrap().code(), Some(1));
}
