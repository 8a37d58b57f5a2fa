//! How a picture looks: colours for both schemes, and the lines of arrows.

use super::{ArrowKind, ShapeKind};

/// Colours are named by what they are for; both schemes have a contrast of at least 4.5 between words and what is behind them.
pub(super) const STYLE: &str = "\
.tao{--ground:#ffffff;--box:#f6f8fa;--line:#57606a;--words:#1f2328;--faint:#59636e;--branch:#9a6700;--aside:#0550ae;\
--gate:#8250df;--bad:#cf222e;--gone:#1a7f37;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;\
font-size:12px}\
@media(prefers-color-scheme:dark){.tao{--ground:#0d1117;--box:#161b22;--line:#9198a1;--words:#f0f6fc;--faint:#9198a1;\
--branch:#d29922;--aside:#79c0ff;--gate:#d2a8ff;--bad:#ff7b72;--gone:#56d364}}\
.tao .ground{fill:var(--ground)}.tao text{fill:var(--words)}\
.tao .title{font-weight:bold;font-size:13px}.tao .symbol{fill:var(--faint)}\
.tao .box{fill:var(--box);stroke:var(--line);stroke-width:1.2}\
.tao .trigger{fill:var(--ground);stroke:var(--line);stroke-width:1.2}\
.tao .wild{stroke-dasharray:2 3}.tao .elsewhere{fill:var(--ground);stroke-dasharray:7 4}\
.tao .halt{fill:var(--bad);stroke:var(--bad)}.tao .stop{fill:var(--ground)!important;font-weight:bold}\
.tao .arrow{fill:none;stroke:var(--line);stroke-width:1.5}\
.tao .branch{stroke:var(--branch)}.tao .aside{stroke:var(--aside);stroke-dasharray:7 4}\
.tao .gate{stroke:var(--gate);stroke-dasharray:2 3}.tao .stops{stroke:var(--bad)}\
.tao .late{stroke:var(--bad);stroke-dasharray:9 3 2 3}\
.tao .gone{stroke:var(--gone);stroke-width:3}.tao .never{stroke-width:.8;opacity:.75}.tao .failed{stroke:var(--bad);stroke-width:3}\
.tao .head{stroke:none}.tao .open{fill:var(--ground);stroke-width:1.5}\
.tao .plate{fill:var(--ground);opacity:.9}.tao .small{font-size:11px}";

/// The class of a box.
pub(super) fn class_of(kind: ShapeKind) -> &'static str {
    match kind {
        ShapeKind::Trigger => "trigger",
        ShapeKind::Signal => "box",
        ShapeKind::Wild => "box wild",
        ShapeKind::Elsewhere => "box elsewhere",
        ShapeKind::Halt => "halt",
    }
}

/// How an arrow is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line {
    /// Its class.
    pub(super) class: &'static str,
    /// The colour of its head.
    pub(super) colour: &'static str,
    /// Whether its head is hollow.
    pub(super) hollow: bool,
    /// Whether it begins with a diamond: it is one of several.
    pub(super) diamond: bool,
    /// What it is called in the legend.
    pub(super) name: &'static str,
}

pub(super) fn line_of(kind: ArrowKind) -> Line {
    let line = |class, colour, hollow, diamond, name| Line { class, colour, hollow, diamond, name };
    match kind {
        ArrowKind::Enter => line("", "line", false, false, "from outside"),
        ArrowKind::Inline => line("", "line", false, false, "=> in line"),
        ArrowKind::Branch => line("branch", "branch", false, true, "branch: one of them"),
        ArrowKind::Async => line("aside", "aside", true, false, "=>/ async, out of band"),
        ArrowKind::Redirect => line("gate", "gate", true, true, "=>? intercept redirects"),
        ArrowKind::Halt => line("stops", "bad", false, true, "=>! intercept halts"),
        ArrowKind::Timeout => line("late", "bad", true, false, "too late"),
        ArrowKind::Compensation => line("late", "bad", true, false, "to undo"),
    }
}
