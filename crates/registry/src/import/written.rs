//! A row as written, before anything is understood.

use std::sync::Arc;

use crate::Noun;
use crate::guard::bare;

/// The name of what `about` says, cut to this.
const ABOUT_CHARS_MAX: usize = 200;

/// One row: the columns of its table, and what stands in them. Empty is the same as not there.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub line: u64,
    header: Arc<[&'static str]>,
    cells: csv::StringRecord,
}

/// The column of this name, wherever it is used.
pub(crate) fn column(name: &str) -> Option<&'static str> {
    ["record", "organisation"]
        .into_iter()
        .chain(Noun::ALL.into_iter().flat_map(Noun::columns))
        .find(|column| *column == name)
}

impl Written {
    pub fn new(line: u64, header: Arc<[&'static str]>, cells: csv::StringRecord) -> Self {
        Self { line, header, cells }
    }

    /// A row of these columns.
    pub fn of<'p>(line: u64, pairs: impl IntoIterator<Item = (&'static str, &'p str)>) -> Self {
        let (header, cells): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        Self { line, header: header.into(), cells: cells.into() }
    }

    /// What stands in a column, without the sign that kept a spreadsheet from computing it.
    pub fn get(&self, column: &str) -> &str {
        let place = self.header.iter().position(|name| *name == column);
        place.and_then(|place| self.cells.get(place)).map_or("", |cell| bare(cell.trim()))
    }

    /// The columns in which something stands.
    pub fn said(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.header.iter().map(|column| (*column, self.get(column))).filter(|(_, value)| !value.is_empty())
    }

    /// What it is about, as `network 192.0.2.0/24`.
    pub fn about(&self) -> String {
        let first = |columns: &[&str]| {
            columns.iter().map(|column| self.get(column)).find(|value| !value.is_empty()).unwrap_or_default()
        };
        let named = match self.get("record").parse() {
            Ok(Noun::Organisation) => self.get("organisation").to_owned(),
            Ok(Noun::Network | Noun::Domain | Noun::MailDomain | Noun::Host) => first(&["value"]).to_owned(),
            Ok(_) => format!("{}/{}", self.get("organisation"), first(&["key", "name", "name_ja", "kind"])),
            Err(_) => first(&["value", "organisation"]).to_owned(),
        };
        format!("{} {named}", self.get("record")).chars().take(ABOUT_CHARS_MAX).collect()
    }
}
