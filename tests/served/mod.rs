//! A library, the program that serves a page about it, and what a test asks of that.

#![allow(dead_code, missing_docs)]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::browser::{Answer, request};
use crate::hermetic::Hermetic;

/// The library in the work folder, with two HEIC and two RAW of one picture each.
pub fn library() -> Hermetic {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let hermetic = Hermetic::with_library(time);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for (from, to) in [
        ("heif/full_444.heic", "library/phone/harvest.heic"),
        ("heif/full_420.heic", "library/phone/harvest again.heic"),
    ] {
        fs::copy(fixtures.join(from), hermetic.work().join(to)).unwrap();
    }
    // Where a Fujifilm RAW has its preview stands at byte 84, its length behind that.
    let preview = fs::read(fixtures.join("jpeg/683x517-baseline.jpg")).unwrap();
    let mut raw = b"FUJIFILMCCD-RAW 0201FF129502".to_vec();
    raw.resize(148, 0);
    raw[84..88].copy_from_slice(&148_u32.to_be_bytes());
    raw[88..92].copy_from_slice(&(preview.len() as u32).to_be_bytes());
    raw.extend(preview);
    for name in ["library/2024/R001.raf", "library/export/R001 copy.raf"] {
        fs::write(hermetic.work().join(name), &raw).unwrap();
    }
    hermetic
}

/// A running `review`.
pub struct Review {
    pub child: Child,
    pub port: u16,
    pub link: String,
}

impl Review {
    pub fn start(hermetic: &Hermetic, arguments: &[&str]) -> Self {
        Self::run(hermetic.command(), arguments)
    }

    /// A running `app`.
    pub fn app(hermetic: &Hermetic, arguments: &[&str]) -> Self {
        let mut command = hermetic.command();
        command.args(["app", "--no-open", "--no-progress"]).args(arguments);
        Self::served(command, "Open it at ")
    }

    pub fn run(mut command: Command, arguments: &[&str]) -> Self {
        command.args(["review", "library", "--no-open", "--no-progress"]).args(arguments);
        Self::served(command, "Review them at ")
    }

    /// A program that prints a link after these words, in its first or second line.
    pub fn served(mut command: Command, words: &str) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut lines = lines.map(Result::unwrap).take(2);
        let Some(line) = lines.find(|line| line.starts_with(words)) else {
            let _ = child.kill();
            let output = child.wait_with_output().unwrap();
            panic!("no link: {}", String::from_utf8_lossy(&output.stderr));
        };
        let link = line.trim_start_matches(words).split(' ').next().unwrap().to_owned();
        let rest = link.strip_prefix("http://127.0.0.1:").expect("not on this machine");
        let port = rest.split('/').next().unwrap().parse().unwrap();
        Self { child, port, link }
    }

    pub fn token_path(&self) -> &str {
        &self.link[self.link.find("/open/").unwrap()..]
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let host = self.host();
        let mut all = vec![("Host", host.as_str())];
        all.extend(headers);
        request(self.port, "GET", path, &all, "")
    }

    /// The cookie that the link gives.
    pub fn cookie(&self) -> String {
        self.cookie_by(self.token_path())
    }

    /// The cookie that another link gives.
    pub fn cookie_by(&self, path: &str) -> String {
        let answer = self.get(path, &[]);
        assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
        let cookie = answer.header("set-cookie").unwrap();
        assert!(cookie.ends_with("; HttpOnly; SameSite=Strict; Path=/"), "{cookie}");
        cookie.split(';').next().unwrap().to_owned()
    }

    pub fn post(&self, cookie: &str, path: &str, body: &str) -> Answer {
        let (host, origin) = (self.host(), format!("http://{}", self.host()));
        let headers = [
            ("Host", host.as_str()),
            ("Origin", origin.as_str()),
            ("Cookie", cookie),
            ("Content-Type", "application/json"),
        ];
        request(self.port, "POST", path, &headers, body)
    }

    pub fn json(&self, cookie: &str, path: &str) -> Value {
        let answer = self.get(path, &[("Cookie", cookie)]);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// Orders something, and waits for the end of it.
    pub fn job(&self, cookie: &str, order: &str) -> Value {
        self.wait_for(cookie, "/api/job", order)
    }

    /// Begins something of the whole program, and waits for the end of it.
    pub fn begin(&self, cookie: &str, what: &str) -> Value {
        self.wait_for(cookie, "/api/begin", what)
    }

    fn wait_for(&self, cookie: &str, path: &str, order: &str) -> Value {
        let answer = self.post(cookie, path, order);
        assert_eq!(answer.status, 200, "{}", answer.text());
        loop {
            let job = self.json(cookie, "/api/job");
            if job["running"] == false {
                return job;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Review {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The number of the group that has a picture of that name, and of that picture in it.
pub fn find(review: &Review, cookie: &str, name: &str) -> (u64, u64) {
    let ids = review.json(cookie, &format!("/api/ids?path={}", name.replace(' ', "%20")));
    let group = ids["ids"][0].as_u64().unwrap_or_else(|| panic!("no group has {name}"));
    let found = review.json(cookie, &format!("/api/group/{group}"));
    let members = found["members"].as_array().unwrap();
    let member = members.iter().find(|member| member["name"] == name);
    (group, member.unwrap()["id"].as_u64().unwrap())
}
