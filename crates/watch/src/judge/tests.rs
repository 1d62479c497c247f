use base::ObservableKind;
use registry::{OrganisationKind, Registry};

use super::*;
use crate::allow;

fn group(level: Severity) -> GroupFacts {
    GroupFacts {
        organisation: registry::Organisation::id_of("naibu"),
        rule_id: "rule-1".into(),
        level,
        actor: "203.0.113.7".into(),
        target: "192.0.2.10".into(),
        at: "2026-04-01T00:00:00Z".parse().unwrap(),
        indicator: None,
        organisations: None,
        rarity: None,
        asset: None,
        earlier: Earlier::default(),
        decision: None,
    }
}

fn with_indicator(level: Severity, indicator_level: Severity) -> GroupFacts {
    let indicator = Observable { kind: ObservableKind::Domain, value: "c2.example".into() };
    GroupFacts { indicator: Some((indicator, indicator_level)), ..group(level) }
}

#[track_caller]
fn check(group: &GroupFacts, verdict: Verdict, score: u32) {
    check_under(group, &Policy::default(), verdict, score);
}

#[track_caller]
fn check_under(group: &GroupFacts, policy: &Policy, verdict: Verdict, score: u32) {
    let judgement = judge(group, policy);
    assert_eq!((judgement.verdict, judgement.score), (verdict, score), "{judgement:#?}");
}

use Severity::{Critical, High, Informational, Low, Medium};
use Verdict::{Normal, Threat};

#[test]
fn alone_a_high_rule_is_a_threat_and_a_medium_one_is_not() {
    check(&group(Informational), Normal, 5);
    check(&group(Low), Normal, 20);
    check(&group(Medium), Normal, 45);
    check(&group(High), Threat, 70);
    check(&group(Critical), Threat, 90);
}

#[test]
fn an_indicator_lifts_what_would_be_normal() {
    check(&with_indicator(Low, High), Threat, 60);
    check(&with_indicator(Low, Medium), Normal, 45);
    check(&with_indicator(Critical, Critical), Threat, 100);
}

#[test]
fn spread_counts_further_organisations_up_to_a_limit() {
    let spread = |organisations| GroupFacts { organisations: Some(organisations), ..group(Medium) };
    check(&spread(1), Normal, 45);
    check(&spread(2), Threat, 55);
    check(&spread(4), Threat, 75);
    check(&spread(u32::MAX), Threat, 75);
    // A probe that everybody sees is a probe.
    let probe = GroupFacts { organisations: Some(20), ..group(Low) };
    check(&probe, Normal, 20);
    assert!(judge(&spread(1), &Policy::default()).reasons.iter().all(|reason| reason.angle != Angle::Spread));
}

#[test]
fn rarity_is_silent_until_a_week_was_watched() {
    let seen = |days_seen, days_watched| GroupFacts {
        rarity: Some(Rarity { days_seen, days_watched }),
        ..group(Medium)
    };
    check(&seen(0, 6), Normal, 45);
    check(&seen(0, 7), Threat, 55);
    check(&seen(1, 30), Normal, 45);
    check(&seen(14, 30), Normal, 45);
    check(&seen(15, 30), Normal, 30);
}

#[test]
fn an_asset_that_matters_lifts_and_one_that_does_not_lowers() {
    let hit = |criticality| GroupFacts {
        asset: Some(AssetFacts {
            criticality, asset: "192.0.2.0/24".into(), system: "公開ウェブ".into()
        }),
        ..group(Medium)
    };
    check(&hit(Criticality::Low), Normal, 40);
    check(&hit(Criticality::Medium), Normal, 45);
    check(&hit(Criticality::High), Threat, 60);
    let reasons = judge(&hit(Criticality::Medium), &Policy::default()).reasons;
    assert_eq!(
        (reasons[1].angle, reasons[1].weight),
        (Angle::Criticality, 0),
        "an angle that spoke leaves its reason"
    );
    assert_eq!(reasons[1].facts[2], ("system".to_owned(), "公開ウェブ".to_owned()));
}

#[test]
fn earlier_decisions_on_the_same_shape_count_for_later_groups() {
    let decided = |level, threat, normal| GroupFacts { earlier: Earlier { threat, normal }, ..group(level) };
    check(&decided(High, 0, 1), Normal, 45);
    check(&decided(Critical, 0, 1), Threat, 65);
    check(&decided(Critical, 0, 2), Normal, 40);
    check(&decided(Medium, 1, 0), Threat, 70);
    check(&decided(Low, 2, 0), Threat, 70);
    check(&decided(High, 1, 1), Threat, 70);
}

#[test]
fn an_analysts_decision_wins_over_everything() {
    check(&GroupFacts { decision: Some(Normal), ..with_indicator(Critical, Critical) }, Normal, 100);
    check(&GroupFacts { decision: Some(Threat), ..group(Informational) }, Threat, 5);
}

fn registry() -> Registry {
    let one = |key: &str, parent: Option<&str>| registry::Organisation {
        id: registry::Organisation::id_of(key),
        key: key.into(),
        name_ja: key.into(),
        name_en: key.into(),
        kind: OrganisationKind::Ministry,
        parent: parent.map(registry::Organisation::id_of),
        display_order: 0,
    };
    Registry::of(vec![one("naibu", None), one("eda", Some("naibu")), one("zaimu", None)], Vec::new())
}

/// Reads one allow-list entry and says whether a group of high level stays a threat under it.
#[track_caller]
fn check_allowed(entry: &str, group: &GroupFacts, verdict: Verdict) {
    let allow = allow::yaml(&format!("- {{ reason: 検査, by: CSIRT, {entry} }}"), &registry()).unwrap();
    assert_eq!(judge(group, &Policy { allow, ..Policy::default() }).verdict, verdict, "{entry}");
}

#[test]
fn an_allow_list_makes_normal_only_what_it_names() {
    let high = group(High);
    check_allowed("actor: 203.0.113.0/24", &high, Normal);
    check_allowed("actor: 203.0.113.7", &high, Normal);
    check_allowed("actor: 203.0.113.8", &high, Threat);
    check_allowed("rule: rule-1", &high, Normal);
    check_allowed("rule: rule-2, actor: 203.0.113.7", &high, Threat);
    check_allowed("target: 192.0.2.0/25, actor: 203.0.113.0/24", &high, Normal);
    check_allowed("rule: rule-1, organisation: naibu", &high, Normal);
    check_allowed("rule: rule-1, organisation: zaimu", &high, Threat);
    let part = GroupFacts { organisation: registry::Organisation::id_of("eda"), ..group(High) };
    check_allowed("rule: rule-1, organisation: naibu", &part, Normal);
    let account = GroupFacts { actor: "NAIBU\\backup".into(), ..group(High) };
    check_allowed("actor: 'naibu\\BACKUP'", &account, Normal);
}

#[test]
fn an_allow_list_entry_ends_with_its_last_day_in_japan() {
    // 00:00 UTC is 09:00 of the same day in Japan.
    check_allowed("rule: rule-1, until: 2026-04-01", &group(High), Normal);
    check_allowed("rule: rule-1, until: 2026-03-31", &group(High), Threat);
}

#[test]
fn an_indicator_of_high_confidence_overrules_an_allow_list_and_says_so() {
    check_allowed("rule: rule-1", &with_indicator(High, Medium), Normal);
    check_allowed("rule: rule-1", &with_indicator(High, High), Threat);
    let allow = allow::yaml("- { reason: 検査, by: CSIRT, rule: rule-1 }", &registry()).unwrap();
    let judgement = judge(&with_indicator(High, High), &Policy { allow, ..Policy::default() });
    let said = judgement.reasons.iter().find(|reason| reason.angle == Angle::AllowList).unwrap();
    assert_eq!(said.weight, 0);
    assert!(said.facts.contains(&("overruled_by".to_owned(), "indicator".to_owned())));
}

#[test]
fn a_wrong_allow_list_is_refused_with_its_line() {
    let refused = |text: &str| allow::yaml(text, &registry()).unwrap_err();
    assert_eq!(refused("- { rule: a, reason: b, by: c }\n- { reason: b, by: c }\n").line, 2);
    assert!(refused("- { reason: b, by: c }").reason.contains("names a rule"));
    assert!(refused("- { rule: a, reason: '', by: c }").reason.contains("why"));
    assert!(refused("- { rule: a, reason: b, by: c, organisation: x }").reason.contains("no organisation"));
    assert!(refused("- { rule: a, reason: b, by: c, until: soon }").reason.contains("not a day"));
    assert_eq!(refused("- rule: a\n  reason: b\n  by: c\n  aktor: x\n").line, 4);
    assert!(!refused("{").reason.is_empty());
}

#[test]
fn reasons_come_in_the_order_of_the_angles() {
    let everything = GroupFacts {
        organisations: Some(3),
        rarity: Some(Rarity { days_seen: 0, days_watched: 30 }),
        asset: Some(AssetFacts { criticality: Criticality::High, asset: "a".into(), system: String::new() }),
        earlier: Earlier { threat: 1, normal: 0 },
        ..with_indicator(High, Low)
    };
    let allow = allow::yaml("- { reason: a, by: b, rule: rule-1 }", &registry()).unwrap();
    let judgement = judge(&everything, &Policy { allow, ..Policy::default() });
    let angles: Vec<Angle> = judgement.reasons.iter().map(|reason| reason.angle).collect();
    let all = [
        Angle::RuleLevel,
        Angle::Indicator,
        Angle::Spread,
        Angle::Rarity,
        Angle::Criticality,
        Angle::AllowList,
        Angle::EarlierVerdicts,
    ];
    assert_eq!(angles, all);
}
