//! The `weir` binary: reads the command line, runs one command, ends with its exit code.

#![forbid(unsafe_code)]

use clap::Parser;
use std::process::ExitCode;
use weir::cli::Cli;
use weir::exit::Exit;

/// Buffers of rows come and go by the megabyte; this allocator keeps them instead of returning the pages.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => weir::commands::run(cli).into(),
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            // A closed terminal is no reason for another exit code.
            drop(error.print());
            exit.into()
        }
    }
}
