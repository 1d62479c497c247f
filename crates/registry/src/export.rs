//! From the registry into CSV and XLSX that spreadsheets open without computing anything, and that
//! [`import`](crate::import) takes back unchanged.

use std::io::Write;

use base::{Id, Organisation as OrganisationId, Scope};
use rust_xlsxwriter::{Format, Workbook};
use store::{Connection, Store};

use crate::guard::guarded;
use crate::read::written_day;
use crate::{Asset, Error, Noun, Organisation, Registry, sql};

/// The most rows of one noun in one file, as many as an import takes.
pub const ROWS_MAX: usize = crate::import::ROWS_MAX;
const PAGE_ROWS: u32 = 1000;

/// Writes everything of one noun that the scope reaches, of one organisation when one is given. UTF-8 with the mark
/// by which spreadsheets know it.
pub async fn csv(
    store: &Store,
    scope: &Scope,
    noun: Noun,
    organisation: Option<Id<OrganisationId>>,
    out: impl Write + Send,
) -> Result<(), Error> {
    let mut out = out;
    out.write_all("\u{feff}".as_bytes())?;
    let mut writer = ::csv::Writer::from_writer(out);
    writer.write_record(header(noun)).map_err(std::io::Error::from)?;
    let mut read = store.read().await?;
    let world = World::load(read.connection(), scope, organisation).await?;
    world
        .rows(read.connection(), noun, &mut |cells| {
            Ok(writer.write_record(cells).map_err(std::io::Error::from)?)
        })
        .await?;
    writer.flush()?;
    Ok(())
}

/// A workbook with one sheet for each noun that the scope has anything of.
pub async fn xlsx(
    store: &Store,
    scope: &Scope,
    organisation: Option<Id<OrganisationId>>,
) -> Result<Vec<u8>, Error> {
    let mut read = store.read().await?;
    let world = World::load(read.connection(), scope, organisation).await?;
    let mut book = Workbook::new();
    for noun in Noun::ALL {
        let mut rows = Vec::new();
        world
            .rows(read.connection(), noun, &mut |cells| {
                rows.push(cells.to_vec());
                Ok(())
            })
            .await?;
        if rows.is_empty() {
            continue;
        }
        let sheet = book.add_worksheet();
        sheet.set_name(noun.word()).map_err(workbook)?;
        sheet.set_freeze_panes(1, 0).map_err(workbook)?;
        let bold = Format::new().set_bold();
        for (place, name) in (0u16..).zip(header(noun)) {
            sheet.write_string_with_format(0, place, name, &bold).map_err(workbook)?;
        }
        for (line, cells) in (1u32..).zip(&rows) {
            for (place, cell) in (0u16..).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
                sheet.write_string(line, place, cell).map_err(workbook)?;
            }
        }
    }
    if book.worksheets().is_empty() {
        book.add_worksheet();
    }
    book.save_to_buffer().map_err(workbook)
}

fn workbook(error: rust_xlsxwriter::XlsxError) -> Error {
    Error::Output(std::io::Error::other(error))
}

/// The columns of a file of this noun.
pub fn header(noun: Noun) -> Vec<&'static str> {
    ["record", "organisation"].into_iter().chain(noun.columns()).collect()
}

type Sink<'f> = dyn FnMut(&[String]) -> Result<(), Error> + Send + 'f;

struct World<'s> {
    scope: &'s Scope,
    organisation: Option<Id<OrganisationId>>,
    registry: Registry,
    hidden: std::collections::HashSet<(Id<OrganisationId>, String)>,
}

impl<'s> World<'s> {
    async fn load(
        connection: &mut Connection,
        scope: &'s Scope,
        organisation: Option<Id<OrganisationId>>,
    ) -> Result<Self, Error> {
        let registry = Registry::load_in(connection).await?;
        let hidden = sql::record::hidden_systems(connection, scope).await?;
        Ok(Self { scope, organisation, registry, hidden })
    }

    async fn rows(&self, connection: &mut Connection, noun: Noun, sink: &mut Sink<'_>) -> Result<(), Error> {
        let right = noun.right();
        let wanted = |id: Id<OrganisationId>| {
            self.organisation.is_none_or(|wanted| wanted == id) && self.scope.covers(right, Some(id))
        };
        let mut give = |cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(|cell| guarded(cell)).collect();
            sink(&cells)
        };
        match noun {
            Noun::Organisation => {
                for one in self.registry.organisations().iter().filter(|one| wanted(one.id)) {
                    give(&self.organisation_row(one))?;
                }
            }
            Noun::Network | Noun::Domain | Noun::MailDomain | Noun::Host => {
                let fits = |asset: &&Asset| asset.kind.noun() == noun && wanted(asset.organisation);
                for asset in self.registry.assets().iter().filter(fits) {
                    give(&self.asset_row(asset))?;
                }
            }
            _ => {
                let mut after = None;
                for _ in 0..ROWS_MAX.div_ceil(PAGE_ROWS as usize) {
                    let (scope, organisation) = (self.scope, self.organisation);
                    let page = sql::record::list(
                        connection,
                        noun,
                        scope,
                        organisation,
                        None,
                        after.as_ref(),
                        PAGE_ROWS,
                    )
                    .await?;
                    let Some(last) = page.last() else { break };
                    after = Some((last.organisation, last.key.clone()));
                    for mut record in page {
                        crate::hide_systems(&mut record, &self.hidden);
                        let columns = noun.columns().into_iter().map(|column| record.written(column));
                        let named = [noun.word().to_owned(), self.key(record.organisation)];
                        give(&named.into_iter().chain(columns).collect::<Vec<_>>())?;
                    }
                }
            }
        }
        Ok(())
    }

    fn key(&self, id: Id<OrganisationId>) -> String {
        self.registry.organisation(id).map(|one| one.key.clone()).unwrap_or_default()
    }

    fn organisation_row(&self, one: &Organisation) -> [String; 7] {
        // What stands above the asker's own tree is known by its key from the tree itself.
        let parent = one.parent.map(|parent| self.key(parent)).unwrap_or_default();
        [
            Noun::Organisation.word().to_owned(),
            one.key.clone(),
            one.name_ja.clone(),
            one.name_en.clone(),
            one.kind.word().to_owned(),
            parent,
            one.display_order.to_string(),
        ]
    }

    fn asset_row(&self, asset: &Asset) -> [String; 8] {
        let hidden = self.hidden.contains(&(asset.organisation, asset.system.clone()));
        [
            asset.kind.word().to_owned(),
            self.key(asset.organisation),
            asset.value.clone(),
            written_day(asset.validity.from),
            written_day(asset.validity.until),
            asset.criticality.word().to_owned(),
            if hidden { String::new() } else { asset.system.clone() },
            asset.device_class.clone(),
        ]
    }
}
