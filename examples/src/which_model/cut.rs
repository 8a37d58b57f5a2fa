//! Parts of a source file, as they stand there.
//!
//! An item is found by how it begins, so the sources need no marks, and moving code inside a file changes nothing. It
//! ends where rustfmt ends it: at the first line after it that is indented no further, a `}` or one that has a `;` at its end.

use crate::portal::SourceFile;

/// What is to be cut out of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// The item or statement whose first line begins so, with the comments and attributes above it.
    Item(&'static str),
    /// The lines from the one that begins with the first to the one that begins with the second, both included.
    Lines(&'static str, &'static str),
}

/// Why it cannot be cut out: the source has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CutError {
    /// The text is not there, or more than once.
    #[error(
        "{found} lines of {file} begin with `{text}`, and it has to be one: say in examples/src/which_model/features.rs \
         where that code is now"
    )]
    NotOne {
        /// The file.
        file: String,
        /// How the line should begin.
        text: String,
        /// How many lines do.
        found: usize,
    },
    /// The item or the range has no end.
    #[error("what begins with `{text}` in {file} does not end")]
    Endless {
        /// The file.
        file: String,
        /// How it begins.
        text: String,
    },
}

impl Cut {
    /// What is cut out of `file`, without the indentation that all its lines have.
    ///
    /// # Errors
    /// [`CutError`]
    pub(super) fn of(self, file: &SourceFile) -> Result<String, CutError> {
        let lines: Vec<&str> = file.text.lines().collect();
        let (first, last) = match self {
            Self::Item(text) => item(file, &lines, text)?,
            Self::Lines(from, to) => {
                let (first, last) = (only(file, &lines, from)?, only(file, &lines, to)?);
                if last < first {
                    return Err(CutError::Endless {
                        file: file.name.to_owned(),
                        text: from.to_owned(),
                    });
                }
                (first, last)
            }
        };
        Ok(outdented(&lines[first..=last]))
    }
}

/// The first and the last line of an item, what is said above it included.
fn item(file: &SourceFile, lines: &[&str], text: &str) -> Result<(usize, usize), CutError> {
    let begin = only(file, lines, text)?;
    let depth = indentation(lines[begin]);
    let ends = |line: &&str| {
        indentation(line) <= depth
            && (line.ends_with('}') || line.ends_with(';') || line.ends_with("},"))
    };
    let length = lines[begin..]
        .iter()
        .position(ends)
        .ok_or_else(|| CutError::Endless { file: file.name.to_owned(), text: text.to_owned() })?;
    let said = |line: &&&str| ["///", "//", "#["].iter().any(|mark| line.trim().starts_with(mark));
    let above = lines[..begin].iter().rev().take_while(said).count();
    Ok((begin - above, begin + length))
}

fn only(file: &SourceFile, lines: &[&str], text: &str) -> Result<usize, CutError> {
    let mut found = lines.iter().enumerate().filter(|(_, line)| line.trim().starts_with(text));
    match (found.next(), found.count()) {
        (Some((line, _)), 0) => Ok(line),
        (first, more) => Err(CutError::NotOne {
            file: file.name.to_owned(),
            text: text.to_owned(),
            found: usize::from(first.is_some()) + more,
        }),
    }
}

fn indentation(line: &str) -> usize {
    // A blank line ends nothing.
    if line.trim().is_empty() { usize::MAX } else { line.len() - line.trim_start().len() }
}

fn outdented(lines: &[&str]) -> String {
    let depth = lines.iter().map(|line| indentation(line)).min().unwrap_or_default();
    lines.iter().map(|line| format!("{}\n", line.get(depth..).unwrap_or_default())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: SourceFile = SourceFile {
        name: "a.rs",
        text: "\
use b::c;

// Not of it.

/// Docs.
#[must_use]
pub fn one(
    a: u32,
) -> u32 {
    if a > 0 {
        two();

    }
    three()
}

impl A {
    fn inner(&self) {
        self.b();
    }
    fn next(&self) {}
}
static D: u32 = 1;
static DD: u32 = 2;
",
    };

    #[test]
    fn an_item_is_cut_out_with_what_is_said_above_it() {
        let one = Cut::Item("pub fn one").of(&FILE).unwrap();
        assert!(
            one.starts_with("/// Docs.\n#[must_use]\npub fn one(")
                && one.ends_with("    three()\n}\n"),
            "{one}"
        );
        assert_eq!(
            Cut::Item("fn inner").of(&FILE).unwrap(),
            "fn inner(&self) {\n    self.b();\n}\n"
        );
        assert_eq!(Cut::Item("fn next").of(&FILE).unwrap(), "fn next(&self) {}\n");
        assert_eq!(Cut::Item("static D:").of(&FILE).unwrap(), "static D: u32 = 1;\n");
    }

    #[test]
    fn lines_are_cut_out_as_they_are() {
        let lines = Cut::Lines("if a > 0", "three()").of(&FILE).unwrap();
        assert_eq!(lines, "if a > 0 {\n    two();\n\n}\nthree()\n");
    }

    #[test]
    fn what_is_not_there_once_is_an_error_that_says_how_often() {
        let not_one = |cut: Cut| match cut.of(&FILE).unwrap_err() {
            CutError::NotOne { found, .. } => found,
            other => panic!("{other}"),
        };
        assert_eq!(not_one(Cut::Item("pub fn four")), 0);
        assert_eq!(not_one(Cut::Item("static D")), 2);
        assert_eq!(not_one(Cut::Lines("pub fn one", "}")), 4);
        let backwards = Cut::Lines("three()", "if a > 0").of(&FILE).unwrap_err();
        assert!(matches!(backwards, CutError::Endless { .. }), "{backwards}");
    }
}
