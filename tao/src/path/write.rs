//! Writing: the same document in either dialect, and the formatter.

mod dialect;
mod markdown;

use super::{
    Unreadable,
    document::{Document, Form, Item, Path},
};

impl Document {
    /// The document in Markdown: paths as tables, everything else as it was.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut out = String::new();
        for item in &self.items {
            markdown::item(item, &mut out);
        }
        out
    }

    /// The document in the dialect of `.tao` files; prose becomes comments.
    #[must_use]
    pub fn to_tao(&self) -> String {
        let mut out = String::new();
        self.items.iter().for_each(|item| dialect::item(item, &mut out));
        out
    }

    /// `text` as the formatter leaves it: aligned columns, one way to write each symbol. In Markdown, only tables and fences
    /// of paths change; tables that have lost their bars get them back.
    ///
    /// Formatting what has been formatted changes nothing, and the formatted text says the same.
    ///
    /// ```
    /// use trine_tao::path::Document;
    ///
    /// let text = "path \"Log in\" {\n\"User hits login\" {User,Enter,Portal} => \"greet them\"\n}\n";
    /// let formatted = Document::format("login.tao", text)?;
    /// assert_eq!(formatted, "path \"Log in\" {\n    \"User hits login\" {User, Enter, Portal} => \"greet them\"\n}\n");
    /// # Ok::<_, trine_tao::path::Unreadable>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Unreadable`] if a row cannot be read: it would be lost.
    pub fn format(name: &str, text: &str) -> Result<String, Unreadable> {
        let document = Self::read(name, text).complete()?;
        if name.ends_with(".tao") {
            return Ok(document.to_tao());
        }
        let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let (mut out, mut from) = (String::with_capacity(text.len()), 0);
        for region in &document.regions {
            let (start, end) = (region.span.start + mark, region.span.end + mark);
            out.push_str(&text[from..start]);
            from = end;
            let mut inside = String::new();
            for item in &document.items[region.items.clone()] {
                match (region.form, item) {
                    (Form::Table, Item::Path(path)) => markdown::table(path, &mut inside),
                    _ => dialect::item(item, &mut inside),
                }
            }
            out.push_str(inside.trim_end());
        }
        out.push_str(&text[from..]);
        Ok(out)
    }
}

impl Path {
    /// The path as a Markdown table, without its heading.
    #[must_use]
    pub fn to_table(&self) -> String {
        let mut out = String::new();
        markdown::table(self, &mut out);
        out
    }
}

/// Columns are aligned as long as they are no wider than this, in characters.
const WIDEST: usize = 48;

/// The width of a column.
fn width<'a>(cells: impl Iterator<Item = &'a str>) -> usize {
    cells.map(|cell| cell.chars().count()).filter(|width| *width <= WIDEST).max().unwrap_or(0)
}

/// Adds `cell`, filled up with spaces.
fn padded(out: &mut String, cell: &str, width: usize) {
    out.push_str(cell);
    out.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.chars().count())));
}
