//! Traffic Light Protocol 2.0 (FIRST).

use std::fmt;
use std::str::FromStr;

/// How far something may travel. Ordered from freely shared to named recipients only.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum Tlp {
    /// No limit.
    #[serde(rename = "TLP:CLEAR")]
    Clear,
    /// Within the community.
    #[serde(rename = "TLP:GREEN")]
    Green,
    /// Within the organisation and those it must tell.
    #[default]
    #[serde(rename = "TLP:AMBER")]
    Amber,
    /// Within the organisation only.
    #[serde(rename = "TLP:AMBER+STRICT")]
    AmberStrict,
    /// The named recipients only.
    #[serde(rename = "TLP:RED")]
    Red,
}

impl Tlp {
    /// Every label, freely shared first.
    pub const ALL: [Self; 5] = [Self::Clear, Self::Green, Self::Amber, Self::AmberStrict, Self::Red];

    /// The label as FIRST writes it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Clear => "TLP:CLEAR",
            Self::Green => "TLP:GREEN",
            Self::Amber => "TLP:AMBER",
            Self::AmberStrict => "TLP:AMBER+STRICT",
            Self::Red => "TLP:RED",
        }
    }
}

impl fmt::Display for Tlp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl FromStr for Tlp {
    type Err = String;

    /// Accepts `TLP:WHITE`, the name that TLP 1.0 gave to CLEAR.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("TLP:WHITE") {
            return Ok(Self::Clear);
        }
        Self::ALL
            .into_iter()
            .find(|tlp| tlp.label().eq_ignore_ascii_case(text))
            .ok_or_else(|| format!("{text:?} is not a TLP 2.0 label"))
    }
}
