//! Pages that are being served on this machine: noted, so that starting the same command again gives
//! a new link to the one that runs.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clean_backup::files::atomic_file;
use clean_backup::model::path_text::for_people;
use serde::{Deserialize, Serialize};

/// How long the other program may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// Most bytes of its answer.
const LONGEST: u64 = 64 << 10;
/// Pages that are remembered.
const MOST: usize = 16;

/// Where a page is served, and what it knows us by. Only the user can read it.
#[derive(Serialize, Deserialize)]
struct RunningPage {
    /// Which page it is; see [`RunningPages::of`].
    what: String,
    port: u16,
    key: String,
}

/// The notes of pages that show one and the same.
pub struct RunningPages {
    file: PathBuf,
    what: String,
}

#[derive(Deserialize)]
struct Another {
    link: String,
}

/// A key of random bytes.
pub fn key(random: [u8; 32]) -> String {
    random.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl RunningPages {
    /// The pages of a command that show what `shown` says; `state` is the program's folder for such
    /// notes.
    pub fn of(state: &Path, command: &str, shown: &str) -> Self {
        let what = format!("{command} {}", blake3::hash(shown.as_bytes()).to_hex());
        Self { file: state.join("pages-running.json"), what }
    }

    /// Notes where the page is served. Without the note there is just no second link.
    pub fn note(&self, port: u16, key: &str) {
        // The port is ours now: whoever had it has ended.
        let mut pages = self.read();
        pages.retain(|page| page.port != port);
        pages.push(RunningPage { what: self.what.clone(), port, key: key.to_owned() });
        let pages = pages.split_off(pages.len().saturating_sub(MOST));
        // What is replaced keeps its permissions.
        let private = match atomic_file::make_private(&self.file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            private => private,
        };
        let written = private
            .and_then(|()| serde_json::to_vec(&pages).map_err(std::io::Error::other))
            .and_then(|pages| atomic_file::replace(&self.file, &pages));
        if let Err(error) = written {
            tracing::warn!("{} cannot be written: {error}", for_people(&self.file));
        }
    }

    /// A new link to the page that is being served; `None` where none is.
    pub fn another_link(&self) -> Option<String> {
        let pages = self.read();
        // The last that was started first.
        pages.iter().rev().filter(|page| page.what == self.what).find_map(ask)
    }

    fn read(&self) -> Vec<RunningPage> {
        let notes = std::fs::read(&self.file).ok();
        notes.and_then(|notes| serde_json::from_slice(&notes).ok()).unwrap_or_default()
    }
}

/// Asks the program that serves a page for a new link.
fn ask(page: &RunningPage) -> Option<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, page.port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    let body = format!("{{\"key\":{}}}", serde_json::to_string(&page.key).ok()?);
    let head = format!(
        "POST /again HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.take(LONGEST).read_to_string(&mut answer).ok()?;
    let (head, content) = answer.split_once("\r\n\r\n")?;
    let Another { link } = serde_json::from_str(content).ok()?;
    // Another program may have the port by now: nothing else is printed or opened.
    let own = link.starts_with(&format!("http://{address}/open/"));
    let plain = link.bytes().all(|byte| byte.is_ascii_graphic());
    (head.starts_with("HTTP/1.1 200 ") && own && plain).then_some(link)
}
