//! The attack stories of the day, of 2012 and of today, and what only looks like one.
//!
//! A story is a [`Plot`]: who, when, which rules should speak, and a function that tells it in deeds at sites. To add
//! one, write a file beside these and name it in [`PLOTS`].

mod beacon;
mod campaign;
mod denial;
mod living_off_the_land;
mod name_tunnel;
mod noise;
mod ransomware;
mod spraying;
mod sql_injection;
mod supply_chain;
mod targeted_mail;
mod usb_worm;
mod web_shell;

use base::{Observable, ObservableKind, Timestamp};
use watch::judge::Verdict;

use super::clock::{Day, Moment};
use super::dice::Dice;
use super::site::Site;
use super::{Line, World};

/// A story of the day, for the people who watch it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Story {
    /// Its key: `usb_worm`.
    pub(crate) key: &'static str,
    /// Its name in Japanese.
    pub(crate) name_ja: &'static str,
    /// Its name in English.
    pub(crate) name_en: &'static str,
    /// What happens, in Japanese.
    pub(crate) summary_ja: &'static str,
    /// What happens, in English.
    pub(crate) summary_en: &'static str,
    /// When its first line is written.
    pub(crate) starts_at: Timestamp,
    /// The keys of the organisations it happens to.
    pub(crate) organisations: &'static [&'static str],
    /// The rules that should speak: the file names below `content/rules`, without folder and `.yml`.
    pub(crate) rules: &'static [&'static str],
    /// What should be seen in its events.
    pub(crate) observables: Vec<Observable>,
    /// What a judge should make of it.
    pub(crate) verdict: Verdict,
}

/// A story before it is told.
pub(super) struct Plot {
    pub(super) key: &'static str,
    name: [&'static str; 2],
    summary: [&'static str; 2],
    starts: Moment,
    organisations: &'static [&'static str],
    rules: &'static [&'static str],
    observables: &'static [(ObservableKind, &'static str)],
    verdict: Verdict,
    pub(super) tell: fn(&mut Stage<'_>),
}

pub(super) static PLOTS: [&Plot; 14] = [
    &noise::ADMINISTRATOR,
    &beacon::PLOT,
    &sql_injection::PLOT,
    &supply_chain::PLOT,
    &web_shell::PLOT,
    &spraying::PLOT,
    &usb_worm::PLOT,
    &campaign::PLOT,
    &targeted_mail::PLOT,
    &denial::PLOT,
    &living_off_the_land::PLOT,
    &ransomware::PLOT,
    &name_tunnel::PLOT,
    &noise::SCANNER,
];

/// Where a story is told: any organisation of the world, with its own stream of chance.
pub(super) struct Stage<'a> {
    pub(super) world: &'a World,
    pub(super) dice: Dice,
    pub(super) lines: Vec<(Moment, Line)>,
}

impl Stage<'_> {
    /// The organisation with this key.
    fn site(&mut self, key: &str) -> Site<'_> {
        let world = self.world;
        Site { day: &world.day, place: world.place(key), dice: &mut self.dice, lines: &mut self.lines }
    }
}

impl Story {
    pub(super) fn of(plot: &Plot, day: &Day) -> Self {
        let observable = |(kind, value): &(ObservableKind, &str)| {
            // Hashes are told by what they are hashes of, so that lines and stories cannot disagree.
            let value = match kind {
                ObservableKind::Hash => super::desk::sha256(value),
                _ => (*value).to_owned(),
            };
            Observable { kind: *kind, value }
        };
        Self {
            key: plot.key,
            name_ja: plot.name[0],
            name_en: plot.name[1],
            summary_ja: plot.summary[0],
            summary_en: plot.summary[1],
            starts_at: day.instant(plot.starts),
            organisations: plot.organisations,
            rules: plot.rules,
            observables: plot.observables.iter().map(observable).collect(),
            verdict: plot.verdict,
        }
    }
}
