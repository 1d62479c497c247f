//! `noroshi completions` and `noroshi man`.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use clap::CommandFactory as _;

use super::Exit;
use crate::args::Args;

/// Prints a completion script.
pub fn completions(shell: clap_complete::Shell) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "noroshi", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(Exit::Done)
}

/// Writes a manual page for the command and each of its subcommands.
pub fn man(folder: &Path) -> anyhow::Result<Exit> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    clap_mangen::generate_to(Args::command(), folder)
        .with_context(|| format!("cannot write into {}", folder.display()))?;
    Ok(Exit::Done)
}
