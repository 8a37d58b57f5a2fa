//! Runs the comparison and prints it.

#![forbid(unsafe_code)]

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use tempfile::TempDir;
use trine_examples::comparison::{Comparison, compare};
use trine_examples::models;
use trine_examples::options::{Options, ServiceOptions, Task, TuiOptions};
use trine_examples::report::{self, ReportError, ReportFile};
use trine_examples::service::{CHECK_THREAD, Data, Service, Size};
use trine_examples::tui;

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    let options = Options::parse();
    leave_damaged_files_to_their_error();
    if let Some(Task::Tui(options)) = &options.task {
        return match use_by_hand(options).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("error: {}", with_causes(error.as_ref()));
                ExitCode::from(2)
            }
        };
    }
    let progress = Progress { shown: io::stderr().is_terminal() && !options.quiet };
    let compared = run(&options, &progress).await;
    progress.clear();
    let (comparison, page) = match compared {
        Ok(done) => done,
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
        let page = page.map(|path| format!("The same in pictures: {}\n", path.display()));
        report::tables(&comparison) + &page.unwrap_or_default()
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
) -> Result<(Comparison, Option<PathBuf>), Box<dyn std::error::Error>> {
    let page = page_file(options)?;
    progress.tell("data");
    let (data, _folder) = data(&options.service).await?;
    let models = options.chosen_models();
    let tell = |what: &str| progress.tell(what);
    let scenes = options.chosen_scenes();
    let comparison = compare(&models, &scenes, &data, options.conditions(), tell).await?;
    let page = page.map(|file| file.write(&report::page(&comparison))).transpose()?;
    Ok((comparison, page))
}

/// The app in this terminal, until its user quits.
async fn use_by_hand(options: &TuiOptions) -> Result<(), Box<dyn std::error::Error>> {
    let (data, _folder) = data(&options.service).await?;
    let service = Service::start(data, options.service.injection()).await?;
    let model = models::named(&options.model).ok_or("there is no such model")?;
    Ok(tui::run(model, &service).await?)
}

/// The service's data, in the file that the user has chosen or in one that goes with the folder.
async fn data(
    options: &ServiceOptions,
) -> Result<(Arc<Data>, TempDir), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()
        .map_err(|error| format!("there is no place for temporary data (try --data): {error}"))?;
    let file = options.data.clone().unwrap_or_else(|| folder.path().join("portal.redb"));
    let data = tokio::task::spawn_blocking(|| Data::open(file, Size::FULL)).await??;
    Ok((Arc::new(data), folder))
}

/// Where the page goes: where the user wants it; else, for who reads the tables, into the target folder.
fn page_file(options: &Options) -> Result<Option<ReportFile>, ReportError> {
    let path = match &options.report {
        Some(path) => Some(path.clone()),
        None if options.json || options.quiet => None,
        None => ReportFile::in_target_folder(),
    };
    path.map(ReportFile::at).transpose()
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
