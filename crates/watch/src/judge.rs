//! Several angles decide threat or normal, and each leaves its reason. Pure rules.

/// Threat or normal: what table 1-2 of the report counts, and what it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// 脅威
    Threat,
    /// 正常
    Normal,
}

/// The angles from which a group of detections is looked at, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Angle {
    /// The level the rule's author gave it.
    RuleLevel,
    /// An indicator matched.
    Indicator,
    /// Seen at several organisations.
    Spread,
    /// How often this organisation sees it.
    Rarity,
    /// How much the asset hit matters.
    Criticality,
    /// Somebody said that this is allowed.
    AllowList,
    /// What analysts decided about the same shape before.
    EarlierVerdicts,
}

/// What one angle said.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Reason {
    /// Which angle.
    pub angle: Angle,
    /// How much it adds (or takes away), in points.
    pub weight: i32,
    /// The facts behind it as name and value, for a sentence in either language: `("organisations", "4")`.
    pub facts: Vec<(String, String)>,
}
