//! Questions about the trail: whoever asks sees the lines of what they read the trail of, newest first.
//!
//! Readers who do not read all of it are told no number of a line: it would say how much the others do. So a place in
//! a list is a time, and how many of the reader's own lines of that very time come before.

use std::fmt;
use std::str::FromStr;

use base::{Actor, Confidentiality, Id, Organisation, Period, Right, Scope, Timestamp};
use sqlx::Row as _;

use super::{COLUMNS, Line, PERSONAL, Stored};
use crate::{Builder, Connection, Error, Store, clean, instant, micros};

/// What to list. Every field narrows.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Only from this time.
    pub period: Option<Period>,
    /// Only what these did, as the trail names them; `None` is everybody, and an empty list nobody.
    pub actors: Option<Vec<String>>,
    /// Only this action, as `threat.decide`, or all of a group, as `threat`.
    pub action: Option<String>,
    /// Only what was done to this, as an id.
    pub object: Option<String>,
    /// Only what concerns this organisation.
    pub organisation: Option<Id<Organisation>>,
    /// Only lines with this text in their object, their detail or the words beside them; ASCII case does not matter.
    pub text: Option<String>,
}

/// One line, as its reader may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number and its hash; `None` for whoever does not read the whole trail.
    pub place: Option<super::Head>,
    /// What it says.
    pub line: Line,
    /// Whether words about a person stood beside it that were erased.
    pub forgotten: bool,
}

/// Where a list goes on: after the line of this time before which so many others of that time stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditAfter {
    /// The time of the last line seen.
    pub at: Timestamp,
    /// How many lines of that time the reader can see that were written earlier. New lines do not change it.
    pub rank: u32,
}

impl fmt::Display for AuditAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", micros(self.at), self.rank)
    }
}

impl FromStr for AuditAfter {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let expected = "a place in the audit trail";
        let damaged = || Error::Damaged { value: text.chars().take(64).collect(), expected };
        let (at, rank) = text.rsplit_once('-').ok_or_else(damaged)?;
        Ok(Self { at: instant(crate::parse(at, expected)?)?, rank: crate::parse(rank, expected)? })
    }
}

/// One page of the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPage {
    /// Its lines, newest first.
    pub entries: Vec<AuditEntry>,
    /// Where the next page begins; `None` when this is the last.
    pub next: Option<AuditAfter>,
}

/// The lines that `scope` may read, newest first, at most `limit`, going on after `after`.
pub async fn audit_page(
    store: &Store,
    scope: &Scope,
    filter: &AuditFilter,
    limit: u32,
    after: Option<AuditAfter>,
) -> Result<AuditPage, Error> {
    let mut read = store.read().await?;
    let connection = read.connection();
    let mut query = Builder::new(format!("SELECT {COLUMNS} FROM {FROM} WHERE 1 = 1"));
    visible(&mut query, scope);
    narrow(&mut query, filter);
    if let Some(after) = after {
        // The line itself is gone only with the whole trail; then everything before its time is left.
        let seen = seq_of(connection, scope, after).await?.unwrap_or(0);
        query.push(" AND at <= ").push_bind(micros(after.at));
        query.push(" AND (at < ").push_bind(micros(after.at));
        query.push(" OR audit.seq < ").push_bind(seen).push(")");
    }
    query.push(" ORDER BY at DESC, audit.seq DESC LIMIT ").push_bind(i64::from(limit) + 1);
    let rows = query.build().fetch_all(&mut *connection).await?;
    let mut lines = rows.iter().map(Stored::of).collect::<Result<Vec<_>, _>>()?;
    let more = lines.len() > limit as usize;
    lines.truncate(limit as usize);
    let next = match lines.last().filter(|_| more) {
        Some(last) => Some(place_of(connection, scope, last).await?),
        None => None,
    };
    let whole = scope.everywhere(Right::ReadAudit);
    let entries = lines.into_iter().map(|line| entry(line, whole)).collect::<Result<_, _>>()?;
    Ok(AuditPage { entries, next })
}

/// How many lines there are to read, as far as that is at most `limit`: one more says that there are more.
pub async fn audit_count(
    store: &Store,
    scope: &Scope,
    filter: &AuditFilter,
    limit: u32,
) -> Result<u64, Error> {
    let mut query = Builder::new(format!("SELECT COUNT(*) FROM (SELECT 1 FROM {FROM} WHERE 1 = 1"));
    visible(&mut query, scope);
    narrow(&mut query, filter);
    query.push(" LIMIT ").push_bind(i64::from(limit) + 1).push(") counted");
    let count: i64 = query.build_query_scalar().fetch_one(store.read().await?.connection()).await?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// The most lines of one exported file.
pub const EXPORT_LINES_MAX: u32 = 50_000;
/// Lines read at a time.
const EXPORT_PAGE_LINES: u32 = 1_000;

/// Every line there is to read for somebody who takes them away, newest first; that they did is a line itself, which
/// these lines do not hold yet.
pub async fn audit_export(
    store: &Store,
    actor: &Actor,
    filter: &AuditFilter,
    notation: &str,
    now: Timestamp,
) -> Result<Vec<AuditEntry>, Error> {
    if audit_count(store, actor.scope(), filter, EXPORT_LINES_MAX).await? > u64::from(EXPORT_LINES_MAX) {
        return Err(Error::TooManyLines { limit: EXPORT_LINES_MAX });
    }
    let (mut entries, mut after) = (Vec::new(), None);
    loop {
        let page = audit_page(store, actor.scope(), filter, EXPORT_PAGE_LINES, after).await?;
        entries.extend(page.entries);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let line = Line {
        at: now,
        actor: actor.label(),
        action: "audit.export".to_owned(),
        object: "audit".to_owned(),
        detail: filter.told(notation, entries.len()),
        concerns: filter.only_one_told(actor.scope()).into_iter().collect(),
        degree: Confidentiality::One,
    };
    let mut tx = store.write().await?;
    tx.audit(&line).await?;
    tx.commit().await?;
    Ok(entries)
}

impl AuditFilter {
    /// Whose lines an export takes when they are of one organisation: of several, none of them is to know what the
    /// others' readers do.
    fn only_one_told(&self, scope: &Scope) -> Option<Id<Organisation>> {
        let reached = scope.limit(Right::ReadAudit);
        match self.organisation {
            Some(one) => Some(one).filter(|one| reached.is_none_or(|reached| reached.contains(one))),
            None => reached.filter(|reached| reached.len() == 1)?.first().copied(),
        }
    }

    /// What the trail says of an export. Text that was looked for may be about a person, so only that there was some.
    fn told(&self, notation: &str, lines: usize) -> serde_json::Value {
        let mut told = serde_json::json!({ "notation": notation, "lines": lines });
        let mut tell = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                told[name] = value.into();
            }
        };
        let moment =
            |time: Timestamp| (time > Timestamp::MIN && time < Timestamp::MAX).then(|| time.to_string());
        tell("from", self.period.and_then(|period| moment(period.start)));
        tell("to", self.period.and_then(|period| moment(period.end)));
        tell("action", self.action.clone());
        tell("object", self.object.clone());
        tell("organisation", self.organisation.map(|id| id.to_string()));
        for (name, is_there) in [("actor", self.actors.is_some()), ("text", self.text.is_some())] {
            if is_there {
                told[name] = true.into();
            }
        }
        told
    }
}

const FROM: &str = "audit LEFT JOIN audit_personal ON audit_personal.seq = audit.seq";

fn entry(stored: Stored, whole: bool) -> Result<AuditEntry, Error> {
    let place = whole.then(|| super::Head { seq: stored.seq, hash: stored.hash.clone() });
    let line = stored.line()?;
    let forgotten = line.detail.get(PERSONAL).is_some_and(serde_json::Value::is_null);
    Ok(AuditEntry { place, line, forgotten })
}

/// The centre's readers see every line up to the most confidential they may read; others what concerns theirs.
fn visible(query: &mut Builder, scope: &Scope) {
    let limit = |degree| scope.limit_at(Right::ReadAudit, degree);
    let most = Confidentiality::ALL.into_iter().rev().find(|degree| limit(*degree).is_none());
    match most {
        Some(Confidentiality::Three) => {}
        Some(most) => {
            query.push(" AND audit.seq NOT IN (SELECT seq FROM audit_concerns WHERE degree > ");
            query.push_bind(i64::from(most.number())).push(")");
        }
        None => {
            query.push(" AND audit.seq IN (SELECT seq FROM audit_concerns WHERE 1 = 0");
            for degree in Confidentiality::ALL {
                let reached = limit(degree).into_iter().flatten();
                query.push(" OR (degree = ").push_bind(i64::from(degree.number()));
                query.push(" AND organisation IN (''");
                for organisation in reached {
                    query.push(", ").push_bind(organisation.to_string());
                }
                query.push("))");
            }
            query.push(")");
        }
    }
}

fn narrow(query: &mut Builder, filter: &AuditFilter) {
    if let Some(period) = filter.period {
        query.push(" AND at >= ").push_bind(micros(period.start));
        query.push(" AND at < ").push_bind(micros(period.end));
    }
    if let Some(actors) = &filter.actors {
        query.push(" AND actor IN (''");
        for actor in actors {
            query.push(", ").push_bind(actor.clone());
        }
        query.push(")");
    }
    if let Some(action) = &filter.action {
        query.push(" AND (action = ").push_bind(clean(action).into_owned());
        query.push(" OR action LIKE ").push_bind(format!("{}.%", literal(action)));
        query.push(" ESCAPE '!')");
    }
    if let Some(object) = &filter.object {
        query.push(" AND object = ").push_bind(clean(object).into_owned());
    }
    if let Some(organisation) = filter.organisation {
        query.push(" AND audit.seq IN (SELECT seq FROM audit_concerns WHERE organisation = ");
        query.push_bind(organisation.to_string()).push(")");
    }
    if let Some(text) = &filter.text {
        let pattern = format!("%{}%", literal(&text.to_ascii_lowercase()));
        for (place, column) in ["object", "detail", "audit_personal.text"].into_iter().enumerate() {
            query.push(if place == 0 { " AND (lower(" } else { " OR lower(" }).push(column).push(") LIKE ");
            query.push_bind(pattern.clone()).push(" ESCAPE '!'");
        }
        query.push(")");
    }
}

/// Text of which LIKE takes nothing for a sign.
fn literal(text: &str) -> String {
    clean(text).replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

async fn place_of(connection: &mut Connection, scope: &Scope, line: &Stored) -> Result<AuditAfter, Error> {
    let mut query = Builder::new("SELECT COUNT(*) FROM audit WHERE at = ");
    query.push_bind(line.at).push(" AND audit.seq < ").push_bind(line.seq);
    visible(&mut query, scope);
    let rank: i64 = query.build_query_scalar().fetch_one(connection).await?;
    Ok(AuditAfter { at: instant(line.at)?, rank: u32::try_from(rank).unwrap_or(u32::MAX) })
}

async fn seq_of(connection: &mut Connection, scope: &Scope, after: AuditAfter) -> Result<Option<i64>, Error> {
    let mut query = Builder::new("SELECT seq FROM audit WHERE at = ");
    query.push_bind(micros(after.at));
    visible(&mut query, scope);
    query.push(" ORDER BY seq LIMIT 1 OFFSET ").push_bind(i64::from(after.rank));
    let row = query.build().fetch_optional(connection).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

#[cfg(test)]
mod tests {
    use base::Role;

    use super::*;
    use crate::tests::store;

    fn organisation(number: u8) -> Id<Organisation> {
        Id::from_digest([number; 16])
    }

    fn line(second: i64, action: &str, detail: &str) -> Line {
        Line {
            at: Timestamp::from_second(1_775_000_000 + second).unwrap(),
            actor: format!("account_{}", second % 2),
            action: action.into(),
            object: format!("threat_{second}"),
            detail: serde_json::json!({ "reason": detail }),
            concerns: Vec::new(),
            degree: Confidentiality::One,
        }
    }

    async fn write(store: &Store, lines: impl IntoIterator<Item = Line>) {
        let mut tx = store.write().await.unwrap();
        for line in lines {
            tx.audit(&line).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    fn administrator() -> Scope {
        testkit::actor(Role::Administrator, []).scope().clone()
    }

    fn ciso(number: u8) -> Scope {
        testkit::actor(Role::Ciso, [organisation(number)]).scope().clone()
    }

    /// The objects that are listed, page by page of two.
    async fn listed(store: &Store, scope: &Scope, filter: &AuditFilter) -> String {
        let (mut objects, mut after) = (Vec::new(), None);
        loop {
            let page = audit_page(store, scope, filter, 2, after).await.unwrap();
            objects.extend(page.entries.iter().map(|one| one.line.object.replace("threat_", "")));
            after = match page.next {
                Some(next) => Some(next.to_string().parse().unwrap()),
                None => break,
            };
        }
        assert_eq!(audit_count(store, scope, filter, 99).await.unwrap(), objects.len() as u64);
        objects.join(" ")
    }

    #[tokio::test]
    async fn every_part_of_the_filter_narrows() {
        let (_database, store) = store().await;
        let words = ["定期検査", "100%", "a_b", "<b>", "ABC"];
        write(&store, (1..=5).map(|n| line(n, "threat.decide", words[n as usize - 1]))).await;
        write(&store, [line(6, "threatening", "x"), line(7, "registry.ask", "x").of([organisation(1)])])
            .await;
        let all = administrator();
        let check = async |filter: AuditFilter, expected: &str| {
            assert_eq!(listed(&store, &all, &filter).await, expected, "{filter:?}");
        };
        let none = AuditFilter::default;
        check(none(), "7 6 5 4 3 2 1").await;
        for (text, expected) in [("定期", "1"), ("0%", "2"), ("%", "2"), ("_b", "3"), ("abc", "5"), ("!", "")]
        {
            check(AuditFilter { text: Some(text.into()), ..none() }, expected).await;
        }
        check(AuditFilter { action: Some("threat".into()), ..none() }, "5 4 3 2 1").await;
        check(AuditFilter { action: Some("registry.ask".into()), ..none() }, "7").await;
        check(AuditFilter { action: Some("threat.deci%".into()), ..none() }, "").await;
        check(AuditFilter { actors: Some(vec!["account_0".into()]), ..none() }, "6 4 2").await;
        check(AuditFilter { actors: Some(Vec::new()), ..none() }, "").await;
        check(AuditFilter { object: Some("threat_4".into()), ..none() }, "4").await;
        check(AuditFilter { organisation: Some(organisation(1)), ..none() }, "7").await;
        let moment = |second: i64| Timestamp::from_second(1_775_000_000 + second).unwrap();
        let period = Period { start: moment(2), end: moment(4) };
        check(AuditFilter { period: Some(period), ..none() }, "3 2").await;
    }

    #[tokio::test]
    async fn a_list_goes_on_where_it_ended_whatever_is_written_meanwhile() {
        let (_database, store) = store().await;
        // All at one time: only their order tells them apart.
        let at_once = |number| Line { at: line(1, "", "").at, ..line(number, "threat.decide", "x") };
        write(&store, (1..=5).map(|n| at_once(n).of([organisation(n as u8 % 2)]))).await;
        let (all, own, filter) = (administrator(), ciso(1), AuditFilter::default());
        let page = audit_page(&store, &own, &filter, 1, None).await.unwrap();
        let (first, next) = (&page.entries[0], page.next.unwrap());
        assert_eq!((first.line.object.as_str(), &first.place, next.rank), ("threat_5", &None, 2));
        write(&store, (6..=9).map(|n| at_once(n).of([organisation(n as u8 % 2)]))).await;
        let page = audit_page(&store, &own, &filter, 9, Some(next)).await.unwrap();
        let objects: Vec<_> = page.entries.iter().map(|one| one.line.object.as_str()).collect();
        assert_eq!(objects, ["threat_3", "threat_1"]);
        assert_eq!(listed(&store, &own, &filter).await, "9 7 5 3 1");
        assert_eq!(listed(&store, &all, &filter).await, "9 8 7 6 5 4 3 2 1");
        for nonsense in ["", "1", "x-1", "1-x", "-", "99999999999999999999-1"] {
            assert!(nonsense.parse::<AuditAfter>().is_err(), "{nonsense}");
        }
    }

    #[tokio::test]
    async fn nobody_reads_what_others_did_or_what_is_too_confidential() {
        let (_database, store) = store().await;
        write(
            &store,
            [
                line(1, "audit.export", "the centre's own"),
                line(2, "threat.decide", "one's").of([organisation(1)]),
                line(3, "registry.change", "secret").of([organisation(1)]).at_degree(Confidentiality::Three),
                line(4, "account.grant", "both").of([organisation(2), organisation(1), organisation(1)]),
                line(5, "threat.decide", "another's").of([organisation(2)]),
            ],
        )
        .await;
        let filter = AuditFilter::default();
        assert_eq!(listed(&store, &administrator(), &filter).await, "5 4 2 1");
        assert_eq!(listed(&store, &ciso(1), &filter).await, "4 3 2");
        assert_eq!(listed(&store, &ciso(2), &filter).await, "5 4");
        assert_eq!(listed(&store, &ciso(3), &filter).await, "");
        for nobody in [Scope::nothing(), testkit::officer().scope().clone()] {
            assert_eq!(listed(&store, &nobody, &filter).await, "");
        }
        let elsewhere = AuditFilter { organisation: Some(organisation(2)), ..filter };
        assert_eq!(listed(&store, &ciso(1), &elsewhere).await, "4");
    }

    #[tokio::test]
    async fn taking_the_trail_away_is_a_line_of_it() {
        let (_database, store) = store().await;
        write(&store, (1..=3).map(|n| line(n, "threat.decide", "x").of([organisation(n as u8 % 2)]))).await;
        let reader = testkit::actor(Role::Ciso, [organisation(1)]);
        let filter =
            AuditFilter { text: Some("x".into()), action: Some("threat".into()), ..AuditFilter::default() };
        let now = Timestamp::from_second(1_775_000_009).unwrap();
        let taken = audit_export(&store, &reader, &filter, "csv", now).await.unwrap();
        assert_eq!(
            taken.iter().map(|one| one.line.object.as_str()).collect::<Vec<_>>(),
            ["threat_3", "threat_1"]
        );
        let page = audit_page(&store, reader.scope(), &AuditFilter::default(), 1, None).await.unwrap();
        let line = &page.entries[0].line;
        assert_eq!((line.action.as_str(), line.at, &line.actor), ("audit.export", now, &reader.label()));
        let told = serde_json::json!({ "notation": "csv", "lines": 2, "action": "threat", "text": true });
        assert_eq!(line.detail, told);
        assert_eq!(listed(&store, &ciso(0), &AuditFilter::default()).await, "2");
    }

    #[tokio::test]
    async fn that_somebody_took_the_trail_of_several_away_is_told_to_none_of_them() {
        let (_database, store) = store().await;
        let reader = testkit::actor(Role::Ciso, [organisation(1), organisation(2)]);
        let now = Timestamp::from_second(1_775_000_009).unwrap();
        let concerns = async |filter: AuditFilter| {
            audit_export(&store, &reader, &filter, "csv", now).await.unwrap();
            let page = audit_page(&store, &administrator(), &AuditFilter::default(), 1, None).await.unwrap();
            page.entries[0].line.concerns.clone()
        };
        assert_eq!(concerns(AuditFilter::default()).await, []);
        let of = |number| AuditFilter { organisation: Some(organisation(number)), ..AuditFilter::default() };
        assert_eq!(concerns(of(2)).await, [organisation(2)]);
        assert_eq!(concerns(of(3)).await, [], "whoever is not theirs learns nothing of it");
    }

    #[tokio::test]
    async fn words_that_were_erased_are_said_to_be() {
        let (_database, store) = store().await;
        let mut tx = store.write().await.unwrap();
        for (number, name) in [(1, "山田太郎"), (2, "佐藤花子")] {
            let line = line(number, "account.invite", "x");
            tx.audit_about(&line, &format!("account_{number}"), name).await.unwrap();
        }
        tx.commit().await.unwrap();
        let all = administrator();
        let named = AuditFilter { text: Some("山田".into()), ..AuditFilter::default() };
        assert_eq!(listed(&store, &all, &named).await, "1");
        let mut tx = store.write().await.unwrap();
        tx.forget("account_1").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(listed(&store, &all, &named).await, "");
        let page = audit_page(&store, &all, &AuditFilter::default(), 9, None).await.unwrap();
        let seen: Vec<_> =
            page.entries.iter().map(|one| (one.forgotten, one.line.detail["personal"].as_str())).collect();
        assert_eq!(seen, [(false, Some("佐藤花子")), (true, None)]);
    }
}
