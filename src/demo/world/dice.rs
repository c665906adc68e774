//! Chance that can be repeated: hashes of what is asked and when, and dice that roll the same from the same seed.
//! It knows nothing of the estate.

/// Mixes a number well (the finaliser of splitmix64).
pub(super) fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// One number from two.
pub(super) fn mix2(a: u64, b: u64) -> u64 {
    mix(mix(a) ^ b)
}

/// A number from a text (FNV-1a, mixed).
pub(super) fn hash(seed: u64, text: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ seed;
    let sum = text.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    mix(sum)
}

/// A hash as a fraction in `0.0..1.0`.
pub(super) fn unit(hash: u64) -> f64 {
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}

/// Dice: each throw follows from the seed and the throws before.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Dice {
    state: u64,
}

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: mix(seed) }
    }

    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.state)
    }

    /// A number in `low..=high`.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = high.saturating_sub(low).max(0) as u64 + 1;
        low + (self.next() % span) as i64
    }

    /// One of the things, which must not be none.
    pub(super) fn pick<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        let index = self.next() % things.len().max(1) as u64;
        &things[index as usize]
    }

    /// So many hexadecimal digits.
    pub(super) fn hex(&mut self, digits: usize) -> String {
        let mut text = String::with_capacity(digits + 16);
        while text.len() < digits {
            text.extend(format!("{:016x}", self.next()).chars());
        }
        text.truncate(digits);
        text
    }

    /// The number of a deployment: 19 digits.
    pub(super) fn deployment_id(&mut self) -> String {
        format!("ecs-svc/{:019}", self.next() % 9_000_000_000_000_000_000 + 1_000_000_000_000_000)
    }

    /// A random UUID.
    pub(super) fn uuid(&mut self) -> String {
        uuid(self.next(), self.next())
    }
}

/// A version 4 UUID out of two numbers.
pub(super) fn uuid(high: u64, low: u64) -> String {
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        (low >> 48) & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}

/// So many hexadecimal digits that follow from a number.
pub(super) fn hex(seed: u64, digits: usize) -> String {
    Dice::new(seed).hex(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_rolls_the_same() {
        let (mut a, mut b) = (Dice::new(7), Dice::new(7));
        assert_eq!(a.hex(40), b.hex(40));
        assert_eq!(a.next(), b.next());
        assert_ne!(Dice::new(8).next(), Dice::new(7).next());
    }

    #[test]
    fn numbers_stay_in_their_range() {
        let mut dice = Dice::new(1);
        for _ in 0..1000 {
            assert!((3..=9).contains(&dice.between(3, 9)));
            assert!((0.0..1.0).contains(&unit(dice.next())));
        }
        assert_eq!(dice.between(5, 5), 5);
    }

    #[test]
    fn ids_have_their_shape() {
        let mut dice = Dice::new(3);
        let uuid = dice.uuid();
        assert_eq!(uuid.len(), 36);
        assert_eq!(uuid.as_bytes()[14], b'4');
        assert_eq!(dice.hex(17).len(), 17);
        assert!(dice.deployment_id().starts_with("ecs-svc/"));
    }
}
