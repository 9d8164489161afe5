//! Keys for signing snapshots: ed25519 (RFC 8032), in the files that other programs know too (RFC 8410: PEM).

use std::fmt;

use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

/// What stands before the 32 bytes of a public key in its PEM file.
const PUBLIC_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Why a text is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not {expected}; `mirrormanager cache keygen` makes a pair of keys")]
pub struct KeyError {
    expected: &'static str,
}

/// The random numbers for a key could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random numbers for a key")]
pub struct NoRandomness;

/// Who may check a signature: everybody.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl fmt::Display for PublicKey {
    /// In hexadecimal digits, for comparing by eye.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl PublicKey {
    /// The key that these bytes are.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads a PEM file's text (`BEGIN PUBLIC KEY`).
    ///
    /// # Errors
    /// It is no ed25519 public key.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let wrong = KeyError { expected: "an ed25519 public key in PEM form (BEGIN PUBLIC KEY)" };
        let block = pem::parse(text).map_err(|_| wrong.clone())?;
        let bytes = block.contents().strip_prefix(&PUBLIC_PREFIX).filter(|_| block.tag() == "PUBLIC KEY");
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(wrong)
    }

    /// The text of a PEM file.
    pub fn to_pem(&self) -> String {
        pem::encode(&pem::Pem::new("PUBLIC KEY", [PUBLIC_PREFIX.as_slice(), &self.0].concat()))
    }

    /// Whether this is the key's signature of the message.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(message, signature).is_ok()
    }
}

/// Who may sign: whoever has it.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    public: PublicKey,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(of {})", self.public)
    }
}

impl SigningKey {
    /// Makes a new key and gives the text of its PEM file (`BEGIN PRIVATE KEY`), which must be kept secret.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn generate() -> Result<String, NoRandomness> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| NoRandomness)?;
        Ok(pem::encode(&pem::Pem::new("PRIVATE KEY", document.as_ref())))
    }

    /// Reads a PEM file's text (`BEGIN PRIVATE KEY`, PKCS #8, with or without the public key inside).
    ///
    /// # Errors
    /// It is no ed25519 private key.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let wrong = KeyError { expected: "an ed25519 private key in PEM form (BEGIN PRIVATE KEY)" };
        let block = pem::parse(text).map_err(|_| wrong.clone())?;
        if block.tag() != "PRIVATE KEY" {
            return Err(wrong);
        }
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(block.contents()).map_err(|_| wrong.clone())?;
        let public = pair.public_key().as_ref().try_into().map(PublicKey).map_err(|_| wrong)?;
        Ok(Self { pair, public })
    }

    /// Its public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs a message.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature = self.pair.sign(message);
        // An ed25519 signature has 64 bytes.
        signature.as_ref().try_into().unwrap_or([0; 64])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032, section 7.1, test 2.
    const SECRET: &str = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
    const PUBLIC: &str = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn keys_are_those_of_the_standard() {
        // RFC 8410: PKCS #8 without the public key.
        let document = [bytes("302e020100300506032b657004220420"), bytes(SECRET)].concat();
        let key = SigningKey::from_pem(&pem::encode(&pem::Pem::new("PRIVATE KEY", document))).unwrap();
        assert_eq!(key.public().to_string(), PUBLIC);
        let signature = key.sign(&[0x72]);
        assert_eq!(signature[..4], [0x92, 0xa0, 0x09, 0xa9]);
        assert!(key.public().verifies(&[0x72], &signature));
        assert!(!key.public().verifies(&[0x73], &signature));
        assert_eq!(PublicKey::from_pem(&key.public().to_pem()).unwrap(), *key.public());
    }

    #[test]
    fn a_new_key_signs_and_what_is_no_key_is_refused() {
        let text = SigningKey::generate().unwrap();
        let key = SigningKey::from_pem(&text).unwrap();
        assert!(key.public().verifies(b"message", &key.sign(b"message")));
        assert!(PublicKey::from_pem(&text).unwrap_err().to_string().contains("BEGIN PUBLIC KEY"));
        for wrong in [
            "",
            "nonsense",
            &key.public().to_pem(),
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ] {
            assert!(SigningKey::from_pem(wrong).is_err(), "{wrong}");
        }
        assert!(!format!("{key:?}").contains(&text), "secrets are not printed");
    }
}
