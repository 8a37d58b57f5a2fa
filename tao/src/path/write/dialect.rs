//! Paths in the dialect of `.tao` files.

use super::{padded, width};
use crate::path::document::{Item, Path, Row, escaped};

pub(super) fn item(item: &Item, out: &mut String) {
    if !out.is_empty() {
        out.push('\n');
    }
    match item {
        Item::Prose(prose) => comments(prose, "", out),
        Item::Space(space) => {
            out.push_str("space {\n");
            for (axis, names) in ["terms", "actions", "orients"].iter().zip(&space.axes) {
                if !names.is_empty() {
                    out.push_str(&format!("    {axis} {}\n", names.join(", ")));
                }
            }
            out.push_str("}\n");
        }
        Item::Path(path) => self::path(path, out),
    }
}

fn comments(text: &str, indent: &str, out: &mut String) {
    for line in text.split('\n') {
        out.push_str(indent);
        out.push_str(if line.is_empty() { "//" } else { "// " });
        out.push_str(line);
        out.push('\n');
    }
}

fn path(path: &Path, out: &mut String) {
    out.push_str(&format!("path \"{}\" ", escaped(&path.name)));
    if path.level != Path::LEVEL {
        out.push_str(&format!("level {} ", path.level));
    }
    if !path.answers.is_empty() {
        let answers: Vec<_> = path.answers.iter().map(ToString::to_string).collect();
        out.push_str(&format!("answers {} ", answers.join(" | ")));
    }
    out.push_str("{\n");
    if !path.intro.is_empty() {
        comments(&path.intro, "    ", out);
    }
    let rows: Vec<_> = path.rows.iter().map(cells).collect();
    let widths: [usize; 4] =
        std::array::from_fn(|column| width(rows.iter().map(|row| row[column].as_str())));
    let before: usize = widths.iter().filter(|width| **width > 0).map(|width| width + 1).sum();
    for (row, cells) in path.rows.iter().zip(&rows) {
        if !row.note.is_empty() {
            comments(&row.note, "    ", out);
        }
        let mut line = String::from("    ");
        for (cell, width) in cells.iter().zip(widths) {
            if width > 0 || !cell.is_empty() {
                padded(&mut line, cell, width);
                line.push(' ');
            }
        }
        for (index, text) in row.spec.split('\n').enumerate().filter(|_| !row.spec.is_empty()) {
            if index > 0 {
                line.push('\n');
                padded(&mut line, "", before + 4);
            }
            line.push_str(&format!("\"{}\"", escaped(text)));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out.push_str("}\n");
}

fn cells(row: &Row) -> [String; 4] {
    let number = match row.number.as_deref() {
        None => String::new(),
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.to_owned(),
        Some(other) => format!("#\"{}\"", escaped(other)),
    };
    let [term, action, orient] = row.pattern.parts();
    let trigram = format!("{{{term}, {action}, {orient}}}");
    [number, row.chain.to_string(), trigram, row.mode.to_string()]
}
