//! Sigma rules compiled into one matcher; usable without the rest of the house.
//!
//! ```
//! use sigma::{Engine, Event, Kind, Placeholders, Rules, Source};
//!
//! let rule = b"
//! title: Certutil downloads
//! logsource: {product: windows, category: process_creation}
//! detection:
//!   selection: {Image|endswith: '\\certutil.exe', CommandLine|contains|windash: ' -urlcache '}
//!   condition: selection
//! ";
//! let rules = Rules::load([("certutil.yml", rule.as_slice())], &Placeholders::new());
//! let engine = Engine::new(rules.rules);
//! let plan = engine.plan(&Source { product: "windows", services: &[], categories: &["process_creation"] });
//! let mut worker = engine.worker();
//!
//! let mut event = Event::default();
//! event.push_named(&engine, "Image", Kind::Text, r"C:\Windows\System32\certutil.exe");
//! event.push_named(&engine, "CommandLine", Kind::Text, "certutil /urlcache -f http://x/y");
//! let hits = worker.evaluate(&engine, &plan, &event);
//! assert_eq!(engine.rule(hits[0]).title, "Certutil downloads");
//! ```

mod compile;
mod condition;
mod correlate;
mod correlation;
mod engine;
mod expression;
#[cfg(test)]
mod fuzz;
pub mod limit;
mod modifier;
#[cfg(test)]
mod oracle;
mod pattern;
mod plan;
pub mod regression;
mod rule;
mod search;
mod test;
#[cfg(test)]
mod tests;
mod trace;
mod yaml;

pub use condition::Expr;
pub use correlate::{Correlator, Counts, Fired, Match, Policy, Restored, StateError, Taken};
pub use correlation::{Correlation, CorrelationKind};
pub use engine::{Engine, Event, FieldId, Kind, Matched, RuleId, Source, Worker};
pub use modifier::Placeholders;
pub use plan::Plan;
pub use rule::{Level, LogSource, Refused, Rule, Rules};
pub use trace::{Step, Trace};
pub use yaml::{Position, Refusal};
