//! What the commands do.

use crate::{
    Trouble, Verdict,
    arguments::{Command, Denied, Dialect, Format},
    report,
    sources::Source,
};
use serde::Serialize;
use trine_tao::path::{Check, Checks, Coverage, Document, Graph, Level, Picture, Walk, walks_of};

/// Does it once.
pub(crate) fn run(command: &Command) -> Verdict {
    match command {
        Command::Check { files, allow, warn, deny, json } => {
            check(files, &checks(allow, warn, deny), *json)
        }
        Command::Fmt { files, check } => fmt(files, *check),
        Command::Draw { files, format, path, trace, output } => {
            draw(files, *format, path.as_deref(), trace.as_deref(), output.as_deref())
        }
        Command::Table { files, to } => table(files, *to),
        Command::Diff { promised, done, json } => diff(promised, done, *json),
        Command::Trace { paths, trace, json } => hold(paths, trace, *json),
    }
}

fn checks(allow: &[Check], warn: &[Check], deny: &[Denied]) -> Checks {
    let mut checks = Checks::new();
    for denied in deny {
        let these = match denied {
            Denied::All => Check::ALL,
            Denied::One(check) => std::slice::from_ref(check),
        };
        checks = these.iter().fold(checks, |checks, check| checks.level(*check, Level::Deny));
    }
    // What is said of one check counts more than what is said of all.
    checks = warn.iter().fold(checks, |checks, check| checks.level(*check, Level::Warn));
    allow.iter().fold(checks, |checks, check| checks.level(*check, Level::Allow))
}

fn check(files: &[String], checks: &Checks, json: bool) -> Verdict {
    let sources = Source::all(files)?;
    let documents: Vec<Document> = sources.iter().map(Source::document).collect();
    let problems = checks.of(&documents.iter().collect::<Vec<_>>());
    if json {
        print_json(&problems)?;
    } else {
        report::problems(&problems, &sources);
        let rows: usize =
            documents.iter().flat_map(Document::paths).map(|path| path.rows.len()).sum();
        let paths: usize = documents.iter().map(|document| document.paths().count()).sum();
        report::summary(&problems, paths, rows);
    }
    Ok(problems.iter().all(|problem| problem.level < Level::Deny))
}

fn fmt(files: &[String], only_check: bool) -> Verdict {
    let mut formatted = true;
    for source in Source::all(files)? {
        let document = source.document();
        if !document.problems().is_empty() {
            report::problems(document.problems(), std::slice::from_ref(&source));
            formatted = false;
            continue;
        }
        let text = Document::format(&source.name, &source.text)
            .map_err(|unreadable| Trouble::Other(unreadable.to_string()))?;
        let from_input = source.name.starts_with("<stdin>");
        if only_check {
            if text != source.text {
                anstream::println!("{} is not formatted", source.name);
                formatted = false;
            }
        } else if from_input {
            print(&text)?;
        } else if text != source.text {
            write(&source.name, &text)?;
        }
    }
    Ok(formatted)
}

fn draw(
    files: &[String],
    format: Format,
    path: Option<&str>,
    trace: Option<&str>,
    output: Option<&str>,
) -> Verdict {
    let mut graph = together(files)?;
    if let Some(trace) = trace {
        let beside = graph.lay_over(&Source::read(trace)?.trace()?);
        if !beside.is_empty() {
            anstream::eprintln!(
                "{} kinds of chains in the trace are on no path: see `tao-path trace`",
                beside.len()
            );
        }
    }
    let picture = match path {
        None => Picture::of(&graph),
        Some(name) => match graph.path(name) {
            Some(path) => Picture::of_path(&graph, path),
            None => {
                let known: Vec<_> = graph.paths.iter().map(|path| path.name.as_str()).collect();
                let message = format!("there is no path `{name}`; there are {}", known.join(", "));
                return Err(Trouble::Other(message));
            }
        },
    };
    let text = match format {
        Format::Svg => picture.to_svg(),
        Format::Mermaid => picture.to_mermaid(),
    };
    match output {
        Some(name) => write(name, &text)?,
        None => print(&text)?,
    }
    Ok(true)
}

/// The graph of all files: documents together, so that their references lead from one to another.
fn together(files: &[String]) -> Result<Graph, Trouble> {
    let (mut documents, mut graph) = (Vec::new(), Graph::default());
    for source in Source::all(files)? {
        if source.text.trim_start().starts_with('{') {
            graph.merge(source.graph()?);
        } else {
            documents.push(source.complete()?);
        }
    }
    graph.merge(Graph::of_documents(&documents));
    Ok(graph)
}

fn table(files: &[String], to: Dialect) -> Verdict {
    for source in Source::all(files)? {
        let document = source.complete()?;
        print(&match to {
            Dialect::Markdown => document.to_markdown(),
            Dialect::Tao => document.to_tao(),
        })?;
    }
    Ok(true)
}

fn diff(promised: &str, done: &str, json: bool) -> Verdict {
    let diff = Source::read(promised)?.graph()?.diff(&Source::read(done)?.graph()?);
    if json {
        print_json(&diff)?;
    } else {
        print(&format!("{diff}\n"))?;
    }
    Ok(diff.is_empty())
}

/// What a trace was, as JSON.
#[derive(Serialize)]
struct Held {
    walks: Vec<HeldWalk>,
    seen: usize,
    total: usize,
    unseen: Vec<String>,
}

#[derive(Serialize)]
struct HeldWalk {
    cascade: u64,
    path: String,
    deviations: Vec<(u32, String)>,
}

fn hold(paths: &str, trace: &str, json: bool) -> Verdict {
    let document = Source::read(paths)?.complete()?;
    let trace = Source::read(trace)?.trace()?;
    let walks = walks_of(&document, &trace);
    let fail = |error: trine_tao::path::BeginError| Trouble::Other(error.to_string());
    let mut coverage = Coverage::of(&document).map_err(fail)?;
    coverage.add(&trace);
    if json {
        let deviations = |walk: &Walk| {
            walk.deviations
                .iter()
                .map(|deviation| (deviation.dispatch, deviation.reason.clone()))
                .collect()
        };
        let walk = |walk: &Walk| HeldWalk {
            cascade: walk.cascade.cascade,
            path: walk.path.clone(),
            deviations: deviations(walk),
        };
        print_json(&Held {
            walks: walks.iter().map(walk).collect(),
            seen: coverage.seen(),
            total: coverage.total(),
            unseen: coverage.unseen(),
        })?;
    } else {
        let left: Vec<_> = walks.iter().filter(|walk| !walk.is_on_path()).collect();
        for walk in &left {
            print(&format!("{walk}\n"))?;
        }
        let on = walks.len() - left.len();
        let are = match walks.len() {
            1 => "1 cascade is on its path".to_owned(),
            all => format!("{all} cascades are on their paths"),
        };
        print(&format!("{on} of {are}\n{coverage}"))?;
    }
    Ok(walks.iter().all(Walk::is_on_path))
}

fn print_json(value: &impl Serialize) -> Result<(), Trouble> {
    let json =
        serde_json::to_string_pretty(value).map_err(|error| Trouble::Other(error.to_string()))?;
    print(&format!("{json}\n"))
}

/// Writes to standard output. A reader that has enough is no trouble.
fn print(text: &str) -> Result<(), Trouble> {
    use std::io::{ErrorKind, Write};
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Trouble::File { name: "standard output".to_owned(), error })
        }
        _ => Ok(()),
    }
}

fn write(name: &str, text: &str) -> Result<(), Trouble> {
    std::fs::write(name, text).map_err(|error| Trouble::File { name: name.to_owned(), error })
}
