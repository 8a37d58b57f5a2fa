//! What others do, as it happens.

use futures_util::StreamExt;
use trine_atoms::{AsyncAction, Atom, synergy};

use crate::client::Client;
use crate::view::LiveView;

pub(super) static LIVE: Atom<LiveView> = Atom::new("live", LiveView::default);

pub(super) fn follow(client: Client) -> AsyncAction<u32> {
    let follow = synergy(&LIVE).async_action(move |mut live, count| {
        let client = client.clone();
        async move {
            live.set(LiveView { following: true, ..LiveView::default() });
            live = live.trigger()?;
            let mut activities = client.live(count);
            while let Some(activity) = activities.next().await {
                match activity {
                    Ok(activity) => live.take(activity),
                    Err(error) => live.problem = Some(error.to_string()),
                }
                live = live.trigger()?;
            }
            live.following = false;
            Ok(())
        }
    });
    follow.named("follow").leading()
}
