//! Something an organisation owns, and from when to when.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use base::{Id, Organisation, Period, Timestamp};
use ipnet::IpNet;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

/// One thing owned.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Asset {
    /// What it is.
    pub kind: AssetKind,
    /// The value in the normal form of its kind.
    pub value: String,
    /// Whose it is.
    pub organisation: Id<Organisation>,
    /// From when to when.
    pub validity: Validity,
    /// How much it matters.
    pub criticality: Criticality,
    /// The information system it belongs to; empty when not said.
    pub system: String,
    /// What stands there, as `server`, `client`, `proxy`; empty when not said.
    pub device_class: String,
}

/// What an asset is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssetKind {
    /// A block of addresses, `192.0.2.0/24`.
    Network,
    /// A domain and everything below it, `naibu.go.example`.
    Domain,
    /// The domain of its mail addresses and everything below it.
    MailDomain,
    /// A machine by the name its logs use; the same name may exist at other organisations.
    Host,
}

impl AssetKind {
    /// Every kind, in order.
    pub const ALL: [Self; 4] = [Self::Network, Self::Domain, Self::MailDomain, Self::Host];

    /// The word used in files, URLs and tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Domain => "domain",
            Self::MailDomain => "mail_domain",
            Self::Host => "host",
        }
    }

    /// The same as a noun of the registry.
    pub const fn noun(self) -> crate::Noun {
        match self {
            Self::Network => crate::Noun::Network,
            Self::Domain => crate::Noun::Domain,
            Self::MailDomain => crate::Noun::MailDomain,
            Self::Host => crate::Noun::Host,
        }
    }

    /// The normal form of a value as somebody wrote it, or what is wrong with it.
    pub fn normal(self, written: &str) -> Result<String, String> {
        match self {
            Self::Network => normal_network(written).map(|network| network.to_string()),
            Self::Domain | Self::MailDomain => normal_domain(written),
            Self::Host if written.is_empty() || written.len() > DOMAIN_BYTES_MAX => {
                Err(format!("a host name has 1 to {DOMAIN_BYTES_MAX} bytes"))
            }
            Self::Host => Ok(written.to_lowercase()),
        }
    }
}

impl fmt::Display for AssetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for AssetKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.word() == text)
            .ok_or_else(|| format!("{text:?} is not one of {}", Self::ALL.map(Self::word).join(", ")))
    }
}

/// The longest domain (RFC 1035 section 2.3.4), as text without the final dot.
const DOMAIN_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;

fn normal_network(written: &str) -> Result<IpNet, String> {
    let network = match written.parse::<IpNet>() {
        Ok(network) => network,
        Err(_) => written
            .parse::<IpAddr>()
            .map(IpNet::from)
            .map_err(|_| format!("{written:?} is neither a network (192.0.2.0/24) nor an address"))?,
    };
    if network != network.trunc() {
        return Err(format!("{written} has bits set beyond its prefix; {} is the network", network.trunc()));
    }
    Ok(network)
}

fn normal_domain(written: &str) -> Result<String, String> {
    let domain = written.strip_suffix('.').unwrap_or(written).to_ascii_lowercase();
    if !domain.is_ascii() {
        return Err(format!("{written:?} is not ASCII; write the A-labels (xn--…)"));
    }
    let label_is_right = |label: &str| {
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if domain.len() > DOMAIN_BYTES_MAX || !domain.split('.').all(label_is_right) {
        return Err(format!("{written:?} is not a domain"));
    }
    if !domain.contains('.') {
        return Err(format!("{written:?} is a whole top-level domain"));
    }
    Ok(domain)
}

/// How much an asset matters.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Criticality {
    /// Work goes on without it.
    Low,
    /// Work suffers without it.
    #[default]
    Medium,
    /// Work stops, or citizens are harmed.
    High,
}

impl Criticality {
    /// Every degree, mild first.
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    /// The word used in files, URLs and tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl fmt::Display for Criticality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Criticality {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|degree| degree.word() == text)
            .ok_or_else(|| format!("{text:?} is not one of low, medium, high"))
    }
}

/// The days on which something is owned, both included, in Japan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Validity {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub until: Date,
}

impl Validity {
    /// The day that stands for "always was".
    pub const FIRST: Date = Date::constant(1, 1, 1);
    /// The day that stands for "no end".
    pub const LAST: Date = Date::constant(9999, 12, 31);
    /// Always.
    pub const ALWAYS: Self = Self { from: Self::FIRST, until: Self::LAST };

    /// Whether a day is among them.
    pub fn holds_on(&self, day: Date) -> bool {
        (self.from..=self.until).contains(&day)
    }

    /// Whether there is a day in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.from <= other.until && other.from <= self.until
    }

    /// The instants from the first day's midnight in Japan up to but not including the midnight after the last.
    pub fn period(&self) -> Period {
        let japan = TimeZone::fixed(Offset::constant(9));
        let midnight = |day: Date| day.to_zoned(japan.clone()).map(|zoned| zoned.timestamp());
        let start = midnight(self.from).unwrap_or(Timestamp::MIN);
        let end = self.until.tomorrow().and_then(midnight).unwrap_or(Timestamp::MAX);
        Period { start, end }
    }
}

/// Whether an address means something only inside the network it was seen in: RFC 1918, shared (RFC 6598), loopback,
/// link-local, unique local, multicast, broadcast and unspecified. Documentation and benchmark addresses are not
/// private here: they have one owner, which worlds made for practice need.
pub fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_multicast()
                || v4 == Ipv4Addr::BROADCAST
                || a == 0
                || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || v6.is_multicast()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: AssetKind, written: &str, expected: Result<&str, &str>) {
        match (kind.normal(written), expected) {
            (Ok(actual), Ok(expected)) => assert_eq!(actual, expected),
            (Err(actual), Err(part)) => assert!(actual.contains(part), "{actual}"),
            (actual, expected) => panic!("{written:?}: {actual:?}, not {expected:?}"),
        }
    }

    #[test]
    fn values_have_one_normal_form_or_a_reason() {
        check(AssetKind::Network, "192.0.2.0/24", Ok("192.0.2.0/24"));
        check(AssetKind::Network, "192.0.2.7", Ok("192.0.2.7/32"));
        check(AssetKind::Network, "2001:DB8:0::/32", Ok("2001:db8::/32"));
        check(AssetKind::Network, "192.0.2.1/24", Err("192.0.2.0/24 is the network"));
        check(AssetKind::Network, "192.0.2.0/33", Err("neither a network"));
        check(AssetKind::Domain, "Naibu.GO.example.", Ok("naibu.go.example"));
        check(AssetKind::Domain, "example", Err("top-level"));
        check(AssetKind::Domain, "内務.example", Err("A-labels"));
        check(AssetKind::Domain, "a..example", Err("not a domain"));
        check(AssetKind::Domain, &format!("{}.example", "a".repeat(64)), Err("not a domain"));
        check(AssetKind::MailDomain, "", Err("not a domain"));
        check(AssetKind::Host, "DC01.naibu.local", Ok("dc01.naibu.local"));
        check(AssetKind::Host, "", Err("1 to 253"));
    }

    #[test]
    fn a_day_begins_and_ends_at_midnight_in_japan() {
        let day = Date::constant(2026, 4, 1);
        let period = Validity { from: day, until: day }.period();
        assert_eq!(period.start, "2026-03-31T15:00:00Z".parse().unwrap());
        assert_eq!(period.end, "2026-04-01T15:00:00Z".parse().unwrap());
        assert!(Validity::ALWAYS.period().contains("2026-04-01T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn addresses_that_mean_something_only_inside_are_private() {
        for inside in [
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.1.1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
            "0.0.0.0",
            "ff02::1",
        ] {
            assert!(is_private(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["192.0.2.1", "198.18.0.1", "203.0.113.9", "2001:db8::1", "100.128.0.1", "8.8.8.8"] {
            assert!(!is_private(outside.parse().unwrap()), "{outside}");
        }
    }
}
