//! The honest list: every rule is active, unsupported or blind, and why.

use std::collections::HashSet;

use base::Severity;

use super::{Detector, Pass, severity};

/// Where one rule stands after a pass.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct RuleStanding {
    /// The rule's id; the file's name when it has none that can be read.
    pub rule_id: String,
    /// Its title.
    pub title: String,
    /// The file it was read from.
    pub file: String,
    /// How bad; `None` when it could not be read.
    pub level: Option<Severity>,
    /// `product/service/category` it asks for.
    pub log_source: String,
    /// Where it stands.
    #[serde(flatten)]
    pub standing: Standing,
}

/// Active, unsupported or blind.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(tag = "standing", rename_all = "lowercase")]
pub enum Standing {
    /// It was asked about events that have what it needs.
    Active {
        /// How often it matched.
        hits: u64,
    },
    /// It is not evaluated.
    Unsupported {
        /// Where in the file, and why.
        reason: String,
    },
    /// It was never asked, or asked in vain: a source or a field it needs never occurred.
    Blind {
        /// Which.
        reason: String,
    },
}

impl Detector {
    /// Where every rule stands after these passes, in the order they were loaded, refused ones last.
    pub fn standings(&self, passes: &[Pass]) -> Vec<RuleStanding> {
        let routed: Vec<_> = passes.iter().flat_map(|pass| pass.routes.iter().flatten()).collect();
        let sources: HashSet<_> =
            routed.iter().filter(|route| route.events > 0).map(|route| &route.source).collect();
        // One set of asked-for fields per source, over all passes.
        let seen: Vec<(HashSet<sigma::RuleId>, HashSet<sigma::FieldId>)> = sources
            .into_iter()
            .map(|source| {
                let mut rules = HashSet::new();
                let mut fields = HashSet::new();
                for pass in passes {
                    for route in pass.routes.iter().flatten().filter(|route| route.source == *source) {
                        rules.extend(route.plan.rules());
                        let met = pass.bound.iter().zip(&route.seen).filter(|(_, seen)| **seen);
                        fields.extend(met.flat_map(|(bound, _)| bound.iter().copied()));
                    }
                }
                (rules, fields)
            })
            .collect();
        let active = self.engine.rules().enumerate().map(|(index, rule)| {
            let id = sigma::RuleId(index as u32);
            let hits = passes.iter().filter_map(|pass| pass.hits_by_rule.get(index)).sum();
            RuleStanding {
                rule_id: rule.id.clone(),
                title: rule.title.clone(),
                file: rule.file.clone(),
                level: Some(severity(rule.level)),
                log_source: rule.log_source.to_string(),
                standing: self.standing(id, rule, hits, &seen),
            }
        });
        let unsupported = self.refused.iter().map(|refused| RuleStanding {
            rule_id: refused.id.clone().unwrap_or_else(|| refused.file.clone()),
            title: refused.title.clone().unwrap_or_default(),
            file: refused.file.clone(),
            level: None,
            log_source: String::new(),
            standing: Standing::Unsupported { reason: refused.refusal.to_string() },
        });
        active.chain(unsupported).collect()
    }

    fn standing(
        &self,
        id: sigma::RuleId,
        rule: &sigma::Rule,
        hits: u64,
        seen: &[(HashSet<sigma::RuleId>, HashSet<sigma::FieldId>)],
    ) -> Standing {
        let asked: Vec<_> = seen.iter().filter(|(rules, _)| rules.contains(&id)).collect();
        if asked.is_empty() {
            return Standing::Blind { reason: format!("no event of {} occurred", rule.log_source) };
        }
        let occurs = |name: &str, fields: &HashSet<sigma::FieldId>| {
            self.engine.field(name).is_some_and(|field| fields.contains(&field))
        };
        if asked.iter().any(|(_, fields)| rule.possible(&|name| occurs(name, fields))) {
            return Standing::Active { hits };
        }
        let missing: Vec<_> = rule
            .fields()
            .into_iter()
            .filter(|name| !asked.iter().any(|(_, fields)| occurs(name, fields)))
            .collect();
        Standing::Blind { reason: format!("its events never had {}", missing.join(", ")) }
    }
}
