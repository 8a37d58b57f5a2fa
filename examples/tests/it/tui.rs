//! The app in a terminal: what is drawn, what keys do, and once in a real one.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use trine_examples::api::{Activity, Page, Space, SpaceList};
use trine_examples::tui::{Command, Feed, Mode, Screen, draw, press};
use trine_examples::view::{
    Editor, EditorView, ImportView, LiveView, Load, NewsView, PageView, Progress, View,
};

fn page(title: &str) -> Page {
    Page { id: 7, space: 1, title: title.into(), text: "What was agreed.".into(), version: 1 }
}

fn logged_in() -> View {
    let space = |id: u32, title: &str| Space {
        id,
        title: title.into(),
        members: Vec::new(),
        pages: vec![id * 10],
    };
    let spaces = vec![space(1, "Blue Garden"), space(2, "Quiet Library")];
    let spaces = Load::Ready(Arc::new(SpaceList { total: 2, spaces }));
    View { shown: true, spaces, ..View::default() }
}

fn screen() -> Screen {
    Screen::new("atoms", Feed::default())
}

/// What is on a screen of this size.
fn drawn(width: u16, height: u16, screen: &Screen, view: &View) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, screen, view)).unwrap();
    if width == 0 || height == 0 {
        return String::new();
    }
    terminal.backend().to_string()
}

fn key(code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, KeyModifiers::NONE)
}

fn control(letter: char) -> KeyEvent {
    KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL)
}

/// The commands of these keys, one after the other.
fn pressed(screen: &mut Screen, view: &View, keys: &[KeyEvent]) -> Vec<Command> {
    keys.iter().flat_map(|key| press(screen, view, *key)).collect()
}

#[test]
fn every_part_of_the_view_is_drawn() {
    let mut view = logged_in();
    view.search.text = "ann".to_owned();
    view.search.loading = true;
    view.import = ImportView::Running(Progress { done: 3, total: 12 });
    view.news = NewsView::Loading { attempt: 2 };
    view.live = LiveView::after([Activity { user: 4, changes: 9 }]);
    view.page = PageView::Open(Arc::new(page("Minutes")));
    view.notice = Some("too long".to_owned());
    let screen = screen();
    screen.feed.push("#1 search".to_owned());
    for (width, height) in [(140, 40), (100, 30), (60, 18)] {
        let text = drawn(width, height, &screen, &view);
        for part in [
            "Portal in atoms",
            "news: asking, attempt 2",
            "> Blue Garden",
            "/ann",
            "searching ...",
            "3 of 12  x: stop",
            "Minutes",
            "1 changes",
            "! too long",
        ] {
            // The smallest one has not room for everything that is said.
            let said = text.contains(part) || (width == 60 && part.starts_with("news"));
            assert!(said, "{width} x {height}: {part}\n{text}");
        }
    }
    for (width, height) in [(140, 40), (100, 30), (80, 24)] {
        let text = drawn(width, height, &screen, &view);
        assert!(text.contains("#1 search"), "{width} x {height}\n{text}");
    }
}

#[test]
fn a_form_that_was_refused_shows_what_is_wrong_and_a_conflict_shows_both_sides() {
    let mut view = logged_in();
    let mut editor = Editor::of(Arc::new(page("Minutes")));
    editor.title = String::new();
    editor.errors.insert("title".to_owned(), "must have 1 to 60 characters".to_owned());
    view.editor = EditorView::Open(editor.clone());
    let text = drawn(100, 30, &screen(), &view);
    assert!(text.contains("! title must have 1 to 60 characters"), "{text}");
    assert!(text.contains("version 1, changed"), "{text}");

    editor.errors.clear();
    editor.title = "Mine".to_owned();
    editor.theirs = Some(Arc::new(Page { version: 2, ..page("Theirs") }));
    view.editor = EditorView::Open(editor);
    let text = drawn(100, 30, &screen(), &view);
    assert!(text.contains("title: Mine") && text.contains("title: Theirs"), "{text}");
}

#[test]
fn a_window_of_any_size_is_drawn_and_a_small_one_says_so() {
    let mut view = logged_in();
    view.editor = EditorView::Open(Editor::of(Arc::new(page("Minutes"))));
    for width in [0, 1, 2, 10, 59, 60, 61, 109, 110, 300] {
        for height in [0, 1, 2, 10, 17, 18, 19, 100] {
            let text = drawn(width, height, &screen(), &view);
            if (10..60).contains(&width) && height > 9 {
                assert!(text.contains("larger"), "{width} x {height}: {text}");
            }
        }
    }
}

#[test]
fn keys_are_commands_while_nothing_is_typed() {
    let (mut screen, view) = (screen(), logged_in());
    let keys = ['i', 'x', 'n', 'l', 'o', 'q'].map(|letter| key(KeyCode::Char(letter)));
    assert_eq!(
        pressed(&mut screen, &view, &keys),
        [
            Command::Import,
            Command::StopImport,
            Command::News,
            Command::Follow,
            Command::LogOut,
            Command::Quit
        ]
    );
    assert_eq!(pressed(&mut screen, &view, &[key(KeyCode::Enter)]), [Command::OpenPage(10)]);
    let down = [key(KeyCode::Down), key(KeyCode::Down), key(KeyCode::Enter)];
    assert_eq!(pressed(&mut screen, &view, &down), [Command::OpenPage(20)]);
    assert_eq!(pressed(&mut screen, &view, &[key(KeyCode::Char('e'))]), [Command::Edit(20)]);
    assert!(pressed(&mut screen, &view, &[key(KeyCode::Esc), key(KeyCode::F(5))]).is_empty());
    assert_eq!(pressed(&mut screen, &view, &[control('c')]), [Command::Quit]);
}

#[test]
fn what_is_typed_goes_where_the_cursor_is() {
    let (mut screen, mut view) = (screen(), logged_in());
    let typed = |text: &str| text.chars().map(|c| key(KeyCode::Char(c))).collect::<Vec<_>>();

    assert!(pressed(&mut screen, &view, &typed("/")).is_empty());
    let searches = pressed(&mut screen, &view, &typed("qi"));
    assert_eq!(searches, [Command::Search("q".into()), Command::Search("qi".into())]);
    let back = pressed(&mut screen, &view, &[key(KeyCode::Backspace), key(KeyCode::Esc)]);
    assert_eq!(back, [Command::Search("q".into())]);
    assert!(matches!(screen.mode, Mode::Browse));

    assert!(pressed(&mut screen, &view, &typed("r!")).is_empty());
    assert!(drawn(100, 30, &screen, &view).contains("Blue Garden!"));
    let renamed = pressed(&mut screen, &view, &[key(KeyCode::Enter)]);
    assert_eq!(renamed, [Command::Rename(1, "Blue Garden!".into())]);

    view.editor = EditorView::Open(Editor::of(Arc::new(Page { id: 10, ..page("Minutes") })));
    assert!(pressed(&mut screen, &view, &typed("e")).is_empty());
    assert_eq!(pressed(&mut screen, &view, &typed("!")), [Command::Title("Minutes!".into())]);
    let in_text = [key(KeyCode::Tab), key(KeyCode::Home), key(KeyCode::Char('>'))];
    let text = Command::Text(">What was agreed.".into());
    assert_eq!(pressed(&mut screen, &view, &in_text), [text]);
    let both = pressed(&mut screen, &view, &[control('s'), control('t')]);
    assert_eq!(both, [Command::Save, Command::Merge]);
}

#[test]
fn the_fields_follow_an_editor_that_changes_elsewhere() {
    let (mut screen, mut view) = (screen(), logged_in());
    let mut editor = Editor::of(Arc::new(Page { id: 10, ..page("Minutes") }));
    view.editor = EditorView::Open(editor.clone());
    pressed(&mut screen, &view, &[key(KeyCode::Char('e'))]);
    editor.text = "What they have agreed.".to_owned();
    view.editor = EditorView::Open(editor);
    screen.follow(&view);
    assert!(drawn(100, 30, &screen, &view).contains("What they have agreed."));
    screen.follow(&View::default());
    assert!(matches!(screen.mode, Mode::Browse), "logged out, there is nothing to edit");
    assert!(drawn(100, 30, &screen, &View::default()).contains("You are logged out."));
    let enter = pressed(&mut screen, &View::default(), &[key(KeyCode::Enter)]);
    assert_eq!(enter, [Command::LogIn]);
}

#[test]
fn no_line_of_the_keys_ends_between_a_key_and_its_word() {
    for width in 60..110 {
        let text = drawn(width, 30, &screen(), &logged_in());
        for key in ["r\u{a0}rename", "o\u{a0}log\u{a0}out", "q\u{a0}quit"] {
            assert!(text.contains(key), "{width}: {key}\n{text}");
        }
    }
}

#[test]
fn the_feed_names_a_commit_by_its_number() {
    let store = trine_core::Store::new();
    let count = store.source(0);
    let (feed, _observer) = Feed::of(&store);
    store.set(count, 1);
    let said = feed.last(1).remove(0);
    assert!(said.starts_with(&format!("{} ", store.last_commit())), "{said}");
}

#[test]
fn the_feed_keeps_the_last_lines_only() {
    let feed = Feed::default();
    (0..1_000).for_each(|n| feed.push(n.to_string()));
    assert_eq!(feed.last(2), ["998", "999"]);
    assert_eq!(feed.last(usize::MAX).len(), 200);
}

#[cfg(unix)]
mod in_a_real_terminal {
    use crate::terminal::Session;

    #[test]
    fn the_app_is_used_and_left_in_each_model() {
        for model in ["atoms", "thunks", "tao"] {
            let mut session = Session::start(&["tui", "--model", model]);
            session.shows(&format!("Portal in {model}"));
            session.shows("Blue Press"); // a space
            session.shows("visit 1");
            session.press("/anna");
            session.shows("/anna");
            session.shows("Anna ");
            session.press("\x1b");
            session.shows("q\u{a0}quit");
            session.press("n");
            session.shows("1000 spaces are open today");
            session.press("o");
            session.shows("You are logged out.");
            session.press("q");
            assert!(session.ended().success(), "{model}");
            session.is_given_back();
        }
    }

    #[test]
    fn a_resized_window_is_drawn_anew() {
        let session = Session::start(&["tui", "--model", "atoms"]);
        session.shows("Blue Press");
        session.resize(10, 40);
        session.shows("Please make the window larger");
    }

    #[test]
    fn ctrl_c_and_a_signal_give_the_terminal_back() {
        let mut session = Session::start(&["tui", "--model", "atoms"]);
        session.shows("Portal in atoms");
        session.press("\x03");
        assert!(session.ended().success());
        session.is_given_back();

        let mut session = Session::start(&["tui", "--model", "atoms"]);
        session.shows("Portal in atoms");
        session.signal("-TERM");
        assert!(session.ended().success());
        session.is_given_back();
    }
}
