//! New API keys: random, and told from other text at sight.

use rand::{CryptoRng, Rng, RngCore, distributions::Alphanumeric};

/// How every key begins, so that scanners of repositories and logs find it.
const PREFIX: &str = "tgk_";

/// How many random characters a key has. Of letters and digits 43 hold 256 bits.
const RANDOM: usize = 43;

/// How many characters its checksum has: CRC-32 in base 62.
const CHECKSUM: usize = 6;

/// How much of a key its checksum is of.
const SUMMED: usize = PREFIX.len() + RANDOM;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A new key: `tgk_`, 256 random bits in letters and digits, and a checksum,
/// by which a scanner tells a key from what looks like one.
pub(super) fn generate(rng: &mut (impl RngCore + CryptoRng)) -> String {
    let random: String =
        (&mut *rng).sample_iter(Alphanumeric).take(RANDOM).map(char::from).collect();
    let body = format!("{PREFIX}{random}");
    format!("{body}{}", checksum(&body))
}

/// What a text looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// A key of this command.
    Key,
    /// Like one, but mistyped or cut.
    Damaged,
    /// Something else: a key from elsewhere.
    Other,
}

/// Whether a text is a key of this command.
pub(super) fn look(text: &str) -> Look {
    if !text.starts_with(PREFIX) {
        return Look::Other;
    }
    match text.split_at_checked(SUMMED) {
        Some((body, sum)) if checksum(body) == sum => Look::Key,
        _ => Look::Damaged,
    }
}

fn checksum(text: &str) -> String {
    let sum = crc32fast::hash(text.as_bytes());
    let digit = |power: u32| {
        let place = 62u32.checked_pow(power).and_then(|unit| sum.checked_div(unit))?;
        DIGITS.get(place.checked_rem(62)? as usize).map(|digit| char::from(*digit))
    };
    (0..CHECKSUM as u32).rev().filter_map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    fn key(seed: u64) -> String {
        generate(&mut StdRng::seed_from_u64(seed))
    }

    #[test]
    fn a_key_has_256_bits_a_prefix_and_a_checksum() {
        let bits = (RANDOM as f64) * (DIGITS.len() as f64).log2();
        assert!(bits >= 256.0, "{bits}");
        let key = key(1);
        assert_eq!(key.len(), 53);
        assert!(key.starts_with("tgk_"));
        assert!(key[4..].bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(look(&key), Look::Key);
    }

    #[test]
    fn no_two_keys_are_the_same() {
        let keys: std::collections::HashSet<_> = (0..1_000).map(key).collect();
        assert_eq!(keys.len(), 1_000);
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let key = key(2);
        for at in 4..key.len() {
            let other = if key.as_bytes()[at] == b'x' { "y" } else { "x" };
            let mut wrong = key.clone();
            wrong.replace_range(at..=at, other);
            assert_eq!(look(&wrong), Look::Damaged, "{wrong}");
        }
        assert_eq!(look(&key[..52]), Look::Damaged);
        assert_eq!(look(&format!("{key}x")), Look::Damaged);
        assert_eq!(look("tgk_"), Look::Damaged);
        assert_eq!(look("another-key"), Look::Other);
    }

    #[test]
    fn the_checksum_is_crc_32_in_base_62() {
        // The check value of CRC-32/ISO-HDLC is cbf43926 for these digits.
        assert_eq!(checksum("123456789"), "3jZRME");
    }
}
