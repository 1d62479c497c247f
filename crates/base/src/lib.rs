//! Values every room shares: ids, time, rates, severity, TLP, actor and scope, observables, signals.
//!
//! No I/O and no clock: this crate knows nobody.

mod actor;
mod event_id;
mod id;
mod language;
mod observable;
mod rate;
mod scope;
mod severity;
mod signal;
mod time;
mod tlp;

pub use actor::{Account, Actor, Confidentiality, Denied, Grant, Right, Role, Seat};
pub use event_id::EventId;
pub use id::{
    Campaign, Change, Finding, Id, Kind, Organisation, ParseIdError, Person, PointOfContact, Survey, Threat,
};
pub use jiff::Timestamp;
pub use language::Language;
pub use observable::{Observable, ObservableKind};
pub use rate::Rate;
pub use scope::Scope;
pub use severity::Severity;
pub use signal::Signal;
pub use time::{FiscalYear, Period, Wareki, japan, japan_day};
pub use tlp::Tlp;
