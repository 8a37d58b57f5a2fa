//! What is shown: the latest signal, and which case it is.

use super::View;
use crate::{
    adapter::Filter,
    context::AppCtx,
    handler::{Contexts, Outputs},
};
use trine_core::{Source, Update};

/// What the latest signal of a [`View::switch`] says is to be shown.
#[derive(Debug, Clone)]
pub struct Shown<K> {
    /// The signal.
    context: AppCtx,
    /// The cases that it matches, at least one, in their order.
    cases: Vec<K>,
}

impl<K> Shown<K> {
    /// The signal, with its data.
    #[must_use]
    pub fn context(&self) -> &AppCtx {
        &self.context
    }

    /// The cases that it matches: at least one, in the order in which they were given.
    #[must_use]
    pub fn cases(&self) -> &[K] {
        &self.cases
    }

    /// Whether this case is to be shown.
    #[must_use]
    pub fn is(&self, case: &K) -> bool
    where
        K: PartialEq,
    {
        self.cases.contains(case)
    }
}

impl View {
    /// A cell with the latest signal that matches `filter` and has passed the intercepts; `None` until there is one.
    ///
    /// Each signal counts as a change, be it the same as the one before.
    #[doc(alias = "RenderHandler")]
    #[track_caller]
    pub fn latest(&self, filter: impl Into<Filter>) -> Source<Option<AppCtx>> {
        self.latest_refreshed(filter, Filter::none())
    }

    /// [`latest`](Self::latest), where signals that match `refresh_on` take the place of one that is there, but are not
    /// the first.
    #[track_caller]
    pub fn latest_refreshed(
        &self,
        filter: impl Into<Filter>,
        refresh_on: impl Into<Filter>,
    ) -> Source<Option<AppCtx>> {
        let (filter, refresh_on) = (filter.into(), refresh_on.into());
        let cell = self.cell("latest", |cell| cell.always_different().source(None));
        let store = self.kernel().store().downgrade();
        // One signal may match both: heard once, as the first of them.
        let both = filter.patterns().iter().chain(refresh_on.patterns()).cloned().collect();
        self.hear(&both, &Outputs::of([]), move |place| {
            let begins = filter.matches(&place.context);
            if (begins || refresh_on.matches(&place.context))
                && let Some(store) = store.upgrade()
            {
                let (context, mut old) = (place.context.clone(), None);
                // The view may have ended meanwhile: its cell is gone then, and nobody looks.
                let _gone = store.try_update(cell, |latest| {
                    if !begins && latest.is_none() {
                        return Update::Unchanged;
                    }
                    // Dropped outside of the lease: its data are the user's.
                    old = latest.replace(context);
                    Update::Changed
                });
            }
            Ok(Contexts::default())
        });
        cell
    }

    /// A cell that says which of several cases the latest signal is, of those that match any; `None` until there is one.
    ///
    /// Signals that match no case change nothing. One that matches several shows all of them. Each signal counts as a change.
    #[doc(alias = "SwitchHandler")]
    #[track_caller]
    pub fn switch<K, F>(&self, cases: impl IntoIterator<Item = (K, F)>) -> Source<Option<Shown<K>>>
    where
        K: Clone + Send + Sync + 'static,
        F: Into<Filter>,
    {
        let cases: Vec<(K, Filter)> =
            cases.into_iter().map(|(case, filter)| (case, filter.into())).collect();
        let cell = self.cell("switch", |cell| cell.always_different().source(None));
        let store = self.kernel().store().downgrade();
        let all = cases.iter().flat_map(|(_, filter)| filter.patterns()).cloned().collect();
        self.hear(&all, &Outputs::of([]), move |place| {
            let matching = cases.iter().filter(|(_, filter)| filter.matches(&place.context));
            let shown: Vec<K> = matching.map(|(case, _)| case.clone()).collect();
            if let (false, Some(store)) = (shown.is_empty(), store.upgrade()) {
                let _gone = store
                    .try_set(cell, Some(Shown { context: place.context.clone(), cases: shown }));
            }
            Ok(Contexts::default())
        });
        cell
    }
}
