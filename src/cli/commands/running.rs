//! The page that is being served on this machine: noted, so that starting the program again gives a
//! new link to it.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use clean_backup::files::atomic_file;
use clean_backup::model::path_text::for_people;
use serde::{Deserialize, Serialize};

/// How long the other program may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// Most bytes of its answer.
const LONGEST: u64 = 64 << 10;

/// Where it is served, and what it knows us by. Only the user can read it.
#[derive(Serialize, Deserialize)]
struct Note {
    port: u16,
    key: String,
}

#[derive(Deserialize)]
struct Another {
    link: String,
}

/// A key of random bytes.
pub fn key(random: [u8; 32]) -> String {
    random.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Notes where the page is served. Without the note there is just no second link.
pub fn note(file: &Path, port: u16, key: &str) {
    let note = Note { port, key: key.to_owned() };
    let written = serde_json::to_vec(&note)
        .map_err(std::io::Error::other)
        .and_then(|note| atomic_file::replace(file, &note));
    if let Err(error) = written.and_then(|()| atomic_file::make_private(file)) {
        tracing::warn!("{} cannot be written: {error}", for_people(file));
    }
}

/// A new link to the page that is being served; `None` where none is.
pub fn another_link(file: &Path) -> Option<String> {
    let note: Note = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, note.port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    let body = format!("{{\"key\":{}}}", serde_json::to_string(&note.key).ok()?);
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
