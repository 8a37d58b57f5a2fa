//! SVG: one element, which needs nothing but itself.

use super::{
    Arrow, ArrowKind, Picture, Shape, ShapeKind,
    layout::{Layout, Point, Size, Task, Way, laid_out},
    style::{Line, STYLE, class_of, line_of},
    told,
};
use std::fmt::Write;

/// The width of a letter of the font, at its size.
const LETTER: f64 = 7.25;
const TITLE: f64 = 7.85;
/// The height of a line.
const ROW: f64 = 17.0;

pub(super) fn drawn(picture: &Picture) -> String {
    let task = Task {
        boxes: picture.boxes.iter().map(size_of).collect(),
        arrows: picture
            .arrows
            .iter()
            .map(|arrow| (arrow.from, arrow.to, size_of_words(arrow)))
            .collect(),
    };
    let layout = laid_out(&task);
    let legend = Legend::of(picture);
    let size = Size {
        width: layout
            .size
            .width
            .max(legend.size.width + 40.0)
            .max(wide(&picture.title, TITLE) + 40.0),
        height: layout.size.height + 34.0 + legend.size.height,
    };
    let mut out = String::new();
    let title = escaped(&picture.title);
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"tao\" role=\"img\" aria-label=\"{title}\" \
         width=\"{w:.0}\" height=\"{h:.0}\" viewBox=\"0 0 {w:.0} {h:.0}\">\n<title>{title}</title>\n<style>{STYLE}</style>\n\
         <rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n\
         <text class=\"title\" x=\"20\" y=\"24\">{title}</text>\n<g transform=\"translate(0 24)\">\n",
        w = size.width,
        h = size.height,
    );
    for (arrow, way) in picture.arrows.iter().zip(&layout.arrows) {
        draw_arrow(arrow, way, &mut out);
    }
    for (at, shape) in picture.boxes.iter().enumerate() {
        draw_box(shape, layout.boxes[at], task.boxes[at], &mut out);
    }
    for (at, (arrow, way)) in picture.arrows.iter().zip(&layout.arrows).enumerate() {
        if let (Some(place), Some(size)) = (way.words, task.arrows[at].2) {
            draw_words(arrow, place, size, &mut out);
        }
    }
    out.push_str("</g>\n");
    legend.draw(20.0, layout_bottom(&layout), &mut out);
    out.push_str("</svg>\n");
    out
}

fn layout_bottom(layout: &Layout) -> f64 {
    layout.size.height + 24.0
}

/// How wide a text is.
fn wide(text: &str, letter: f64) -> f64 {
    // Letters of East Asia and pictures take two places.
    let places = text.chars().map(|sign| if u32::from(sign) >= 0x1100 { 2.0 } else { 1.0 });
    places.sum::<f64>() * letter
}

fn size_of(shape: &Shape) -> Size {
    let line = |(symbol, words): &(String, String)| wide(&indented(symbol, words), LETTER);
    let lines = shape.lines.iter().map(line).fold(0.0, f64::max);
    let height =
        28.0 + shape.lines.len() as f64 * ROW + if shape.lines.is_empty() { 0.0 } else { 6.0 };
    match shape.kind {
        ShapeKind::Halt => Size { width: 50.0, height: 28.0 },
        ShapeKind::Trigger => Size { width: wide(&shape.title, LETTER) + 34.0, height: 28.0 },
        _ => Size { width: wide(&shape.title, TITLE).max(lines) + 24.0, height },
    }
}

/// The symbol takes the same place in each line.
fn indented(symbol: &str, words: &str) -> String {
    format!("{symbol:4} {words}")
}

/// The lines of words at an arrow.
fn words_of(arrow: &Arrow) -> Vec<String> {
    let mut words = Vec::new();
    if !arrow.words.is_empty() {
        words.push(arrow.words.clone());
    }
    // Nothing is known of halts that went to no other place.
    words.extend(arrow.runs.filter(|_| arrow.kind != ArrowKind::Halt).map(told));
    words
}

fn size_of_words(arrow: &Arrow) -> Option<Size> {
    let words = words_of(arrow);
    let width = words.iter().map(|words| wide(words, LETTER * 11.0 / 12.0)).fold(0.0, f64::max);
    let size = Size { width: width + 10.0, height: words.len() as f64 * 14.0 + 4.0 };
    (!words.is_empty()).then_some(size)
}

fn draw_box(shape: &Shape, Point { x, y }: Point, size: Size, out: &mut String) {
    let Size { width, height } = size;
    let class = class_of(shape.kind);
    let middle = x + width / 2.0;
    if shape.kind == ShapeKind::Halt {
        // A stop sign.
        let cut = 8.0;
        let (r, b) = (x + width, y + height);
        let _ = writeln!(
            out,
            "<polygon class=\"{class}\" points=\"{:.1},{y:.1} {:.1},{y:.1} {r:.1},{:.1} {r:.1},{:.1} {:.1},{b:.1} {:.1},{b:.1} \
             {x:.1},{:.1} {x:.1},{:.1}\"/><text class=\"stop\" x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">halt</text>",
            x + cut,
            r - cut,
            y + cut,
            b - cut,
            r - cut,
            x + cut,
            b - cut,
            y + cut,
            y + 18.0,
        );
        return;
    }
    let round = match shape.kind {
        ShapeKind::Trigger => 14.0,
        _ => 5.0,
    };
    let _ = write!(
        out,
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"{round}\"/>"
    );
    let title = escaped(&shape.title);
    if shape.kind == ShapeKind::Trigger {
        let _ = writeln!(
            out,
            "<text x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{title}</text>",
            y + 18.0
        );
        return;
    }
    let _ = writeln!(
        out,
        "<text class=\"title\" x=\"{:.1}\" y=\"{:.1}\">{title}</text>",
        x + 12.0,
        y + 19.0
    );
    for (at, (symbol, words)) in shape.lines.iter().enumerate() {
        let y = y + 19.0 + ROW * (at as f64 + 1.0) + 1.0;
        let _ = writeln!(
            out,
            "<text class=\"symbol\" x=\"{:.1}\" y=\"{y:.1}\">{}</text><text x=\"{:.1}\" y=\"{y:.1}\">{}</text>",
            x + 12.0,
            escaped(symbol),
            x + 12.0 + 5.0 * LETTER,
            escaped(words),
        );
    }
}

fn draw_words(
    arrow: &Arrow,
    Point { x, y }: Point,
    Size { width, height }: Size,
    out: &mut String,
) {
    let _ = write!(
        out,
        "<rect class=\"plate\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
    );
    for (at, words) in words_of(arrow).iter().enumerate() {
        let _ = writeln!(
            out,
            "<text class=\"small\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            x + width / 2.0,
            y + 12.5 + 14.0 * at as f64,
            escaped(words),
        );
    }
}

fn draw_arrow(arrow: &Arrow, way: &Way, out: &mut String) {
    let Line { mut class, mut colour, hollow, diamond, .. } = line_of(arrow.kind);
    let mut more = "";
    if let Some(runs) = arrow.runs.filter(|_| arrow.kind != ArrowKind::Halt) {
        (more, colour) = match (runs.count, runs.failed) {
            (0, _) => (" never", colour),
            (_, 0) => (" gone", "gone"),
            _ => (" failed", "bad"),
        };
    }
    if class.is_empty() {
        class = "inline";
    }
    let Some(end) = way.points.last().copied() else { return };
    // The line ends where its head begins.
    let tip = Point { x: end.x, y: end.y - 7.0 };
    let mut d = String::new();
    let first = way.points[0];
    let begin = if diamond { Point { x: first.x, y: first.y + 10.0 } } else { first };
    let _ = write!(d, "M{:.1} {:.1}", begin.x, begin.y);
    if way.around {
        for point in &way.points[1..way.points.len() - 1] {
            let _ = write!(
                d,
                "L{:.1} {:.1}",
                point.x,
                point.y.max(if point.x == begin.x { begin.y } else { f64::MIN })
            );
        }
        let _ = write!(d, "L{:.1} {:.1}", tip.x, tip.y);
    } else {
        let mut last = begin;
        for point in way.points[1..way.points.len() - 1].iter().chain([&tip]) {
            let half = f64::midpoint(last.y, point.y);
            if (last.x - point.x).abs() < 0.5 {
                let _ = write!(d, "L{:.1} {:.1}", point.x, point.y);
            } else {
                let _ = write!(
                    d,
                    "C{:.1} {half:.1} {:.1} {half:.1} {:.1} {:.1}",
                    last.x, point.x, point.x, point.y
                );
            }
            last = *point;
        }
    }
    let _ = write!(out, "<path class=\"arrow {class}{more}\" d=\"{d}\"/>");
    let fill = if hollow { "open" } else { "head" };
    let paint =
        if hollow { format!("stroke:var(--{colour})") } else { format!("fill:var(--{colour})") };
    let _ = write!(
        out,
        "<polygon class=\"{fill}\" style=\"{paint}\" points=\"{:.1},{:.1} {:.1},{:.1} {:.1},{:.1}\"/>",
        end.x,
        end.y,
        end.x - 4.5,
        end.y - 9.0,
        end.x + 4.5,
        end.y - 9.0,
    );
    if diamond {
        let (x, y) = (first.x, first.y);
        let _ = write!(
            out,
            "<polygon class=\"head\" style=\"fill:var(--{colour})\" points=\"{x:.1},{y:.1} {:.1},{:.1} {x:.1},{:.1} {:.1},{:.1}\"/>",
            x + 4.5,
            y + 5.0,
            y + 10.0,
            x - 4.5,
            y + 5.0,
        );
    }
    out.push('\n');
}

/// What the lines of a picture mean: those that it has.
struct Legend {
    lines: Vec<ArrowKind>,
    size: Size,
}

impl Legend {
    fn of(picture: &Picture) -> Self {
        const ALL: [ArrowKind; 7] = [
            ArrowKind::Inline,
            ArrowKind::Branch,
            ArrowKind::Async,
            ArrowKind::Redirect,
            ArrowKind::Halt,
            ArrowKind::Timeout,
            ArrowKind::Compensation,
        ];
        let used = |kind: &ArrowKind| picture.arrows.iter().any(|arrow| arrow.kind == *kind);
        let lines: Vec<_> = ALL.into_iter().filter(used).collect();
        let rows = lines.len().div_ceil(2) as f64;
        Self { lines, size: Size { width: 460.0, height: rows * 20.0 + 14.0 } }
    }

    fn draw(&self, x: f64, y: f64, out: &mut String) {
        for (at, kind) in self.lines.iter().enumerate() {
            let (column, row) = (at % 2, at / 2);
            let x = x + column as f64 * 230.0;
            let y = y + row as f64 * 20.0 + 10.0;
            let Line { class, colour, hollow, diamond, name } = line_of(*kind);
            let begin = if diamond { x + 10.0 } else { x };
            let _ = write!(
                out,
                "<path class=\"arrow {class}\" d=\"M{begin:.1} {y:.1}H{:.1}\"/>",
                x + 34.0
            );
            let (fill, paint) = if hollow { ("open", "stroke") } else { ("head", "fill") };
            let _ = write!(
                out,
                "<polygon class=\"{fill}\" style=\"{paint}:var(--{colour})\" points=\"{:.1},{y:.1} {:.1},{:.1} {:.1},{:.1}\"/>",
                x + 42.0,
                x + 33.0,
                y - 4.5,
                x + 33.0,
                y + 4.5,
            );
            if diamond {
                let _ = write!(
                    out,
                    "<polygon class=\"head\" style=\"fill:var(--{colour})\" points=\"{x:.1},{y:.1} {:.1},{:.1} {:.1},{y:.1} {:.1},{:.1}\"/>",
                    x + 5.0,
                    y - 4.5,
                    x + 10.0,
                    x + 5.0,
                    y + 4.5,
                );
            }
            let _ = writeln!(
                out,
                "<text class=\"small\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                x + 50.0,
                y + 4.0,
                escaped(name)
            );
        }
    }
}

/// Text as it stands in XML: what no XML may hold is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            sign if sign.is_control() || matches!(sign, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            sign => out.push(sign),
        }
    }
    out
}
