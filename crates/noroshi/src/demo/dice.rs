//! Chance that falls the same way for the same seed, whatever version of `rand` is linked.

use std::net::Ipv4Addr;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A stream of chance. Only `next_u64` of the generator is used, because that is defined by the cipher; how `rand`
/// turns it into ranges may change between versions.
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// Streams of one seed are independent: what is drawn from one does not move another.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(stream);
        Self(generator)
    }

    /// From 0 up to but not including `end`; 0 when `end` is 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.0.next_u64()) * u128::from(end)) >> 64) as u64
    }

    /// From `first` to `last`, both included.
    pub(super) fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.below(last.saturating_sub(first) + 1)
    }

    /// From 0 up to but not including 1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True so often.
    pub(super) fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// One of them. `items` is never empty here.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let at = self.below(items.len() as u64) as usize;
        &items[at]
    }

    /// One of them, the first ones much more often than the last: what people look at is skewed.
    pub(super) fn pick_skewed<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let share = self.unit();
        let at = (share * share * items.len() as f64) as usize;
        &items[at.min(items.len() - 1)]
    }

    /// How many of something that comes `mean` times on average (Poisson).
    pub(super) fn count(&mut self, mean: f64) -> u64 {
        // Above a few dozen a Poisson is as good as its mean with some spread, and this loop would be long.
        if mean > 30.0 {
            let spread = mean.sqrt() * (self.unit() + self.unit() + self.unit() - 1.5) * 2.0;
            return (mean + spread).max(0.0) as u64;
        }
        let limit = (-mean).exp();
        let (mut product, mut count) = (self.unit(), 0);
        while product > limit {
            product *= self.unit();
            count += 1;
        }
        count
    }

    /// A size as sizes are: mostly small, sometimes a hundred times that.
    pub(super) fn size(&mut self, typical: u64) -> u64 {
        let stretch = (self.unit() * 4.6).exp() / 5.0;
        ((typical as f64) * stretch) as u64 + self.below(97)
    }

    /// An ephemeral port.
    pub(super) fn port(&mut self) -> u16 {
        self.between(49_152, 65_535) as u16
    }

    /// Hexadecimal digits.
    pub(super) fn hex(&mut self, digits: usize) -> String {
        self.letters(b"0123456789abcdef", digits)
    }

    /// A run of characters of an alphabet of at most 64.
    pub(super) fn letters(&mut self, alphabet: &[u8], length: usize) -> String {
        let mut run = String::with_capacity(length);
        while run.len() < length {
            // 64^10 is 2^60: one draw is good for ten characters.
            let mut drawn = self.0.next_u64();
            for _ in run.len()..length.min(run.len() + 10) {
                run.push(char::from(alphabet[drawn as usize % alphabet.len()]));
                drawn /= alphabet.len() as u64;
            }
        }
        run
    }

    /// An identifier as Zeek makes them: `C` or `F` and 17 characters of base 62.
    pub(super) fn zeek_id(&mut self, kind: char) -> String {
        let mut id = String::from(kind);
        id += &self.letters(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 17);
        id
    }

    /// A GUID in braces, as Windows prints it.
    pub(super) fn guid(&mut self) -> String {
        let hex = self.hex(32);
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        format!("{{{}-{}-{}-{}-{}}}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
    }

    /// Somebody on the internet who means no harm.
    pub(super) fn visitor(&mut self) -> Ipv4Addr {
        match self.below(10) {
            0 => Ipv4Addr::new(198, 51, 100, self.between(1, 254) as u8),
            1 => Ipv4Addr::new(203, 0, 113, self.between(1, 60) as u8),
            _ => Ipv4Addr::new(198, 19, self.between(128, 255) as u8, self.between(1, 254) as u8),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_stream_fall_the_same_way_and_others_do_not() {
        let draw = |seed, stream| Dice::new(seed, stream).hex(16);
        assert_eq!(draw(7, 1), draw(7, 1));
        assert_ne!(draw(7, 1), draw(7, 2));
        assert_ne!(draw(7, 1), draw(8, 1));
    }

    #[test]
    fn counts_come_as_often_as_asked() {
        let mut dice = Dice::new(1, 0);
        for mean in [0.1, 3.0, 50.0] {
            let total: u64 = (0..4_000).map(|_| dice.count(mean)).sum();
            let found = total as f64 / 4_000.0;
            assert!((found - mean).abs() < mean * 0.1 + 0.02, "{mean}: {found}");
        }
    }
}
