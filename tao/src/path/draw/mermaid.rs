//! Mermaid flowcharts.

use super::{Arrow, ArrowKind, Picture, Shape, ShapeKind, told};

pub(super) fn written(picture: &Picture) -> String {
    let mut out =
        format!("flowchart TD\n    accTitle: {}\n", picture.title.replace(['\n', '\r'], " "));
    for (at, shape) in picture.boxes.iter().enumerate() {
        out.push_str(&format!("    n{at}{}\n", node(shape)));
    }
    for Arrow { from, to, kind, words, runs } in &picture.arrows {
        let words = [escaped(words), runs.map(told).unwrap_or_default()];
        let words: Vec<_> =
            words.iter().filter(|words| !words.is_empty()).map(String::as_str).collect();
        let words =
            if words.is_empty() { String::new() } else { format!("|\"{}\"|", words.join("<br/>")) };
        let line = match kind {
            ArrowKind::Enter | ArrowKind::Inline => "-->",
            ArrowKind::Branch => "o-->",
            ArrowKind::Async => "-.->",
            ArrowKind::Redirect => "o-.->",
            ArrowKind::Halt => "--x",
            ArrowKind::Timeout | ArrowKind::Compensation => "x-.->",
        };
        out.push_str(&format!("    n{from} {line}{words} n{to}\n"));
    }
    out
}

fn node(shape: &Shape) -> String {
    let mut text = format!("<b>{}</b>", escaped(&shape.title));
    for (symbol, words) in &shape.lines {
        text.push_str(&format!("<br/>{} {}", escaped(symbol), escaped(words)));
    }
    match shape.kind {
        ShapeKind::Trigger => format!("([\"{}\"])", escaped(&shape.title)),
        ShapeKind::Signal => format!("[\"{text}\"]"),
        ShapeKind::Wild => format!("{{{{\"{text}\"}}}}"),
        ShapeKind::Elsewhere => format!("[/\"{text}\"/]"),
        ShapeKind::Halt => "((halt))".to_owned(),
    }
}

/// Text as it stands inside of quotation marks.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '"' => out.push_str("#quot;"),
            '#' => out.push_str("#35;"),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            '`' => out.push_str("#96;"),
            '\n' | '\r' => out.push(' '),
            _ => out.push(sign),
        }
    }
    out
}
