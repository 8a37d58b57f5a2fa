//! Actions, from a loading flag to conflict policies.
//!
//! # 1. A loading flag
//!
//! An action is a handler over *drafts*: private copies of atoms, which read and write like the values. What the handler has written is
//! committed when it ends, all at once:
//!
//! ```
//! use trine_atoms::{AsyncAction, Atom, Store, synergy};
//!
//! static USER: Atom<Option<String>> = Atom::new("user", || None);
//! static LOADING: Atom<bool> = Atom::new("loading", || false);
//!
//! # async fn fetch(id: u32) -> std::io::Result<String> { if id == 0 { Err(std::io::Error::other("nobody")) } else { Ok(format!("user {id}")) } }
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let fetch_user: AsyncAction<u32> =
//!     synergy((&USER, &LOADING)).async_action(|(mut user, mut loading), id| async move {
//!         *loading = true;
//!         let _loading = loading.trigger_scoped()?; // 1. shown now
//!         user.set(Some(fetch(id).await?));
//!         Ok(())                                    // 2. shown together: the user is there, the flag is off
//!     });
//!
//! let store = Store::new();
//! fetch_user.run(&store, 7).await.unwrap();
//! assert_eq!(USER.get(&store).as_deref(), Some("user 7"));
//! assert!(fetch_user.run(&store, 0).await.is_err());
//! assert!(!LOADING.get(&store)); // off, too, after a failure
//! # });
//! ```
//!
//! [`trigger_scoped`](crate::Draft::trigger_scoped) shows a draft *for as long as the action lasts*. However that ends (an `Err`, a panic,
//! an abort, a newer call, a dropped future) the atom goes back, in the same commit as the result if there is one. If several calls
//! hold one flag up, it goes down with the last. [`trigger`](crate::Draft::trigger) shows a draft *for good*; several at once go with
//! [`trigger_all`](crate::trigger_all). Each returns a fresh draft in exchange for the old one, so a stale draft does not compile.
//!
//! # 2. Sync actions
//!
//! Without anything to wait for, an action is one transaction: it needs no runtime, and has committed when it returns.
//!
//! ```
//! use trine_atoms::{Action, Atom, Store, synergy};
//!
//! static COUNT: Atom<i32> = Atom::new("count", || 0);
//!
//! let add: Action<i32, i32> = synergy(&COUNT).action(|mut count, n| {
//!     *count += n;
//!     *count
//! });
//! let store = Store::new();
//! add.run(&store, 1);
//! add.run(&store, 1);
//! assert_eq!(add.run(&store, 1), 3);
//! ```
//!
//! [`try_action`](crate::Synergy::try_action) may fail, and has changed nothing then. A sync handler runs inside the store's lease, so it is
//! pure: no I/O, and no store. To have several sync actions in one commit, make one of them with
//! [`Action::compose`](crate::Action::compose).
//!
//! # 3. Actions that call actions
//!
//! [`async_action_with`](crate::Synergy::async_action_with) gives the handler an [`ActionContext`](crate::ActionContext):
//! `cx.run(&other, argument).await?` for async actions, which end with this one if it is cancelled; `cx.run_sync(&other, argument)?`
//! for sync ones. They commit for themselves. What they have written, this action's drafts show after
//! [`refresh`](crate::Draft::refresh); and if both have written one atom, the rules of section 6 apply. No update is lost.
//!
//! # 4. Other calls, time, errors
//!
//! What is said about an action once holds for all its calls. The words are those of the core's
//! [`RunBuilder`](trine_core::RunBuilder).
//!
//! | say | for |
//! |---|---|
//! | [`latest`](crate::AsyncAction::latest) | a search box: a newer call ends the one before, which lets go of its request |
//! | [`leading`](crate::AsyncAction::leading) | a button that must not be pressed twice |
//! | [`queue`](crate::AsyncAction::queue), [`limit`](crate::AsyncAction::limit) | an outbox; a pool of connections |
//! | [`shared`](crate::AsyncAction::shared) | a cache: a second call gets the result of the first |
//! | [`key`](crate::AsyncAction::key) | each of these per user, per document, per argument |
//! | [`debounce`](crate::AsyncAction::debounce), [`throttle`](crate::AsyncAction::throttle) and their `.._leading` | what comes too often |
//! | [`timeout`](crate::AsyncAction::timeout), [`retry`](crate::AsyncAction::retry) | services that hang, or fail now and then |
//! | [`condition`](crate::AsyncAction::condition) | calls that are not wanted |
//! | [`status`](crate::AsyncAction::status), [`status_atom`](crate::AsyncAction::status_atom) | a view of how many calls are under way, and how the last one ended |
//!
//! A call gives `Result<R, ActionError<E>>`, in which every end is a variant of its own: see [`ActionError`](crate::ActionError).
//!
//! # 5. Show it now, take it back if it fails
//!
//! [`compensated`](crate::AsyncAction::compensated): everything that the handler has triggered is undone unless it ends well, except where
//! somebody else has written since. That is all there is to an optimistic update; the example program `atoms_optimistic_save` has one.
//!
//! # 6. When somebody else was first
//!
//! An async action takes its time. If somebody else commits an atom meanwhile, what happens depends on what the handler has *meant*:
//!
//! | written with | means | then |
//! |---|---|---|
//! | `draft.set(value)` | this value, whatever there was | overwritten |
//! | `draft.update(\|value\| ..)` | this change, of whatever there is | applied to what is there |
//! | `*draft = ..`, `draft.push(..)` | what follows from what I have read | a [`Conflict`](crate::Conflict): nothing is overwritten |
//!
//! A conflict fails the call, and has all three values. An action may say something else, once, for all its calls:
//!
//! ```
//! # use trine_atoms::{AsyncAction, Atom, synergy};
//! static NOTES: Atom<Vec<String>> = Atom::new("notes", Vec::new);
//!
//! let add: AsyncAction<String> = synergy(&NOTES).async_action(|mut notes, note| async move {
//!     // .. which takes a while ..
//!     notes.push(note);
//!     Ok(())
//! });
//! let again = add.clone().retry_conflicts(3);      // call the handler again, with fresh drafts
//! let last_wins = add.clone().overwrite_conflicts(); // as the original did
//! let both = add.merge_conflicts(&NOTES, |base, mine, theirs| {
//!     theirs.iter().chain(&mine[base.len()..]).cloned().collect()
//! });
//! ```
//!
//! What was only *read* may be stale as well: an order is placed since there was stock. With
//! [`validate_reads`](crate::AsyncAction::validate_reads) each flush checks that too, and calls that end well are as if they had run one
//! after the other.
//!
//! # 7. Rules, logs, undo
//!
//! [`middleware`](fn@crate::middleware) is shown every flush, and lets it pass, changes it or refuses it; [`LogFlushes`](crate::LogFlushes)
//! tells `tracing`. What is written without an action (`Atom::set`, `reset`, a `WriteAtom`, a transaction of the store) does not come
//! by it. An [effect](crate::Synergy::effect) is run whenever atoms have changed, before any subscriber hears of it.
//! [`Synergy::history`](crate::Synergy::history) remembers what actions have done to some atoms, and undoes it one action at a time.
//!
//! Those who come from synergies find all of it beside what it is there in [a table](super::migration#synergies).
