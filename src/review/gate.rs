//! Who may come in: on this machine whoever has the link; from others whoever knows the password.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::guard::{Asked, Refusal, Secret, check_site, cookie_value};
use super::password::PasswordHash;

/// Gives bytes that nobody can guess.
pub type Random = fn() -> io::Result<[u8; 32]>;

/// Wrong passwords of one address that are forgiven; each is forgotten after a while.
const TRIES: u32 = 5;
/// Wrong passwords of all addresses together.
const TRIES_OF_ALL: u32 = 60;
/// People who are in at the same time; who comes after that puts the others out.
const SESSIONS: usize = 64;

/// Lets requests in.
#[derive(Debug)]
pub struct Gate {
    random: Random,
    kind: GateKind,
}

#[derive(Debug)]
enum GateKind {
    /// By the link that is printed, on this machine.
    Link(Secret),
    /// By a password, from any machine that can reach the address.
    Password(Door),
}

#[derive(Debug)]
struct Door {
    hash: PasswordHash,
    /// Names under which the page may be asked for, besides addresses and local names.
    names: Vec<String>,
    /// The BLAKE3 of the cookies that were given.
    sessions: Mutex<HashSet<[u8; 32]>>,
    tries: Mutex<Tries>,
}

#[derive(Debug, Default)]
struct Tries {
    by_address: HashMap<IpAddr, u32>,
    all: u32,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What became of an attempt to come in with a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// The password may be looked at; the attempt counts until it is taken back.
    Granted,
    /// There were too many.
    TooMany,
}

impl Gate {
    /// By a link, which works once; `random` is for further links.
    pub fn link(secret: Secret, random: Random) -> Self {
        Self { random, kind: GateKind::Link(secret) }
    }

    /// By a password. `names`: host names under which the page may be asked for.
    pub fn password(hash: PasswordHash, names: Vec<String>, random: Random) -> Self {
        let door = Door { hash, names, sessions: Mutex::default(), tries: Mutex::default() };
        Self { random, kind: GateKind::Password(door) }
    }

    /// Whether people come in with a password.
    pub(super) fn asks_password(&self) -> bool {
        matches!(self.kind, GateKind::Password(_))
    }

    /// Whether a request may be answered.
    pub(super) fn check(&self, port: u16, asked: &Asked<'_>) -> Result<(), Refusal> {
        match &self.kind {
            GateKind::Link(secret) => secret.check(port, asked),
            GateKind::Password(door) => {
                door.check_host(asked)?;
                let known = cookie_value(port, asked)
                    .is_some_and(|token| lock(&door.sessions).contains(&digest(token)));
                if known { Ok(()) } else { Err(Refusal::Login) }
            }
        }
    }

    /// Exchanges the token of a link for the cookie, once.
    pub(super) fn open(
        &self,
        token: &str,
        port: u16,
        asked: &Asked<'_>,
    ) -> Result<String, Refusal> {
        match &self.kind {
            GateKind::Link(secret) => secret.open(token, port, asked),
            GateKind::Password(_) => Err(Refusal::Login),
        }
    }

    /// A new link, for a program on this machine that knows the key.
    pub(super) fn again(&self, key: &str, port: u16, asked: &Asked<'_>) -> Result<String, Refusal> {
        let GateKind::Link(secret) = &self.kind else { return Err(Refusal::Login) };
        // No browser leaves out where a POST comes from.
        if asked.origin.is_some() || asked.fetch_site.is_some() {
            return Err(Refusal::Origin);
        }
        secret.again(key, port, asked, self.random)
    }

    /// Whether somebody may try a password from that address; counts the attempt.
    pub(super) fn attempt(&self, from: IpAddr, asked: &Asked<'_>) -> Result<Attempt, Refusal> {
        let GateKind::Password(door) = &self.kind else { return Err(Refusal::Token) };
        door.check_host(asked)?;
        let mut tries = lock(&door.tries);
        let tries = &mut *tries;
        let own = tries.by_address.entry(network(from)).or_default();
        if *own >= TRIES || tries.all >= TRIES_OF_ALL {
            return Ok(Attempt::TooMany);
        }
        (*own, tries.all) = (*own + 1, tries.all + 1);
        Ok(Attempt::Granted)
    }

    /// An attempt counts no more.
    pub(super) fn forgive(&self, from: IpAddr) {
        let GateKind::Password(door) = &self.kind else { return };
        let mut tries = lock(&door.tries);
        tries.all = tries.all.saturating_sub(1);
        if let Some(own) = tries.by_address.get_mut(&network(from)) {
            *own -= 1;
            if *own == 0 {
                tries.by_address.remove(&network(from));
            }
        }
    }

    /// The cookie, for the right password. Takes a while.
    pub(super) fn enter(&self, password: &str, port: u16) -> Option<String> {
        let GateKind::Password(door) = &self.kind else { return None };
        if !door.hash.is(password) {
            return None;
        }
        let token = hex(&(self.random)().ok()?);
        let mut sessions = lock(&door.sessions);
        if sessions.len() >= SESSIONS {
            sessions.clear();
        }
        sessions.insert(digest(&token));
        Some(cookie(port, &token))
    }

    /// The cookie of a request lets nobody in any more.
    pub(super) fn leave(&self, port: u16, asked: &Asked<'_>) {
        if let (GateKind::Password(door), Some(token)) = (&self.kind, cookie_value(port, asked)) {
            lock(&door.sessions).remove(&digest(token));
        }
    }
}

impl Door {
    /// A page of another site that has its name resolve to this machine (DNS rebinding) asks under
    /// that name: only addresses, local names and those that were named are answered.
    fn check_host(&self, asked: &Asked<'_>) -> Result<(), Refusal> {
        let host = asked.host.ok_or(Refusal::Host)?;
        let name = host_name(host);
        let known = is_local(name) || self.names.iter().any(|own| own.eq_ignore_ascii_case(name));
        if !known {
            return Err(Refusal::Host);
        }
        let own = |origin: &str| {
            // A proxy in front of it may add TLS.
            let rest = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            rest == Some(host)
        };
        check_site(asked, &own)
    }
}

/// A host without its port.
fn host_name(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    }
}

/// An address, or a name that only a local network gives (RFC 6762, RFC 8375).
fn is_local(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    name.parse::<IpAddr>().is_ok()
        || (!name.is_empty() && !name.contains('.') && !name.contains(':'))
        || [".local", ".home.arpa", ".internal", ".lan"].iter().any(|end| lower.ends_with(end))
}

/// One household has one IPv4 address, and a /64 of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => IpAddr::V4(address),
            None => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        },
        address => address,
    }
}

fn digest(token: &str) -> [u8; 32] {
    *blake3::hash(token.as_bytes()).as_bytes()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn cookie(port: u16, token: &str) -> String {
    format!("{}={token}; HttpOnly; SameSite=Strict; Path=/", super::guard::cookie_name(port))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 168, 1, 7));

    fn gate() -> Gate {
        let hash = PasswordHash::new("correct horse", [7; 16]).unwrap();
        Gate::password(hash, vec!["photos.example.org".into()], || Ok([9; 32]))
    }

    fn from(host: &str) -> Asked<'_> {
        Asked { host: Some(host), ..Asked::default() }
    }

    #[test]
    fn five_tries_an_address_and_sixty_for_all() {
        let gate = gate();
        let host = from("nas:8123");
        for _ in 0..TRIES {
            assert_eq!(gate.attempt(HERE, &host), Ok(Attempt::Granted));
        }
        assert_eq!(gate.attempt(HERE, &host), Ok(Attempt::TooMany));
        gate.forgive(HERE);
        assert_eq!(gate.attempt(HERE, &host), Ok(Attempt::Granted));
        assert_eq!(gate.attempt(HERE, &host), Ok(Attempt::TooMany));
        // Addresses of one network count together.
        let six =
            |last: u16| IpAddr::V6(std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, last));
        let granted = (0..20).filter(|n| gate.attempt(six(*n), &host) == Ok(Attempt::Granted));
        assert_eq!(granted.count() as u32, TRIES);
        let many = |n: u32| IpAddr::V4(std::net::Ipv4Addr::from_bits(0x0a00_0000 + n));
        let granted = (0..1000).filter(|n| gate.attempt(many(*n), &host) == Ok(Attempt::Granted));
        assert_eq!(granted.count() as u32, TRIES_OF_ALL - 2 * TRIES);
    }

    #[test]
    fn a_session_begins_with_the_password_and_ends() {
        let gate = gate();
        assert_eq!(gate.enter("wrong horse", 8123), None);
        let cookie = gate.enter("correct horse", 8123).unwrap();
        assert!(cookie.ends_with("; HttpOnly; SameSite=Strict; Path=/"), "{cookie}");
        let pair = cookie.split(';').next().unwrap();
        let with = |cookies| Asked { cookies: Some(cookies), ..from("nas:8123") };
        assert_eq!(gate.check(8123, &with(pair)), Ok(()));
        for wrong in ["", "clean-backup-8123=", "clean-backup-8123=00", "clean-backup-8124=0"] {
            assert_eq!(gate.check(8123, &with(wrong)), Err(Refusal::Login), "{wrong}");
        }
        gate.leave(8123, &with(pair));
        assert_eq!(gate.check(8123, &with(pair)), Err(Refusal::Login));
        assert_eq!(gate.open("x", 8123, &from("nas:8123")), Err(Refusal::Login));
        assert_eq!(gate.again("x", 8123, &from("nas:8123")), Err(Refusal::Login));
    }

    #[test]
    fn only_local_and_given_names_are_answered() {
        let gate = gate();
        let cookie = gate.enter("correct horse", 8123).unwrap();
        let pair = cookie.split(';').next().unwrap();
        let asked = |host| Asked { cookies: Some(pair), ..from(host) };
        for host in
            ["192.168.1.9:8123", "[fe80::1]:8123", "nas", "NAS.local:80", "photos.example.org"]
        {
            assert_eq!(gate.check(8123, &asked(host)), Ok(()), "{host}");
            let own = format!("https://{host}");
            let post = Asked { origin: Some(&own), changes: true, ..asked(host) };
            assert_eq!(gate.check(8123, &post), Ok(()), "{host}");
        }
        for host in ["evil.example:8123", "nas.evil.example", "local.evil.example", "", ":8123"] {
            assert_eq!(gate.check(8123, &asked(host)), Err(Refusal::Host), "{host}");
            assert_eq!(gate.attempt(HERE, &asked(host)), Err(Refusal::Host), "{host}");
        }
        for origin in [None, Some("http://evil.example"), Some("null"), Some("http://nas:81")] {
            let post = Asked { origin, changes: true, ..asked("nas:80") };
            assert_eq!(gate.check(8123, &post), Err(Refusal::Origin), "{origin:?}");
        }
    }
}
