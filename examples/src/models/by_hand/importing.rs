//! A long import that can be stopped.

use super::{App, Task};
use crate::portal::contact;
use crate::view::{ImportView, Progress};

impl App {
    pub(super) fn import(&self, total: u32) {
        let starts = self.update(|state| {
            let starts = !matches!(state.view.import, ImportView::Running(_));
            if starts {
                state.view.import = ImportView::Running(Progress { done: 0, total });
            }
            starts
        });
        if starts {
            let task = self.spawn(|task| task.import(total));
            self.update(|state| state.import_task = Some(task));
        }
    }

    pub(super) fn drop_import(&self) {
        let task = self.update(|state| {
            state.view.import.stop();
            state.import_task.take()
        });
        if let Some(task) = task {
            task.abort();
        }
    }
}

impl Task {
    async fn import(self, total: u32) {
        for id in 1..=total {
            let answer = self.client().import(&contact(id)).await;
            // Stopped meanwhile, `advance` and `end` do nothing.
            self.update(|state| match &answer {
                Ok(_) => state.view.import.advance(),
                Err(error) => state.view.import.end(Some(error.to_string())),
            });
            if answer.is_err() {
                return;
            }
        }
        self.update(|state| state.view.import.end(None));
    }
}
