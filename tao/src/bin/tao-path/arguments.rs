//! What can be asked for.

use clap::{Parser, Subcommand, ValueEnum};
use trine_tao::path::Check;

/// Checks, formats, draws and compares TAO-Paths.
#[derive(Debug, Parser)]
#[command(name = "tao-path", version, about, max_term_width = 100)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Do it again whenever one of the files changes, until interrupted
    #[arg(long, global = true)]
    pub(crate) watch: bool,
}

/// What to do. Files are Markdown or `.tao`; `-` is standard input. Where a source may be something else than a document, `.json` is a trace or
/// a graph, as `Trace::to_json` and `Graph::to_json` write them.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what is wrong, with the row in question
    Check {
        /// Documents, which may refer to each other
        #[arg(required = true)]
        files: Vec<String>,
        /// Do not tell of this check: its name or code
        #[arg(long, value_name = "CHECK", value_parser = check)]
        allow: Vec<Check>,
        /// Tell of this check, without failing
        #[arg(long, value_name = "CHECK", value_parser = check)]
        warn: Vec<Check>,
        /// Fail because of this check; `all` for every one
        #[arg(long, value_name = "CHECK", value_parser = check_or_all)]
        deny: Vec<Denied>,
        /// One JSON array of problems
        #[arg(long)]
        json: bool,
    },
    /// Align columns, one way to write each symbol; files are changed in place
    Fmt {
        /// Documents
        #[arg(required = true)]
        files: Vec<String>,
        /// Change nothing, and fail if something would change
        #[arg(long)]
        check: bool,
    },
    /// Draw the paths
    Draw {
        /// Documents
        #[arg(required = true)]
        files: Vec<String>,
        /// What to draw it as
        #[arg(long, value_enum, default_value_t = Format::Svg)]
        format: Format,
        /// Only the path of this name
        #[arg(long, value_name = "NAME")]
        path: Option<String>,
        /// Lay this trace over it: which chains were gone, how often, how long, which failed
        #[arg(long, value_name = "FILE")]
        trace: Option<String>,
        /// Where to write it, instead of standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<String>,
    },
    /// Write the paths in the other dialect, or as plain tables
    Table {
        /// Documents
        #[arg(required = true)]
        files: Vec<String>,
        /// Which dialect
        #[arg(long, value_enum, default_value_t = Dialect::Markdown)]
        to: Dialect,
    },
    /// Compare what one source promises with what another does, in three tiers
    Diff {
        /// What promises: a document, a graph, a trace
        promised: String,
        /// What does: a graph, a trace, a document
        done: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Hold a trace against paths: what left them, and which branches it has gone
    Trace {
        /// A document
        paths: String,
        /// A trace, as JSON
        trace: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// What a picture is written as.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    /// SVG, light or dark as its reader prefers
    Svg,
    /// A Mermaid flowchart
    Mermaid,
}

/// What paths are written in.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Dialect {
    /// Markdown tables
    Markdown,
    /// The dialect of `.tao` files
    Tao,
}

/// A check that is denied, or all of them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Denied {
    One(Check),
    All,
}

fn check(text: &str) -> Result<Check, String> {
    Check::named(text).ok_or_else(|| {
        let known: Vec<_> = Check::ALL.iter().map(|check| check.name()).collect();
        format!("there is no such check; there are {}", known.join(", "))
    })
}

fn check_or_all(text: &str) -> Result<Denied, String> {
    if text == "all" { Ok(Denied::All) } else { check(text).map(Denied::One) }
}
