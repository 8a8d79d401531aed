//! Whether a push comes from the hub that was given the secret (W3C WebSub §7): `X-Hub-Signature: METHOD=HEX`, an HMAC (RFC 2104) over the
//! body as it came.

use ring::hmac;
use wiredesk_model::secret::Secret;

/// A signature that may be right: only the body tells.
#[derive(Debug)]
pub(crate) struct Signature {
    algorithm: hmac::Algorithm,
    tag: Vec<u8>,
}

impl Signature {
    /// Reads the header field; `None` where no body could bear it.
    pub(crate) fn read(given: &str) -> Option<Self> {
        let (method, digits) = given.trim().split_once('=')?;
        // The four of the specification; the oldest is weak as a hash and still sound in an HMAC.
        let algorithm = match method.to_ascii_lowercase().as_str() {
            "sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            "sha256" => hmac::HMAC_SHA256,
            "sha384" => hmac::HMAC_SHA384,
            "sha512" => hmac::HMAC_SHA512,
            _ => return None,
        };
        let tag = unhex(digits).filter(|tag| tag.len() == algorithm.digest_algorithm().output_len())?;
        Some(Self { algorithm, tag })
    }

    /// Whether it is that of `body` under this secret. Compared in constant time.
    pub(crate) fn is_right(&self, secret: &Secret, body: &[u8]) -> bool {
        hmac::verify(&hmac::Key::new(self.algorithm, secret.reveal().as_bytes()), body, &self.tag).is_ok()
    }
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_methods_are_known_and_nothing_else_passes() {
        // RFC 2202 case 2, RFC 4231 case 2.
        let (secret, body) = (Secret::new("Jefe"), b"what do ya want for nothing?");
        let sha1 = "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79";
        let is_right = |given: &str, secret: &Secret, body: &[u8]| {
            Signature::read(given).is_some_and(|signature| signature.is_right(secret, body))
        };
        for right in [
            sha1,
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            "SHA256=5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843",
            "sha384=af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
            "sha512=164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ] {
            assert!(is_right(right, &secret, body), "{right}");
            assert!(!is_right(right, &secret, b"what do ya want for nothing!"), "{right}");
            assert!(!is_right(right, &Secret::new("jefe"), body), "{right}");
        }
        for wrong in [
            "",
            "sha1",
            "sha1=",
            "=",
            "md5=750c783e6ab0b503eaa86e310a5db738",
            "sha256=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
            "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c7",
            "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c7\u{e9}",
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
        ] {
            assert!(Signature::read(wrong).is_none(), "{wrong}");
        }
    }
}
