//! One pass over events: Sigma rules and indicators together.
//!
//! A [`Detector`] is made once; each thread has a [`Pass`] of its own. Nothing here knows a database.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{EventId, Id, Observable, Organisation, Severity, Timestamp};
use formats::{Event, Names, SourceId, Sources};

use crate::indicator::Indicators;
use crate::observe;

mod standing;

pub use standing::{RuleStanding, Standing};

/// The rule id of a detection that an indicator made.
pub const INDICATOR_RULE: &str = "indicator";

/// One rule or indicator that matched one event: the unit that is grouped into threats.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Detection {
    /// The event that matched.
    pub event: EventId,
    /// The organisation whose sensor or log it was.
    pub organisation: Id<Organisation>,
    /// When the event happened (or was read, when it does not say).
    pub time: Timestamp,
    /// The Sigma rule's id, or `indicator` for an indicator match.
    pub rule_id: String,
    /// The rule's title, or the indicator's value and description.
    pub rule_title: String,
    /// The rule's level, or the indicator's.
    pub level: Severity,
    /// ATT&CK technique ids of the rule: `T1059.001`.
    pub techniques: Vec<String>,
    /// `product/service/category` of the event.
    pub route: String,
    /// The fields that made it match: the source's own name, and the value.
    pub fields: Vec<(String, String)>,
    /// Who did it: source address, or user, or host, in this order; empty when the event does not say.
    pub actor: String,
    /// Whom it was done to: destination address, or host; empty when the event does not say.
    pub target: String,
    /// Everything in the event that could be seen elsewhere too.
    pub observables: Vec<Observable>,
    /// The indicator that matched, when it was one.
    pub indicator: Option<Observable>,
    /// The events that a correlation counted, the latest of them, oldest first; empty for a single event.
    #[serde(default)]
    pub contributing: Vec<Contributing>,
}

/// An event that made a correlation hold, with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Contributing {
    /// Which.
    pub event: EventId,
    /// When it happened.
    pub at: Timestamp,
}

/// Rules and indicators, ready for any number of passes.
#[derive(Clone)]
pub struct Detector {
    engine: Arc<sigma::Engine>,
    refused: Arc<Vec<sigma::Refused>>,
    indicators: Arc<Indicators>,
    routing: Routing,
    correlations: Arc<Vec<sigma::Correlation>>,
    /// By rule: the fields of its matches that correlations look at; `None` where no correlation counts it.
    counted: Arc<Vec<Option<Vec<String>>>>,
}

/// A match that correlations count, kept when its event is gone.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// The rule that matched.
    pub rule: sigma::RuleId,
    /// Those of the event's fields that correlations look at, under the rule's names.
    pub fields: Vec<(String, String)>,
}

/// Which rules an event is asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Routing {
    /// Those about its source: quick, and few false hits.
    #[default]
    BySource,
    /// All of them.
    Off,
}

/// One rule or indicator that matched one event.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The Sigma rule's id, or [`INDICATOR_RULE`].
    pub rule_id: String,
    /// The rule's title, or what the indicator is.
    pub rule_title: String,
    /// How bad.
    pub level: Severity,
    /// ATT&CK techniques.
    pub techniques: Vec<String>,
    /// The fields that made it match, under the source's own names.
    pub fields: Vec<(String, String)>,
    /// The indicator that matched, when it was one.
    pub indicator: Option<Observable>,
}

impl Detector {
    /// Compiles rules and takes indicators.
    pub fn new(rules: sigma::Rules, indicators: Indicators, routing: Routing) -> Self {
        let engine = sigma::Engine::new(rules.rules);
        let numbers = 0..engine.rules().len() as u32;
        let correlator =
            sigma::Correlator::new(rules.correlations.clone(), numbers.len(), sigma::Policy::default());
        let fields = |number| {
            let rule = sigma::RuleId(number);
            let owned = || correlator.fields(rule).into_iter().map(str::to_owned).collect();
            correlator.counts_rule(rule).then(owned)
        };
        Self {
            engine: Arc::new(engine),
            refused: Arc::new(rules.refused),
            indicators: Arc::new(indicators),
            routing,
            counted: Arc::new(numbers.map(fields).collect()),
            correlations: Arc::new(rules.correlations),
        }
    }

    /// A pass for one thread.
    pub fn pass(&self) -> Pass {
        let worker = self.engine.worker();
        Pass {
            detector: self.clone(),
            worker,
            bound: Vec::new(),
            routes: Vec::new(),
            hits_by_rule: Vec::new(),
            counted: Vec::new(),
        }
    }

    /// A correlator for the matches that passes count.
    pub fn correlator(&self, policy: sigma::Policy) -> sigma::Correlator {
        sigma::Correlator::new(self.correlations.to_vec(), self.engine.rules().len(), policy)
    }

    /// The correlations that such a correlator evaluates, in the order of their numbers.
    pub fn correlations(&self) -> &[sigma::Correlation] {
        &self.correlations
    }

    /// The rules that are evaluated.
    pub fn engine(&self) -> &sigma::Engine {
        &self.engine
    }

    /// The rules that are not, and why.
    pub fn refused(&self) -> &[sigma::Refused] {
        &self.refused
    }

    /// The indicators that are looked for.
    pub fn indicators(&self) -> &Indicators {
        &self.indicators
    }
}

/// One thread's pass over events of one [`formats::read::Parser`].
pub struct Pass {
    detector: Detector,
    worker: sigma::Worker,
    /// By name id: the fields of rules that the name answers to.
    bound: Vec<Box<[sigma::FieldId]>>,
    /// By source id.
    routes: Vec<Option<Route>>,
    hits_by_rule: Vec<u64>,
    counted: Vec<Counted>,
}

/// What is known of one source.
struct Route {
    plan: Arc<sigma::Plan>,
    name: String,
    source: formats::Source,
    events: u64,
    /// By name id: whether it occurred.
    seen: Vec<bool>,
    /// By name id: those of its rule fields for which a rule of the plan asks.
    asked: Vec<Box<[sigma::FieldId]>>,
}

impl Pass {
    /// Every rule and indicator that matches the event, rules in the order they were loaded.
    ///
    /// `observables` are the event's own (see [`crate::observe`]); indicators are looked for among them.
    pub fn hits(
        &mut self,
        names: &Names,
        sources: &Sources,
        event: &Event,
        observables: &[Observable],
        time: Timestamp,
    ) -> Vec<Hit> {
        self.bind(names);
        let mut hits = self.rule_hits(names, sources, event);
        if !self.detector.indicators.is_empty() {
            self.indicator_hits(names, event, observables, time, &mut hits);
        }
        hits
    }

    /// The matches that correlations count, since this was asked last.
    pub fn take_counted(&mut self) -> Vec<Counted> {
        std::mem::take(&mut self.counted)
    }

    /// The rule behind a hit; `None` for an indicator.
    pub fn rule(&self, rule_id: &str) -> Option<&sigma::Rule> {
        self.detector.engine.rules().find(|rule| rule.id == rule_id)
    }

    /// Why one rule holds for an event or not, whatever its source; values are named by the event's fields, by place in
    /// the second list.
    pub fn trace(
        &mut self,
        names: &Names,
        event: &Event,
        rule: sigma::RuleId,
    ) -> (sigma::Trace, Vec<(String, String)>) {
        self.bind(names);
        let mut asked = sigma::Event::with_capacity(event.fields().len());
        let mut origin = Vec::with_capacity(event.fields().len());
        for field in event.fields() {
            let value = event.value(field);
            asked.push(&self.bound[field.name.0 as usize], kind(value.kind), value.text);
            origin.push((names.path(field.name).to_owned(), value.text.to_owned()));
        }
        let engine = Arc::clone(&self.detector.engine);
        (self.worker.trace(&engine, &asked, rule), origin)
    }

    /// Whether indicators are looked for, so that observables are worth taking from an event.
    pub fn wants_observables(&self) -> bool {
        !self.detector.indicators.is_empty()
    }

    /// `product/service/category` of a source.
    pub fn route_name(&mut self, sources: &Sources, source: SourceId) -> &str {
        &self.route(sources, source).name
    }

    /// Whether a rule is asked about events of a source.
    pub fn asks(&mut self, sources: &Sources, source: SourceId, rule: sigma::RuleId) -> bool {
        self.route(sources, source).plan.rules().contains(&rule)
    }

    /// Events by route, for a summary.
    pub fn events_by_route(&self) -> BTreeMap<String, u64> {
        let mut routes = BTreeMap::new();
        for route in self.routes.iter().flatten().filter(|route| route.events > 0) {
            *routes.entry(route.name.clone()).or_default() += route.events;
        }
        routes
    }

    /// Learns which fields of rules the names met since the last event answer to.
    fn bind(&mut self, names: &Names) {
        for index in self.bound.len()..names.len() {
            let id = formats::NameId(index as u32);
            let path = names.path(id);
            let mut fields: Vec<_> = std::iter::once(path.to_owned())
                .chain(formats::alias::names(names.format(id), path))
                .filter_map(|name| self.detector.engine.field(&name))
                .collect();
            fields.sort_unstable();
            fields.dedup();
            self.bound.push(fields.into_boxed_slice());
        }
    }

    fn route(&mut self, sources: &Sources, id: SourceId) -> &mut Route {
        let index = usize::from(id.0);
        if self.routes.len() <= index {
            self.routes.resize_with(index + 1, || None);
        }
        let detector = &self.detector;
        self.routes[index].get_or_insert_with(|| {
            let source = sources.get(id).clone();
            let services: Vec<&str> = source.services.iter().map(String::as_str).collect();
            let categories: Vec<&str> = source.categories.iter().map(String::as_str).collect();
            let plan = match detector.routing {
                Routing::Off => detector.engine.plan_of_all(),
                Routing::BySource => detector.engine.plan(&sigma::Source {
                    product: &source.product,
                    services: &services,
                    categories: &categories,
                }),
            };
            Route {
                plan,
                name: source.route(),
                source: source.clone(),
                events: 0,
                seen: Vec::new(),
                asked: Vec::new(),
            }
        })
    }

    fn rule_hits(&mut self, names: &Names, sources: &Sources, event: &Event) -> Vec<Hit> {
        let known_names = names.len();
        let bound = std::mem::take(&mut self.bound);
        let route = self.route(sources, event.source);
        route.events += 1;
        route.seen.resize(known_names, false);
        let plan = Arc::clone(&route.plan);
        for fields in bound.iter().skip(route.asked.len()) {
            route.asked.push(fields.iter().copied().filter(|&field| plan.asks(field)).collect());
        }
        let every_value = plan.wants_every_value();
        let mut asked = sigma::Event::with_capacity(event.fields().len());
        // Values are numbered as they are added; this leads back to the fields they came from.
        let mut origin = Vec::with_capacity(event.fields().len());
        for field in event.fields() {
            route.seen[field.name.0 as usize] = true;
            let fields = &route.asked[field.name.0 as usize];
            if every_value || !fields.is_empty() {
                let value = event.value(field);
                asked.push(fields, kind(value.kind), value.text);
                origin.push(*field);
            }
        }
        self.bound = bound;
        if plan.rules().is_empty() {
            return Vec::new();
        }
        let engine = Arc::clone(&self.detector.engine);
        let matched = self.worker.evaluate(&engine, &plan, &asked);
        if matched.is_empty() {
            return Vec::new();
        }
        let matched = matched.to_vec();
        self.hits_by_rule.resize(engine.rules().len(), 0);
        let mut hits = Vec::with_capacity(matched.len());
        for id in matched {
            self.hits_by_rule[id.0 as usize] += 1;
            if !self.detector.correlations.is_empty() {
                self.count(names, event, id);
            }
            if !engine.rule(id).reported {
                continue;
            }
            let values = self.worker.matched(&engine, &asked, id);
            let mut fields: Vec<_> = values
                .iter()
                .filter_map(|matched| origin.get(matched.value))
                .map(|field| (names.path(field.name).to_owned(), event.value(field).text.to_owned()))
                .collect();
            fields.dedup();
            let rule = engine.rule(id);
            hits.push(Hit {
                rule_id: rule.id.clone(),
                rule_title: rule.title.clone(),
                level: severity(rule.level),
                techniques: rule.techniques(),
                fields,
                indicator: None,
            });
        }
        hits
    }

    /// Keeps what correlations will ask of this match.
    fn count(&mut self, names: &Names, event: &Event, rule: sigma::RuleId) {
        let Some(Some(wanted)) = self.detector.counted.get(rule.0 as usize) else { return };
        let answers = |name: &String, field: &&formats::Field| {
            let (format, path) = (names.format(field.name), names.path(field.name));
            let other =
                || formats::alias::names(format, path).iter().any(|alias| alias.eq_ignore_ascii_case(name));
            path.eq_ignore_ascii_case(name) || other()
        };
        let value = |name: &String| {
            let field = event.fields().iter().find(|field| answers(name, field))?;
            Some((name.clone(), event.value(field).text.to_owned()))
        };
        let fields = wanted.iter().filter_map(value).collect();
        self.counted.push(Counted { rule, fields });
    }

    fn indicator_hits(
        &self,
        names: &Names,
        event: &Event,
        observables: &[Observable],
        time: Timestamp,
        hits: &mut Vec<Hit>,
    ) {
        for observable in observables {
            let Some(indicator) = self.detector.indicators.find(observable, time) else { continue };
            let told =
                if indicator.description.is_empty() { &indicator.value } else { &indicator.description };
            hits.push(Hit {
                rule_id: INDICATOR_RULE.to_owned(),
                rule_title: format!("{} {}: {told}", indicator.kind, indicator.value),
                level: indicator.level,
                techniques: Vec::new(),
                fields: holders(names, event, observable),
                indicator: Some(Observable { kind: indicator.kind, value: indicator.value.clone() }),
            });
        }
    }
}

/// The fields an observable was taken from.
fn holders(names: &Names, event: &Event, observable: &Observable) -> Vec<(String, String)> {
    let holds = |field: &&formats::Field| {
        names.role(field.name).is_some_and(|role| observe::holds(role, event.value(field).text, observable))
    };
    let pair =
        |field: &formats::Field| (names.path(field.name).to_owned(), event.value(field).text.to_owned());
    event.fields().iter().filter(holds).map(pair).collect()
}

fn kind(kind: formats::Kind) -> sigma::Kind {
    match kind {
        formats::Kind::Text => sigma::Kind::Text,
        formats::Kind::Number => sigma::Kind::Number,
        formats::Kind::Boolean => sigma::Kind::Boolean,
        formats::Kind::Null => sigma::Kind::Null,
    }
}

/// Sigma's level as the house counts it.
pub fn severity(level: sigma::Level) -> Severity {
    match level {
        sigma::Level::Informational => Severity::Informational,
        sigma::Level::Low => Severity::Low,
        sigma::Level::Medium => Severity::Medium,
        sigma::Level::High => Severity::High,
        sigma::Level::Critical => Severity::Critical,
    }
}
