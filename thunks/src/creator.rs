//! Action creators: actions that are known by a name instead of a type of their own.

use crate::case::{Case, CaseInfo, CaseKey, sealed};
use std::{
    any::{Any, TypeId, type_name},
    fmt,
    panic::Location,
};
use trine_core::Text;

/// Makes actions of one name, with a payload `P`: the original's `createAction`.
///
/// It is a constant: make it a `static`. Its reference is the case that slices and listeners name.
///
/// ```
/// use trine_thunks::{ActionCreator, SliceKey, Store};
///
/// static COUNTER: SliceKey<i32> = SliceKey::new("counter");
/// static ADDED: ActionCreator<i32> = ActionCreator::new("counter/added");
/// static RESET: ActionCreator = ActionCreator::new("counter/reset");
///
/// let counter = COUNTER
///     .slice(|| 0)
///     .on(&ADDED, |count, by| *count += by)
///     .on(&RESET, |count, ()| *count = 0);
///
/// let store = Store::builder().slice(counter).build()?;
/// store.dispatch(ADDED.with(3));
/// assert_eq!(store.get(&COUNTER), 3);
/// store.dispatch(RESET.with(()));
/// assert_eq!(store.get(&COUNTER), 0);
/// # Ok::<(), trine_thunks::BuildError>(())
/// ```
///
/// # Prepared actions
///
/// A creator may *prepare* its payload from an argument of another type: the place for ids, times, and whatever else a
/// reducer, which must be pure, cannot make. It runs where [`with`](Self::with) is called. What the original puts
/// beside the payload, as `meta`, is a field of it.
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use trine_thunks::{ActionCreator, SliceKey, Store};
///
/// #[derive(Clone)]
/// struct Todo { id: u32, title: String }
///
/// static LAST_ID: AtomicU32 = AtomicU32::new(0);
/// static TODO_ADDED: ActionCreator<Todo, &str> = ActionCreator::prepared("todos/added", |title: &str| {
///     Todo { id: LAST_ID.fetch_add(1, Ordering::Relaxed) + 1, title: title.to_owned() }
/// });
///
/// static TODOS: SliceKey<Vec<Todo>> = SliceKey::new("todos");
/// let todos = TODOS.slice(Vec::new).on(&TODO_ADDED, |todos, todo| todos.push(todo.clone()));
/// let store = Store::builder().slice(todos).build()?;
/// store.dispatch(TODO_ADDED.with("wash up"));
/// assert_eq!(store.read(&TODOS, |todos| (todos[0].id, todos[0].title.clone())), (1, "wash up".to_owned()));
/// # Ok::<(), trine_thunks::BuildError>(())
/// ```
pub struct ActionCreator<P = (), A = P> {
    /// The name.
    name: &'static str,
    /// The call that made it.
    made: &'static Location<'static>,
    /// Makes the payload.
    prepare: fn(A) -> P,
}

impl<P> ActionCreator<P> {
    /// A creator of actions that are called `name`, which is unique in a store.
    #[must_use]
    #[track_caller]
    pub const fn new(name: &'static str) -> Self {
        Self { name, made: Location::caller(), prepare: |payload| payload }
    }
}

impl<P, A> ActionCreator<P, A> {
    /// A creator that makes the payload from an argument.
    #[must_use]
    #[track_caller]
    pub const fn prepared(name: &'static str, prepare: fn(A) -> P) -> Self {
        Self { name, made: Location::caller(), prepare }
    }

    /// The name: the original's `type`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The action with this argument: what is dispatched.
    #[must_use = "an action does nothing until it is dispatched"]
    pub fn with(&self, arg: A) -> CreatedAction<P> {
        CreatedAction { name: self.name, payload: (self.prepare)(arg) }
    }
}

/// An action that was made by an [`ActionCreator`].
#[derive(Clone, PartialEq, Eq)]
#[must_use = "an action does nothing until it is dispatched"]
pub struct CreatedAction<P> {
    /// The creator's name.
    name: &'static str,
    /// What it carries.
    payload: P,
}

impl<P> CreatedAction<P> {
    /// The name of its creator.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it carries.
    #[must_use]
    pub fn payload(&self) -> &P {
        &self.payload
    }
}

impl<P: Send + Sync + 'static> sealed::AnyAction for CreatedAction<P> {
    #[inline]
    fn case_key(&self) -> CaseKey {
        CaseKey::Named(TypeId::of::<P>(), self.name)
    }

    fn name(&self) -> Text {
        Text::from_static(self.name)
    }

    #[inline]
    fn event(&self) -> &dyn Any {
        &self.payload
    }
}

impl<P: Send + Sync + 'static, A> sealed::Case for &ActionCreator<P, A> {
    fn key(&self) -> CaseKey {
        CaseKey::Named(TypeId::of::<P>(), self.name)
    }

    fn info(&self) -> CaseInfo {
        CaseInfo::named(sealed::Case::key(self), self.name, self.made)
    }
}

impl<P: Send + Sync + 'static, A> Case for &ActionCreator<P, A> {
    type Event = P;
}

impl<P, A> Clone for ActionCreator<P, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P, A> Copy for ActionCreator<P, A> {}

impl<P, A> fmt::Debug for ActionCreator<P, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActionCreator<{}>({:?})", type_name::<P>(), self.name)
    }
}

impl<P> fmt::Debug for CreatedAction<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} with <{}>", self.name, type_name::<P>())
    }
}
