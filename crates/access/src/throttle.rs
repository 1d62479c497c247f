//! Slowing down whoever guesses, without locking out whoever is guessed at.
//!
//! Failures are counted for a login *from a network*, and for a network; never for a login alone, because then anybody
//! could keep somebody else out. A device that has signed in before carries a mark (OWASP's device cookie) and is
//! counted by itself, so that guesses from the same network do not slow it down. An attempt made while it must wait is
//! refused unseen and does not lengthen the wait.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use base::Timestamp;

/// Entries of one generation; two are kept, each of some 50 bytes.
const ENTRIES_MAX: usize = 50_000;
/// The longest wait after one more failure.
pub const WAIT_MAX_S: u64 = 900;

/// Whoever need not wait need not wait at any time, also when the clock is set back.
const NO_WAIT: i64 = 0;

/// Who is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Whom {
    /// One login from one network, by a device that never signed in.
    Login([u8; 16], Network),
    /// One login from a device that signed in before.
    Device([u8; 16]),
    /// The second factor of one account, which only those who know the first can try.
    Second([u8; 16]),
    /// Everybody in one network.
    Network(Network),
}

impl Whom {
    /// Failures without a wait, and seconds after which one failure is forgotten.
    fn patience(self) -> (u32, i64) {
        match self {
            Self::Login(..) => (5, 600),
            Self::Device(_) | Self::Second(_) => (8, 600),
            // A whole ministry may sit behind one address.
            Self::Network(_) => (60, 10),
        }
    }
}

/// The part of an address that one client can hardly leave: an IPv4 address, or the /64 of an IPv6 one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Network(u64);

impl Network {
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(u64::from(address.to_bits())),
            IpAddr::V6(address) => Self((address.to_bits() >> 64) as u64),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    failures: u32,
    /// Seconds since 1970 of the last failure.
    last_s: i64,
    /// Until when the next attempt must wait.
    until_s: i64,
}

/// Counts failures in bounded memory: when one generation of entries is full, the one before it is forgotten.
#[derive(Debug, Default)]
pub struct Throttle {
    generations: Mutex<Generations>,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Whom, Entry>,
    old: HashMap<Whom, Entry>,
}

impl Generations {
    fn get(&self, whom: Whom) -> Option<&Entry> {
        self.young.get(&whom).or_else(|| self.old.get(&whom))
    }

    fn put(&mut self, whom: Whom, entry: Entry) {
        if self.young.len() >= ENTRIES_MAX && !self.young.contains_key(&whom) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(whom, entry);
    }
}

impl Throttle {
    /// The seconds to wait before any of these may try; 0 when they may now.
    pub(crate) fn wait_s(&self, whom: &[Whom], now: Timestamp) -> u64 {
        let generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = whom.iter().filter_map(|&one| {
            let entry = generations.get(one)?;
            let wait = u64::try_from(entry.until_s - now.as_second()).ok()?;
            // A clock that was set back must not make anybody wait for years.
            Some(wait.min(WAIT_MAX_S))
        });
        waits.max().unwrap_or(0)
    }

    /// Counts one more failure of each.
    pub(crate) fn failed(&self, whom: &[Whom], now: Timestamp) {
        let now_s = now.as_second();
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        for &one in whom {
            let (free, forget_s) = one.patience();
            let before = generations.get(one).map_or(0, |entry| {
                let forgotten = (now_s - entry.last_s).max(0) / forget_s;
                entry.failures.saturating_sub(u32::try_from(forgotten).unwrap_or(u32::MAX))
            });
            let failures = before.saturating_add(1);
            let beyond = failures.saturating_sub(free).min(10);
            let wait_s = if beyond == 0 { 0 } else { (1_u64 << beyond).min(WAIT_MAX_S) };
            let until_s = match i64::try_from(wait_s) {
                Ok(wait_s) if wait_s > 0 => now_s.saturating_add(wait_s),
                _ => NO_WAIT,
            };
            generations.put(one, Entry { failures, last_s: now_s, until_s });
        }
    }

    /// Forgets the failures of one who has now succeeded. Not for a network: whoever has one good password there would
    /// clear the way for guessing others.
    pub(crate) fn succeeded(&self, whom: Whom) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.young.remove(&whom);
        generations.old.remove(&whom);
    }
}

impl Throttle {
    /// Takes back one failure that was none.
    pub(crate) fn forgive(&self, whom: Whom) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = generations.get(whom).copied() {
            let failures = entry.failures.saturating_sub(1);
            let until_s = if failures <= whom.patience().0 { NO_WAIT } else { entry.until_s };
            generations.put(whom, Entry { failures, until_s, ..entry });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn network(text: &str) -> Network {
        Network::of(text.parse().unwrap())
    }

    fn number(number: u32) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        bytes
    }

    #[test]
    fn guesses_are_slowed_down_more_and_more_and_forgotten_after_a_while() {
        let throttle = Throttle::default();
        let whom = [Whom::Login(number(1), network("192.0.2.1"))];
        let waits: Vec<u64> = (0..18)
            .map(|_| {
                throttle.failed(&whom, at(0));
                throttle.wait_s(&whom, at(0))
            })
            .collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]);
        assert_eq!(throttle.wait_s(&whom, at(899)), 1);
        assert_eq!(throttle.wait_s(&whom, at(900)), 0);
        throttle.failed(&whom, at(3 * 86_400));
        assert_eq!(throttle.wait_s(&whom, at(3 * 86_400)), 0);
        assert_eq!(throttle.wait_s(&whom, at(0)), 0);
        // The clock went back by three days.
        throttle.failed(&[whom[0]; 6], at(3 * 86_400));
        assert!(throttle.wait_s(&whom, at(0)) <= WAIT_MAX_S);
    }

    #[test]
    fn nobody_is_kept_out_by_guesses_from_elsewhere_or_from_another_device() {
        let throttle = Throttle::default();
        let here = network("198.51.100.1");
        for round in 0..200_u32 {
            let attacker =
                [Whom::Login(number(1), network("192.0.2.1")), Whom::Network(network("192.0.2.1"))];
            throttle.failed(&attacker, at(i64::from(round)));
            throttle.failed(&[Whom::Login(number(1), here)], at(i64::from(round)));
        }
        assert!(throttle.wait_s(&[Whom::Network(network("192.0.2.1"))], at(200)) > 0);
        assert!(throttle.wait_s(&[Whom::Login(number(1), here)], at(200)) > 0);
        assert_eq!(throttle.wait_s(&[Whom::Device(number(7)), Whom::Network(here)], at(200)), 0);
        assert_eq!(throttle.wait_s(&[Whom::Login(number(1), network("203.0.113.9"))], at(200)), 0);
        throttle.succeeded(Whom::Login(number(1), here));
        assert_eq!(throttle.wait_s(&[Whom::Login(number(1), here)], at(200)), 0);
    }

    #[test]
    fn a_flood_of_addresses_costs_bounded_memory() {
        let throttle = Throttle::default();
        for round in 0..250_000_u32 {
            throttle.failed(&[Whom::Login(number(round), network("192.0.2.1"))], at(0));
        }
        let generations = throttle.generations.lock().unwrap();
        assert!(generations.young.len() <= ENTRIES_MAX && generations.old.len() <= ENTRIES_MAX);
    }

    #[test]
    fn a_network_is_one_address_or_one_64() {
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
    }
}
