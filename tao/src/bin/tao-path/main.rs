//! `tao-path`: checks, formats, draws and compares TAO-Paths.
//!
//! ```text
//! cargo run -p trine-tao --features cli --bin tao-path -- check docs/*.md
//! ```
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | nothing is wrong |
//! | 1 | a check denies something, a file is not formatted, two sources differ, a trace has left its path |
//! | 2 | a file cannot be read or written, or the arguments are wrong |

mod arguments;
mod commands;
mod report;
mod sources;
mod watch;

use arguments::{Arguments, Command};
use clap::Parser;
use std::{io, process::ExitCode};

/// What a command came to: whether all is well.
type Verdict = Result<bool, Trouble>;

/// Why a command could not be done.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    /// A file.
    #[error("{name}: {error}")]
    File {
        name: String,
        #[source]
        error: io::Error,
    },
    /// Something that is not what it should be.
    #[error("{0}")]
    Other(String),
}

fn main() -> ExitCode {
    let Arguments { command, watch } = Arguments::parse();
    let verdict = if watch { watch::over(&command) } else { commands::run(&command) };
    match verdict {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(trouble) => {
            report::trouble(&trouble);
            ExitCode::from(2)
        }
    }
}

impl Command {
    /// The files that it reads, standard input left out.
    fn files(&self) -> Vec<&str> {
        let files: Vec<&String> = match self {
            Self::Check { files, .. } | Self::Fmt { files, .. } | Self::Table { files, .. } => {
                files.iter().collect()
            }
            Self::Draw { files, trace, .. } => files.iter().chain(trace).collect(),
            Self::Diff { promised, done, .. } => vec![promised, done],
            Self::Trace { paths, trace, .. } => vec![paths, trace],
        };
        files.into_iter().map(String::as_str).filter(|name| *name != "-").collect()
    }
}
