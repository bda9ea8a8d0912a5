//! The hash of the password that a page for other machines asks for: Argon2id (RFC 9106), in the
//! PHC string format.

use std::fmt;
use std::str::FromStr;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Shortest password, in characters.
pub const SHORTEST: usize = 8;
/// Longest password, in bytes.
const LONGEST: usize = 1 << 10;
/// Bytes of salt and of hash.
const SALT: usize = 16;
const HASH: usize = 32;
/// KiB of memory, passes and lanes of new hashes: the first recommendation of OWASP's Password
/// Storage Cheat Sheet for Argon2id with one lane.
const COST: [u32; 3] = [47_104, 1, 1];
/// The most that a hash in a configuration may ask for: more would keep the machine busy.
const MOST_COST: [u32; 3] = [1 << 20, 64, 64];

/// A password, as it may be kept.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    cost: [u32; 3],
    salt: Vec<u8>,
    hash: Vec<u8>,
}

/// Why there is no such hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordError {
    /// The password is too short.
    Short,
    /// It is too long.
    Long,
    /// The text is no hash that this program can check.
    Text,
}

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => write!(f, "the password needs at least {SHORTEST} characters"),
            Self::Long => write!(f, "the password has more than {LONGEST} bytes"),
            Self::Text => f.write_str("not an Argon2id hash in the PHC format"),
        }
    }
}

impl std::error::Error for PasswordError {}

impl PasswordHash {
    /// Of a password, with a salt that was never used before.
    ///
    /// # Errors
    /// [`PasswordError::Short`], [`PasswordError::Long`]
    pub fn new(password: &str, salt: [u8; SALT]) -> Result<Self, PasswordError> {
        if password.chars().count() < SHORTEST {
            return Err(PasswordError::Short);
        }
        if password.len() > LONGEST {
            return Err(PasswordError::Long);
        }
        let hash = hash(password, &salt, COST, HASH).ok_or(PasswordError::Text)?;
        Ok(Self { cost: COST, salt: salt.to_vec(), hash })
    }

    /// Whether a password is the one. Takes tens of milliseconds and megabytes.
    pub fn is(&self, password: &str) -> bool {
        if password.len() > LONGEST {
            return false;
        }
        let other = hash(password, &self.salt, self.cost, self.hash.len());
        // Hashes of hashes are compared, in constant time.
        other.is_some_and(|other| blake3::hash(&other) == blake3::hash(&self.hash))
    }
}

fn hash(password: &str, salt: &[u8], cost: [u32; 3], length: usize) -> Option<Vec<u8>> {
    let [memory, passes, lanes] = cost;
    let params = Params::new(memory, passes, lanes, Some(length)).ok()?;
    let mut hash = vec![0; length];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(password.as_bytes(), salt, &mut hash).ok()?;
    Some(hash)
}

impl fmt::Display for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [memory, passes, lanes] = self.cost;
        let (salt, hash) = (STANDARD_NO_PAD.encode(&self.salt), STANDARD_NO_PAD.encode(&self.hash));
        write!(f, "$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${hash}")
    }
}

/// Keeps it out of logs.
impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash")
    }
}

impl FromStr for PasswordHash {
    type Err = PasswordError;

    fn from_str(text: &str) -> Result<Self, PasswordError> {
        let parts: Vec<&str> = text.split('$').collect();
        let ["", "argon2id", "v=19", cost, salt, hash] = parts[..] else {
            return Err(PasswordError::Text);
        };
        let costs: Vec<&str> = cost.split(',').collect();
        let [memory, passes, lanes] = costs[..] else { return Err(PasswordError::Text) };
        let number = |text: &str, name, most| {
            let value = text.strip_prefix(name).and_then(|text| text.parse::<u32>().ok());
            value.filter(|value| (1..=most).contains(value)).ok_or(PasswordError::Text)
        };
        let [most_memory, most_passes, most_lanes] = MOST_COST;
        let cost = [
            number(memory, "m=", most_memory)?,
            number(passes, "t=", most_passes)?,
            number(lanes, "p=", most_lanes)?,
        ];
        let bytes = |text: &str| STANDARD_NO_PAD.decode(text).map_err(|_| PasswordError::Text);
        let (salt, hash) = (bytes(salt)?, bytes(hash)?);
        if !(8..=64).contains(&salt.len()) || !(16..=64).contains(&hash.len()) {
            return Err(PasswordError::Text);
        }
        Ok(Self { cost, salt, hash })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn only_the_password_is_the_password() {
        let hash = PasswordHash::new("correct horse", [7; SALT]).unwrap();
        assert!(hash.is("correct horse"));
        for wrong in ["", "correct hors", "correct horse ", "Correct horse", &"x".repeat(2000)] {
            assert!(!hash.is(wrong), "{wrong:?}");
        }
        let text = hash.to_string();
        assert!(text.starts_with("$argon2id$v=19$m=47104,t=1,p=1$"), "{text}");
        assert_eq!(text.parse(), Ok(hash.clone()));
        assert_ne!(PasswordHash::new("correct horse", [8; SALT]).unwrap(), hash);
        assert_eq!(format!("{hash:?}"), "PasswordHash");
    }

    #[test]
    fn other_programs_hashes_are_read_and_nonsense_is_not() {
        // RFC 9106 has no test vector without secret and associated data; this is of the reference
        // implementation: echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1
        let reference: PasswordHash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$\
             CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
            .parse()
            .unwrap();
        assert!(reference.is("password"));
        let good = PasswordHash::new("12345678", [1; SALT]).unwrap().to_string();
        for wrong in [
            "",
            "hunter22",
            &good.replace("argon2id", "argon2i"),
            &good.replace("v=19", "v=16"),
            &good.replace("m=47104", "m=4294967295"),
            &good.replace("t=1", "t=0"),
            &good.replace("p=1", "p=1000"),
            &good[..good.len() - 40],
            &format!("{good}$"),
        ] {
            assert_eq!(wrong.parse::<PasswordHash>(), Err(PasswordError::Text), "{wrong}");
        }
        assert_eq!(PasswordHash::new("short", [1; SALT]), Err(PasswordError::Short));
        assert_eq!(PasswordHash::new(&"x".repeat(2000), [1; SALT]), Err(PasswordError::Long));
    }
}
