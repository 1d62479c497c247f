//! What is known about a group when it is judged.

use std::net::IpAddr;

use base::{Observable, ObservableKind, Timestamp};
use jiff::SignedDuration;
use registry::{is_private, note_unowned};
use store::{Tx, clean, micros};

use super::{Batch, Group, cleaned, earlier_by, japan_day_number, later_by};
use crate::Error;
use crate::detect::Detection;
use crate::group::Key;
use crate::judge::{AssetFacts, Earlier, GroupFacts, Rarity};
use crate::sql::ingest as sql;

impl Batch<'_> {
    pub(super) async fn facts(
        &mut self,
        tx: &mut Tx,
        key: &Key,
        group: &Group,
        fresh: &[&Detection],
    ) -> Result<GroupFacts, Error> {
        let judging = &self.policy.judging;
        let at = group.span.last_at;
        let rule_id = fresh.first().map(|one| clean(&one.rule_id).into_owned()).unwrap_or_default();
        let indicator = fresh
            .iter()
            .filter_map(|one| self.indicators.get(&one.event))
            .max_by_key(|(_, level)| *level)
            .map(|&(indicator, level)| (cleaned(indicator), level));
        let organisations = self.spread(tx, key, &rule_id, at).await?;
        let rarity = self.rarity(tx, key, &rule_id, group.span.first_at).await?;
        let shape = key.shape();
        let earlier: Earlier = sql::earlier(tx.connection(), &shape, group.id, judging.earlier_max).await?;
        Ok(GroupFacts {
            organisation: key.organisation,
            rule_id,
            level: group.level,
            actor: key.actor.clone(),
            target: key.target.clone(),
            at,
            // What an earlier batch saw of an indicator is in the reasons that stand.
            indicator,
            organisations,
            rarity,
            asset: self.asset(key, at),
            earlier,
            decision: group.decision,
        })
    }

    /// Where else this actor met this rule. A private address or an account is somebody else elsewhere.
    async fn spread(
        &mut self,
        tx: &mut Tx,
        key: &Key,
        rule_id: &str,
        at: Timestamp,
    ) -> Result<Option<u32>, Error> {
        if key.actor.parse::<IpAddr>().ok().filter(|address| !is_private(*address)).is_none() {
            return Ok(None);
        }
        let reach = SignedDuration::from_hours(self.policy.judging.spread_hours);
        let hour = micros(at).div_euclid(crate::sql::HOUR_US);
        let place = (key.organisation, rule_id.to_owned(), key.actor.clone(), hour);
        let elsewhere = match self.elsewhere.get(&place) {
            Some(elsewhere) => *elsewhere,
            None => {
                let (from, until) = (earlier_by(at, reach), later_by(at, reach));
                let (organisation, actor) = (key.organisation, key.actor.as_str());
                sql::organisations_elsewhere(tx.connection(), organisation, actor, rule_id, from, until)
                    .await?
            }
        };
        self.elsewhere.insert(place, elsewhere);
        Ok(Some(elsewhere.saturating_add(1)))
    }

    async fn rarity(
        &self,
        tx: &mut Tx,
        key: &Key,
        rule_id: &str,
        at: Timestamp,
    ) -> Result<Option<Rarity>, Error> {
        let judging = &self.policy.judging;
        let heard = crate::sql::intake::heard_since(tx.connection(), key.organisation).await?;
        let today = japan_day_number(micros(at));
        let Some(since) = heard.map(|since| japan_day_number(micros(since))).filter(|since| *since < today)
        else {
            return Ok(None);
        };
        let days_watched = u32::try_from(today - since).unwrap_or(u32::MAX).min(judging.rarity_days);
        let from = today - i64::from(days_watched);
        let days_seen = sql::days_of_rule(tx.connection(), key.organisation, rule_id, from, today).await?;
        Ok(Some(Rarity { days_seen, days_watched }))
    }

    /// The more critical of what did it and what it was done to, as far as it is registered here.
    fn asset(&self, key: &Key, at: Timestamp) -> Option<AssetFacts> {
        [&key.target, &key.actor]
            .into_iter()
            .filter_map(|text| self.registry.criticality_of(text, at, key.organisation))
            .filter(|(_, asset)| self.registry.subtree(key.organisation).contains(&asset.organisation))
            .max_by_key(|(criticality, _)| *criticality)
            .map(|(criticality, asset)| AssetFacts {
                criticality,
                asset: asset.value.clone(),
                system: asset.system.clone(),
            })
    }

    /// Puts the side that should be the organisation's own, and that nobody has registered, into the queue.
    pub(super) async fn note_unowned(
        &self,
        tx: &mut Tx,
        key: &Key,
        at: Timestamp,
        count: u64,
    ) -> Result<(), Error> {
        let address = |text: &str| text.parse::<IpAddr>().ok().map(|address| address.to_canonical());
        let (actor, target) = (address(&key.actor), address(&key.target));
        let nobody = |address: IpAddr| {
            let owner = self.registry.owner_of_address_seen_at(address, at, key.organisation);
            owner.organisation.is_none()
        };
        let own_side: Vec<IpAddr> = match (actor, target) {
            (Some(actor), Some(target)) if is_private(actor) == is_private(target) => {
                if nobody(actor) && nobody(target) { vec![target] } else { Vec::new() }
            }
            (actor, target) => actor.into_iter().chain(target).filter(|one| is_private(*one)).collect(),
        };
        for address in own_side.into_iter().filter(|one| !one.is_loopback() && nobody(*one)) {
            let observable = Observable { kind: ObservableKind::Address, value: address.to_string() };
            note_unowned(tx, &observable, key.organisation, at, count).await?;
        }
        Ok(())
    }
}
