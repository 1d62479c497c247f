//! Shares that never lose their counts.

/// A share of a whole, kept as the two counts so that a report can always show both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Rate {
    /// How many of them.
    pub part: u64,
    /// Of how many.
    pub whole: u64,
}

impl Rate {
    /// Tenths of a percent, rounded half up: 17,500 of 120,000 is 146, printed as 14.6 %.
    /// `None` when nobody was asked, which is not the same as 0 %.
    pub fn per_mille(self) -> Option<u64> {
        debug_assert!(self.part <= self.whole, "{self:?}");
        let (part, whole) = (u128::from(self.part), u128::from(self.whole));
        (whole > 0).then(|| u64::try_from((part * 2_000 + whole) / (2 * whole)).unwrap_or(1_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(part: u64, whole: u64, expected: Option<u64>) {
        assert_eq!(Rate { part, whole }.per_mille(), expected, "{part}/{whole}");
    }

    #[test]
    fn shares_round_half_up_and_nobody_asked_is_not_zero() {
        check(0, 0, None);
        check(0, 7, Some(0));
        check(17_500, 120_000, Some(146));
        check(1, 2_000, Some(1));
        check(1, 2_001, Some(0));
        check(u64::MAX, u64::MAX, Some(1_000));
    }
}
