//! The dialect of `.tao` files: the columns of a table, with trigrams in braces and texts in quotation marks.
//!
//! ```text
//! document := ( comment | space | path )*
//! comment  := '//' text                                        -- Markdown, for people
//! space    := 'space {' ( ( 'terms' | 'actions' | 'orients' ) name ( ',' name )* )* '}'
//! path     := 'path' text [ 'level' number ] [ 'answers' trigram ( '|' trigram )* ] '{' ( comment | row )* '}'
//! row      := [ number ] [ chain | [ label ':' ] text ] [ trigram ] [ mode ] text*
//! trigram  := '{' part ',' part ',' part '}'      part := '*' | name ( '|' name )*
//! text     := '"' any characters, `\"` and `\\` escaped '"'
//! ```
//!
//! A row begins on a line of its own; lines of nothing but texts go on with its spec. Comments at the beginning of a path are its
//! introduction, the others belong to the row below. A row without a trigram has that of the row above.

use super::{
    Reading,
    cells::{Cells, plain, read_pattern, spec_of},
    markdown,
};
use crate::path::{
    document::{Item, Path, Row, Space},
    place::Span,
    problem::Check,
    symbols::{Chain, is_label},
};

/// What a line belongs to.
enum Inside {
    /// Nothing.
    Document,
    /// A space.
    Space(Space),
    /// A path, with the comments that wait for the row below.
    Path(Path, Vec<String>),
}

/// A line that fits no rule, in part.
struct Misfit<'a> {
    part: &'a str,
    message: String,
    help: &'static str,
}

const ROW: &str = "a row is `chain {Term, Action, Orient} mode \"what the handler does\"`";

pub(super) fn read(reading: &mut Reading<'_>, text: &str) {
    let mut inside = Inside::Document;
    for line in text.lines() {
        // Two spaces at the end of a line mean something in Markdown.
        let line = line.trim_start();
        let line = if comment(line).is_some() { line } else { line.trim_end() };
        let done = match &mut inside {
            _ if line.is_empty() => {
                reading.apart = true;
                Ok(None)
            }
            Inside::Document => outside(reading, line),
            Inside::Space(_) if line == "}" => {
                if let Inside::Space(space) = std::mem::replace(&mut inside, Inside::Document) {
                    reading.document.items.push(Item::Space(space));
                }
                Ok(None)
            }
            Inside::Space(space) => names(space, line).map(|()| None),
            Inside::Path(..) if line == "}" => {
                if let Inside::Path(path, comments) =
                    std::mem::replace(&mut inside, Inside::Document)
                {
                    close(reading, path, comments);
                }
                Ok(None)
            }
            Inside::Path(path, comments) => match comment(line) {
                Some(comment) => {
                    comments.push(comment.to_owned());
                    Ok(None)
                }
                None => row(reading, path, comments, line).map(|()| None),
            },
        };
        match done {
            Ok(None) => {}
            Ok(Some(next)) => inside = next,
            Err(Misfit { part, message, help }) => {
                let part = if part.is_empty() { line } else { part };
                reading.problem(Check::Syntax, part, message, "here", help);
            }
        }
    }
    let open = match inside {
        Inside::Document => return,
        Inside::Space(space) => {
            reading.document.items.push(Item::Space(space));
            "a space"
        }
        Inside::Path(path, comments) => {
            close(reading, path, comments);
            "a path"
        }
    };
    let end = text.trim_end();
    let last = end.char_indices().next_back().map_or("", |(at, _)| &end[at..]);
    let message = format!("{open} is never closed");
    reading.problem(
        Check::Syntax,
        last,
        message,
        "the text ends here",
        "write `}` behind its rows",
    );
}

/// The text of a comment.
fn comment(line: &str) -> Option<&str> {
    let text = line.strip_prefix("//")?;
    Some(text.strip_prefix(' ').unwrap_or(text))
}

/// A line outside of everything.
fn outside<'a>(reading: &mut Reading<'_>, line: &'a str) -> Result<Option<Inside>, Misfit<'a>> {
    if let Some(text) = comment(line) {
        reading.prose(text);
        return Ok(None);
    }
    if line.strip_prefix("space").is_some_and(|rest| rest.trim() == "{") {
        return Ok(Some(Inside::Space(Space::default())));
    }
    const HEAD: &str = "write `path \"Name\" {`, `space {`, or a comment that begins with `//`";
    let misfit = |part, message: &str| Misfit { part, message: message.to_owned(), help: HEAD };
    let Some(rest) =
        line.strip_prefix("path").map(str::trim_start).filter(|rest| rest.starts_with('"'))
    else {
        return Err(misfit(line, "neither a path nor a space begins here"));
    };
    let (name, rest) = quoted(rest)?;
    let mut rest = rest.trim_start();
    let mut path = Path {
        name: markdown::name_of(&name).to_owned(),
        level: Path::LEVEL,
        intro: String::new(),
        answers: Vec::new(),
        rows: Vec::new(),
        place: Some(reading.source.place_of(line)),
    };
    if path.name.is_empty() {
        return Err(misfit(line, "a path without a name"));
    }
    if let Some(more) = rest.strip_prefix("level") {
        let more = more.trim_start();
        let level = more.as_bytes().first().map_or(0, |digit| digit.wrapping_sub(b'0'));
        if !(1..=6).contains(&level) {
            return Err(misfit(rest, "a level is a number from 1 to 6"));
        }
        (path.level, rest) = (level, more[1..].trim_start());
    }
    if let Some(mut more) = rest.strip_prefix("answers").map(str::trim_start) {
        while let Some(end) = more.strip_prefix('{').and_then(|inside| inside.find('}')) {
            let trigram = &more[..end + 2];
            let pattern = read_pattern(trigram).map_err(|message| Misfit {
                part: trigram,
                message,
                help: HEAD,
            })?;
            path.answers.push(pattern);
            more = more[end + 2..].trim_start_matches(['|', ',', ' ']);
        }
        rest = more;
    }
    if rest != "{" {
        return Err(misfit(rest, "the name of a path is followed by `{`"));
    }
    Ok(Some(Inside::Path(path, Vec::new())))
}

fn names<'a>(space: &mut Space, line: &'a str) -> Result<(), Misfit<'a>> {
    let (word, names) = line.split_once([' ', ':']).unwrap_or((line, ""));
    let help = "write `terms App, User`, `actions Find`, `orients Portal`, and `}` at the end";
    match Space::axis(word) {
        Some(axis) => space.add(axis, names),
        None if comment(line).is_some() => {}
        None => return Err(Misfit { part: word, message: format!("`{word}` is no axis"), help }),
    }
    Ok(())
}

/// The path is complete. Comments that no row has followed come behind it.
fn close(reading: &mut Reading<'_>, mut path: Path, comments: Vec<String>) {
    let behind =
        if path.rows.is_empty() { introduce(reading, &mut path, comments) } else { comments };
    reading.document.items.push(Item::Path(path));
    for line in behind {
        reading.prose(&line);
    }
}

/// Makes comments the introduction of a path, but what would be something else in Markdown: that comes before the path.
fn introduce(reading: &mut Reading<'_>, path: &mut Path, comments: Vec<String>) -> Vec<String> {
    if markdown::is_text(&comments) {
        path.intro = comments.join("\n").trim().to_owned();
    } else {
        for line in comments {
            reading.prose(&line);
        }
    }
    Vec::new()
}

fn row<'a>(
    reading: &mut Reading<'_>,
    path: &mut Path,
    comments: &mut Vec<String>,
    line: &'a str,
) -> Result<(), Misfit<'a>> {
    let misfit = |part, message: &str| Misfit { part, message: message.to_owned(), help: ROW };
    // A line of texts only goes on with the spec.
    if line.starts_with('"') {
        let (texts, rest) = quoted_all(line)?;
        if rest.is_empty() {
            let Some(Row { spec, .. }) = path.rows.last_mut() else {
                return Err(misfit(line, "a text before the first row"));
            };
            for text in texts {
                spec.push('\n');
                spec.push_str(&spec_of(&text));
            }
            return Ok(());
        }
    }
    let mut cells = Cells { line, ..Cells::default() };
    let mut rest = line;
    let mut number = None;
    if let Some(quote) = rest.strip_prefix('#').filter(|rest| rest.starts_with('"')) {
        let (text, behind) = quoted(quote)?;
        number = Some(plain(&text).trim().to_owned()).filter(|number| !number.is_empty());
        rest = behind.trim_start();
    } else {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && rest[digits..].starts_with([' ', '\t']) {
            (cells.number, rest) = (&rest[..digits], rest[digits..].trim_start());
        }
    }
    let (chain, behind) = chain(rest)?;
    rest = behind.trim_start();
    if let Some(inside) = rest.strip_prefix('{') {
        let Some(end) = inside.find('}') else {
            return Err(misfit(rest, "a trigram is never closed"));
        };
        let trigram = &rest[..end + 2];
        read_pattern(trigram).map_err(|message| Misfit { part: trigram, message, help: ROW })?;
        cells = cells.with_trigram(trigram);
        rest = inside[end + 1..].trim_start();
    } else if path.rows.is_empty() {
        return Err(misfit(rest, "the first row has no trigram"));
    }
    let mode = text_at(rest);
    (cells.mode, rest) = (rest[..mode].trim(), &rest[mode..]);
    let (texts, rest) = quoted_all(rest)?;
    if !rest.is_empty() {
        return Err(misfit(rest, "something that is no text behind the spec"));
    }
    let spec = spec_of(&texts.join("\n"));
    if let Some(mut row) = reading.row_of(&cells, chain, spec, path) {
        row.number = row.number.or(number);
        let comments = std::mem::take(comments);
        if path.rows.is_empty() {
            introduce(reading, path, comments);
        } else if !comments.is_empty() {
            row.note = spec_of(&comments.join("\n").replace("-->", "-- >"));
        }
        path.rows.push(row);
    }
    Ok(())
}

/// The chain, and what is behind it.
fn chain(text: &str) -> Result<(Chain, &str), Misfit<'_>> {
    let end = text.find(['{', '"']).unwrap_or(text.len());
    // A row without a trigram: the mode is the second arrow.
    let end = match text[..end].find("=>") {
        Some(arrow) => arrow + 2,
        None => end,
    };
    let (written, behind) = (text[..end].trim(), &text[end..]);
    let fail = |part, message, help| Err(Misfit { part, message, help });
    if !behind.starts_with('"') {
        return match Chain::read(written) {
            // Words without quotation marks are no trigger here.
            Ok(chain) if chain.trigger.is_some() => {
                fail(written, format!("`{written}` is no chain"), "a trigger is in quotation marks")
            }
            Ok(chain) => Ok((chain, behind)),
            Err(error) => fail(text.get(error.at..end).unwrap_or(text), error.message, error.help),
        };
    }
    let (trigger, after) = quoted(behind)?;
    let label = match written.strip_suffix(':').map(str::trim) {
        Some(label) if is_label(label) => Some(label.to_owned()),
        None if written.is_empty() => None,
        _ => return fail(written, format!("`{written}` is no label"), ROW),
    };
    let trigger = plain(trigger.trim()).trim().to_owned();
    let chain = Chain { label, trigger: Some(trigger), ..Chain::default() };
    // What it would be in a table.
    if Chain::read(plain(&chain.cell()).trim()).as_ref() != Ok(&chain) {
        let quote = Span::of(behind, text).start;
        let help = "a trigger is words: without arrows, and no sign in front";
        return fail(
            &text[quote..text.len() - after.len()],
            "this text cannot be a trigger".to_owned(),
            help,
        );
    }
    Ok((chain, after))
}

/// Where the first quotation mark outside of brackets is, or the end.
fn text_at(text: &str) -> usize {
    let mut bracket = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' => bracket = true,
            b']' => bracket = false,
            b'"' if !bracket => return at,
            _ => {}
        }
    }
    text.len()
}

/// The texts at the beginning, and what is behind them.
fn quoted_all(mut text: &str) -> Result<(Vec<String>, &str), Misfit<'_>> {
    let mut texts = Vec::new();
    while text.starts_with('"') {
        let (inside, rest) = quoted(text)?;
        texts.push(inside);
        text = rest.trim_start();
    }
    Ok((texts, text))
}

/// The text at the beginning, which is a quotation mark, and what is behind it.
fn quoted(text: &str) -> Result<(String, &str), Misfit<'_>> {
    let (mut inside, mut escaped) = (String::new(), false);
    for (at, sign) in text.char_indices().skip(1) {
        match sign {
            _ if escaped => {
                if !matches!(sign, '"' | '\\') {
                    inside.push('\\');
                }
                inside.push(sign);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return Ok((inside, &text[at + 1..])),
            _ => inside.push(sign),
        }
    }
    let help = "write `\"` behind it; inside of a text, write `\\\"`";
    Err(Misfit { part: text, message: "a text is never closed".to_owned(), help })
}
