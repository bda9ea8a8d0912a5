//! A real browser, driven by the WebDriver protocol (W3C WebDriver, 2018), and plain HTTP/1.1 for
//! what no browser would send.

#![allow(dead_code)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(30);

pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// One request; `headers` has all but `Content-Length` and `Connection`.
pub fn request(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut head = format!("{method} {path} HTTP/1.1\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let mut answer = Answer { status, head, body: Vec::new() };
    match answer.header("content-length").and_then(|length| length.parse::<u64>().ok()) {
        Some(length) => drop(reader.take(length).read_to_end(&mut answer.body).unwrap()),
        None => drop(reader.read_to_end(&mut answer.body)),
    }
    answer
}

pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
}

impl Browser {
    /// `None`, and a loud word, where there is no browser; never so where it is required.
    pub fn start() -> Option<Self> {
        let driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut driver = match driver {
            Ok(driver) => driver,
            Err(error) => {
                let required = std::env::var_os("REQUIRE_BROWSER_TESTS").is_some();
                assert!(!required, "chromedriver cannot be started: {error}");
                eprintln!("SKIPPED: no chromedriver (Debian: chromium-driver): {error}");
                return None;
            }
        };
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next().expect("chromedriver ended").unwrap();
            if let Some((_, rest)) = line.split_once("started successfully on port ") {
                break rest.trim_end_matches('.').parse().unwrap();
            }
        };
        // Whoever writes into a pipe that nobody reads stands still.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let mut browser = Self { driver, port, session: String::new() };
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--no-proxy-server",
            "--mute-audio",
        ];
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let started = browser.command("POST", "/session", &capabilities);
        browser.session = started["sessionId"].as_str().unwrap().to_owned();
        Some(browser)
    }

    fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        if std::env::var_os("BROWSER_TRACE").is_some() {
            eprintln!("{method} {path} {body}");
        }
        let body = if method == "POST" { body.to_string() } else { String::new() };
        let host = format!("127.0.0.1:{}", self.port);
        let headers = [("Host", host.as_str()), ("Content-Type", "application/json")];
        let answer = request(self.port, method, path, &headers, &body);
        let value: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", value["value"]["message"]);
        value["value"].clone()
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.command("POST", &format!("/session/{}{path}", self.session), body)
    }

    pub fn open(&self, url: &str) {
        self.post("/url", &json!({ "url": url }));
    }

    pub fn resize(&self, width: u32, height: u32) {
        // The window is what is set; the page gets what is left of it.
        let metrics = json!({
            "cmd": "Emulation.setDeviceMetricsOverride",
            "params": {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false},
        });
        self.post("/goog/cdp/execute", &metrics);
    }

    pub fn dark(&self, dark: bool) {
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({
            "cmd": "Emulation.setEmulatedMedia",
            "params": {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
        });
        self.post("/goog/cdp/execute", &media);
    }

    /// The value of an expression in the page.
    pub fn value(&self, expression: &str) -> Value {
        let script = format!("return ({expression});");
        self.post("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    pub fn text(&self, expression: &str) -> String {
        self.value(expression).as_str().unwrap_or_default().to_owned()
    }

    /// Waits until an expression is true.
    pub fn wait(&self, expression: &str) {
        let start = Instant::now();
        while self.value(&format!("Boolean({expression})")) != json!(true) {
            let trouble = "document.getElementById('trouble')?.textContent";
            assert!(
                start.elapsed() < PATIENCE,
                "never came true: {expression}\ntrouble: {}\nlog: {}",
                self.value(trouble),
                self.log(),
            );
            std::thread::sleep(Duration::from_millis(40));
        }
    }

    /// Clicks as a person does: what is covered or hidden cannot be clicked.
    pub fn click(&self, selector: &str) {
        let found = self.post("/element", &json!({"using": "css selector", "value": selector}));
        let id = found.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned();
        self.post(&format!("/element/{id}/click"), &json!({}));
    }

    /// Presses a key; `\u{e007}` is Enter, `\u{e014}` the right arrow (WebDriver, 17.4.2).
    pub fn press(&self, key: &str) {
        let actions =
            [json!({"type": "keyDown", "value": key}), json!({"type": "keyUp", "value": key})];
        let source = json!({"type": "key", "id": "keyboard", "actions": actions});
        self.post("/actions", &json!({ "actions": [source] }));
    }

    /// What axe-core finds wrong with the page as it is now; skipped loudly where there is no
    /// axe-core, but never where it is required.
    pub fn accessible(&self, what: &str) {
        let file = std::env::var_os("AXE_CORE").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/axe/package/axe.min.js"),
            PathBuf::from,
        );
        let script = match std::fs::read_to_string(&file) {
            Ok(script) => script,
            Err(error) => {
                let required = std::env::var_os("REQUIRE_AXE_TESTS").is_some();
                assert!(!required, "axe-core cannot be read: {}: {error}", file.display());
                eprintln!("SKIPPED: {what}: no axe-core at {}: {error}", file.display());
                return;
            }
        };
        self.post("/execute/sync", &json!({ "script": script, "args": [] }));
        let run = "const done = arguments[0]; axe.run({ resultTypes: ['violations'] }).then((found) => \
                   done(found.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.html).join(' ')}`)));";
        let found = self.post("/execute/async", &json!({ "script": run, "args": [] }));
        assert_eq!(found, json!([]), "{what} at {}", self.text("location.pathname"));
    }

    /// Fingers on the page: `touchStart`, `touchMove` or `touchEnd`, and where they are then.
    pub fn touch(&self, kind: &str, fingers: &[(f64, f64)]) {
        let points = fingers.iter().zip(1..).map(|((x, y), id)| json!({"x": x, "y": y, "id": id}));
        let points: Vec<Value> = points.collect();
        let event = json!({"type": kind, "touchPoints": points});
        let touch = json!({"cmd": "Input.dispatchTouchEvent", "params": event});
        self.post("/goog/cdp/execute", &touch);
    }

    /// Types into what has the focus.
    pub fn write(&self, text: &str) {
        for letter in text.chars() {
            self.press(&letter.to_string());
        }
    }

    /// What the page said in the console: errors, and what its policy refused.
    pub fn log(&self) -> Value {
        self.post("/se/log", &json!({"type": "browser"}))
    }

    /// Keeps a picture of the page, where a folder for such is named.
    pub fn screenshot(&self, name: &str) {
        let Some(folder) = std::env::var_os("SCREENSHOTS") else { return };
        use base64::Engine as _;
        let path = format!("/session/{}/screenshot", self.session);
        let png = self.command("GET", &path, &Value::Null);
        let png = base64::engine::general_purpose::STANDARD.decode(png.as_str().unwrap()).unwrap();
        std::fs::write(Path::new(&folder).join(name), png).unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // On a thread of its own, so that it may fail while a test does.
        let (port, path) = (self.port, format!("/session/{}", self.session));
        let host = format!("127.0.0.1:{port}");
        let end = move || drop(request(port, "DELETE", &path, &[("Host", &host)], ""));
        let _ = std::thread::spawn(end).join();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
