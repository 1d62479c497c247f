//! One command, one file.

mod detect;
mod shell;

use std::process::ExitCode;

use crate::args::{Args, Command};

/// How a command ended, for scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// Done, and something was found at the level the caller asked about.
    Found,
    /// The arguments, the files or the settings are wrong.
    Wrong,
    /// Done, but some input could not be read.
    Unread,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Found => Self::from(1),
            Exit::Wrong => Self::from(2),
            Exit::Unread => Self::from(3),
        }
    }
}

/// Runs the command that was asked for.
pub fn run(args: Args) -> anyhow::Result<Exit> {
    match args.command {
        Command::Detect(args) => detect::run(&args),
        Command::Completions { shell } => shell::completions(shell),
        Command::Man { folder } => shell::man(&folder),
        _ => anyhow::bail!("not there yet"),
    }
}
