//! An ordinary day: what happens, in which rhythm, how often.

mod edge;
mod machine;
mod people;

use super::clock::{MINUTE, Moment};
use super::rhythm::Rhythm;
use super::site::Site;

/// Something that happens again and again.
struct Habit {
    rhythm: Rhythm,
    /// Times a minute in the busiest hour, at an organisation of average size.
    rate: f64,
    act: fn(&mut Site<'_>, Moment),
}

const fn habit(rhythm: Rhythm, rate: f64, act: fn(&mut Site<'_>, Moment)) -> Habit {
    Habit { rhythm, rate, act }
}

/// Changing a rate changes how many lines a day has; `tests` hold the sum within its bounds.
static HABITS: [Habit; 22] = [
    habit(Rhythm::Office, 1.45, people::browse),
    habit(Rhythm::Office, 0.55, people::work),
    habit(Rhythm::Office, 0.30, people::open_share),
    habit(Rhythm::Office, 0.12, people::sign_in),
    habit(Rhythm::Office, 0.012, people::mistype_password),
    habit(Rhythm::Office, 0.06, people::work_remotely),
    habit(Rhythm::Mail, 0.19, people::receive),
    habit(Rhythm::Mail, 0.15, people::send),
    habit(Rhythm::Public, 0.62, edge::visit),
    habit(Rhythm::Noise, 0.30, edge::refused),
    habit(Rhythm::Noise, 0.06, edge::probe),
    habit(Rhythm::Noise, 0.05, edge::scan_alert),
    habit(Rhythm::Noise, 0.02, edge::guess_ssh),
    habit(Rhythm::Noise, 0.015, edge::guess_mail),
    habit(Rhythm::Machine, 0.35, machine::services),
    habit(Rhythm::Machine, 0.16, machine::cron),
    habit(Rhythm::Machine, 0.20, machine::internal_traffic),
    habit(Rhythm::Machine, 0.10, machine::update),
    habit(Rhythm::Machine, 0.05, machine::replicate),
    habit(Rhythm::Machine, 0.03, machine::maintain),
    habit(Rhythm::Machine, 0.02, machine::vendor_update),
    habit(Rhythm::Noise, 0.12, machine::counters),
];

/// Lives one minute at one organisation.
pub(super) fn minute(site: &mut Site<'_>, minute: i64, scale: f64) {
    let start = Moment(minute * MINUTE);
    for habit in &HABITS {
        let busy = habit.rhythm.at(start, site.day.date());
        let mean = habit.rate * site.place.member.size * scale * busy;
        for _ in 0..site.dice.count(mean) {
            let at = start.plus(site.dice.unit() * 60.0);
            (habit.act)(site, at);
        }
    }
}
