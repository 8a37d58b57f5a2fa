//! A long import that can be stopped.

use trine_atoms::{Action, AsyncAction, Atom, synergy};

use crate::client::Client;
use crate::portal::contact;
use crate::view::{ImportView, Progress};

pub(super) static IMPORT: Atom<ImportView> = Atom::new("import", ImportView::default);

/// Each `trigger` is a step that the view shows, and that stays when the action is aborted.
pub(super) fn import(client: Client) -> AsyncAction<u32> {
    let import = synergy(&IMPORT).async_action(move |mut import, total| {
        let client = client.clone();
        async move {
            import.set(ImportView::Running(Progress { done: 0, total }));
            import = import.trigger()?;
            for id in 1..=total {
                if let Err(error) = client.import(&contact(id)).await {
                    import.end(Some(error.to_string()));
                    return Ok(());
                }
                import.advance();
                import = import.trigger()?;
            }
            import.end(None);
            Ok(())
        }
    });
    import.named("import").leading()
}

pub(super) fn stop() -> Action<(), ()> {
    synergy(&IMPORT).action(|mut import, ()| import.stop())
}
