//! Listeners: what is done because something has happened. The original's listener middleware.
//!
//! A listener hears of actions and lifecycle events *after* the reducers and subscribers, and answers with an *effect*: an
//! async body that may wait, dispatch, and wait for other actions. Each time it hears something, its effect is a run of its own.
//!
//! ```
//! use std::time::Duration;
//! use trine_core::test::{ManualClock, ManualExecutor};
//! use trine_thunks::{Action, Listener, ListenerApi, SliceKey, Store, action};
//!
//! struct Typed(&'static str);
//! impl Action for Typed {}
//! struct Searched(String);
//! impl Action for Searched {}
//!
//! static RESULTS: SliceKey<Vec<String>> = SliceKey::new("results");
//! let results = RESULTS.slice(Vec::new).on(action::<Searched>(), |results, found| results.push(found.0.clone()));
//!
//! // Searches when nobody has typed for a while.
//! let search = Listener::on(action::<Typed>())
//!     .latest()
//!     .run(|typed, api: ListenerApi| async move {
//!         api.delay(Duration::from_millis(300)).await;
//!         api.dispatch(Searched(format!("all about {}", typed.0)));
//!     });
//!
//! # let (executor, clock) = (ManualExecutor::new(), ManualClock::new());
//! # let core = trine_core::Store::builder().spawner(executor.clone()).clock(clock.clone()).build();
//! let store = Store::builder()
//! #   .on(core)
//!     .slice(results)
//!     .listener(search)
//!     .build()?;
//! store.dispatch(Typed("c"));
//! store.dispatch(Typed("cats"));
//! # executor.run_until_stalled();
//! # clock.advance(Duration::from_millis(300));
//! # executor.run_until_stalled();
//! // 300 ms later:
//! assert_eq!(store.get(&RESULTS), ["all about cats"]);
//! # Ok::<(), trine_thunks::BuildError>(())
//! ```
//!
//! # When
//!
//! Within `dispatch`: middleware, reducers, subscribers, then listeners in the order in which they were added. The first part of an
//! effect, up to where it first waits, runs inside `dispatch`. An action that a middleware stops is not heard; one whose
//! reducer has panicked is, since other slices have changed.
//!
//! The effects of an end of a thunk have begun before whoever awaits its run goes on.
//!
//! # What there is, by the original's names
//!
//! | there | here |
//! |---|---|
//! | `type`, `actionCreator`, `matcher` | [`Listener::on`] a case, [`Listener::on_any`] a matcher |
//! | `predicate(action, current, previous)` | [`when`](ListenerBuilder::when), with the states that it is [`keeping`](ListenerBuilder::keeping) |
//! | `getOriginalState` | [`before`](ListenerApi::before), also after the first wait |
//! | `take`, with a timeout | [`take`](ListenerApi::take), [`take_any`](ListenerApi::take_any), [`take_within`](ListenerApi::take_within) |
//! | `condition`, with a timeout | [`condition`](ListenerApi::condition), [`condition_within`](ListenerApi::condition_within) |
//! | `delay`, `pause` | [`delay`](ListenerApi::delay); every `.await` can be cancelled |
//! | `fork`, `autoJoin` | [`fork`](ListenerApi::fork), which gives a [`Run`](trine_core::Run); forks end with the effect |
//! | `cancelActiveListeners`, `cancel`, `signal` | [`cancel_active`](ListenerApi::cancel_active), [`cancel`](ListenerApi::cancel), [`aborted`](ListenerApi::aborted) |
//! | `unsubscribe`, `subscribe` | [`unsubscribe`](ListenerApi::unsubscribe), [`subscribe`](ListenerApi::subscribe) |
//! | recipes for takeLatest, takeLeading, debounce, throttle | [`latest`](ListenerBuilder::latest), [`leading`](ListenerBuilder::leading), [`debounce`](ListenerBuilder::debounce), [`throttle`](ListenerBuilder::throttle) |
//! | `onError` | [`on_error`](ListenerBuilder::on_error); without one, errors go to the store's event feed |
//! | `clearListeners` | [`Store::clear_listeners`](crate::Store::clear_listeners) |
//!
//! Adding the same effect twice is two listeners here: a guard knows its own.

mod api;
mod build;
mod entry;
mod kept;
mod wait;

pub use api::ListenerApi;
pub use build::{EffectResult, Heard, Listener, ListenerBuilder};
pub(crate) use entry::Listeners;
pub use entry::{ListenerError, ListenerGuard, RaisedBy};
pub use kept::Transition;
pub use wait::{Take, TakeWithin};
