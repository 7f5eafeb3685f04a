//! Randomness: keys of requests, and jitter.

/// A random UUID (version 4), for `Idempotency-Key`.
pub(crate) fn random_uuid() -> String {
    const VERSION: u128 = 0xf << 76;
    const VARIANT: u128 = 0b11 << 62;
    let bits = random_u128() & !(VERSION | VARIANT) | 4 << 76 | 0b10 << 62;
    let hex = format!("{bits:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// A random number from 0 up to 1.
pub(crate) fn random_fraction() -> f64 {
    #[allow(clippy::cast_possible_truncation)]
    let bits = random_u128() as u32;
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

fn random_u128() -> u128 {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    u128::from_ne_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_of_version_4_and_differ() {
        let (one, other) = (random_uuid(), random_uuid());
        let dashes: Vec<_> = one.match_indices('-').map(|(at, _)| at).collect();
        assert_eq!((one.len(), dashes), (36, vec![8, 13, 18, 23]));
        assert_eq!(&one[14..15], "4");
        assert!("89ab".contains(&one[19..20]));
        assert_ne!(one, other);
    }
}
