//! Means of shares, exact: no rounding anywhere before the page.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use base::Rate;

/// The mean of shares in which each counts the same, however many people stand behind it (footnote 34 of the report
/// for fiscal 2012: it is not the mean weighted by head count). Undefined shares are left out, and [`Mean::n`] says how
/// many were not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mean {
    terms: Vec<Term>,
    n: u64,
}

/// `share / of`, one summand of a mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Term {
    share: Rate,
    of: u64,
}

/// The fixed point of the first, quick comparison.
const FRACTION_BITS: u32 = 64;

impl Mean {
    /// The mean of those shares that are defined.
    pub fn of(shares: impl IntoIterator<Item = Rate>) -> Self {
        let defined = shares.into_iter().filter(|share| share.whole > 0);
        let terms: Vec<Term> = defined.map(|share| Term { share: reduced(share), of: 1 }).collect();
        Self { n: terms.len() as u64, terms }
    }

    /// The mean of those means that are defined, each counting the same.
    pub fn of_means(means: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Self::default();
        for mean in means.into_iter().filter(|mean| mean.n > 0) {
            all.n += 1;
            // What a mean is made of is at most a mean itself: organisations, of items.
            all.terms.extend(mean.terms.iter().map(|term| Term { of: term.of * mean.n, ..*term }));
        }
        all
    }

    /// How many shares, or means, it is the mean of.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// How the mean compares with `mark`, exactly; `None` when there is no share or the mark is undefined.
    pub fn compare(&self, mark: Rate) -> Option<Ordering> {
        if self.n == 0 || mark.whole == 0 {
            return None;
        }
        // Nearly always the first 64 bits after the point decide; a tie needs all of them.
        Some(self.compare_bounds(mark).unwrap_or_else(|| self.compare_exactly(mark)))
    }

    /// Compares with bounds around the mean; `None` when the mark lies between them.
    fn compare_bounds(&self, mark: Rate) -> Option<Ordering> {
        let (mut low, mut high) = (0_u128, 0_u128);
        for term in &self.terms {
            let part = u128::from(term.share.part) << FRACTION_BITS;
            let whole = u128::from(term.share.whole) * u128::from(term.of);
            low = low.checked_add(part / whole)?;
            high = high.checked_add(part.div_ceil(whole))?;
        }
        let edge = u128::from(mark.part).checked_mul(u128::from(self.n))?.checked_mul(1 << FRACTION_BITS)?;
        let times = |bound: u128| bound.checked_mul(u128::from(mark.whole));
        match (times(low)?.cmp(&edge), times(high)?.cmp(&edge)) {
            (one, other) if one == other => Some(one),
            _ => None,
        }
    }

    fn compare_exactly(&self, mark: Rate) -> Ordering {
        // Of each denominator once: 400 organisations of which most did everything have few.
        let mut by_whole = BTreeMap::<(u64, u64), Big>::new();
        for term in &self.terms {
            by_whole.entry((term.share.whole, term.of)).or_default().add(&Big::of(term.share.part));
        }
        let (mut sum, mut product) = (Big::default(), Big::of(1));
        for ((whole, of), mut part) in by_whole {
            part = part.times(&product);
            for factor in [whole, of] {
                sum.multiply(factor);
                product.multiply(factor);
            }
            sum.add(&part);
        }
        // sum / (product * n) against part / whole.
        sum.multiply(mark.whole);
        product.multiply(self.n);
        product.multiply(mark.part);
        sum.compare(&product)
    }

    /// Steps of 1/`scale`, rounded half up: 1,000 gives tenths of a percent. `None` when there is no share.
    pub fn rounded(&self, scale: u64) -> Option<u64> {
        // The greatest step k whose lower edge, k - 1/2, is not above the mean.
        self.greatest(scale, |step| Rate { part: (2 * step).saturating_sub(1), whole: 2 * scale })
    }

    /// Steps of 1/`scale`, cut off.
    pub fn floored(&self, scale: u64) -> Option<u64> {
        self.greatest(scale, |step| Rate { part: step, whole: scale })
    }

    fn greatest(&self, scale: u64, edge: impl Fn(u64) -> Rate) -> Option<u64> {
        let reaches = |step: u64| self.compare(edge(step)).map(Ordering::is_ge);
        let (mut low, mut high) = (0, scale);
        reaches(0)?;
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            if reaches(middle)? { low = middle } else { high = middle - 1 }
        }
        Some(low)
    }
}

fn reduced(share: Rate) -> Rate {
    let (mut a, mut b) = (share.whole, share.part);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    Rate { part: share.part / a, whole: share.whole / a }
}

/// A number without an upper end, as far as adding and multiplying need one: limbs of 64 bits, the lowest first, no
/// leading zeros.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Big(Vec<u64>);

impl Big {
    fn of(number: u64) -> Self {
        let mut big = Self(vec![number]);
        big.trim();
        big
    }

    fn multiply(&mut self, by: u64) {
        let mut carry = 0_u128;
        for limb in &mut self.0 {
            let product = u128::from(*limb) * u128::from(by) + carry;
            *limb = product as u64;
            carry = product >> 64;
        }
        self.0.push(carry as u64);
        self.trim();
    }

    fn times(&self, other: &Self) -> Self {
        let mut product = Self::default();
        for limb in self.0.iter().rev() {
            product.0.insert(0, 0);
            let mut one = other.clone();
            one.multiply(*limb);
            product.add(&one);
        }
        product
    }

    fn add(&mut self, other: &Self) {
        self.0.resize(self.0.len().max(other.0.len()) + 1, 0);
        let mut carry = 0_u128;
        for (number, limb) in self.0.iter_mut().enumerate() {
            let sum = u128::from(*limb) + u128::from(other.0.get(number).copied().unwrap_or(0)) + carry;
            *limb = sum as u64;
            carry = sum >> 64;
        }
        self.trim();
    }

    fn compare(&self, other: &Self) -> Ordering {
        let by_length = self.0.len().cmp(&other.0.len());
        by_length.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mean(shares: &[(u64, u64)]) -> Mean {
        Mean::of(shares.iter().map(|(part, whole)| Rate { part: *part, whole: *whole }))
    }

    #[test]
    fn a_mean_of_organisations_is_not_the_mean_of_heads() {
        let mean = mean(&[(1, 1), (0, 999)]);
        assert_eq!((mean.n(), mean.rounded(1_000)), (2, Some(500)));
    }

    #[test]
    fn what_is_undefined_drops_out_and_n_says_so() {
        let mean = mean(&[(1, 2), (0, 0)]);
        assert_eq!((mean.n(), mean.rounded(1_000)), (1, Some(500)));
        assert_eq!(Mean::default().rounded(1_000), None);
        assert_eq!(Mean::default().compare(Rate { part: 1, whole: 2 }), None);
    }

    #[test]
    fn a_tie_is_rounded_up_and_one_part_less_is_not() {
        assert_eq!(mean(&[(999, 1_000), (1_000, 1_000)]).rounded(1_000), Some(1_000));
        assert_eq!(mean(&[(1, 3), (2, 3), (1, 1_000)]).rounded(1_000), Some(334));
        let below = u64::MAX / 2;
        assert_eq!(mean(&[(below, u64::MAX)]).rounded(1), Some(0));
        assert_eq!(mean(&[(below + 1, u64::MAX)]).rounded(1), Some(1));
    }

    #[test]
    fn a_mean_of_means_counts_organisations_not_items() {
        let both = Mean::of_means([mean(&[(1, 1)]), mean(&[(0, 1), (0, 3), (0, 7)]), Mean::default()]);
        assert_eq!((both.n(), both.rounded(1_000)), (2, Some(500)));
    }

    #[test]
    fn a_mean_is_whole_only_when_every_share_is() {
        let whole = Rate { part: 1, whole: 1 };
        assert_eq!(mean(&[(7, 7), (9, 9)]).compare(whole), Some(Ordering::Equal));
        let almost = (u64::MAX - 1, u64::MAX);
        let many: Vec<_> = (0..400).map(|_| (u64::MAX, u64::MAX)).chain([almost]).collect();
        assert_eq!(mean(&many).compare(whole), Some(Ordering::Less));
        assert_eq!(mean(&many).floored(1_000), Some(999));
    }

    proptest! {
        #[test]
        fn small_means_agree_with_fractions(shares in proptest::collection::vec((0_u64..50, 1_u64..50), 1..5)) {
            let shares: Vec<_> = shares.into_iter().map(|(part, whole)| (part.min(whole), whole)).collect();
            let whole: u128 = shares.iter().map(|share| u128::from(share.1)).product();
            let part: u128 = shares.iter().map(|share| u128::from(share.0) * whole / u128::from(share.1)).sum();
            let n = shares.len() as u128;
            let expected = (part * 2_000 + whole * n) / (2 * whole * n);
            prop_assert_eq!(mean(&shares).rounded(1_000).map(u128::from), Some(expected));
        }
    }
}
