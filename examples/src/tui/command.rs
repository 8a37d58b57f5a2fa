//! What the user wants done.

use crate::portal::Portal;

/// The token that this terminal keeps.
const TOKEN: &str = "terminal";
/// How many contacts there are to import, and how many activities to follow.
const CONTACTS: u32 = 200;
const ACTIVITIES: u32 = 10_000;

/// What the user wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Open the app.
    LogIn,
    /// The search box holds this.
    Search(String),
    /// Open this page.
    OpenPage(u32),
    /// Leave the open page.
    LeavePage,
    /// Edit this page.
    Edit(u32),
    /// The field of the title holds this.
    Title(String),
    /// The field of the text holds this.
    Text(String),
    /// Save what is edited.
    Save,
    /// Take over what somebody else has changed.
    Merge,
    /// Give this space another title.
    Rename(u32, String),
    /// Import contacts.
    Import,
    /// Stop that.
    StopImport,
    /// Ask what is new.
    News,
    /// Follow what others do.
    Follow,
    /// Log out.
    LogOut,
    /// Leave the program.
    Quit,
}

impl Command {
    /// Does it. [`Quit`](Self::Quit) is nothing that a portal could do.
    pub fn apply(self, portal: &dyn Portal) {
        match self {
            Self::LogIn => portal.open_app(TOKEN),
            Self::Search(text) => portal.type_search(&text),
            Self::OpenPage(id) => portal.open_page(id),
            Self::LeavePage => portal.leave_page(),
            Self::Edit(id) => portal.edit_page(id),
            Self::Title(title) => portal.type_title(&title),
            Self::Text(text) => portal.type_text(&text),
            Self::Save => portal.save_page(),
            Self::Merge => portal.merge_theirs(),
            Self::Rename(id, title) => portal.rename_space(id, &title),
            Self::Import => portal.start_import(CONTACTS),
            Self::StopImport => portal.stop_import(),
            Self::News => portal.load_news(),
            Self::Follow => portal.follow_live(ACTIVITIES),
            Self::LogOut => portal.log_out(),
            Self::Quit => {}
        }
    }
}
