//! Who may ask: only somebody who knows the secret, on this machine, from this very page.
//!
//! A page of another site can make a browser send requests here (cross-site request forgery), or
//! have its own name resolve to 127.0.0.1 (DNS rebinding). The first is told by `Origin` and
//! `Sec-Fetch-Site` (Fetch Standard, 3.1; Fetch Metadata), the second by `Host`.

use std::io;
use std::sync::{Mutex, PoisonError};

/// What the link holds, and then the cookie: 128 bits each that nobody can guess.
#[derive(Debug)]
pub struct Secret {
    link: Mutex<Link>,
    cookie: String,
    /// Who knows it may ask for another link.
    key: Option<String>,
}

#[derive(Debug)]
struct Link {
    token: String,
    used: bool,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Host,
    Origin,
    Token,
    Used,
    /// The password is asked for.
    Login,
    /// There is no new link to be had.
    NoLink,
}

impl Refusal {
    /// Human-readable.
    pub fn text(self) -> &'static str {
        match self {
            Self::Host => "This page is served to this machine alone, as 127.0.0.1.",
            Self::Origin => "Requests from other pages are refused.",
            Self::Token => "Open the link that clean-backup printed.",
            Self::Used => {
                "This link was opened already, and works once. Start the same command again for a new one."
            }
            Self::Login => "Log in first.",
            Self::NoLink => "There is no new link.",
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
        let (link, cookie) = random.split_at(16);
        let link = Mutex::new(Link { token: hex(link), used: false });
        Self { link, cookie: hex(cookie), key: None }
    }

    /// Lets whoever knows `key` ask for another link.
    #[must_use]
    pub fn with_key(self, key: String) -> Self {
        Self { key: Some(key), ..self }
    }

    /// The link to be opened.
    pub fn link(&self, port: u16) -> String {
        let link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        format!("http://127.0.0.1:{port}/open/{}", link.token)
    }

    /// Another link in the place of the first one, for whoever knows the key.
    pub(super) fn again(
        &self,
        key: &str,
        port: u16,
        asked: &Asked<'_>,
        random: fn() -> io::Result<[u8; 32]>,
    ) -> Result<String, Refusal> {
        check_host(port, asked)?;
        if !self.key.as_ref().is_some_and(|own| same(own, key)) {
            return Err(Refusal::Token);
        }
        let random = random().map_err(|_| Refusal::NoLink)?;
        let (token, _) = random.split_at(16);
        let token = hex(token);
        *self.link.lock().unwrap_or_else(PoisonError::into_inner) = Link { token, used: false };
        Ok(self.link(port))
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
        let mut link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        if !same(token, &link.token) {
            return Err(Refusal::Token);
        }
        if std::mem::replace(&mut link.used, true) && !self.has_cookie(port, asked) {
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
        cookie_value(port, asked).is_some_and(|value| same(value, &self.cookie))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The value of this page's cookie.
pub(super) fn cookie_value<'a>(port: u16, asked: &Asked<'a>) -> Option<&'a str> {
    let name = cookie_name(port);
    let cookies = asked.cookies.unwrap_or_default().split(';');
    let mut pairs = cookies.filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
}

/// Browsers do not part cookies by port.
pub(super) fn cookie_name(port: u16) -> String {
    format!("clean-backup-{port}")
}

fn hosts(port: u16) -> [String; 2] {
    [format!("127.0.0.1:{port}"), format!("localhost:{port}")]
}

fn check_host(port: u16, asked: &Asked<'_>) -> Result<(), Refusal> {
    let known = asked.host.is_some_and(|host| hosts(port).iter().any(|known| known == host));
    if known { Ok(()) } else { Err(Refusal::Host) }
}

fn check_origin(port: u16, asked: &Asked<'_>) -> Result<(), Refusal> {
    check_site(asked, &|origin| hosts(port).iter().any(|host| origin == format!("http://{host}")))
}

/// What changes something has to say that it comes from a page of our own.
pub(super) fn check_site(asked: &Asked<'_>, own: &dyn Fn(&str) -> bool) -> Result<(), Refusal> {
    let origin_fits = asked.origin.map_or(!asked.changes, own);
    let site_fits = asked.fetch_site.is_none_or(|site| site == "same-origin" || site == "none");
    if origin_fits && site_fits { Ok(()) } else { Err(Refusal::Origin) }
}

/// Compares in a time that tells nothing: hashes are compared, and those in constant time.
pub(super) fn same(a: &str, b: &str) -> bool {
    blake3::hash(a.as_bytes()) == blake3::hash(b.as_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const PORT: u16 = 4321;

    fn asked(cookies: &str) -> Asked<'_> {
        Asked { host: Some("127.0.0.1:4321"), cookies: Some(cookies), ..Asked::default() }
    }

    fn token(secret: &Secret) -> String {
        secret.link.lock().unwrap().token.clone()
    }

    #[test]
    fn who_knows_the_key_gets_another_link() {
        let random = || Ok([5; 32]);
        let stranger = asked("");
        let without = Secret::new([7; 32]);
        assert_eq!(without.again("", PORT, &stranger, random), Err(Refusal::Token));
        let secret = Secret::new([7; 32]).with_key("key".into());
        let first = token(&secret);
        let cookie = secret.open(&first, PORT, &stranger).unwrap();
        for wrong in ["", "kex", &first] {
            assert_eq!(secret.again(wrong, PORT, &stranger, random), Err(Refusal::Token));
        }
        let foreign = Asked { host: Some("evil.example"), ..stranger };
        assert_eq!(secret.again("key", PORT, &foreign, random), Err(Refusal::Host));
        let link = secret.again("key", PORT, &stranger, random).unwrap();
        assert_eq!(link, format!("http://127.0.0.1:4321/open/{}", "05".repeat(16)));
        assert_eq!(secret.open(&first, PORT, &stranger), Err(Refusal::Token));
        // Both who came by the first link and by the second are in.
        assert_eq!(secret.open(&token(&secret), PORT, &stranger), Ok(cookie));
        assert_eq!(secret.open(&token(&secret), PORT, &stranger), Err(Refusal::Used));
    }

    #[test]
    fn the_link_works_once() {
        let secret = Secret::new(std::array::from_fn(|i| i as u8));
        assert_eq!(secret.link(PORT), format!("http://127.0.0.1:4321/open/{}", token(&secret)));
        let stranger = asked("");
        assert_eq!(secret.open("", PORT, &stranger), Err(Refusal::Token));
        assert_eq!(secret.open(&secret.cookie, PORT, &stranger), Err(Refusal::Token));
        let cookie = secret.open(&token(&secret), PORT, &stranger).unwrap();
        assert_eq!(secret.open(&token(&secret), PORT, &stranger), Err(Refusal::Used));
        let cookie = cookie.split(';').next().unwrap();
        assert!(secret.open(&token(&secret), PORT, &asked(cookie)).is_ok());
        assert_eq!(secret.check(PORT, &asked(cookie)), Ok(()));
        assert_eq!(secret.check(PORT, &asked(&format!("a=b; {cookie}; c=d"))), Ok(()));
        for wrong in ["", "clean-backup-4321=", "clean-backup-4321=00", "clean-backup-4322=0"] {
            assert_eq!(secret.check(PORT, &asked(wrong)), Err(Refusal::Token), "{wrong}");
        }
    }

    #[test]
    fn other_hosts_and_other_pages_are_refused() {
        let secret = Secret::new([7; 32]);
        let cookie = secret.open(&token(&secret), PORT, &asked("")).unwrap();
        let good = asked(cookie.split(';').next().unwrap());
        for host in ["evil.example", "127.0.0.1", "127.0.0.1:80", "localhost.evil.example:4321"] {
            let asked = Asked { host: Some(host), ..good };
            assert_eq!(secret.check(PORT, &asked), Err(Refusal::Host), "{host}");
            assert_eq!(secret.open(&token(&secret), PORT, &asked), Err(Refusal::Host), "{host}");
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
