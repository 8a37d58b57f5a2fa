//! Runs the comparison and prints it.

#![forbid(unsafe_code)]

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use trine_examples::comparison::{Comparison, compare};
use trine_examples::options::Options;
use trine_examples::report;
use trine_examples::service::{CHECK_THREAD, Data, Size};

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    let options = Options::parse();
    leave_damaged_files_to_their_error();
    let progress = Progress { shown: io::stderr().is_terminal() && !options.quiet };
    let compared = run(&options, &progress).await;
    progress.clear();
    let comparison = match compared {
        Ok(comparison) => comparison,
        Err(error) => {
            eprintln!("error: {}", with_causes(error.as_ref()));
            return ExitCode::from(2);
        }
    };
    let text = if options.json {
        format!("{:#}\n", report::json(&comparison))
    } else if options.quiet {
        report::verdict(&comparison)
    } else {
        report::tables(&comparison)
    };
    match io::stdout().write_all(text.as_bytes()) {
        // A reader that has seen enough (`| head`) is no failure; the exit code is the models' business.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("error: the report cannot be written: {error}");
            return ExitCode::from(2);
        }
        _ => {}
    }
    if comparison.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn run(
    options: &Options,
    progress: &Progress,
) -> Result<Comparison, Box<dyn std::error::Error>> {
    let temporary = tempfile::tempdir()
        .map_err(|error| format!("there is no place for temporary data (try --data): {error}"))?;
    let file = options.data.clone().unwrap_or_else(|| temporary.path().join("portal.redb"));
    progress.tell("data");
    let data = tokio::task::spawn_blocking(|| Data::open(file, Size::FULL)).await??;
    let models = options.chosen_models();
    let tell = |what: &str| progress.tell(what);
    Ok(compare(&models, &Arc::new(data), options.conditions(), tell).await?)
}

/// One line on a terminal that says what is being done, and is gone afterwards.
struct Progress {
    shown: bool,
}

impl Progress {
    fn tell(&self, what: &str) {
        if self.shown {
            eprint!("\r\x1b[K{what} ...");
        }
    }

    fn clear(&self) {
        if self.shown {
            eprint!("\r\x1b[K");
        }
    }
}

/// The panic of the thread that checks a data file comes back as an error with one clear message.
fn leave_damaged_files_to_their_error() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() != Some(CHECK_THREAD) {
            print(panic);
        }
    }));
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| {
        let cause = cause.to_string();
        // A transparent error repeats its cause.
        if text.contains(&cause) { text } else { format!("{text}: {cause}") }
    })
}
