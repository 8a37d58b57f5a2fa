//! What others do, as it happens.

use futures_util::StreamExt;

use super::{App, Task};
use crate::view::LiveView;

impl App {
    pub(super) fn follow(&self, count: u32) {
        let starts = self.update(|state| {
            let starts = !state.view.live.following;
            if starts {
                state.view.live = LiveView { following: true, ..LiveView::default() };
            }
            starts
        });
        if starts {
            self.spawn(|task| task.follow(count));
        }
    }
}

impl Task {
    async fn follow(self, count: u32) {
        let mut activities = self.client().live(count);
        while let Some(activity) = activities.next().await {
            self.update(|state| match activity {
                Ok(activity) => state.view.live.take(activity),
                Err(error) => state.view.live.problem = Some(error.to_string()),
            });
        }
        self.update(|state| state.view.live.following = false);
    }
}
