//! From keys to commands.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::{Input, InputRequest};

use super::command::Command;
use super::screen::{Mode, Screen};
use crate::view::{EditorView, Load, PageView, View};

/// What a key asks for, where the screen and the portal are; moves the screen.
pub fn press(screen: &mut Screen, view: &View, key: KeyEvent) -> Vec<Command> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    if control && key.code == KeyCode::Char('c') {
        return vec![Command::Quit];
    }
    match &mut screen.mode {
        Mode::Browse => browse(screen, view, key.code),
        Mode::Search(input) => match key.code {
            KeyCode::Esc | KeyCode::Enter => leave(screen),
            _ => typed(input, key).map(Command::Search).into_iter().collect(),
        },
        Mode::Rename { id, title } => match key.code {
            KeyCode::Esc => leave(screen),
            KeyCode::Enter => {
                let rename = Command::Rename(*id, title.value().to_owned());
                screen.mode = Mode::Browse;
                vec![rename]
            }
            _ => {
                typed(title, key);
                Vec::new()
            }
        },
        Mode::Edit { title, text, in_text } => match key.code {
            KeyCode::Esc => leave(screen),
            KeyCode::Tab | KeyCode::BackTab => {
                *in_text = !*in_text;
                Vec::new()
            }
            KeyCode::Char('s') if control => vec![Command::Save],
            KeyCode::Char('t') if control => vec![Command::Merge],
            _ if *in_text => typed(text, key).map(Command::Text).into_iter().collect(),
            _ => typed(title, key).map(Command::Title).into_iter().collect(),
        },
    }
}

fn leave(screen: &mut Screen) -> Vec<Command> {
    screen.mode = Mode::Browse;
    Vec::new()
}

fn browse(screen: &mut Screen, view: &View, code: KeyCode) -> Vec<Command> {
    if let KeyCode::Char('q') = code {
        return vec![Command::Quit];
    }
    if !view.shown {
        // Logged out: there is nothing else to do.
        return if code == KeyCode::Enter { vec![Command::LogIn] } else { Vec::new() };
    }
    let spaces = if let Load::Ready(list) = &view.spaces { list.spaces.len() } else { 0 };
    match code {
        KeyCode::Up | KeyCode::Char('k') => screen.selected = screen.selected.saturating_sub(1),
        KeyCode::Down | KeyCode::Char('j') => {
            screen.selected = (screen.selected + 1).min(spaces.saturating_sub(1));
        }
        KeyCode::Char('/') => screen.mode = Mode::Search(Input::new(view.search.text.clone())),
        KeyCode::Char('r') => {
            if let Some(id) = screen.selected_space(view) {
                let title = view.title_of_space(id).unwrap_or_default().to_owned();
                screen.mode = Mode::Rename { id, title: Input::new(title) };
            }
        }
        KeyCode::Char('e') => match (&view.editor, screen.selected_page(view)) {
            // Back to what was being written; nothing is thrown away.
            (EditorView::Open(editor), page)
                if is_worked_on(view) || page == Some(editor.base.id) =>
            {
                screen.edit(editor);
            }
            (_, Some(page)) => return vec![Command::Edit(page)],
            (_, None) => {}
        },
        KeyCode::Enter => {
            return screen.selected_page(view).map(Command::OpenPage).into_iter().collect();
        }
        KeyCode::Esc if view.page != PageView::Closed => return vec![Command::LeavePage],
        KeyCode::Char('i') => return vec![Command::Import],
        KeyCode::Char('x') => return vec![Command::StopImport],
        KeyCode::Char('n') => return vec![Command::News],
        KeyCode::Char('l') => return vec![Command::Follow],
        KeyCode::Char('o') => return vec![Command::LogOut],
        _ => {}
    }
    Vec::new()
}

/// The editor holds something that is not saved.
fn is_worked_on(view: &View) -> bool {
    let EditorView::Open(editor) = &view.editor else { return false };
    editor.title != editor.base.title || editor.text != editor.base.text
}

/// Types `key` into the field; says what it holds then, if that is something else.
fn typed(input: &mut Input, key: KeyEvent) -> Option<String> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let request = match key.code {
        KeyCode::Char('u') if control => InputRequest::DeleteLine,
        KeyCode::Char('w') if control => InputRequest::DeletePrevWord,
        KeyCode::Char(_) if control => return None,
        KeyCode::Char(letter) => InputRequest::InsertChar(letter),
        KeyCode::Backspace => InputRequest::DeletePrevChar,
        KeyCode::Delete => InputRequest::DeleteNextChar,
        KeyCode::Left => InputRequest::GoToPrevChar,
        KeyCode::Right => InputRequest::GoToNextChar,
        KeyCode::Home => InputRequest::GoToStart,
        KeyCode::End => InputRequest::GoToEnd,
        _ => return None,
    };
    let changed = input.handle(request)?.value;
    changed.then(|| input.value().to_owned())
}
