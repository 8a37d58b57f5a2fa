//! Runs the comparison and prints it, or does one of the other tasks.

#![forbid(unsafe_code)]

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::pin::pin;
use std::process::{self, ExitCode};
use std::sync::Arc;

use clap::Parser;
use tempfile::TempDir;
use trine_examples::advice::advice;
use trine_examples::comparison::{Comparison, compare};
use trine_examples::interruption::interrupted;
use trine_examples::models;
use trine_examples::options::{Options, ServiceOptions, Task, TuiOptions, WhichModelOptions};
use trine_examples::report::{self, ReportError, ReportFile};
use trine_examples::service::{CHECK_THREAD, Data, Service, Size};
use trine_examples::story::{Conditions, Script};
use trine_examples::tui;
use trine_examples::which_model::{self, FORGETFUL_THREAD, Operations, WhichModel};

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    let options = Options::parse();
    leave_damaged_files_to_their_error();
    if let Some(Task::Tui(options)) = &options.task {
        return match use_by_hand(options).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => failed(error.as_ref()),
        };
    }
    if let Some(Task::WhichModel(options)) = &options.task {
        let progress = Progress::on_a_terminal(!options.quiet);
        let done = which_model(options, &progress).await;
        progress.clear();
        return done.unwrap_or_else(|error| failed(error.as_ref()));
    }
    let progress = Progress::on_a_terminal(!options.quiet);
    let mut interrupted = pin!(interrupted());
    let compared = tokio::select! {
        biased;
        // What is dropped here takes its temporary files with it.
        signal = &mut interrupted => Err(signal),
        compared = run(&options, &progress) => Ok(compared),
    };
    progress.clear();
    let (comparison, page) = match compared {
        Ok(Ok(done)) => done,
        Ok(Err(error)) => return failed(error.as_ref()),
        Err(signal) => {
            tell("interrupted: no report was written");
            return ExitCode::from(128 + signal);
        }
    };
    let text = if options.json {
        format!("{:#}\n", report::json(&comparison))
    } else if options.quiet {
        report::coloured(&report::verdict(&comparison))
    } else {
        let page = page.map(|path| format!("The same in pictures: {}\n", path.display()));
        report::coloured(&report::tables(&comparison)) + &page.unwrap_or_default()
    };
    // Colours are for terminals, and for those who want them there: `NO_COLOR` and its like are respected.
    let printing = tokio::task::spawn_blocking(move || {
        let mut out = anstream::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush())
    });
    let printed = tokio::select! {
        biased;
        // Who waits for a reader that does not read can only be left. There is nothing temporary any more.
        signal = interrupted => process::exit(128 + i32::from(signal)),
        printed = printing => printed.unwrap_or_else(|panic| Err(io::Error::other(panic))),
    };
    match printed {
        // A reader that has seen enough (`| head`) is no failure; the exit code is the models' business.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            tell(&format!("error: the report cannot be written: {error}; {}", advice(&error)));
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
    let (data, _folder) = data(&options.service, Use::Story).await?;
    let models = options.chosen_models();
    let tell = |what: &str| progress.tell(what);
    let scenes = options.chosen_scenes();
    let comparison = compare(&models, &scenes, &data, options.conditions(), tell).await?;
    let page = page.map(|file| file.write(&report::page(&comparison))).transpose()?;
    Ok((comparison, page))
}

/// The app in this terminal, until its user quits.
async fn use_by_hand(options: &TuiOptions) -> Result<(), Box<dyn std::error::Error>> {
    let (data, _folder) = data(&options.service, Use::ByHand).await?;
    let service = Service::start(data, options.service.injection()).await?;
    let model = models::named(&options.model).ok_or("there is no such model")?;
    Ok(tui::run(model, &service).await?)
}

/// The document that helps to choose a model, with what the example says now.
async fn which_model(
    options: &WhichModelOptions,
    progress: &Progress,
) -> Result<ExitCode, Box<dyn std::error::Error>> {
    // Before the work, which takes some seconds.
    let mut document = WhichModel::read(&options.file, &which_model::names())?;
    progress.tell("data");
    let (data, _folder) = data_of(None, Use::Story).await?;
    let (conditions, next) = (Conditions::default(), |what: &str| progress.tell(what));
    let comparison = compare(models::ALL, &Script::ALL, &data, conditions, next).await?;
    if !comparison.differences.is_empty() {
        return Err(report::verdict(&comparison).trim_end().into());
    }
    progress.tell("what async commands cost");
    let operations = Operations::measured()?;
    let blocks = which_model::blocks(&comparison, &operations)?;
    progress.clear();
    if options.write {
        document.write(&blocks)?;
    }
    if !options.write && !options.check {
        anstream::stdout().write_all(document.filled(&blocks)?.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    // Without optimizations, times say nothing. Written, there may still be code that is quoted by hand and is gone.
    let differences = document.differences(&blocks, options.check && !cfg!(debug_assertions))?;
    let file = options.file.display();
    if differences.is_empty() {
        writeln!(anstream::stdout(), "OK: {file} says what the example says.")?;
        return Ok(ExitCode::SUCCESS);
    }
    tell(&format!("{file} does not say what the example says:"));
    for difference in differences {
        tell(&format!("  {difference}"));
    }
    tell("Write what is generated: cargo run --release -p trine-examples -- which-model --write");
    Ok(ExitCode::FAILURE)
}

/// What the data is for.
#[derive(Clone, Copy)]
enum Use {
    /// The story puts things into the state in which its scenes begin.
    Story,
    /// What the user changes is the user's.
    ByHand,
}

/// The service's data, in the file that the user has chosen or in one that goes with the folder. A story is played on
/// a copy: what the user has in the file stays.
async fn data(
    options: &ServiceOptions,
    used: Use,
) -> Result<(Arc<Data>, TempDir), Box<dyn std::error::Error>> {
    data_of(options.data.clone(), used).await
}

async fn data_of(
    file: Option<PathBuf>,
    used: Use,
) -> Result<(Arc<Data>, TempDir), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir().map_err(|error| {
        format!("there is no place for temporary files: {error}; set TMPDIR to a folder with room")
    })?;
    let own = folder.path().join("portal.redb");
    let open = move || match (file, used) {
        (None, _) => Data::open(own, Size::FULL),
        (Some(file), Use::Story) => Data::open_copy(file, own, Size::FULL),
        (Some(file), Use::ByHand) => Data::open(file, Size::FULL),
    };
    let data = tokio::task::spawn_blocking(open).await??;
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
    fn on_a_terminal(wanted: bool) -> Self {
        // One that cannot go back in its line would show all of them, one after the other.
        let dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
        Self { shown: wanted && !dumb && io::stderr().is_terminal() }
    }

    fn tell(&self, what: &str) {
        if self.shown {
            write(&format!("\r\x1b[K{what} ..."));
        }
    }

    fn clear(&self) {
        if self.shown {
            write("\r\x1b[K");
        }
    }
}

/// The panic of the thread that checks a data file comes back as an error with one clear message.
fn leave_damaged_files_to_their_error() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // What was forgotten on purpose panics on purpose.
        if ![Some(CHECK_THREAD), Some(FORGETFUL_THREAD)].contains(&std::thread::current().name()) {
            print(panic);
        }
    }));
}

/// One message, and the code of what could not be done.
fn failed(error: &dyn std::error::Error) -> ExitCode {
    tell(&format!("error: {}", with_causes(error)));
    ExitCode::from(2)
}

fn tell(message: &str) {
    write(&format!("{message}\n"));
}

/// Unlike `eprint!`, this does not panic when nobody listens.
fn write(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| {
        let cause = cause.to_string();
        // A transparent error repeats its cause.
        if text.contains(&cause) { text } else { format!("{text}: {cause}") }
    })
}
