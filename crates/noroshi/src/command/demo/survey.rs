//! The demonstration's self-inspections: this year's, which is being answered, and last year's, which asked less.

use base::{Role, Timestamp};
use inspect::catalogue::{Catalogue, Words};
use inspect::finding::{self, Filter, Gravity, LIST_MAX, Weak, raise_weak};
use inspect::survey::{Kind, Terms, close, create, open};
use inspect::{Variant, roster, upload};
use jiff::civil::{Date, Time, date, time};

use crate::centre::Centre;
use crate::command::house;
use crate::demo::World;

const ITEMS: &str = include_str!("../../../../../content/items/generic.csv");
/// The year whose survey is open on the day of the demonstration.
const YEAR: i16 = 2026;
/// Of each role, so many items at the end were not asked the year before; of a role that is not named, none.
const NEW_ITEMS: [(Role, usize); 2] = [(Role::Staff, 5), (Role::SystemManager, 2)];
/// Implementation rate in percent below which an item of last year is to be fixed.
const WEAK_BELOW: u64 = 75;
/// Where the guests answer their own forms.
const GUESTS_AT: &str = "naibu";
/// Who is CISO there: an organisation has one.
const CISO_THERE: &str = "02-00001";

/// Makes both surveys, with their rosters and answers.
pub(super) fn fill(centre: &Centre, world: &World, guests: &[web::Guest]) -> anyhow::Result<()> {
    let catalogue = Catalogue::read_csv(ITEMS.as_bytes())?;
    let before = of_last_year(&catalogue);
    centre.runtime.block_on(async {
        let ended = ask(centre, world, YEAR - 1, &before, "").await?;
        close(&centre.store, &house(), ended, moment(date(YEAR - 1, 8, 3), time(10, 0, 0, 0))?).await?;
        follow_up(centre, ended).await?;
        ask(centre, world, YEAR, &catalogue, &rows_of(guests)).await?;
        Ok(())
    })
}

fn of_last_year(catalogue: &Catalogue) -> Catalogue {
    let is_new = |item: &inspect::catalogue::Item| {
        let new = NEW_ITEMS.iter().find(|(role, _)| role.word() == item.role).map_or(0, |(_, new)| *new);
        let mut later =
            catalogue.of_role(&item.role).skip_while(|one| one.reference != item.reference).skip(1);
        later.by_ref().count() < new
    };
    Catalogue { items: catalogue.items.iter().filter(|item| !is_new(item)).cloned().collect() }
}

/// Makes the survey of a year, opens it and takes the answers in.
async fn ask(
    centre: &Centre,
    world: &World,
    year: i16,
    catalogue: &Catalogue,
    guests: &str,
) -> anyhow::Result<base::Id<base::Survey>> {
    let (store, house) = (&centre.store, house());
    let terms = terms(year)?;
    let files = world.survey(year, catalogue, year < YEAR);
    let made = create(store, &house, &terms, catalogue, moment(date(year, 6, 1), time(9, 0, 0, 0))?).await?;
    let people = files.roster.as_bytes();
    roster::import(store, &house, made, people, &mut |_| {}, terms.opens_at).await?;
    if !guests.is_empty() {
        roster::import(store, &house, made, guests.as_bytes(), &mut |_| {}, terms.opens_at).await?;
    }
    open(store, &house, made, terms.opens_at).await?;
    let taken_at = moment(date(year, 7, 14), time(18, 0, 0, 0))?;
    upload::upload(store, &house, made, files.answers.as_bytes(), taken_at).await?;
    Ok(made)
}

/// What last year's answers left to be fixed. Some of it was answered since, some is late, and some has an owner.
async fn follow_up(centre: &Centre, ended: base::Id<base::Survey>) -> anyhow::Result<()> {
    let (store, house) = (&centre.store, house());
    let weak = Weak { below_percent: WEAK_BELOW, gravity: Gravity::Observation, due: date(YEAR, 9, 30) };
    let raised_at = moment(date(YEAR - 1, 8, 5), time(10, 0, 0, 0))?;
    raise_weak(store, &house, ended, weak, raised_at).await?;
    let (found, _) =
        finding::list(store, house.scope(), &Filter::default(), None, LIST_MAX, raised_at).await?;
    let at = moment(date(YEAR, 5, 20), time(15, 0, 0, 0))?;
    for (place, one) in found.iter().enumerate() {
        match place % 6 {
            0 => {
                finding::assign(store, &house, one.id, "情報セキュリティ担当", date(YEAR, 6, 30), at).await?
            }
            1 => finding::assign(store, &house, one.id, "総務課長", date(YEAR, 7, 24), at).await?,
            2 => {
                let words = "手順書を改め、全職員に周知した。";
                finding::answer(store, &house, one.id, words, "総務課 第12号", at).await?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn terms(year: i16) -> anyhow::Result<Terms> {
    Ok(Terms {
        kind: Kind::SelfInspection,
        title: Words {
            ja: format!("令和{}年度 情報セキュリティ対策の自己点検", year - 2018),
            en: format!("Self-inspection of information security, fiscal {year}"),
        },
        edition: format!("generic {year}"),
        variant: Variant::Nisc,
        reference_day: date(year, 7, 1),
        opens_at: moment(date(year, 7, 1), time(9, 0, 0, 0))?,
        closes_at: moment(date(year, 7, 31), time(18, 0, 0, 0))?,
    })
}

/// The guests of one organisation, who answer with their accounts.
fn rows_of(guests: &[web::Guest]) -> String {
    let mut rows = String::from("organisation,person,role,excluded,section,account\n");
    let asked = [Role::Ciso, Role::SystemManager, Role::SectionManager, Role::Staff];
    for (number, guest) in guests.iter().filter(|guest| asked.contains(&guest.role)).enumerate() {
        let new = format!("02-9{number:04}");
        let person = if guest.role == Role::Ciso { CISO_THERE } else { &new };
        rows += &format!("{GUESTS_AT},{person},{},,総務部/総務課,{}\n", guest.role, guest.account);
    }
    rows
}

fn moment(day: Date, at: Time) -> anyhow::Result<Timestamp> {
    let japan = jiff::tz::TimeZone::fixed(jiff::tz::Offset::constant(9));
    Ok(day.to_datetime(at).to_zoned(japan)?.timestamp())
}
