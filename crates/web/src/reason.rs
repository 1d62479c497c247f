//! What one angle of the judgement said, as a sentence.

use fluent_bundle::FluentValue;
use watch::judge::{Angle, Reason};

use crate::visible::neutral_short;
use crate::visit::Visit;

/// The name of the angle.
pub(crate) fn angle(visit: &Visit, reason: &Reason) -> String {
    visit.words.get(&format!("angle-{}", word(reason.angle)))
}

/// The sentence, with the facts of the reason filled in.
pub(crate) fn sentence(visit: &Visit, reason: &Reason) -> String {
    let values: Vec<(&str, FluentValue<'_>)> =
        reason.facts.iter().map(|(name, value)| (name.as_str(), fact(visit, name, value))).collect();
    visit.words.with(key(reason), &values)
}

/// Which sentence says it; some facts are there only sometimes, and a sentence is never glued from parts.
fn key(reason: &Reason) -> &'static str {
    let has = |name: &str| reason.facts.iter().any(|(fact, value)| fact == name && !value.is_empty());
    match reason.angle {
        Angle::RuleLevel => "reason-rule-level",
        Angle::Indicator => "reason-indicator",
        Angle::Spread => "reason-spread",
        Angle::Rarity => "reason-rarity",
        Angle::Criticality if has("system") => "reason-criticality-system",
        Angle::Criticality => "reason-criticality",
        Angle::AllowList if has("overruled_by") => "reason-allow-list-overruled",
        Angle::AllowList if has("until") => "reason-allow-list-until",
        Angle::AllowList => "reason-allow-list",
        Angle::EarlierVerdicts => "reason-earlier-verdicts",
    }
}

/// The word of an angle.
pub(crate) fn word(angle: Angle) -> &'static str {
    match angle {
        Angle::RuleLevel => "rule-level",
        Angle::Indicator => "indicator",
        Angle::Spread => "spread",
        Angle::Rarity => "rarity",
        Angle::Criticality => "criticality",
        Angle::AllowList => "allow-list",
        Angle::EarlierVerdicts => "earlier-verdicts",
    }
}

/// A fact as a person reads it: numbers as numbers, levels by their name, the rest as harmless text.
fn fact<'a>(visit: &Visit, name: &str, value: &str) -> FluentValue<'a> {
    if let Ok(number) = value.parse::<i64>() {
        return number.into();
    }
    if name == "level"
        && let Ok(level) = value.parse()
    {
        return visit.level_name(level).into();
    }
    if name == "criticality" && ["low", "medium", "high"].contains(&value) {
        return visit.words.get(&format!("criticality-{value}")).into();
    }
    neutral_short(value, 120).into()
}
