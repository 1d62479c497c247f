//! Which signal causes what: the system diagram.
//!
//! A signal was written in the transaction that caused it; each is answered here once and then marked as done.

use base::Signal;
use store::Store;

use crate::clock;

/// Signals answered at one go.
const AT_ONCE: u32 = 100;

/// Answers every waiting signal; says how many there were.
pub async fn answer_signals(store: &Store) -> anyhow::Result<usize> {
    let waiting = store.take(AT_ONCE, clock::now()).await?;
    let count = waiting.len();
    for one in waiting {
        answer(&one.signal);
        let mut tx = store.write().await?;
        tx.done(one.seq).await?;
        tx.commit().await?;
    }
    Ok(count)
}

/// Nobody is told outside the pages yet: a threat and a campaign are lines in the log of the service.
fn answer(signal: &Signal) {
    match signal {
        Signal::ThreatRaised { threat, organisation } => {
            tracing::info!(%threat, ?organisation, "a threat was raised");
        }
        Signal::CampaignRaised { campaign, organisations } => {
            tracing::info!(%campaign, organisations = organisations.len(), "a campaign was raised");
        }
        Signal::ContactVerificationDue { contact, organisation } => {
            tracing::info!(%contact, %organisation, "a contact is to confirm that it is still right");
        }
        Signal::ChangeAsked { change, organisation } => {
            tracing::info!(%change, %organisation, "a change of the registry is asked for");
        }
        Signal::ChangeDecided { change, organisation } => {
            tracing::info!(%change, %organisation, "a change of the registry is decided");
        }
        Signal::FindingRaised { finding, organisation } => {
            tracing::info!(%finding, %organisation, "something is to be fixed");
        }
        // Courses will answer this one.
        Signal::ItemsFailed { survey, organisation, items } => {
            tracing::info!(%survey, %organisation, items = items.len(), "duties are done too seldom");
        }
    }
}
