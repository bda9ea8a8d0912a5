//! Who may ask: only somebody who knows the secret, on this machine, from this very page.
//!
//! A page of another site can make a browser send requests here (cross-site request forgery), or
//! have its own name resolve to 127.0.0.1 (DNS rebinding). The first is told by `Origin` and
//! `Sec-Fetch-Site` (Fetch Standard, 3.1; Fetch Metadata), the second by `Host`.

use std::sync::atomic::{AtomicBool, Ordering};

/// What the link holds, and then the cookie: 128 bits each that nobody can guess.
#[derive(Debug)]
pub struct Secret {
    link: String,
    cookie: String,
    used: AtomicBool,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Host,
    Origin,
    Token,
    Used,
}

impl Refusal {
    /// Human-readable.
    pub fn text(self) -> &'static str {
        match self {
            Self::Host => "This page is served to this machine alone, as 127.0.0.1.",
            Self::Origin => "Requests from other pages are refused.",
            Self::Token => "Open the link that clean-backup printed.",
            Self::Used => {
                "This link was opened already, and works once. Start clean-backup review again."
            }
        }
    }
}

/// The headers that count.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked<'a> {
    pub host: Option<&'a str>,
    pub origin: Option<&'a str>,
    pub fetch_site: Option<&'a str>,
    pub cookies: Option<&'a str>,
    /// It changes something.
    pub changes: bool,
}

impl Secret {
    /// Of random bytes.
    pub fn new(random: [u8; 32]) -> Self {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let (link, cookie) = random.split_at(16);
        Self { link: hex(link), cookie: hex(cookie), used: AtomicBool::new(false) }
    }

    /// The link to be opened.
    pub fn link(&self, port: u16) -> String {
        format!("http://127.0.0.1:{port}/open/{}", self.link)
    }

    /// Exchanges the token of the link for the cookie, once. Somebody who has the cookie already
    /// may come that way again.
    pub(super) fn open(
        &self,
        token: &str,
        port: u16,
        asked: &Asked<'_>,
    ) -> Result<String, Refusal> {
        check_host(port, asked)?;
        if !same(token, &self.link) {
            return Err(Refusal::Token);
        }
        if self.used.swap(true, Ordering::SeqCst) && !self.has_cookie(port, asked) {
            return Err(Refusal::Used);
        }
        let name = cookie_name(port);
        Ok(format!("{name}={}; HttpOnly; SameSite=Strict; Path=/", self.cookie))
    }

    /// Whether a request may be answered.
    pub(super) fn check(&self, port: u16, asked: &Asked<'_>) -> Result<(), Refusal> {
        check_host(port, asked)?;
        check_origin(port, asked)?;
        if self.has_cookie(port, asked) { Ok(()) } else { Err(Refusal::Token) }
    }

    fn has_cookie(&self, port: u16, asked: &Asked<'_>) -> bool {
        let name = cookie_name(port);
        let cookies = asked.cookies.unwrap_or_default().split(';');
        let mut pairs = cookies.filter_map(|pair| pair.trim().split_once('='));
        pairs.any(|(found, value)| found == name && same(value, &self.cookie))
    }
}

/// Browsers do not part cookies by port.
fn cookie_name(port: u16) -> String {
    format!("clean-backup-{port}")
}

fn hosts(port: u16) -> [String; 2] {
    [format!("127.0.0.1:{port}"), format!("localhost:{port}")]
}

fn check_host(port: u16, asked: &Asked<'_>) -> Result<(), Refusal> {
    let known = asked.host.is_some_and(|host| hosts(port).iter().any(|known| known == host));
    if known { Ok(()) } else { Err(Refusal::Host) }
}

/// What changes something has to say where it comes from.
fn check_origin(port: u16, asked: &Asked<'_>) -> Result<(), Refusal> {
    let own = |origin: &str| hosts(port).iter().any(|host| origin == format!("http://{host}"));
    let origin_fits = asked.origin.map_or(!asked.changes, own);
    let site_fits = asked.fetch_site.is_none_or(|site| site == "same-origin" || site == "none");
    if origin_fits && site_fits { Ok(()) } else { Err(Refusal::Origin) }
}

/// Compares in a time that tells nothing: hashes are compared, and those in constant time.
fn same(a: &str, b: &str) -> bool {
    blake3::hash(a.as_bytes()) == blake3::hash(b.as_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const PORT: u16 = 4321;

    fn asked<'a>(cookies: &'a str) -> Asked<'a> {
        Asked { host: Some("127.0.0.1:4321"), cookies: Some(cookies), ..Asked::default() }
    }

    #[test]
    fn the_link_works_once() {
        let secret = Secret::new(std::array::from_fn(|i| i as u8));
        assert_eq!(secret.link(PORT), format!("http://127.0.0.1:4321/open/{}", secret.link));
        let stranger = asked("");
        assert_eq!(secret.open("", PORT, &stranger), Err(Refusal::Token));
        assert_eq!(secret.open(&secret.cookie, PORT, &stranger), Err(Refusal::Token));
        let cookie = secret.open(&secret.link, PORT, &stranger).unwrap();
        assert_eq!(secret.open(&secret.link, PORT, &stranger), Err(Refusal::Used));
        let cookie = cookie.split(';').next().unwrap();
        assert!(secret.open(&secret.link, PORT, &asked(cookie)).is_ok());
        assert_eq!(secret.check(PORT, &asked(cookie)), Ok(()));
        assert_eq!(secret.check(PORT, &asked(&format!("a=b; {cookie}; c=d"))), Ok(()));
        for wrong in ["", "clean-backup-4321=", "clean-backup-4321=00", "clean-backup-4322=0"] {
            assert_eq!(secret.check(PORT, &asked(wrong)), Err(Refusal::Token), "{wrong}");
        }
    }

    #[test]
    fn other_hosts_and_other_pages_are_refused() {
        let secret = Secret::new([7; 32]);
        let cookie = secret.open(&secret.link, PORT, &asked("")).unwrap();
        let good = asked(cookie.split(';').next().unwrap());
        for host in ["evil.example", "127.0.0.1", "127.0.0.1:80", "localhost.evil.example:4321"] {
            let asked = Asked { host: Some(host), ..good };
            assert_eq!(secret.check(PORT, &asked), Err(Refusal::Host), "{host}");
            assert_eq!(secret.open(&secret.link, PORT, &asked), Err(Refusal::Host), "{host}");
        }
        assert_eq!(secret.check(PORT, &Asked { host: None, ..good }), Err(Refusal::Host));
        for origin in ["null", "http://evil.example", "https://127.0.0.1:4321", "http://127.0.0.1"]
        {
            let asked = Asked { origin: Some(origin), ..good };
            assert_eq!(secret.check(PORT, &asked), Err(Refusal::Origin), "{origin}");
        }
        for site in ["cross-site", "same-site"] {
            let asked = Asked { fetch_site: Some(site), ..good };
            assert_eq!(secret.check(PORT, &asked), Err(Refusal::Origin), "{site}");
        }
        let own = Asked { origin: Some("http://localhost:4321"), changes: true, ..good };
        assert_eq!(secret.check(PORT, &own), Ok(()));
        let silent = Asked { changes: true, ..good };
        assert_eq!(secret.check(PORT, &silent), Err(Refusal::Origin));
    }
}
