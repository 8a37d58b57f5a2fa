//! What files hold: documents, graphs, traces.

use crate::Trouble;
use std::io::Read;
use trine_tao::path::{Document, Graph, Trace};

/// A file that was read.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its name, as it was given.
    pub(crate) name: String,
    /// What is in it; broken, if it is not UTF-8.
    pub(crate) text: String,
    /// The bytes, as they are.
    bytes: Vec<u8>,
}

/// How large a file may be, in bytes.
const LARGEST: u64 = 256 << 20;

impl Source {
    /// Reads a file, or standard input.
    pub(crate) fn read(name: &str) -> Result<Self, Trouble> {
        let fail = |error| Trouble::File { name: name.to_owned(), error };
        let mut bytes = Vec::new();
        if name == "-" {
            std::io::stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes).map_err(fail)?;
        } else {
            let file = std::fs::File::open(name).map_err(fail)?;
            file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(fail)?;
        }
        if bytes.len() as u64 > LARGEST {
            return Err(Trouble::Other(format!("{name}: more than {} MiB", LARGEST >> 20)));
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let name = match name {
            // Which dialect it is has to be told by what is in it.
            "-" if Document::is_tao(&text) => "<stdin>.tao",
            "-" => "<stdin>",
            name => name,
        };
        Ok(Self { name: name.to_owned(), text, bytes })
    }

    /// Reads each of them.
    pub(crate) fn all(names: &[String]) -> Result<Vec<Self>, Trouble> {
        names.iter().map(|name| Self::read(name)).collect()
    }

    /// The document, with what could not be read of it.
    pub(crate) fn document(&self) -> Document {
        Document::read_bytes(&self.name, &self.bytes)
    }

    /// The document, if all of it could be read.
    pub(crate) fn complete(&self) -> Result<Document, Trouble> {
        self.document().complete().map_err(|unreadable| Trouble::Other(unreadable.to_string()))
    }

    /// The trace.
    pub(crate) fn trace(&self) -> Result<Trace, Trouble> {
        Trace::from_json(&self.text)
            .map_err(|error| Trouble::Other(format!("{}: not a trace: {error}", self.name)))
    }

    /// The graph: of a document, a trace, or as it is.
    pub(crate) fn graph(&self) -> Result<Graph, Trouble> {
        if !self.text.trim_start().starts_with('{') {
            return Ok(self.complete()?.graph());
        }
        if let Ok(trace) = Trace::from_json(&self.text) {
            return Ok(trace.graph());
        }
        Graph::from_json(&self.text).map_err(|error| {
            Trouble::Other(format!("{}: neither a trace nor a graph: {error}", self.name))
        })
    }
}
