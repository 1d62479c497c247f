//! The `noroshi` command: arguments in, one of the commands run, an exit code out.

mod anchor;
mod args;
mod backup;
mod centre;
mod clock;
mod command;
mod config;
mod demo;
mod http;
mod input;
mod intake;
mod output;
mod pipeline;
mod provider;
mod rules;
mod wiring;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

/// The heap that many small, short-lived values of several threads ask for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = args::Args::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_env("NOROSHI_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match command::run(args) {
        Ok(code) => code.into(),
        // Somebody closed the pipe (`| head`): they have what they wanted.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "noroshi: {error:#}");
            command::Exit::Wrong.into()
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}
