//! The symbols of the columns *chain* and *mode*: how a signal comes about, and what reacts to it.
//!
//! Both columns are small languages of their own, the same in Markdown and in `.tao` files:
//!
//! ```text
//! chain  := [ '&' ] [ '\' ] [ label ':' ] [ '+' | '/' ] '=>'  |  [ label ':' ] trigger  |  nothing
//! mode   := ( '=>' | '=>/' | '=>?!' | '=>?' | '=>!' | '->' ) target*  |  nothing
//! target := [ '*' [ number ] | '@' time | '~' ] ( '[^' label ']' | '[' path ']' )
//! ```
//!
//! What each of them means is in `docs/tao-path.md`; how a table of them becomes a graph, in `graph/lower.rs`.

use std::{fmt, time::Duration};

/// How the signal of a row comes about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chain {
    /// `&`: it waits for all the chains that lead here.
    pub join: bool,
    /// `\`: a branch. Nothing falls through to it, and nothing falls through from it to a row of the main line.
    pub branch: bool,
    /// `label:`: what references name.
    pub label: Option<String>,
    /// How it is chained; none for a trigger from outside, and for one more handler of the signal above.
    pub arrow: Option<Arrow>,
    /// What happens outside, for example "User hits save".
    pub trigger: Option<String>,
}

/// How a signal is chained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Arrow {
    /// `=>`: by the handler above.
    Then,
    /// `+=>`: beside what the handler above does, by one more handler of the same signal and phase.
    Beside,
    /// `/=>`: out of band, by an async handler above.
    Aside,
}

/// What reacts to the signal of a row, and where that may lead.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mode {
    /// The kind of handler.
    pub reaction: Reaction,
    /// Where it may lead, besides to the rows below.
    pub targets: Vec<Target>,
}

/// The kind of handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Reaction {
    /// Nothing: the row only names the signal.
    #[default]
    None,
    /// `=>`: an inline handler.
    Inline,
    /// `=>/`: an async handler.
    Async,
    /// `=>?!`, `=>?`, `=>!`: an intercept.
    Intercept {
        /// `?`: it may choose another signal.
        choice: bool,
        /// `!`: it may halt.
        halt: bool,
    },
    /// `->`: nothing here; the rest is in another path.
    Goto,
}

/// One place to which a handler may lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// When.
    pub manner: Manner,
    /// Where.
    pub to: Reference,
}

/// When a target is gone to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Manner {
    /// As the handler's result.
    #[default]
    Go,
    /// `*3`, `*`: again, at most so many times if a number is given.
    Loop(Option<u32>),
    /// `@5s`: if there is no result within that time.
    Timeout(Duration),
    /// `~`: to undo it, if something after it fails.
    Compensation,
}

/// What a reference names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reference {
    /// `[^1a]`: the row with this label.
    Label(String),
    /// `[Bootstrap User Session]`: the path of this name.
    Path(String),
}

/// A symbol that is not one: what is wrong, at which byte of the cell, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SymbolError {
    pub(crate) at: usize,
    pub(crate) message: String,
    pub(crate) help: &'static str,
}

const CHAINS: &str = "a chain is `=>`, `+=>`, `/=>`, `\\=>`, each with a label before it if need be (`a:=>`, `\\1a:=>`), \
                      or words that say what happens outside, or empty";
const MODES: &str = "a mode is `=>` (inline), `=>/` (async), `=>?!` (intercept), `->[Path]` (goto) or empty, then targets: \
     `[^label]`, `[Path]`, `*3[^label]` (loop), `@5s[^label]` (timeout), `~[^label]` (compensation)";

impl Chain {
    /// One more handler of the signal above.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Reads the cell, which is trimmed and has no markup.
    pub(crate) fn read(cell: &str) -> Result<Self, SymbolError> {
        let fail = |at, message: String| Err(SymbolError { at, message, help: CHAINS });
        let Some(arrow_at) = cell.find("=>") else {
            return match cell.chars().next() {
                None => Ok(Self::default()),
                Some(sign @ ('&' | '\\' | '+' | '/' | '=' | '~' | '>' | '<' | '-')) => {
                    fail(0, format!("`{cell}` begins with `{sign}`, but is no chain"))
                }
                Some(_) => Ok(Self::trigger(cell)),
            };
        };
        if arrow_at + 2 != cell.len() {
            return fail(arrow_at + 2, format!("`{}` after the arrow", &cell[arrow_at + 2..]));
        }
        let mut chain = Self { arrow: Some(Arrow::Then), ..Self::default() };
        let mut rest = &cell[..arrow_at];
        if let Some(more) = rest.strip_prefix('&') {
            (chain.join, rest) = (true, more.trim_start());
        }
        if let Some(more) = rest.strip_prefix('\\') {
            (chain.branch, rest) = (true, more.trim_start());
        }
        if let Some(more) = rest.strip_suffix('+') {
            (chain.arrow, rest) = (Some(Arrow::Beside), more.trim_end());
        } else if let Some(more) = rest.strip_suffix('/') {
            (chain.arrow, rest) = (Some(Arrow::Aside), more.trim_end());
        }
        // The colon is forgotten at times: `\a=>`.
        let label = rest.strip_suffix(':').unwrap_or(rest).trim();
        if is_label(label) {
            chain.label = Some(label.to_owned());
        } else if !label.is_empty() || rest.len() != label.len() {
            let at = arrow_at - rest.len().min(arrow_at);
            return fail(at, format!("`{label}` is no label: letters and digits, `-` and `_`"));
        }
        Ok(chain)
    }

    /// A trigger, perhaps with a label.
    fn trigger(cell: &str) -> Self {
        let labelled = cell.split_once(':').filter(|(label, _)| is_label(label));
        let (label, trigger) = match labelled {
            Some((label, trigger)) => (Some(label.to_owned()), trigger.trim()),
            None => (None, cell),
        };
        let trigger = (!trigger.is_empty()).then(|| trigger.replace("\\:", ":"));
        Self { label, trigger, ..Self::default() }
    }

    /// As it is written in a table.
    pub(crate) fn cell(&self) -> String {
        let Some(trigger) = &self.trigger else { return self.to_string() };
        match &self.label {
            Some(label) => format!("{label}: {trigger}"),
            // It would be read as a label.
            None if trigger.split_once(':').is_some_and(|(label, _)| is_label(label)) => {
                trigger.replacen(':', "\\:", 1)
            }
            None => trigger.clone(),
        }
    }
}

/// Whether it may be a label.
pub(crate) fn is_label(text: &str) -> bool {
    let all = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=32).contains(&text.len()) && text.bytes().all(all)
}

impl Mode {
    /// Reads the cell, which is trimmed and has no markup.
    pub(crate) fn read(cell: &str) -> Result<Self, SymbolError> {
        let fail = |at: usize, message: String| Err(SymbolError { at, message, help: MODES });
        let (reaction, mut rest) = match cell {
            "" => return Ok(Self::default()),
            _ if cell.starts_with("->") => (Reaction::Goto, &cell[2..]),
            _ if cell.starts_with("=>") => {
                let after = &cell[2..];
                let choice = |choice, halt| Reaction::Intercept { choice, halt };
                let symbols = [
                    ("/", Reaction::Async),
                    ("?!", choice(true, true)),
                    ("?", choice(true, false)),
                    ("!", choice(false, true)),
                    ("", Reaction::Inline),
                ];
                let found = symbols.iter().find(|(symbol, _)| after.starts_with(symbol));
                let (symbol, reaction) = found.copied().unwrap_or(("", Reaction::Inline));
                (reaction, &after[symbol.len()..])
            }
            _ => return fail(0, format!("unknown symbol `{cell}` in the column mode")),
        };
        let mut targets = Vec::new();
        loop {
            rest = rest.trim_start_matches([' ', ',']);
            if rest.is_empty() {
                return Ok(Self { reaction, targets });
            }
            let at = cell.len() - rest.len();
            match Target::read(rest, targets.is_empty()) {
                Ok((target, more)) => {
                    targets.push(target);
                    rest = more;
                }
                Err(message) => return fail(at, message),
            }
        }
    }
}

impl Target {
    /// Reads one from the beginning of `text`; a label without brackets is one where it stands alone.
    fn read(text: &str, first: bool) -> Result<(Self, &str), String> {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let (manner, rest) = match text.as_bytes()[0] {
            b'~' => (Manner::Compensation, &text[1..]),
            b'*' => {
                let end = 1 + digits(&text[1..]);
                let max = match &text[1..end] {
                    "" => None,
                    max => Some(max.parse().map_err(|_| format!("`{max}` is too large a number"))?),
                };
                (Manner::Loop(max), &text[end..])
            }
            b'@' => {
                let end = text.find('[').unwrap_or(text.len());
                let time = text[1..end].trim();
                let time =
                    read_time(time).ok_or_else(|| format!("`{time}` is no time: write `5s`"))?;
                (Manner::Timeout(time), &text[end..])
            }
            _ => (Manner::Go, text),
        };
        if let Some(inside) = rest.strip_prefix('[') {
            let end = inside.find(']').ok_or("a bracket is never closed")?;
            let (name, mut after) = (inside[..end].trim(), &inside[end + 1..]);
            if let Some(link) = after.strip_prefix('(') {
                after = &link[link.find(')').ok_or("a bracket is never closed")? + 1..];
            }
            let to = match name.strip_prefix('^') {
                Some(label) if is_label(label) => Reference::Label(label.to_owned()),
                Some(label) => return Err(format!("`{label}` is no label")),
                None if name.is_empty() => return Err("a reference to nothing".to_owned()),
                None => Reference::Path(name.to_owned()),
            };
            return Ok((Self { manner, to }, after));
        }
        if first && is_label(rest.trim_end()) {
            return Ok((Self { manner, to: Reference::Label(rest.trim_end().to_owned()) }, ""));
        }
        Err(format!("unknown symbol `{rest}` in the column mode"))
    }
}

/// `250ms`, `5s`, `2min`, `1h`.
fn read_time(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text[..digits].parse().ok()?;
    let millis = match text[digits..].trim() {
        "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.checked_mul(millis)?))
}

/// The shortest way to write a time that `read_time` reads.
fn write_time(time: Duration) -> String {
    let millis = time.as_millis();
    for (unit, size) in [("h", 3_600_000), ("min", 60_000), ("s", 1_000)] {
        if millis != 0 && millis.is_multiple_of(size) {
            return format!("{}{unit}", millis / size);
        }
    }
    format!("{millis}ms")
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.join {
            f.write_str("&")?;
        }
        if self.branch {
            f.write_str("\\")?;
        }
        if let Some(label) = &self.label {
            write!(f, "{label}:")?;
        }
        if let Some(trigger) = &self.trigger {
            if self.label.is_some() {
                f.write_str(" ")?;
            }
            return write!(f, "\"{}\"", super::document::escaped(trigger));
        }
        match self.arrow {
            Some(Arrow::Then) => f.write_str("=>"),
            Some(Arrow::Beside) => f.write_str("+=>"),
            Some(Arrow::Aside) => f.write_str("/=>"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Reaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "",
            Self::Inline => "=>",
            Self::Async => "=>/",
            Self::Intercept { choice: true, halt: false } => "=>?",
            Self::Intercept { choice: false, halt: true } => "=>!",
            Self::Intercept { .. } => "=>?!",
            Self::Goto => "->",
        })
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reaction.fmt(f)?;
        self.targets.iter().try_for_each(|target| target.fmt(f))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.manner {
            Manner::Go => {}
            Manner::Loop(None) => f.write_str("*")?,
            Manner::Loop(Some(max)) => write!(f, "*{max}")?,
            Manner::Timeout(time) => write!(f, "@{}", write_time(time))?,
            Manner::Compensation => f.write_str("~")?,
        }
        self.to.fmt(f)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Label(label) => write!(f, "[^{label}]"),
            Self::Path(path) => write!(f, "[{path}]"),
        }
    }
}
