//! How busy a day is, hour by hour, in Japan.

use jiff::civil::{Date, Weekday};

use super::clock::{HOUR, Moment};

/// What beats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rhythm {
    /// People at their desks: from half past eight, a dip at lunch, overtime in the evening.
    Office,
    /// Citizens who visit web sites: all day, most at lunch and after dinner.
    Public,
    /// Mail: follows the office, and newsletters come early in the morning.
    Mail,
    /// Servers: even, with backups and batches from one to four at night.
    Machine,
    /// The internet's constant scratching at the door.
    Noise,
}

/// The share of the busiest hour at the beginning of each hour; between them it changes evenly.
const OFFICE: [f64; 24] = [
    0.03, 0.02, 0.02, 0.02, 0.02, 0.03, 0.06, 0.18, 0.62, 1.00, 1.00, 0.95, 0.48, 0.90, 0.96, 0.98, 0.92,
    0.80, 0.46, 0.31, 0.21, 0.14, 0.08, 0.05,
];
const PUBLIC: [f64; 24] = [
    0.28, 0.17, 0.12, 0.10, 0.11, 0.16, 0.30, 0.52, 0.71, 0.86, 0.90, 0.92, 1.00, 0.90, 0.85, 0.82, 0.80,
    0.76, 0.72, 0.74, 0.82, 0.86, 0.70, 0.46,
];
const MAIL: [f64; 24] = [
    0.08, 0.07, 0.07, 0.09, 0.12, 0.20, 0.31, 0.42, 0.80, 1.00, 0.97, 0.90, 0.55, 0.88, 0.90, 0.93, 0.95,
    0.88, 0.55, 0.34, 0.24, 0.18, 0.13, 0.10,
];
const MACHINE: [f64; 24] = [
    0.55, 0.90, 1.00, 0.95, 0.70, 0.50, 0.45, 0.45, 0.50, 0.55, 0.55, 0.55, 0.55, 0.55, 0.55, 0.55, 0.55,
    0.55, 0.50, 0.45, 0.45, 0.45, 0.50, 0.60,
];

impl Rhythm {
    /// How busy it is at a moment, against the busiest hour of a working day.
    pub(super) fn at(self, moment: Moment, date: Date) -> f64 {
        let hours = moment.0 as f64 / HOUR as f64;
        let from = (hours as usize).min(23);
        let Some(curve) = self.curve() else { return 1.0 };
        let (here, next) = (curve[from], curve[(from + 1) % 24]);
        (here + (next - here) * (hours - from as f64)) * self.weekend(date)
    }

    fn curve(self) -> Option<&'static [f64; 24]> {
        match self {
            Self::Office => Some(&OFFICE),
            Self::Public => Some(&PUBLIC),
            Self::Mail => Some(&MAIL),
            Self::Machine => Some(&MACHINE),
            Self::Noise => None,
        }
    }

    fn weekend(self, date: Date) -> f64 {
        if !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) {
            return 1.0;
        }
        match self {
            Self::Office => 0.18,
            Self::Public => 0.75,
            Self::Mail => 0.35,
            Self::Machine | Self::Noise => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_office_sleeps_at_night_eats_at_noon_and_is_quiet_on_sundays() {
        let (monday, sunday) = (Date::constant(2026, 11, 16), Date::constant(2026, 11, 15));
        let office = |hour, date| Rhythm::Office.at(Moment::at(hour, 0), date);
        assert!(office(3, monday) < 0.05);
        assert!(office(12, monday) < office(11, monday) / 1.5);
        assert!(office(10, sunday) < 0.2);
        assert_eq!(Rhythm::Noise.at(Moment::at(3, 0), sunday), 1.0);
    }
}
