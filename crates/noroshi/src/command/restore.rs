//! `noroshi restore`: a backup becomes a data directory and a database again.

use super::{Exit, say};
use crate::args::Restore;
use crate::backup;
use crate::config::Config;

/// Runs the command.
pub fn run(args: &Restore) -> anyhow::Result<Exit> {
    let config = Config::load(args.data.config.as_deref())?;
    let directory = args.data.data.as_ref().unwrap_or(&config.data.directory);
    let database = config.database(directory)?;
    let manifest = backup::check(&args.folder)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(backup::restore(&args.folder, &manifest, directory, &database))?;
    say(&format!("{} and {database}: {}", directory.display(), manifest.summary()));
    Ok(Exit::Done)
}
