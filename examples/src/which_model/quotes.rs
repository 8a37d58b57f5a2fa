//! Code in prose that is written by hand: is it in the sources?
//!
//! In a table, a column whose head is a model is about that model, and its code must be in that model's sources: the
//! app's, those of the small programs, and those of the tasks that the app has no scene for. Code elsewhere may be in any. How it is broken into lines does not matter.

use super::blocks::heading_of;
use super::tasks;
use crate::models;
use crate::portal::SourceFile;

/// A small program of the examples.
macro_rules! program {
    ($name:literal) => {
        SourceFile { name: $name, text: include_str!(concat!("../../examples/", $name, ".rs")) }
    };
}

const PROGRAMS: &[SourceFile] = &[
    program!("atoms_form_scopes"),
    program!("atoms_optimistic_save"),
    program!("atoms_search"),
    program!("atoms_todo"),
    program!("atoms_todo_undo"),
    program!("counter_atoms"),
    program!("counter_tao"),
    program!("counter_thunks"),
    program!("mixed_models"),
    program!("tao_client_and_server"),
    program!("tao_view"),
    program!("tested_app"),
    program!("thunks_cancellation"),
    program!("thunks_entities"),
    program!("thunks_listeners"),
    program!("thunks_todos"),
    program!("thunks_update_user"),
    program!("thunks_users"),
];

/// Code that is not in the sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misquoted {
    /// The line of the document, counted from 1.
    pub line: usize,
    /// The code.
    pub code: String,
    /// Whose sources it should be in; none when any would do.
    pub model: Option<&'static str>,
}

/// What of the code in `text`, which begins in line `first`, is not in the sources.
#[must_use]
pub(super) fn misquoted(text: &str, first: usize) -> Vec<Misquoted> {
    let mut columns: Vec<Option<&'static str>> = Vec::new();
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let is_row = line.trim_start().starts_with('|');
        let cells = if is_row { cells(line) } else { vec![line.to_owned()] };
        if !is_row {
            columns.clear();
        } else if columns.is_empty() {
            columns = cells.iter().map(|cell| model_of(cell)).collect();
        }
        for (place, cell) in cells.iter().enumerate() {
            let model = columns.get(place).copied().flatten();
            let wrong = codes(cell).filter(|code| !is_in_sources(code, model));
            found.extend(wrong.map(|code| Misquoted {
                line: first + index,
                code: code.to_owned(),
                model,
            }));
        }
    }
    found
}

fn model_of(head: &str) -> Option<&'static str> {
    models::ALL.iter().map(|model| model.name).find(|name| heading_of(name) == head.trim())
}

/// The cells of a row; in code, `\|` is a `|`.
fn cells(row: &str) -> Vec<String> {
    let row = row.trim().trim_start_matches('|').trim_end_matches('|').replace("\\|", "\0");
    row.split('|').map(|cell| cell.replace('\0', "|")).collect()
}

fn codes(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn is_in_sources(code: &str, model: Option<&str>) -> bool {
    let wanted = without_spaces(code);
    let of_models = models::ALL.iter().filter(|one| model.is_none_or(|name| one.name == name));
    let programs = PROGRAMS
        .iter()
        .filter(|file| model.is_none_or(|name| file.name.split('_').any(|part| part == name)));
    let tasks = tasks::SOURCES.iter().filter(|(name, _)| model.is_none_or(|model| model == *name));
    let tasks = tasks.map(|(_, file)| file);
    let mut files = of_models.flat_map(|model| model.sources).chain(programs).chain(tasks);
    files.any(|file| without_spaces(file.text).contains(&wanted))
}

fn without_spaces(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_of_a_model_is_looked_up_in_its_column() {
        let table = "\
| question | atoms | thunks | by hand |
|---|---|---|---|
| a | `trigger_scoped()` | `run.payload()` | `state.lock()` |
| b | `run.payload()` | none | `|state| state.view.clone()` |
";
        let table = table.replace("`|state| ", "`\\|state\\| ");
        let found = misquoted(&table, 10);
        assert_eq!(
            found,
            [Misquoted { line: 13, code: "run.payload()".to_owned(), model: Some("atoms") }]
        );
    }

    #[test]
    fn code_in_a_paragraph_may_be_of_any_model() {
        assert_eq!(misquoted("`run.payload()` and `trigger_scoped()`", 1), []);
        let found = misquoted("text\n`no_such_thing()`", 1);
        assert_eq!(found, [Misquoted { line: 2, code: "no_such_thing()".to_owned(), model: None }]);
    }
}
