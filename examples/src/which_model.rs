//! The document that helps to choose a model, `docs/which-model.md`: its numbers and its code are written by this program.
//!
//! The prose is written by hand and stays. What is [generated](Document::generated) must be what the example says *now*:
//! lines, names, counts and code to the letter; times by their shape, since they differ from machine to machine. What is
//! [quoted](Document::quoted) must be in the sources.

mod blocks;
mod concepts;
mod cut;
mod document;
mod features;
mod forgotten;
mod operations;
mod quotes;
pub mod tasks;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

pub use self::blocks::{Block, Exactness, blocks, names};
pub use self::cut::CutError;
pub use self::document::{Document, DocumentError, Part};
pub use self::forgotten::FORGETFUL_THREAD;
pub use self::operations::Operations;
pub use self::quotes::Misquoted;

/// Where the document is, seen from the repository's root.
pub const PLACE: &str = "docs/which-model.md";

/// Times may differ so much, in builds with optimizations, before they count as outdated: as many times more or less.
///
/// No machine that is merely slower or busier comes near it; a time of another order of magnitude is a wrong one.
pub const TIMES_BAND: f64 = 30.0;

/// The document does not say what the example says.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WhichModelError {
    /// The document cannot be read.
    #[error(
        "{path} cannot be read: {source}; run this from the repository's root, or say where it is with --file"
    )]
    Read {
        /// The document.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The document cannot be written; it is as it was.
    #[error("{path} cannot be written, and is left as it was: {source}")]
    Write {
        /// The document.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Its markers are wrong.
    #[error("{path}: {source}")]
    Document {
        /// The document.
        path: PathBuf,
        /// What is wrong.
        source: DocumentError,
    },
    /// Its parts are not those that the example writes.
    #[error("{path}: {}", .wrong.join("; "))]
    Parts {
        /// The document.
        path: PathBuf,
        /// What is wrong, one sentence each.
        wrong: Vec<String>,
    },
}

/// The document as it is, made of the parts that it should be made of.
#[derive(Debug)]
pub struct WhichModel<'a> {
    path: &'a Path,
    text: String,
}

impl<'a> WhichModel<'a> {
    /// Reads the document, and makes sure that what is generated in it are the parts with these names, each once.
    ///
    /// # Errors
    /// [`WhichModelError`] when it cannot be read, and when its markers or its parts are wrong.
    pub fn read(path: &'a Path, names: &[&str]) -> Result<Self, WhichModelError> {
        let text = fs::read_to_string(path)
            .map_err(|source| WhichModelError::Read { path: path.to_owned(), source })?;
        let document = Self { path, text };
        let wrong = wrong_parts(&document.parsed()?, names);
        if wrong.is_empty() {
            return Ok(document);
        }
        Err(WhichModelError::Parts { path: path.to_owned(), wrong })
    }

    /// What is not as it should be, one sentence each; empty if the document is up to date. Times are compared with those that
    /// were just measured if `times` says so.
    ///
    /// # Errors
    /// [`WhichModelError`] when its markers are wrong.
    pub fn differences(
        &self,
        blocks: &[Block],
        times: bool,
    ) -> Result<Vec<String>, WhichModelError> {
        let document = self.parsed()?;
        let mut found = Vec::new();
        for part in document.generated() {
            let block = blocks.iter().find(|block| block.name == part.name);
            found.extend(block.and_then(|block| difference(part, block, times)));
        }
        found.extend(self.misquoted(&document));
        Ok(found)
    }

    /// The document as it should be. What is quoted is left as it is.
    ///
    /// # Errors
    /// [`WhichModelError`] when its markers are wrong.
    pub fn filled(&self, blocks: &[Block]) -> Result<String, WhichModelError> {
        let text_of = |name: &str| {
            let block = blocks.iter().find(|block| block.name == name);
            block.map(|block| block.text.as_str())
        };
        Ok(self.parsed()?.filled(text_of))
    }

    /// Writes what [`filled`](Self::filled) says, all of it or nothing, and is that document from then on.
    ///
    /// # Errors
    /// [`WhichModelError`]; the document is as it was then.
    pub fn write(&mut self, blocks: &[Block]) -> Result<(), WhichModelError> {
        let text = self.filled(blocks)?;
        let refused = |source| WhichModelError::Write { path: self.path.to_owned(), source };
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut draft = tempfile::Builder::new();
        draft.prefix(".which-model-").suffix(".md");
        #[cfg(unix)]
        draft.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let draft = draft.tempfile_in(folder.unwrap_or(Path::new("."))).map_err(refused)?;
        self.persist(draft, &text).map_err(refused)?;
        self.text = text;
        Ok(())
    }

    fn persist(&self, mut draft: NamedTempFile, text: &str) -> io::Result<()> {
        draft.write_all(text.as_bytes())?;
        draft.as_file().sync_all()?;
        draft.persist(self.path).map_err(|error| error.error)?;
        Ok(())
    }

    fn parsed(&self) -> Result<Document<'_>, WhichModelError> {
        let wrong = |source| WhichModelError::Document { path: self.path.to_owned(), source };
        Document::parse(&self.text).map_err(wrong)
    }

    fn misquoted(&self, document: &Document<'_>) -> Vec<String> {
        let quoted = document.quoted().flat_map(|part| quotes::misquoted(part.text, part.line + 1));
        let told = quoted.map(|Misquoted { line, code, model }| {
            let whose = model.map_or("any model".to_owned(), |name| format!("`{name}`"));
            format!("line {line}: `{code}` is not in the sources of {whose}: quote what is there")
        });
        told.collect()
    }
}

/// What is unknown, and what is missing, one sentence each.
fn wrong_parts(document: &Document<'_>, names: &[&str]) -> Vec<String> {
    let there: Vec<_> = document.generated().map(|part| part.name).collect();
    let unknown = document.generated().filter(|part| !names.contains(&part.name)).map(|part| {
        let known = names.join("`, `");
        format!("nothing is known as `{}`, in line {}: these are: `{known}`", part.name, part.line)
    });
    let missing = names.iter().filter(|name| !there.contains(name)).map(|name| {
        format!(
            "`{name}` is missing: add the lines `<!-- generated: {name} -->` and `<!-- end of generated -->` \
             where it is to be"
        )
    });
    unknown.chain(missing).collect()
}

/// What is first different, in a sentence.
fn difference(part: Part<'_>, block: &Block, times: bool) -> Option<String> {
    let (there, here) = match block.exactness {
        Exactness::Letter => (part.text.to_owned(), block.text.clone()),
        Exactness::Shape => (shape(part.text), shape(&block.text)),
    };
    if there == here {
        let outdated = block.exactness == Exactness::Shape && times;
        return outdated.then(|| outdated_time(part, &block.text)).flatten();
    }
    let (mut there, mut here) = (there.lines(), here.lines());
    for line in part.line + 1.. {
        let (there, here) = (there.next(), here.next());
        if there == here && there.is_some() {
            continue;
        }
        let said =
            |line: Option<&str>| line.map_or("ends".to_owned(), |line| format!("says `{line}`"));
        let name = part.name;
        return Some(format!(
            "line {line}, in `{name}`: the document {}, and the example {}",
            said(there),
            said(here)
        ));
    }
    None
}

/// A text without its numbers, and without where and when they were taken.
fn shape(text: &str) -> String {
    let lines = text.lines().map(|line| {
        if line.starts_with(blocks::MEASURED) && line.len() > blocks::MEASURED.len() {
            return format!("{}#", blocks::MEASURED);
        }
        let mut shape = String::new();
        for character in line.chars() {
            match character {
                '0'..='9' if shape.ends_with('#') => {}
                '0'..='9' => shape.push('#'),
                other => shape.push(other),
            }
        }
        shape
    });
    lines.map(|line| line + "\n").collect()
}

/// The first time that is of another order of magnitude than it was just now.
fn outdated_time(part: Part<'_>, now: &str) -> Option<String> {
    // Those of another kind of build say nothing about these.
    if part.text.contains(blocks::UNOPTIMIZED) {
        return None;
    }
    let numbers = |line: &str| -> Vec<f64> {
        let cells = line.split('|').filter_map(|cell| cell.trim().parse().ok());
        cells.collect()
    };
    let pairs = part.text.lines().zip(now.lines()).enumerate();
    pairs.filter(|(_, (line, _))| line.starts_with('|')).find_map(|(index, (there, here))| {
        let both = numbers(there).into_iter().zip(numbers(here));
        let far =
            |(there, here): &(f64, f64)| *there > here * TIMES_BAND || *here > there * TIMES_BAND;
        both.into_iter().find(far).map(|(there, here)| {
            let line = part.line + 1 + index;
            format!(
                "line {line}, in `{}`: {there} ns is not near {here} ns, which was measured now",
                part.name
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
prose
<!-- generated: lines -->
| a | 12 |
<!-- end of generated -->
<!-- generated: times -->
| sync | 12 | 30 |

Measured on a day.
<!-- end of generated -->
<!-- quoted -->
`trigger_scoped()`
<!-- end of quoted -->
";

    fn blocks() -> [Block; 2] {
        let block = |name, text: &str, exactness| Block { name, text: text.to_owned(), exactness };
        [
            block("lines", "| a | 12 |\n", Exactness::Letter),
            block("times", "| sync | 15 | 28 |\n\nMeasured elsewhere.\n", Exactness::Shape),
        ]
    }

    const NAMES: [&str; 2] = ["lines", "times"];

    /// Writes it down and reads it.
    fn read<R>(text: &str, then: impl FnOnce(Result<WhichModel<'_>, WhichModelError>) -> R) -> R {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.md");
        fs::write(&path, text).unwrap();
        then(WhichModel::read(&path, &NAMES))
    }

    fn differences(text: &str) -> Vec<String> {
        read(text, |document| document.unwrap().differences(&blocks(), true).unwrap())
    }

    fn error(text: &str) -> String {
        read(text, |document| document.unwrap_err().to_string())
    }

    #[test]
    fn a_document_that_says_what_the_example_says_has_no_differences() {
        assert_eq!(differences(TEXT), [""; 0]);
        assert_eq!(differences(&TEXT.replace("prose", "other prose\n")), [""; 0]);
    }

    #[test]
    fn an_altered_number_is_told_with_its_line_and_both_sides() {
        let found = differences(&TEXT.replace("| a | 12 |", "| a | 13 |"));
        assert_eq!(
            found,
            [
                "line 3, in `lines`: the document says `| a | 13 |`, and the example says `| a | 12 |`"
            ]
        );
        let found = differences(&TEXT.replace("| a | 12 |\n", ""));
        assert_eq!(
            found,
            ["line 3, in `lines`: the document ends, and the example says `| a | 12 |`"]
        );
    }

    #[test]
    fn times_may_differ_but_neither_by_orders_of_magnitude_nor_in_what_they_are_of() {
        assert_eq!(differences(&TEXT.replace("| 12 | 30 |", "| 40 | 9 |")), [""; 0]);
        let found = differences(&TEXT.replace("| 12 | 30 |", "| 12 | 3000 |"));
        assert_eq!(
            found,
            ["line 6, in `times`: 3000 ns is not near 28 ns, which was measured now"]
        );
        assert_eq!(differences(&TEXT.replace("| sync |", "| async |")).len(), 1);
        assert_eq!(differences(&TEXT.replace("| 12 | 30 |", "| 12 |")).len(), 1);
        assert_eq!(differences(&TEXT.replace("Measured on a day.\n", "")).len(), 1);
        let slow = TEXT.replace("| 12 | 30 |", "| 12 | 3000 |");
        let unmeasured = read(&slow, |document| document.unwrap().differences(&blocks(), false));
        assert_eq!(unmeasured.unwrap(), [""; 0], "a build that is not optimized");
    }

    #[test]
    fn a_part_that_is_missing_or_unknown_is_told_with_what_to_do() {
        let missing = error(&TEXT.replace("generated: lines", "generated: times of day"));
        assert!(
            missing.contains(
                "nothing is known as `times of day`, in line 2: these are: `lines`, `times`"
            ),
            "{missing}"
        );
        assert!(
            missing.contains("`lines` is missing: add the lines `<!-- generated: lines -->`"),
            "{missing}"
        );
        let endless = error("<!-- generated: lines -->\n");
        assert!(endless.contains("a.md: the part that begins in line 1 does not end"), "{endless}");
    }

    #[test]
    fn code_that_is_not_in_the_sources_is_told() {
        let found = differences(&TEXT.replace("trigger_scoped", "trigger_loosely"));
        assert_eq!(
            found,
            [
                "line 11: `trigger_loosely()` is not in the sources of any model: quote what is there"
            ]
        );
    }

    #[test]
    fn what_is_written_is_up_to_date_and_keeps_the_prose() {
        let folder = tempfile::tempdir().unwrap();
        let (path, blocks) = (folder.path().join("a.md"), blocks());
        let altered = TEXT.replace("| a | 12 |", "| b | 7 |").replace("| 12 | 30 |", "| ? |");
        fs::write(&path, altered).unwrap();
        let mut document = WhichModel::read(&path, &NAMES).unwrap();
        assert_eq!(document.differences(&blocks, true).unwrap().len(), 2);
        document.write(&blocks).unwrap();
        assert_eq!(document.differences(&blocks, true).unwrap(), [""; 0]);
        let written = fs::read_to_string(&path).unwrap();
        assert!(
            written.starts_with("prose\n") && written.contains("| sync | 15 | 28 |"),
            "{written}"
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn a_document_that_is_not_there_is_told_with_what_to_do() {
        let error = WhichModel::read(Path::new("no/such/file.md"), &[]).unwrap_err().to_string();
        assert!(
            error.starts_with("no/such/file.md cannot be read: ") && error.contains("--file"),
            "{error}"
        );
    }
}
