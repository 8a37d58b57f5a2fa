//! Which column of a Markdown table is where, and the cells of its rows.
//!
//! Columns are known by their names; what people leave unnamed is known by its place: before the trigram stands the chain, behind
//! it the mode, then the spec. Rows may be ragged: what is missing is blank, what is too much belongs to the spec.

use super::cells::{Cells, plain, spec_of};

/// Which column is where.
pub(super) struct Columns {
    /// How many there are.
    len: usize,
    number: Option<usize>,
    chain: Option<usize>,
    /// Term, action, orient; or all of them in one.
    parts: Result<[usize; 3], usize>,
    mode: Option<usize>,
    spec: Option<usize>,
}

impl Columns {
    /// Those of a header, if it is that of a path.
    pub(super) fn of(header: &str) -> Option<Self> {
        let cells = cells_of(header);
        // A line with more columns is no header of a path, however it goes on.
        if cells.len() > 32 {
            return None;
        }
        let names: Vec<_> =
            cells.iter().map(|name| plain(name).trim().to_ascii_lowercase()).collect();
        let find = |wanted: &[&str]| names.iter().position(|name| wanted.contains(&name.as_str()));
        let parts = match (find(&["term", "t"]), find(&["action", "a"]), find(&["orient", "o"])) {
            (Some(term), Some(action), Some(orient)) => Ok([term, action, orient]),
            _ => Err(find(&["signal", "trigram", "appcon", "appctx"])?),
        };
        let (first, last) = match parts {
            Ok([term, action, orient]) => {
                (term.min(action).min(orient), term.max(action).max(orient))
            }
            Err(one) => (one, one),
        };
        let number = find(&["#", "no", "nr", "row"]);
        let chain = find(&["chain", "trigger", "event"]);
        let chain = chain.or_else(|| (0..first).rev().find(|at| Some(*at) != number));
        let mode = find(&["mode", "phase"]);
        let mode = mode.or_else(|| (last + 2 < names.len()).then_some(last + 1));
        let spec = Some(mode.unwrap_or(last) + 1).filter(|at| *at < names.len());
        Some(Self { len: names.len(), number, chain, parts, mode, spec })
    }

    /// The cells of a row, and its spec.
    pub(super) fn split<'a>(&self, line: &'a str) -> (Cells<'a>, String) {
        let mut found = cells_of(line.trim());
        // A header without a column for the numbers that the rows have.
        let is_number =
            |cell: &str| !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit());
        let unnamed = self.number.is_none() && found.len() > self.len && is_number(found[0].trim());
        let number = if unnamed { found.remove(0).trim() } else { "" };
        let cell =
            |at: Option<usize>| at.and_then(|at| found.get(at)).map_or("", |cell| cell.trim());
        let mut cells = Cells {
            line: line.trim(),
            number: if unnamed { number } else { cell(self.number) },
            chain: cell(self.chain),
            parts: match self.parts {
                Ok(parts) => parts.map(|at| cell(Some(at))),
                Err(one) => [cell(Some(one)), "", ""],
            },
            mode: cell(self.mode),
        };
        let mut rest = found.get(self.spec.unwrap_or(self.len)..).unwrap_or_default();
        // Empty cells beyond the header say nothing.
        while let [more @ .., last] = rest
            && !more.is_empty()
            && last.trim().is_empty()
        {
            rest = more;
        }
        let mut spec = rest.join("|");
        // HTML inside of a table: a cell that goes over the rest of the row.
        if let Some((part, inside)) = cells.parts[2].split_once("<td") {
            cells.parts[2] = part.trim_end();
            spec = inside.split_once('>').map_or("", |(_, text)| text).replace("</td>", "");
        }
        // A bar that is escaped is one of the text.
        (cells, spec_of(&spec.replace("\\|", "|")))
    }

    /// The one cell that holds the whole trigram, if this table has one.
    pub(super) fn trigram<'a>(&self, cells: &Cells<'a>) -> Option<&'a str> {
        let one = self.parts.is_err().then_some(cells.parts[0])?;
        Some(one).filter(|cell| !cell.is_empty())
    }
}

impl<'a> Cells<'a> {
    /// With the parts of a trigram that is in one cell, and has been read once already.
    pub(super) fn with_trigram(mut self, cell: &'a str) -> Self {
        let mut parts = cell.trim_matches(['`', '{', '}', ' ']).splitn(3, ',').map(str::trim);
        self.parts = std::array::from_fn(|_| parts.next().unwrap_or(""));
        self
    }
}

/// The cells of a row: what stands between bars that are not escaped.
fn cells_of(line: &str) -> Vec<&str> {
    let line = line.strip_prefix('|').unwrap_or(line);
    let line = match line.strip_suffix('|') {
        Some(inside) if !inside.ends_with('\\') => inside,
        _ => line,
    };
    let (mut cells, mut from, bytes) = (Vec::new(), 0, line.as_bytes());
    for at in bars(bytes) {
        // `\|` is a bar in a text.
        if at == 0 || bytes[at - 1] != b'\\' {
            cells.push(&line[from..at]);
            from = at + 1;
        }
    }
    cells.push(&line[from..]);
    cells
}

/// Where the bars are.
fn bars(bytes: &[u8]) -> impl Iterator<Item = usize> + '_ {
    bytes.iter().enumerate().filter(|(_, byte)| **byte == b'|').map(|(at, _)| at)
}

/// Whether a line is a row of a table.
pub(super) fn is_row(line: &str) -> bool {
    line.len() > 1 && line.starts_with('|')
}

/// Whether it is the one between header and rows, which says nothing.
pub(super) fn is_separator(line: &str) -> bool {
    line.contains('-') && line.bytes().all(|byte| matches!(byte, b'|' | b'-' | b':' | b' ' | b'\t'))
}
