//! A day of an invented government: 22 organisations, their logs in the formats of real tools, and attack stories woven
//! into ordinary traffic.
//!
//! [`World::lines`] is all of it in the order of time; the same seed and day give the same bytes. Nothing here knows
//! how the lines are read, matched or judged.

mod clock;
mod desk;
mod dice;
mod internet;
mod lines;
mod member;
mod ordinary;
mod place;
mod programme;
mod registry;
mod rhythm;
mod site;
mod story;
mod survey;
#[cfg(test)]
mod tests;
mod write;

use base::Timestamp;
use jiff::civil::Date;

use clock::{Day, Moment};
use dice::Dice;
pub(crate) use lines::Lines;
pub(crate) use member::Member;
use member::{MEMBERS, Proxy, Sensor, Web};
use place::Place;
pub(crate) use story::Story;
use story::{PLOTS, Plot, Stage};
pub(crate) use survey::Answers;
use write::{w3c, zeek};

/// One line of one log file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// When it was written. A file's header lines carry the day's first instant.
    pub(crate) at: Timestamp,
    /// The key of the organisation whose log it is.
    pub(crate) organisation: &'static str,
    /// The file below the organisation's folder: `suricata/eve.json`.
    pub(crate) file: &'static str,
    /// The line itself, without its end.
    pub(crate) text: String,
}

/// The invented government on one day.
#[derive(Debug)]
pub(crate) struct World {
    seed: u64,
    day: Day,
    places: Vec<Place>,
}

impl World {
    /// The world that `seed` makes, on `day` in Japan.
    pub(crate) fn new(seed: u64, day: Date) -> Self {
        let places =
            MEMBERS.iter().zip(1..).map(|(member, number)| Place::new(member, number, seed)).collect();
        Self { seed, day: Day::new(day), places }
    }

    /// The day, from midnight to midnight in Japan.
    pub(crate) fn day(&self) -> Date {
        self.day.date()
    }

    /// The centre and the 21 others.
    pub(crate) fn members(&self) -> &'static [Member] {
        &MEMBERS
    }

    /// Every line of the day in the order of time: ordinary life and all stories. `scale` 1.0 is about 300,000 lines
    /// on a working day; it changes how much ordinary life there is, not the stories.
    pub(crate) fn lines(&self, scale: f64) -> Lines<'_> {
        let told = PLOTS.iter().flat_map(|plot| self.tell(plot)).collect();
        Lines::new(self, scale, told)
    }

    /// Ordinary life alone, without any story.
    #[cfg(test)]
    pub(crate) fn ordinary(&self, scale: f64) -> Lines<'_> {
        Lines::new(self, scale, Vec::new())
    }

    /// One story alone, with the header lines its files need.
    #[cfg(test)]
    pub(crate) fn lines_of(&self, story: &Story) -> Lines<'_> {
        let told =
            PLOTS.iter().filter(|plot| plot.key == story.key).flat_map(|plot| self.tell(plot)).collect();
        Lines::new(self, 0.0, told)
    }

    /// The stories of the day, by the time they begin.
    pub(crate) fn stories(&self) -> Vec<Story> {
        let mut stories: Vec<_> = PLOTS.iter().map(|plot| Story::of(plot, &self.day)).collect();
        stories.sort_by_key(|story| story.starts_at);
        stories
    }

    /// What will happen today, for those who show it to others: every story in both languages, as Markdown.
    pub(crate) fn programme(&self) -> String {
        programme::markdown(self)
    }

    /// Organisations, networks and domains in the form that the registry imports.
    pub(crate) fn registry_yaml(&self) -> String {
        registry::yaml(&self.places)
    }

    /// People, contacts, systems and what belongs to them, in the form that the registry imports.
    pub(crate) fn registry_csv(&self) -> String {
        registry::csv(&self.places)
    }

    /// Who is asked in the self-inspection of a year, and what they answer: by now, or all of them when it is `over`.
    pub(crate) fn survey(&self, year: i16, catalogue: &inspect::catalogue::Catalogue, over: bool) -> Answers {
        survey::answers(&self.places, self.seed, year, catalogue, over)
    }

    fn tell(&self, plot: &Plot) -> Vec<(Moment, Line)> {
        let stream = plot.key.bytes().fold(1_000, |sum: u64, byte| sum * 31 % 1_000_003 + u64::from(byte));
        let mut stage = Stage { world: self, dice: Dice::new(self.seed, 20_000 + stream), lines: Vec::new() };
        (plot.tell)(&mut stage);
        stage.lines
    }

    /// The place of an organisation; the centre for a key that nobody has.
    fn place(&self, key: &str) -> &Place {
        self.places.iter().find(|place| place.member.key == key).unwrap_or(&self.places[0])
    }

    /// The files of an organisation that begin with header lines, and those lines.
    fn headers_of(&self, place: &Place) -> Vec<(&'static str, Vec<String>)> {
        let mut headers = Vec::new();
        if place.member.systems.sensor == Sensor::ZeekTsv {
            headers.extend(zeek::LOGS.iter().map(|log| (log.file, log.header(&self.day))));
        }
        if place.member.systems.proxy == Proxy::W3c {
            headers.push(("proxy/access.w3c", w3c::proxy_header(&self.day)));
        }
        if place.member.systems.web == Web::Iis {
            headers.push(("iis/u_ex.log", w3c::iis_header(&self.day)));
        }
        headers
    }
}
