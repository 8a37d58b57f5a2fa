//! A Markdown document with parts that a program writes, and prose around them that it leaves alone.
//!
//! A part stands between two lines of its own. What is *generated* has a name, and is replaced as a whole; what is
//! *quoted* is written by hand, and only looked at:
//!
//! ```text
//! <!-- generated: lines -->
//! | ... |
//! <!-- end of generated -->
//!
//! <!-- quoted -->
//! Any text, whose `code` is to be found in the sources.
//! <!-- end of quoted -->
//! ```

const GENERATED: &str = "<!-- generated: ";
const END_OF_GENERATED: &str = "<!-- end of generated -->";
const QUOTED: &str = "<!-- quoted -->";
const END_OF_QUOTED: &str = "<!-- end of quoted -->";

/// A document, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document<'a> {
    pieces: Vec<Piece<'a>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece<'a> {
    /// Lines that are left alone, markers among them.
    Prose(&'a str),
    /// What stands between the two markers.
    Generated(Part<'a>),
    Quoted(Part<'a>),
}

/// What stands between two markers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// The name of what is generated; empty for what is quoted.
    pub name: &'a str,
    /// The line of its first marker, counted from 1.
    pub line: usize,
    /// The lines between the markers, each with its end.
    pub text: &'a str,
}

/// Why a document cannot be taken apart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// It begins like a marker, and is none.
    #[error(
        "line {line} is no marker: `{found}`; write `<!-- generated: NAME -->` or `<!-- quoted -->`, \
         and `<!-- end of generated -->` or `<!-- end of quoted -->`, each on a line of its own"
    )]
    Malformed {
        /// Where, counted from 1.
        line: usize,
        /// What is there.
        found: String,
    },
    /// A part that does not end.
    #[error("the part that begins in line {line} does not end: add `{missing}` after it")]
    Endless {
        /// Where it begins.
        line: usize,
        /// The marker that is missing.
        missing: &'static str,
    },
    /// An end without a beginning.
    #[error("line {line} ends a part that has not begun: remove `{found}`, or add its beginning")]
    Beginningless {
        /// Where.
        line: usize,
        /// The marker.
        found: String,
    },
    /// A part that is there twice.
    #[error("`{name}` is generated in line {first} and again in line {line}: keep one of them")]
    Twice {
        /// The name of the part.
        name: String,
        /// Where it is first.
        first: usize,
        /// Where it is again.
        line: usize,
    },
}

impl<'a> Document<'a> {
    /// Takes `text` apart.
    ///
    /// # Errors
    /// [`DocumentError`], with the first line that is wrong.
    pub fn parse(text: &'a str) -> Result<Self, DocumentError> {
        let mut document = Self { pieces: Vec::new() };
        // Where the piece under way begins, and the part that it is, if it is one.
        let (mut start, mut part) = (0, None::<(&'a str, usize)>);
        let mut at = 0;
        for (index, whole) in text.split_inclusive('\n').enumerate() {
            let (line, from) = (index + 1, at);
            at += whole.len();
            let found = whole.trim();
            match (marker(found), part) {
                (Marker::None, _) => {}
                (Marker::Malformed, _) => {
                    return Err(DocumentError::Malformed { line, found: found.to_owned() });
                }
                (Marker::Begin(name), None) => {
                    if let Some(first) =
                        document.generated().find(|part| !name.is_empty() && part.name == name)
                    {
                        let first = first.line;
                        return Err(DocumentError::Twice { name: name.to_owned(), first, line });
                    }
                    document.pieces.push(Piece::Prose(&text[start..at]));
                    (start, part) = (at, Some((name, line)));
                }
                (Marker::End(ending), Some((name, began))) if ending == end_of(name) => {
                    let part_of = Part { name, line: began, text: &text[start..from] };
                    document.pieces.push(match name {
                        "" => Piece::Quoted(part_of),
                        _ => Piece::Generated(part_of),
                    });
                    (start, part) = (from, None);
                }
                (Marker::End(_), None) => {
                    return Err(DocumentError::Beginningless { line, found: found.to_owned() });
                }
                // Another part begins, or another kind of part ends.
                (Marker::Begin(_) | Marker::End(_), Some((name, began))) => {
                    return Err(DocumentError::Endless { line: began, missing: end_of(name) });
                }
            }
        }
        if let Some((name, line)) = part {
            return Err(DocumentError::Endless { line, missing: end_of(name) });
        }
        document.pieces.push(Piece::Prose(&text[start..]));
        Ok(document)
    }

    /// The parts that are generated, from top to bottom.
    pub fn generated(&self) -> impl Iterator<Item = Part<'a>> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Generated(part) => Some(*part),
            _ => None,
        })
    }

    /// The parts whose code is quoted, from top to bottom.
    pub fn quoted(&self) -> impl Iterator<Item = Part<'a>> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Quoted(part) => Some(*part),
            _ => None,
        })
    }

    /// The document with other text in what is generated: what `text_of` gives for a name, or what is there now.
    #[must_use]
    pub fn filled(&self, text_of: impl Fn(&str) -> Option<&'a str>) -> String {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Prose(text) => text,
            Piece::Quoted(part) => part.text,
            Piece::Generated(part) => text_of(part.name).unwrap_or(part.text),
        });
        pieces.collect()
    }
}

enum Marker<'a> {
    None,
    Malformed,
    /// With the name; what is quoted has none.
    Begin(&'a str),
    End(&'static str),
}

fn marker(line: &str) -> Marker<'_> {
    if let Some(name) = line.strip_prefix(GENERATED).and_then(|rest| rest.strip_suffix(" -->")) {
        return if name.trim().is_empty() { Marker::Malformed } else { Marker::Begin(name.trim()) };
    }
    match line {
        QUOTED => Marker::Begin(""),
        END_OF_GENERATED => Marker::End(END_OF_GENERATED),
        END_OF_QUOTED => Marker::End(END_OF_QUOTED),
        // Mistyped, it would be prose, and what it is to mark would never be looked at again.
        _ if ["generated", "quoted", "end of"]
            .iter()
            .any(|word| line.contains("<!--") && line.contains(word)) =>
        {
            Marker::Malformed
        }
        _ => Marker::None,
    }
}

const fn end_of(name: &str) -> &'static str {
    if name.is_empty() { END_OF_QUOTED } else { END_OF_GENERATED }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# Title

<!-- generated: a -->
1
2
<!-- end of generated -->
between
<!-- quoted -->
`code`
<!-- end of quoted -->
<!-- generated: b c -->
<!-- end of generated -->
the end";

    #[test]
    fn a_document_is_taken_apart_and_put_together_again() {
        let document = Document::parse(TEXT).unwrap();
        let parts: Vec<_> =
            document.generated().map(|part| (part.name, part.line, part.text)).collect();
        assert_eq!(parts, [("a", 3, "1\n2\n"), ("b c", 11, "")]);
        let quoted: Vec<_> = document.quoted().map(|part| (part.line, part.text)).collect();
        assert_eq!(quoted, [(8, "`code`\n")]);
        assert_eq!(document.filled(|_| None), TEXT);
    }

    #[test]
    fn only_what_is_generated_is_replaced() {
        let document = Document::parse(TEXT).unwrap();
        let filled = document.filled(|name| (name == "a").then_some("3\n"));
        assert_eq!(filled, TEXT.replace("1\n2\n", "3\n"));
        let again = Document::parse(&filled).unwrap();
        assert_eq!(again.filled(|name| (name == "a").then_some("1\n2\n")), TEXT);
    }

    #[test]
    fn a_document_without_parts_is_prose() {
        for text in ["", "a\n", "a\n<!-- a comment -->\nb"] {
            assert_eq!(Document::parse(text).unwrap().filled(|_| Some("x")), text);
        }
    }

    #[test]
    fn what_is_wrong_with_a_marker_is_told_with_its_line() {
        let error = |text: &str| Document::parse(text).unwrap_err();
        let endless = |line, missing| DocumentError::Endless { line, missing };
        assert_eq!(error("\n<!-- generated: a -->\n1\n"), endless(2, END_OF_GENERATED));
        assert_eq!(
            error("<!-- quoted -->\n<!-- end of generated -->\n"),
            endless(1, END_OF_QUOTED)
        );
        assert_eq!(
            error("<!-- generated: a -->\n<!-- generated: b -->\n<!-- end of generated -->\n"),
            endless(1, END_OF_GENERATED)
        );
        let found = END_OF_GENERATED.to_owned();
        assert_eq!(
            error("a\n<!-- end of generated -->\n"),
            DocumentError::Beginningless { line: 2, found }
        );
        let part = "<!-- generated: a -->\n<!-- end of generated -->\n";
        let twice = DocumentError::Twice { name: "a".to_owned(), first: 1, line: 3 };
        assert_eq!(error(&part.repeat(2)), twice);
        for malformed in [
            "<!-- generated -->",
            "<!-- generated:  -->",
            "<!-- generated: a --> 7",
            "<!--generated: a-->",
            "<!-- quoted: a -->",
            "<!-- end of generate -->",
        ] {
            let found = malformed.to_owned();
            assert_eq!(
                error(malformed),
                DocumentError::Malformed { line: 1, found },
                "{malformed}"
            );
        }
    }
}
