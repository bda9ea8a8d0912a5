//! The page for other machines: only with a password, and what attackers try. And a second link on
//! the own machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod browser;
mod hermetic;
mod served;

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use browser::{Answer, Browser, request};
use hermetic::{Hermetic, Ran};
use serde_json::{Value, json};
use served::Review;

const PASSWORD: &str = "correct horse battery";

fn set_password(hermetic: &Hermetic, password: &str) -> Ran {
    let mut command = hermetic.command();
    let mut child = command
        .args(["config", "set-password"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(format!("{password}\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran {
        code: output.status.code().unwrap(),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    }
}

fn listening(hermetic: &Hermetic) -> Review {
    let set = set_password(hermetic, PASSWORD);
    assert_eq!(set.code, 0, "{}", set.all());
    let mut command = hermetic.command();
    command.args(["app", "--no-progress", "--listen", "127.0.0.1:0"]);
    Review::served(command, "Open it at ")
}

/// An attempt to log in from the page itself, but for what `headers` say.
fn log_in(app: &Review, body: &str, headers: &[(&str, &str)]) -> Answer {
    let (host, origin) = (app.host(), format!("http://{}", app.host()));
    let mut all =
        vec![("Host", host.as_str()), ("Origin", &origin), ("Content-Type", "application/json")];
    for header in headers {
        all.retain(|(name, _)| name != &header.0);
        all.push(*header);
    }
    request(app.port, "POST", "/login", &all, body)
}

fn password(password: &str) -> String {
    json!({ "password": password }).to_string()
}

#[test]
fn without_a_password_nothing_is_served_to_others() {
    let hermetic = Hermetic::new();
    let ran = hermetic.run(["app", "--listen", "127.0.0.1:0"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(ran.stderr.contains("only with a password"), "{}", ran.stderr);
    assert!(ran.stderr.contains("config set-password"), "{}", ran.stderr);
    // A password is never a word of the command line, and is not repeated where it was one.
    let ran = hermetic.run(["config", "set", "password_hash", "hunter22"]);
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(!ran.all().contains("hunter22"), "{}", ran.all());
    let ran = hermetic.run(["config", "set-password", PASSWORD]);
    assert_eq!(ran.code, 2, "{}", ran.all());
    let ran = set_password(&hermetic, "short");
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(!hermetic.config_file().exists());
    // A hash that is none is refused before anything is served.
    hermetic.configure("password_hash = \"$argon2id$nonsense\"\n");
    let ran = hermetic.run(["app", "--listen", "127.0.0.1:0"]);
    assert_eq!(ran.code, 3, "{}", ran.all());

    let ran = set_password(&hermetic, PASSWORD);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let file = fs::read_to_string(hermetic.config_file()).unwrap();
    assert!(file.contains("$argon2id$v=19$") && !file.contains(PASSWORD), "{file}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(hermetic.config_file()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    for show in [["config", "show"], ["config", "get"]] {
        let key = (show[1] == "get").then_some("password_hash");
        let shown = hermetic.run(show.into_iter().chain(key));
        assert!(!shown.stdout.contains("argon2id"), "{}", shown.stdout);
        assert!(shown.stdout.contains("(set)"), "{}", shown.stdout);
    }
}

#[test]
fn only_who_knows_the_password_is_let_in() {
    let hermetic = Hermetic::new();
    let app = listening(&hermetic);
    let host = app.host();
    // Nobody is let in without one, and the link of the own machine does not exist.
    for path in ["/api/overview", "/api/places", "/api/history", "/picture/0/0/320", "/app.js"] {
        let answer = app.get(path, &[]);
        assert!([401, 303].contains(&answer.status), "{path}: {}", answer.status);
        assert_ne!(answer.header("location"), Some("/"), "{path}");
    }
    for path in ["/open/x", "/again", "/login/../api/places", "/login/..%2fapi/places", "//login"] {
        let answer = app.get(path, &[]);
        assert!([303, 401, 404, 405].contains(&answer.status), "{path}: {}", answer.status);
        assert!(!answer.text().contains("folders"), "{path}: {}", answer.text());
    }
    let page = app.get("/", &[]);
    assert_eq!((page.status, page.header("location")), (303, Some("/login")));
    let page = app.get("/login", &[]);
    let policy = page.header("content-security-policy").unwrap();
    assert!(page.status == 200 && policy.starts_with("default-src 'none'"), "{policy}");
    // From other pages, under other names, and as forms send it: refused whatever the password.
    let right = password(PASSWORD);
    for header in [
        ("Origin", "http://evil.example"),
        ("Origin", "null"),
        ("Host", "evil.example"),
        ("Sec-Fetch-Site", "cross-site"),
    ] {
        let answer = log_in(&app, &right, &[header]);
        assert_eq!((answer.status, answer.header("set-cookie")), (403, None), "{header:?}");
    }
    let headers = [("Host", host.as_str()), ("Content-Type", "application/json")];
    assert_eq!(request(app.port, "POST", "/login", &headers, &right).status, 403, "no origin");
    let form = log_in(&app, &right, &[("Content-Type", "text/plain")]);
    assert_eq!((form.status, form.header("set-cookie")), (400, None));

    let answer = log_in(&app, &right, &[]);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.ends_with("; HttpOnly; SameSite=Strict; Path=/"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    assert_eq!(app.json(&cookie, "/api/overview")["groups"], 0);
    // With the cookie: other pages, other names, and changes that do not say where they come from.
    let status = |extra: &[(&str, &str)]| {
        let mut headers = vec![("Cookie", cookie.as_str())];
        headers.extend(extra);
        app.get("/api/overview", &headers).status
    };
    assert_eq!(status(&[("Origin", "http://evil.example")]), 403);
    assert_eq!(status(&[("Sec-Fetch-Site", "same-site")]), 403);
    let foreign = [("Host", "evil.example"), ("Cookie", cookie.as_str())];
    assert_eq!(request(app.port, "GET", "/api/overview", &foreign, "").status, 403);
    let silent =
        [("Host", host.as_str()), ("Cookie", &cookie), ("Content-Type", "application/json")];
    let begin = r#"{"again":{}}"#;
    assert_eq!(request(app.port, "POST", "/api/begin", &silent, begin).status, 403);
    for path in ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/api/places/..%2f..%2fetc"] {
        let answer = app.get(path, &[("Cookie", &cookie)]);
        assert!([400, 404].contains(&answer.status), "{path}: {}", answer.status);
    }
    // Out again.
    assert_eq!(app.post(&cookie, "/logout", "{}").status, 200);
    assert_eq!(app.get("/api/overview", &[("Cookie", &cookie)]).status, 401);
}

#[test]
fn a_thousand_passwords_cannot_be_tried() {
    let hermetic = Hermetic::new();
    let app = listening(&hermetic);
    let mut seen = std::collections::BTreeMap::new();
    for number in 0..1000 {
        let answer = log_in(&app, &password(&format!("password {number}")), &[]);
        assert_eq!(answer.header("set-cookie"), None);
        *seen.entry(answer.status).or_insert(0) += 1;
    }
    assert_eq!(seen, [(401, 5), (429, 995)].into());
    // Not even the right one is looked at then.
    let answer = log_in(&app, &password(PASSWORD), &[]);
    assert_eq!((answer.status, answer.header("set-cookie")), (429, None));
    // It still answers.
    assert_eq!(app.get("/login", &[]).status, 200);
}

#[test]
fn a_person_logs_in() {
    let hermetic = Hermetic::new();
    let Some(browser) = Browser::start() else { return };
    let app = listening(&hermetic);
    browser.resize(400, 850);
    browser.open(&format!("http://{}/", app.host()));
    browser.wait("document.activeElement?.id === 'password'");
    browser.accessible("login");
    browser.screenshot("login-400.png");
    browser.write("wrong password");
    browser.press("\u{e007}");
    browser.wait("!document.getElementById('trouble').hidden");
    assert_eq!(
        browser.text("document.getElementById('trouble').textContent"),
        "that is not the password"
    );
    browser.write(PASSWORD);
    browser.press("\u{e007}");
    browser.wait("document.querySelectorAll('.tile').length === 3");
    assert_eq!(browser.text("document.cookie"), "", "scripts do not see the cookie");
    browser.click("#log-out");
    browser.wait("document.activeElement?.id === 'password'");
    browser.open(&format!("http://{}/", app.host()));
    browser.wait("location.pathname === '/login'");
}

#[test]
fn the_link_can_be_asked_for_again() {
    let hermetic = Hermetic::new();
    let app = Review::app(&hermetic, &[]);
    let first = app.cookie();
    assert_eq!(app.get(app.token_path(), &[]).status, 403);
    let again = hermetic.run(["app", "--no-open"]);
    assert_eq!(again.code, 0, "{}", again.all());
    let link = again.stdout.trim().strip_prefix("It is running already. Open it at ").unwrap();
    let path = &link[link.find("/open/").unwrap()..];
    assert!(link.starts_with(&format!("http://{}", app.host())) && path != app.token_path());
    // As often as it is asked for, and each works once.
    let answer = app.get(path, &[]);
    assert_eq!(answer.status, 303);
    let second = answer.header("set-cookie").unwrap().split(';').next().unwrap();
    assert_eq!(app.get(path, &[]).status, 403);
    for cookie in [first.as_str(), second] {
        assert_eq!(app.json(cookie, "/api/overview")["groups"], 0);
    }
    // Nobody else gets one: not without the key, and no page of a browser.
    let note = hermetic.root().join("state/clean-backup/pages-running.json");
    let note: Value = serde_json::from_slice(&fs::read(&note).unwrap()).unwrap();
    let key = json!({ "key": note[0]["key"] }).to_string();
    let (host, origin) = (app.host(), format!("http://{}", app.host()));
    let own = [("Host", host.as_str()), ("Content-Type", "application/json")];
    let ask = |headers: &[(&str, &str)], body: &str| {
        request(app.port, "POST", "/again", headers, body).status
    };
    assert_eq!(ask(&own, r#"{"key":"00"}"#), 403);
    assert_eq!(ask(&own, "{}"), 400);
    assert_eq!(ask(&[own[0], own[1], ("Origin", &origin)], &key), 403);
    assert_eq!(ask(&[("Host", "evil.example"), own[1]], &key), 403);
    assert_eq!(ask(&own, &key), 200);
    // Once it has ended, the next one is a program of its own.
    drop(app);
    let app = Review::app(&hermetic, &[]);
    app.cookie();
}

#[test]
fn each_page_gives_links_to_itself_alone() {
    let hermetic = served::library();
    let app = Review::app(&hermetic, &[]);
    let all = Review::start(&hermetic, &[]);
    let exact = Review::start(&hermetic, &["--sensitivity", "exact"]);
    assert_eq!(all.get(all.token_path(), &[]).status, 303);
    assert_eq!(all.get(all.token_path(), &[]).status, 403);
    let here = hermetic.work().join("library").display().to_string();
    for (page, arguments) in [
        (&app, &["app"][..]),
        (&all, &["review", "library"]),
        (&exact, &["review", "--sensitivity", "exact", "library/../library"]),
        (&all, &["review", &here]),
    ] {
        let mut command = hermetic.command();
        command.args(arguments).arg("--no-open");
        let words = if arguments == ["app"] { "Open it at " } else { "Review them at " };
        let again = Review::served(command, &format!("It is running already. {words}"));
        assert_eq!(again.port, page.port, "{arguments:?}");
        let statuses = [(); 2].map(|()| page.get(again.token_path(), &[]).status);
        assert_eq!(statuses, [303, 403], "{arguments:?}");
    }
    // Once it has ended, the same command finds the duplicates anew.
    drop(all);
    Review::start(&hermetic, &[]).cookie();
    #[cfg(unix)]
    {
        // The keys are nobody else's.
        use std::os::unix::fs::PermissionsExt as _;
        let note = hermetic.root().join("state/clean-backup/pages-running.json");
        assert_eq!(fs::metadata(&note).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&note, fs::Permissions::from_mode(0o644)).unwrap();
        drop(Review::start(&hermetic, &[]));
        assert_eq!(fs::metadata(&note).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
