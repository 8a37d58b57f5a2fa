//! Draws the screen. Everything that is told by colour is told by a word or a sign too.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::style::{Modifier, Style, Stylize};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Gauge, List, ListItem, ListState, Paragraph, Wrap};
use tui_input::Input;

use super::screen::{Mode, Screen};
use crate::view::{
    Editor, EditorView, ImportView, Load, NewsView, PageView, Progress, SessionView, View,
};

const SPINNER: [&str; 8] = ["⠋", "⠙", "⠸", "⠴", "⠦", "⠧", "⠇", "⠏"];
const LEAST: (u16, u16) = (60, 18);
/// So wide a screen has room for the event feed beside everything else.
const WIDE: u16 = 110;
/// So high a one, under the page.
const HIGH: u16 = 20;

/// Draws all of it.
pub fn draw(frame: &mut Frame<'_>, screen: &Screen, view: &View) {
    let area = frame.area();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let (width, height) = LEAST;
        let text = format!("Please make the window larger: at least {width} x {height}. (q: quit)");
        frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }), area);
        return;
    }
    let [top, middle, bottom] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(0), Constraint::Length(2)])
            .areas(area);
    title(frame, top, screen, view);
    if view.shown {
        panes(frame, middle, screen, view);
    } else {
        let text = "\nYou are logged out.\n\nEnter: log in    q: quit";
        frame.render_widget(Paragraph::new(text).centered(), middle);
    }
    keys(frame, bottom, screen, view);
}

fn title(frame: &mut Frame<'_>, area: Rect, screen: &Screen, view: &View) {
    let session = match (&view.session, &view.user) {
        (SessionView::Entered(session), Load::Ready(user)) => {
            format!("{}, visit {}", user.name, session.visits)
        }
        (SessionView::Entered(_), Load::Failed(problem)) | (SessionView::Failed(problem), _) => {
            format!("! {problem}")
        }
        (SessionView::None, _) => "no session".to_owned(),
        (SessionView::Finding, _) => "finding the session".to_owned(),
        (SessionView::Creating, _) => "creating a session".to_owned(),
        (SessionView::Entering | SessionView::Entered(_), _) => "entering".to_owned(),
    };
    let spinner = if view.is_busy() { SPINNER[screen.spinner % SPINNER.len()] } else { " " };
    let news = match &view.news {
        NewsView::None => String::new(),
        NewsView::Loading { attempt: 1 } => "   news: asking".to_owned(),
        NewsView::Loading { attempt } => format!("   news: asking, attempt {attempt}"),
        NewsView::Ready(news) => format!("   news: {}", news.headline),
        NewsView::Failed(problem) => format!("   news: ! {problem}"),
    };
    let line = Line::from(vec![
        Span::raw(format!("{spinner} ")),
        Span::styled("Portal", Style::new().add_modifier(Modifier::BOLD)),
        Span::raw(format!(" in {}   {session}{news}", screen.model)),
    ]);
    frame.render_widget(Paragraph::new(line).reversed(), area);
}

fn panes(frame: &mut Frame<'_>, area: Rect, screen: &Screen, view: &View) {
    // What happens stands beside everything else; where there is no room for that, under the page, if the screen is high enough.
    let (wide, high) = (area.width >= WIDE, area.height >= HIGH);
    let [left, centre, right] = Layout::horizontal([
        Constraint::Percentage(32),
        Constraint::Min(0),
        Constraint::Length(if wide { 44 } else { 0 }),
    ])
    .areas(area);
    let [list, import] = Layout::vertical([Constraint::Min(5), Constraint::Length(3)]).areas(left);
    spaces(frame, list, screen, view);
    self::import(frame, import, view);
    let [search, page, events, live] = Layout::vertical([
        Constraint::Length(if area.height < 24 { 5 } else { 8 }),
        Constraint::Min(3),
        Constraint::Length(if wide || !high { 0 } else { area.height / 4 }),
        Constraint::Length(4),
    ])
    .areas(centre);
    feed(frame, if wide { right } else { events }, screen);
    self::search(frame, search, screen, view);
    match &view.editor {
        EditorView::Closed => self::page(frame, page, view),
        EditorView::Loading { id } => {
            let text = format!("page {id} is on its way ...");
            frame
                .render_widget(Paragraph::new(text).block(Block::bordered().title("Editor")), page);
        }
        EditorView::Failed { problem, .. } => {
            let block = Block::bordered().title("Editor");
            frame.render_widget(problem_line(problem).block(block), page);
        }
        EditorView::Open(editor) => self::editor(frame, page, screen, editor),
    }
    self::live(frame, live, view);
}

fn spaces(frame: &mut Frame<'_>, area: Rect, screen: &Screen, view: &View) {
    let block = Block::bordered().title("Spaces");
    match &view.spaces {
        Load::Empty | Load::Loading => {
            frame.render_widget(Paragraph::new("on their way ...").block(block), area);
        }
        Load::Failed(problem) => frame.render_widget(problem_line(problem).block(block), area),
        Load::Ready(list) => {
            let renaming = |id| match &screen.mode {
                Mode::Rename { id: renamed, title } if *renamed == id => Some(title.value()),
                _ => None,
            };
            let items = list.spaces.iter().map(|space| match renaming(space.id) {
                Some(title) => ListItem::new(format!("{title}▏")).underlined(),
                None => ListItem::new(space.title.clone()),
            });
            let notice = view.notice.as_ref().map(|notice| format!("! {notice}"));
            let block = block.title_bottom(notice.unwrap_or_default());
            let list = List::new(items)
                .block(block)
                .highlight_symbol("> ")
                .highlight_style(Style::new().add_modifier(Modifier::BOLD));
            let mut state = ListState::default().with_selected(Some(screen.selected));
            frame.render_stateful_widget(list, area, &mut state);
        }
    }
}

fn import(frame: &mut Frame<'_>, area: Rect, view: &View) {
    let block = Block::bordered().title("Import");
    let (progress, words) = match &view.import {
        ImportView::None => {
            frame.render_widget(Paragraph::new("i: import contacts").block(block), area);
            return;
        }
        ImportView::Running(progress) => (*progress, "x: stop"),
        ImportView::Done { total } => (Progress { done: *total, total: *total }, "done"),
        ImportView::Stopped(progress) => (*progress, "stopped"),
        ImportView::Failed { progress, .. } => (*progress, "! failed"),
    };
    let Progress { done, total } = progress;
    let ratio = if total == 0 { 1.0 } else { f64::from(done) / f64::from(total) };
    let gauge = Gauge::default().ratio(ratio.min(1.0)).label(format!("{done} of {total}  {words}"));
    frame.render_widget(gauge.block(block), area);
}

fn feed(frame: &mut Frame<'_>, area: Rect, screen: &Screen) {
    let lines = screen.feed.last(area.height.saturating_sub(2).into());
    let lines: Vec<Line<'_>> = lines.into_iter().map(Line::from).collect();
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title("What happens")), area);
}

fn search(frame: &mut Frame<'_>, area: Rect, screen: &Screen, view: &View) {
    let block = Block::bordered().title("Search");
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let [line, hits] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(inner);
    match &screen.mode {
        Mode::Search(input) => field(frame, line, "/", input, true),
        _ => frame.render_widget(Paragraph::new(format!("/{}", view.search.text)), line),
    }
    if let Some(problem) = &view.search.problem {
        frame.render_widget(problem_line(problem), hits);
        return;
    }
    let mut lines: Vec<Line<'_>> =
        view.search.hits.iter().map(|hit| Line::from(format!("  {}", hit.label))).collect();
    if view.search.loading {
        lines.insert(0, Line::from("  searching ...").italic());
    }
    frame.render_widget(Paragraph::new(lines), hits);
}

fn page(frame: &mut Frame<'_>, area: Rect, view: &View) {
    let block = Block::bordered();
    let (block, text) = match &view.page {
        PageView::Closed => {
            (block.title("Page"), "Enter: open a page of the selected space".to_owned())
        }
        PageView::Loading { id } => {
            (block.title("Page"), format!("page {id} is on its way ... (Esc: leave it)"))
        }
        PageView::Failed { problem, .. } => (block.title("Page"), format!("! {problem}")),
        PageView::Open(page) => (block.title(page.title.clone()), page.text.clone()),
    };
    frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }).block(block), area);
}

fn editor(frame: &mut Frame<'_>, area: Rect, screen: &Screen, editor: &Editor) {
    let changed = editor.title != editor.base.title || editor.text != editor.base.text;
    let state = match (editor.saving, changed) {
        (true, _) => "saving ...",
        (false, true) => "changed",
        (false, false) => "saved",
    };
    let title =
        format!("Editor: page {}, version {}, {state}", editor.base.id, editor.base.version);
    let block = Block::bordered().title(title);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let [title, text, problems] =
        Layout::vertical([Constraint::Length(1), Constraint::Length(1), Constraint::Min(0)])
            .areas(inner);
    match &screen.mode {
        Mode::Edit { title: input, text: body, in_text } => {
            field(frame, title, "title: ", input, !in_text);
            field(frame, text, "text:  ", body, *in_text);
        }
        _ => {
            frame.render_widget(Paragraph::new(format!("title: {}", editor.title)), title);
            frame.render_widget(Paragraph::new(format!("text:  {}", editor.text)), text);
        }
    }
    let mut lines: Vec<Line<'_>> = editor
        .errors
        .iter()
        .map(|(field, error)| Line::from(format!("! {field} {error}")))
        .collect();
    if let Some(theirs) = &editor.theirs {
        lines.push(Line::from("! Somebody else has saved this meanwhile (Ctrl-T: take it over):"));
        lines.push(Line::from(format!("  title: {}", theirs.title)));
        lines.push(Line::from(format!("  text:  {}", theirs.text)));
    }
    lines.extend(editor.problem.as_ref().map(|problem| Line::from(format!("! {problem}"))));
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), problems);
}

fn live(frame: &mut Frame<'_>, area: Rect, view: &View) {
    let live = &view.live;
    let state = match (&live.problem, live.following) {
        (Some(problem), _) => format!("! {problem}"),
        (None, true) => format!("{} changes so far", live.received),
        (None, false) if live.received == 0 => "l: follow what others do".to_owned(),
        (None, false) => format!("{} changes", live.received),
    };
    let users: Vec<String> =
        live.rows.iter().map(|row| format!("{}:{}", row.user, row.changes)).collect();
    let lines = vec![Line::from(state), Line::from(users.join("  "))];
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title("Live")), area);
}

fn keys(frame: &mut Frame<'_>, area: Rect, screen: &Screen, view: &View) {
    let text = match &screen.mode {
        Mode::Browse if !view.shown => "",
        Mode::Browse => {
            // No line ends between a key and its word.
            "↑↓\u{a0}select  Enter\u{a0}open  Esc\u{a0}leave  /\u{a0}search  e\u{a0}edit  r\u{a0}rename  \
             i\u{a0}import  x\u{a0}stop  n\u{a0}news  l\u{a0}live  o\u{a0}log\u{a0}out  q\u{a0}quit"
        }
        Mode::Search(_) => "type to search    Enter or Esc: back",
        Mode::Rename { .. } => "type the new title    Enter: rename   Esc: leave it",
        Mode::Edit { .. } => {
            "Tab: title or text   Ctrl-S: save   Ctrl-T: take theirs over   Esc: back"
        }
    };
    frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }).dim(), area);
}

/// A line to type into; the cursor stands in it if keys go there.
fn field(frame: &mut Frame<'_>, area: Rect, label: &str, input: &Input, focused: bool) {
    let width = usize::from(area.width).saturating_sub(label.len() + 1);
    let scroll = input.visual_scroll(width);
    let shown: String = input.value().chars().skip(scroll).collect();
    frame.render_widget(Paragraph::new(format!("{label}{shown}")), area);
    if focused {
        let x = label.len() + input.visual_cursor().saturating_sub(scroll);
        let x = area.x.saturating_add(u16::try_from(x).unwrap_or(u16::MAX));
        frame.set_cursor_position(Position::new(x.min(area.right()), area.y));
    }
}

fn problem_line(problem: &str) -> Paragraph<'_> {
    Paragraph::new(format!("! {problem}")).wrap(Wrap { trim: true })
}
