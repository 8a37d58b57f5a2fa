//! Named data of a view: reduced from signals, found by name from the views inside.

use super::View;
use crate::{
    adapter::Filter,
    context::AppCtx,
    handler::{Answer, BoxError, Contexts},
};
use std::{
    any::{Any, type_name},
    panic::Location,
    sync::Arc,
};
use trine_core::{CellError, Source, Text, WeakStore};

/// Data that a view was given a name for.
pub(super) struct Named {
    /// The `Source`.
    cell: Box<dyn Any + Send + Sync>,
    /// What is in it, for errors.
    type_name: &'static str,
    /// Where it was made.
    made: &'static Location<'static>,
    /// Puts the initial value back.
    reset: Arc<dyn Fn(&WeakStore) + Send + Sync>,
}

/// A view has no data of this name and type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoData {
    /// Neither the view nor one around it has data of this name.
    #[error("neither the view `{view}` nor a view around it has data called `{name}`")]
    Unknown {
        /// The name.
        name: Text,
        /// The view that was asked.
        view: Text,
    },
    /// The nearest data of this name are of another type.
    #[error("the data `{name}` made at {made} are `{found}`, not `{expected}`")]
    OtherType {
        /// The name.
        name: Text,
        /// The type that was asked for.
        expected: &'static str,
        /// The type that they are.
        found: &'static str,
        /// Where they were made.
        made: &'static Location<'static>,
    },
}

/// Why a reducer has left the state as it was.
enum Left {
    /// It returned an error.
    Failed(BoxError),
    /// The view has ended, and the cell with it.
    Gone,
}

impl From<CellError> for Left {
    fn from(error: CellError) -> Self {
        if error.is_disposed() { Self::Gone } else { Self::Failed(error.into()) }
    }
}

impl View {
    /// Named data: a cell that begins with `initial`, and is reduced from the signals that match `filter`.
    ///
    /// The reducer changes the state that it is given, a copy of what is in the cell, and answers what an inline handler
    /// may: a context it returns is chained when the change is committed. If it returns an error or panics, nothing is changed, and that is
    /// observed like any handler's. An equal state is no change. It runs inside the store's lease, and must be pure.
    ///
    /// To set data by hand, set the cell; to put the initial value back, [`reset`](Self::reset).
    ///
    /// ```
    /// # let store = trine_core::Store::new();
    /// use trine_tao::{AppCtx, Kernel, View};
    ///
    /// let tao = Kernel::new(&store);
    /// let page = View::new(&tao, "page");
    /// let count = page.data("count", 0, ("Count", ["Up", "Down"], "*"), |count: &mut i32, cx| {
    ///     *count += if cx.trigram().action() == "Up" { 1 } else { -1 };
    ///     (*count == 2).then(|| AppCtx::new("Count", "Reach", "Goal"))
    /// });
    /// tao.set(AppCtx::new("Count", "Up", "Portal"));
    /// assert_eq!(store.get(count), 1);
    /// store.set(count, 7);
    /// tao.set(AppCtx::new("Count", "Down", "Portal"));
    /// assert_eq!(store.get(count), 6);
    /// page.reset("count").unwrap();
    /// assert_eq!(store.get(count), 0);
    /// ```
    ///
    /// # Panics
    ///
    /// If the view has data of this name already; both places are named. Inside a lease, and if the view has ended with the one around it.
    #[doc(alias = "DataHandler")]
    #[doc(alias = "createContextHandler")]
    #[track_caller]
    pub fn data<T, A>(
        &self,
        name: impl Into<Text>,
        initial: T,
        filter: impl Into<Filter>,
        reducer: impl Fn(&mut T, &AppCtx) -> A + Send + Sync + 'static,
    ) -> Source<T>
    where
        T: Clone + PartialEq + Send + Sync + 'static,
        A: Answer<Contexts>,
    {
        let name = name.into();
        let made = Location::caller();
        if let Some(known) = self.inner.data.lock().get(&name) {
            let before = known.made;
            panic!(
                "the view `{}` has data called `{name}`, made at {before}; those at {made} need a name of their own",
                self.inner.name
            );
        }
        let cell = self.cell(&name, |cell| cell.source(initial.clone()));
        let reset = move |store: &WeakStore| {
            if let Some(store) = store.upgrade() {
                let _gone = store.try_set(cell, initial.clone());
            }
        };
        let named = Named {
            cell: Box::new(cell),
            type_name: type_name::<T>(),
            made,
            reset: Arc::new(reset),
        };
        let old = self.inner.data.lock().insert(name, named);
        drop(old);
        let store = self.kernel().store().downgrade();
        self.hear(&filter.into(), &A::outputs(), move |place| {
            let Some(store) = store.upgrade() else { return Ok(Contexts::default()) };
            let reduced = store.transaction(|tx| {
                let mut state = tx.try_get(cell)?;
                let answer =
                    reducer(&mut state, &place.context).into_answer().map_err(Left::Failed)?;
                tx.try_set(cell, state)?;
                Ok(answer)
            });
            match reduced {
                Ok(answer) => Ok(answer),
                Err(Left::Failed(error)) => Err(error),
                Err(Left::Gone) => Ok(Contexts::default()),
            }
        });
        cell
    }

    /// The data of this name: this view's, or those of the nearest view around it that has some.
    ///
    /// # Errors
    ///
    /// [`NoData`] if there are none, or the nearest ones are of another type.
    #[doc(alias = "useTaoData")]
    pub fn find<T: 'static>(&self, name: &str) -> Result<Source<T>, NoData> {
        self.look_up(name, |named| {
            named.cell.downcast_ref::<Source<T>>().copied().ok_or_else(|| NoData::OtherType {
                name: Text::from(name.to_owned()),
                expected: type_name::<T>(),
                found: named.type_name,
                made: named.made,
            })
        })
    }

    /// Puts back the initial value of the data that [`find`](Self::find) would find, of whatever type.
    ///
    /// # Errors
    ///
    /// [`NoData`] if there are none.
    pub fn reset(&self, name: &str) -> Result<(), NoData> {
        let reset = self.look_up(name, |named| Ok(Arc::clone(&named.reset)))?;
        reset(&self.kernel().store().downgrade());
        Ok(())
    }

    fn look_up<R>(
        &self,
        name: &str,
        found: impl FnOnce(&Named) -> Result<R, NoData>,
    ) -> Result<R, NoData> {
        let mut view = Some(Arc::clone(&self.inner));
        while let Some(here) = view {
            if let Some(named) = here.data.lock().get(name) {
                return found(named);
            }
            view = here.outer.as_ref().and_then(std::sync::Weak::upgrade);
        }
        let (name, view) = (Text::from(name.to_owned()), self.inner.name.clone());
        Err(NoData::Unknown { name, view })
    }
}
