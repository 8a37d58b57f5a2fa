//! New titles, shown before the service has confirmed them.

use super::{App, State};
use crate::api::SpaceList;
use crate::view::Load;

/// What the service has said, and what is on its way to it. What is shown follows from both.
#[derive(Default)]
pub(super) struct Spaces {
    pub(super) listed: Load<SpaceList>,
    renaming: Vec<(u32, String)>,
}

impl State {
    pub(super) fn show_spaces(&mut self) {
        let mut shown = self.spaces.listed.clone();
        for (id, title) in &self.spaces.renaming {
            shown.retitle(*id, title);
        }
        self.view.spaces = shown;
    }
}

impl App {
    pub(super) fn rename(&self, id: u32, title: &str) {
        let title = title.to_owned();
        let starts = self.update(|state| {
            let under_way = state.spaces.renaming.iter().any(|(other, _)| *other == id);
            let starts = state.view.title_of_space(id).is_some() && !under_way;
            if starts {
                state.view.notice = None;
                state.spaces.renaming.push((id, title.clone()));
                state.show_spaces();
            }
            starts
        });
        if !starts {
            return;
        }
        self.spawn(|task| async move {
            let answer = task.client().rename_space(id, &title).await;
            task.update(|state| {
                state.spaces.renaming.retain(|(other, _)| *other != id);
                match answer {
                    Ok(space) => state.spaces.listed.retitle(id, &space.title),
                    Err(error) => state.view.notice = Some(error.to_string()),
                }
                state.show_spaces();
            });
        });
    }
}
