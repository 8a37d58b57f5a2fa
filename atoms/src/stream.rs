//! Stream atoms: the last value of a stream, which is followed while somebody observes the atom.

use crate::{
    atom::Atom,
    definition::{Init, by_value},
    mounting::{Mounted, Unmount},
    place::{GoOn, Place},
    readable::{delegated, reading},
};
use futures_core::Stream;
use std::{
    convert::Infallible,
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};
use trine_core::{AbortOnDropGuard, Outcome, Text};

/// A stream in a box.
type BoxStream<T> = Pin<Box<dyn Stream<Item = T> + Send>>;

/// The value of a [`StreamAtom`].
#[derive(Debug, PartialEq, Eq)]
pub enum StreamState<T, E> {
    /// Nothing has come yet.
    Pending,
    /// The last value.
    Ready(Arc<T>),
    /// The stream brought an error; it is followed no more.
    Failed {
        /// The error.
        error: Arc<E>,
        /// The last value before.
        last: Option<Arc<T>>,
    },
    /// The stream has ended, or could not be followed, for want of a runtime say.
    Ended {
        /// The last value.
        last: Option<Arc<T>>,
        /// Why, if it has not just come to its end.
        reason: Option<Text>,
    },
}

impl<T, E> StreamState<T, E> {
    /// The last value, if there has been one.
    #[must_use]
    pub fn value(&self) -> Option<&Arc<T>> {
        match self {
            Self::Pending => None,
            Self::Ready(value) => Some(value),
            Self::Failed { last, .. } | Self::Ended { last, .. } => last.as_ref(),
        }
    }
}

impl<T, E> Clone for StreamState<T, E> {
    fn clone(&self) -> Self {
        match self {
            Self::Pending => Self::Pending,
            Self::Ready(value) => Self::Ready(Arc::clone(value)),
            Self::Failed { error, last } => {
                Self::Failed { error: Arc::clone(error), last: last.clone() }
            }
            Self::Ended { last, reason } => {
                Self::Ended { last: last.clone(), reason: reason.clone() }
            }
        }
    }
}

/// The last value of a stream: of a socket, a timer, a file that is watched.
///
/// ```
/// use futures_util::stream;
/// use trine_atoms::{Store, StreamAtom};
///
/// let ticks = StreamAtom::dynamic("ticks", || stream::iter([Ok::<_, String>(1), Ok(2)]));
///
/// let store = Store::new();
/// assert!(ticks.get(&store).value().is_none()); // nobody observes, nothing is followed
/// let view = ticks.subscribe(&store, |state| println!("{state:?}"));
/// assert_eq!(ticks.get(&store).value().map(|value| **value), Some(2));
/// # drop(view);
/// ```
///
/// A stream is made when somebody begins to observe the atom, directly or through what is derived from it, followed by a run of
/// the store, and dropped when nobody does any more: what comes late is never shown. The last value stays meanwhile, and a
/// stream that has failed or ended is made anew by the next who begins to observe.
pub struct StreamAtom<T, E = Infallible> {
    atom: Atom<StreamState<T, E>>,
}

impl<T: PartialEq, E: PartialEq> StreamAtom<T, E> {
    /// An atom made at run time: `stream` makes the stream.
    pub fn dynamic<S>(name: impl Into<Text>, stream: impl Fn() -> S + Send + Sync + 'static) -> Self
    where
        T: Send + Sync + 'static,
        E: Send + Sync + 'static,
        S: Stream<Item = Result<T, E>> + Send + 'static,
    {
        let name = name.into();
        let init = || StreamState::Pending;
        let atom = Atom::with(name.clone(), Init::Function(init), by_value);
        let stream: Arc<Make<T, E>> = Arc::new(move || Box::pin(stream()));
        let mount = move |mounted: Mounted<_>| {
            let (name, stream) = (name.clone(), Arc::clone(&stream));
            let following = Arc::new(Following { name, stream, mounted, run: Mutex::default() });
            let weak: Weak<Following<T, E>> = Arc::downgrade(&following);
            following.mounted.site().add_going_on(weak);
            following.go_on();
            Unmount::new(move || following.end())
        };
        Self { atom: atom.on_mount_with(mount) }
    }
}

/// Makes the stream.
type Make<T, E> = dyn Fn() -> BoxStream<Result<T, E>> + Send + Sync;

/// A stream that is followed until it ends or this does.
struct Following<T, E> {
    name: Text,
    stream: Arc<Make<T, E>>,
    mounted: Mounted<StreamState<T, E>>,
    run: Mutex<Followed>,
}

#[derive(Default)]
struct Followed {
    /// The run that follows; aborted when it is dropped.
    run: Option<AbortOnDropGuard<(), Infallible>>,
    /// Whether nobody observes any more.
    ended: bool,
}

impl<T: Send + Sync + 'static, E: Send + Sync + 'static> Following<T, E> {
    fn run(&self) -> MutexGuard<'_, Followed> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) {
        let mut followed = self.run();
        followed.ended = true;
        let run = followed.run.take();
        drop(followed);
        drop(run);
    }
}

impl<T: Send + Sync + 'static, E: Send + Sync + 'static> GoOn for Following<T, E> {
    /// Makes the stream, anew if need be.
    fn go_on(&self) {
        let run = follow(&self.name, (self.stream)(), self.mounted.clone());
        let mut followed = self.run();
        let gone = match run {
            Some(run) if !followed.ended => followed.run.replace(run),
            run => run,
        };
        drop(followed);
        drop(gone);
    }
}

/// Follows a stream.
fn follow<T, E>(
    name: &Text,
    mut stream: BoxStream<Result<T, E>>,
    mounted: Mounted<StreamState<T, E>>,
) -> Option<AbortOnDropGuard<(), Infallible>>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    let store = mounted.store()?;
    let cell = mounted.cell();
    let settled = mounted;
    let run = store
        .run_builder(name.clone())
        .on_settle(move |outcome: &Outcome<(), Infallible>| {
            let reason = match outcome {
                Outcome::Failed { failure, .. } => failure.to_string(),
                Outcome::Panicked { message, .. } => format!("the stream panicked: {message}"),
                _ => return,
            };
            let last = settled.get().and_then(|state| state.value().cloned());
            settled.set(StreamState::Ended { last, reason: Some(reason.into()) });
        })
        .start(move |cx| async move {
            let mut last: Option<Arc<T>> = None;
            loop {
                let next = poll_fn(|task| stream.as_mut().poll_next(task)).await;
                let (state, goes_on) = match next {
                    Some(Ok(value)) => {
                        let value = Arc::new(value);
                        last = Some(Arc::clone(&value));
                        (StreamState::Ready(value), true)
                    }
                    Some(Err(error)) => {
                        (StreamState::Failed { error: Arc::new(error), last: last.take() }, false)
                    }
                    None => (StreamState::Ended { last: last.take(), reason: None }, false),
                };
                // A run that is over writes nothing more.
                if cx.set(cell, Arc::new(state)).is_err() || !goes_on {
                    return Ok(());
                }
            }
        });
    Some(run.abort_on_drop())
}

delegated! { [T: Send + Sync + 'static, E: Send + Sync + 'static] StreamAtom<T, E>, Atom<StreamState<T, E>>, atom }
reading! { [T: Send + Sync + 'static, E: Send + Sync + 'static] StreamAtom<T, E>, StreamState<T, E>, Arc<StreamState<T, E>> }

impl<T: Send + Sync + 'static, E: Send + Sync + 'static> StreamAtom<T, E> {
    /// The state in a place.
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    #[track_caller]
    pub fn get(&self, at: &impl Place) -> StreamState<T, E> {
        self.atom.get(at)
    }
}

impl<T, E> Clone for StreamAtom<T, E> {
    fn clone(&self) -> Self {
        Self { atom: self.atom.clone() }
    }
}

impl<T, E> fmt::Debug for StreamAtom<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StreamAtom").field(self.atom.text()).finish()
    }
}
