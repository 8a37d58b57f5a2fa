//! Paths as Markdown.

use super::{padded, width};
use crate::{
    Part,
    path::document::{Item, Path, Row},
};

pub(super) fn item(item: &Item, out: &mut String) {
    if !out.is_empty() {
        out.push('\n');
    }
    match item {
        Item::Prose(prose) => {
            out.push_str(prose);
            out.push('\n');
        }
        Item::Space(space) => {
            out.push_str("Space:\n\n");
            for (axis, names) in ["Terms", "Actions", "Orients"].iter().zip(&space.axes) {
                if !names.is_empty() {
                    out.push_str(&format!("- {axis}: {}\n", names.join(", ")));
                }
            }
        }
        Item::Path(path) => {
            out.push_str(&format!("{} TAO-Path: {}\n\n", "#".repeat(path.level.into()), path.name));
            if !path.intro.is_empty() {
                out.push_str(&format!("{}\n\n", path.intro));
            }
            if !path.answers.is_empty() {
                let answers: Vec<_> =
                    path.answers.iter().map(|answer| format!("`{answer}`")).collect();
                out.push_str(&format!("Answers: {}\n\n", answers.join(", ")));
            }
            table(path, out);
        }
    }
}

const HEADER: [&str; 7] = ["#", "chain", "Term", "Action", "Orient", "mode", "handler spec"];

pub(super) fn table(path: &Path, out: &mut String) {
    let rows: Vec<_> = path.rows.iter().map(cells).collect();
    let widths: [usize; 7] = std::array::from_fn(|column| {
        let header = HEADER[column].len();
        // The last one may be as long as it likes.
        if column == 6 {
            header
        } else {
            width(rows.iter().map(|row| row[column].as_str())).max(header)
        }
    });
    line(&HEADER, &widths, out);
    out.push('|');
    for width in widths {
        out.extend(std::iter::repeat_n('-', width + 2));
        out.push('|');
    }
    out.push('\n');
    for row in &rows {
        line(row, &widths, out);
    }
}

fn line(cells: &[impl AsRef<str>; 7], widths: &[usize; 7], out: &mut String) {
    for (cell, width) in cells.iter().zip(widths) {
        out.push_str("| ");
        padded(out, cell.as_ref(), *width);
        out.push(' ');
    }
    out.push_str("|\n");
}

fn cells(row: &Row) -> [String; 7] {
    let [term, action, orient] = row.pattern.parts();
    let code = |text: String| if text.is_empty() { text } else { format!("`{text}`") };
    let chain = if row.chain.trigger.is_some() {
        row.chain.cell().replace('|', "\\|")
    } else {
        code(row.chain.cell())
    };
    // References are not code: Markdown makes footnotes and links of them.
    let targets: String = row.mode.targets.iter().map(ToString::to_string).collect();
    let note = match row.note.as_str() {
        "" => String::new(),
        note => format!("<!-- {note} --> "),
    };
    let spec = format!("{note}{}", row.spec).trim_end().replace('|', "\\|").replace('\n', "<br/>");
    let number = row.number.clone().unwrap_or_default().replace('|', "\\|");
    let mode = code(row.mode.reaction.to_string()) + &targets.replace('|', "\\|");
    [number, chain, name(term), name(action), name(orient), mode, spec]
}

fn name(part: &Part) -> String {
    match part.names() {
        None => "`*`".to_owned(),
        Some(names) => format!("`{}`", names.join(" or ")),
    }
}
