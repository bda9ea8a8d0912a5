//! A real pseudo-terminal with the program in it, and somebody who types.

#![allow(dead_code, clippy::unwrap_used)]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::pty::OpenptFlags;
use rustix::termios::Winsize;

const PATIENCE: Duration = Duration::from_secs(30);

pub const ENTER: &str = "\r";
pub const ESCAPE: &str = "\x1b";
pub const CTRL_C: &str = "\x03";
pub const TAB: &str = "\t";
pub const DOWN: &str = "\x1b[B";

pub struct Terminal {
    child: Child,
    keys: File,
    written: Arc<Mutex<Vec<u8>>>,
    /// How much of the transcript was looked at.
    seen: usize,
}

impl Terminal {
    /// Starts the program with all its streams on a terminal of 100 × 40 characters.
    pub fn start(command: &mut Command) -> Self {
        Self::with_columns(command, 100)
    }

    /// As [`Self::start`], on a terminal of another kind.
    pub fn on(command: &mut Command, term: &str) -> Self {
        Self::with(command, 100, term)
    }

    /// As [`Self::start`], on a wider or narrower terminal.
    pub fn with_columns(command: &mut Command, columns: u16) -> Self {
        Self::with(command, columns, "xterm-256color")
    }

    fn with(command: &mut Command, columns: u16, term: &str) -> Self {
        let controller = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        rustix::pty::grantpt(&controller).unwrap();
        rustix::pty::unlockpt(&controller).unwrap();
        let size = Winsize { ws_row: 40, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(&controller, size).unwrap();
        let name = rustix::pty::ptsname(&controller, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY;
        let terminal: OwnedFd = rustix::fs::open(name, flags, Mode::empty()).unwrap();
        command
            .env("TERM", term)
            .stdin(terminal.try_clone().unwrap())
            .stdout(terminal.try_clone().unwrap())
            .stderr(terminal);
        // SAFETY: between fork and exec only two system calls are made, and nothing is allocated.
        unsafe {
            command.pre_exec(|| {
                rustix::process::setsid()?;
                rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
                Ok(())
            });
        }
        let child = command.spawn().unwrap();
        let mut screen = File::from(controller.try_clone().unwrap());
        let written = Arc::new(Mutex::new(Vec::new()));
        let copy = Arc::clone(&written);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // It ends with an error once nobody has the other end open.
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                copy.lock().unwrap().extend_from_slice(&bytes[..count]);
            }
        });
        Self { child, keys: File::from(controller), written, seen: 0 }
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Everything from the beginning.
    pub fn transcript(&self) -> String {
        plain(&self.written.lock().unwrap())
    }

    /// Waits until a text was written behind the one that was waited for last; gives what was
    /// written up to its end.
    pub fn wait(&mut self, text: &str) -> String {
        let start = Instant::now();
        loop {
            let transcript = self.transcript();
            let fresh = transcript.get(self.seen..).unwrap_or_default();
            if let Some(at) = fresh.find(text) {
                let fresh = &fresh[..at + text.len()];
                self.seen += fresh.len();
                return fresh.to_owned();
            }
            assert!(start.elapsed() < PATIENCE, "{text:?} never came:\n{transcript}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until something has happened.
    pub fn until(&self, what: &str, happened: impl Fn() -> bool) {
        let start = Instant::now();
        while !happened() {
            assert!(start.elapsed() < PATIENCE, "never: {what}\n{}", self.transcript());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits for a question, and types the answer.
    pub fn answer(&mut self, question: &str, keys: &str) {
        self.wait(question);
        // The question is drawn in parts.
        std::thread::sleep(Duration::from_millis(60));
        self.press(keys);
    }

    /// What was drawn, row by row: each as it stood before the cursor went back or on. A row that
    /// is full goes on in the next.
    pub fn rows(&self, columns: usize) -> Vec<String> {
        let written = self.written.lock().unwrap();
        let mut rows = Vec::new();
        for line in written.split(|byte| matches!(byte, b'\r' | b'\n')).map(plain) {
            let letters: Vec<char> = line.chars().collect();
            let row = |row: &[char]| row.iter().collect::<String>().trim_end().to_owned();
            rows.extend(letters.chunks(columns).map(row).filter(|row| !row.is_empty()));
        }
        rows
    }

    /// Sends a signal to the program.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, signal).unwrap();
    }

    /// The exit code.
    pub fn end(&mut self) -> i32 {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(start.elapsed() < PATIENCE, "it never ended:\n{}", self.transcript());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Without escape sequences (ECMA-48: CSI, two-character ones).
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\x1b', Some('[')) => {
                chars.next();
                while chars.next_if(|c| !('@'..='~').contains(c)).is_some() {}
                chars.next();
            }
            ('\x1b', _) => drop(chars.next()),
            ('\r', _) => {}
            (c, _) => out.push(c),
        }
    }
    out
}
