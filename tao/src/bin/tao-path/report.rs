//! Problems for people: the row in question, with a mark under what is wrong.

use crate::{Trouble, sources::Source};
use annotate_snippets::{AnnotationKind, Group, Renderer, Snippet, renderer::DecorStyle};
use std::fmt::Write;
use trine_tao::path::{Level, Place, Problem};

/// No more than these are shown.
const SHOWN: usize = 100;

/// A longer line is shown in part: around what is wrong.
const LONGEST: usize = 240;

/// Shows each problem on standard error, coloured where that is a terminal.
pub(crate) fn problems(problems: &[Problem], sources: &[Source]) {
    let renderer = Renderer::styled().decor_style(DecorStyle::Ascii);
    let mut out = String::new();
    for problem in problems.iter().take(SHOWN) {
        let _ = writeln!(out, "{}\n", shown(problem, sources, &renderer));
    }
    if let Some(more @ 1..) = problems.len().checked_sub(SHOWN) {
        let _ = writeln!(out, "and {more} more\n");
    }
    anstream::eprint!("{out}");
}

fn shown(problem: &Problem, sources: &[Source], renderer: &Renderer) -> String {
    let level = || match problem.level {
        Level::Deny => annotate_snippets::Level::ERROR,
        _ => annotate_snippets::Level::WARNING,
    };
    let id = format!("{} {}", problem.check.code(), problem.check.name());
    let excerpts: Vec<_> = problem
        .marks
        .iter()
        .map(|mark| (mark, mark.origin.place().and_then(|place| excerpt(place, sources))))
        .collect();
    let mut elements = Vec::new();
    for (at, (mark, excerpt)) in excerpts.iter().enumerate() {
        let Some(Excerpt { place, line, from, to }) = excerpt else { continue };
        let kind = if at == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        elements.push(
            Snippet::source(line.as_str())
                .line_start(place.line)
                .path(&*place.file)
                .annotation(kind.span(*from..*to).label(mark.note.as_str())),
        );
    }
    let help =
        Group::with_title(annotate_snippets::Level::HELP.secondary_title(problem.help.as_str()));
    if elements.is_empty() {
        let places: Vec<_> =
            problem.marks.iter().map(|mark| format!("{}: {}", mark.origin, mark.note)).collect();
        let title = level().primary_title(format!("{}\n{}", problem.message, places.join("\n")));
        return renderer.render(&[Group::with_title(title.id(id)), help]);
    }
    let title = level().primary_title(problem.message.as_str()).id(id);
    renderer.render(&[title.elements(elements), help])
}

/// A line of a source, and which bytes of it are meant.
struct Excerpt<'a> {
    place: &'a Place,
    line: String,
    from: usize,
    to: usize,
}

/// The line of a place. Only what is shown is copied: a line may be as long as its file.
fn excerpt<'a>(place: &'a Place, sources: &[Source]) -> Option<Excerpt<'a>> {
    let text = &sources.iter().find(|source| *source.name == *place.file)?.text;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let near = |at: usize| {
        (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
    };
    let (start, end) = (near(place.span.start), near(place.span.end));
    let back = near(start.saturating_sub(LONGEST / 2));
    let begin = text[back..start].rfind('\n').map_or(back, |at| back + at + 1);
    let ahead = near(start + LONGEST);
    let stop = text[start..ahead].find('\n').map_or(ahead, |at| start + at);
    let line = text[begin..stop].trim_end_matches('\r').to_owned();
    let from = (start - begin).min(line.len());
    let to = end.max(start + 1).saturating_sub(begin).clamp(from, line.len());
    // A tab or a sign of several bytes is a mark of one.
    let to = (to..=line.len()).find(|at| line.is_char_boundary(*at)).unwrap_or(line.len());
    Some(Excerpt { place, line, from, to })
}

/// One line that says how many problems there are.
pub(crate) fn summary(problems: &[Problem], paths: usize, rows: usize) {
    let denied = problems.iter().filter(|problem| problem.level == Level::Deny).count();
    let warned = problems.len() - denied;
    let [paths, rows] = [counted(paths, "path"), counted(rows, "row")];
    let [denied, warned] = [counted(denied, "error"), counted(warned, "warning")];
    anstream::eprintln!("{paths}, {rows}: {denied}, {warned}");
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// What could not be done.
pub(crate) fn trouble(trouble: &Trouble) {
    let renderer = Renderer::styled().decor_style(DecorStyle::Ascii);
    let title = annotate_snippets::Level::ERROR.primary_title(trouble.to_string());
    anstream::eprintln!("{}", renderer.render(&[Group::with_title(title)]));
}
