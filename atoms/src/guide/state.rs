//! State, from a first atom to storage.
//!
//! # An atom
//!
//! An [`Atom`](crate::Atom) is a definition: a name and a way to begin. It is a plain static, and holds nothing itself; its value is
//! in a [`Store`](crate::Store), so two stores never affect each other, and a test has one of its own.
//!
//! ```
//! use trine_atoms::{Atom, Store};
//!
//! static COUNT: Atom<u32> = Atom::new("count", || 0);
//!
//! let store = Store::new();
//! let view = COUNT.subscribe(&store, |count| println!("{count}"));
//! COUNT.set(&store, 1); // prints "1"
//! COUNT.update(&store, |count| *count += 1); // prints "2"
//! COUNT.set(&store, 2); // equal: prints nothing
//! assert_eq!(COUNT.get(&store), 2);
//! # drop(view);
//! ```
//!
//! There are three ways to hear of an atom from outside, for every kind of atom, and for a [`synergy`](crate::synergy()) of several:
//! `subscribe` calls back, `changes` is a bounded stream, `watch` has the last value for a render loop and a future of the next.
//! Nothing is missed between a look and a subscription, and each is told once per commit, outside every lock.
//!
//! Several writes become one commit in a [`transaction`](crate::transaction()); what is done again and again is an
//! [`Action`](crate::Action), or a [`WriteAtom`](crate::WriteAtom).
//!
//! # Derived atoms
//!
//! What can be computed is not stored. A [`DerivedAtom`](crate::DerivedAtom) reads other atoms; what it has read decides when it
//! runs again. Nobody looks, nothing runs; it runs at most once per commit, and an equal result stops there.
//!
//! ```
//! use trine_atoms::{Atom, DerivedAtom, Store, WritableAtom};
//!
//! static CENTS: Atom<u32> = Atom::new("cents", || 250);
//! static LABEL: DerivedAtom<String> =
//!     DerivedAtom::new("label", |cx| format!("{:.2} EUR", f64::from(cx.get(&CENTS)) / 100.0));
//! static EUROS: WritableAtom<u32> =
//!     WritableAtom::new("euros", |cx| cx.get(&CENTS) / 100, |cx, euros| cx.set(&CENTS, euros * 100));
//!
//! let store = Store::new();
//! assert_eq!(LABEL.get(&store), "2.50 EUR");
//! EUROS.set(&store, 7);
//! assert_eq!(LABEL.get(&store), "7.00 EUR");
//! ```
//!
//! For a part of an atom there is [`select`](crate::Atom::select); [`focus`](crate::Atom::focus) can be written, too. A
//! [`ReducerAtom`](crate::ReducerAtom) changes by actions only, a [`DefaultAtom`](crate::DefaultAtom) is computed until it is written.
//!
//! # Providers
//!
//! A part of an app that has values of its own is a [`Provider`](crate::Provider). It lists atoms; everything else falls through
//! to the place around it, for reads and for writes. Wherever a store is asked for, a provider will do: both are a
//! [`Place`](crate::Place).
//!
//! ```
//! use trine_atoms::{Atom, DerivedAtom, Provider, Store};
//!
//! static USER: Atom<&str> = Atom::new("user", || "Ada");
//! static TITLE: Atom<String> = Atom::new("title", String::new).provided(); // only where it is provided
//! static WINDOW: DerivedAtom<String> =
//!     DerivedAtom::new("window", |cx| format!("{} ({})", cx.get(&TITLE), cx.get(&USER)));
//!
//! let store = Store::new();
//! let left = Provider::builder("tab", &store).provide_with(&TITLE, "Left".to_owned()).build();
//! let right = Provider::builder("tab", &store).provide_with(&TITLE, "Right".to_owned()).build();
//! assert_eq!(WINDOW.get(&left), "Left (Ada)");
//! USER.set(&right, "Grace"); // the store's
//! assert_eq!(WINDOW.get(&left), "Left (Grace)");
//! assert!(TITLE.at(&store).is_err()); // a typed error, when the handle is made
//! left.end(); // its cells go, what was started in it is aborted
//! assert!(TITLE.at(&left).is_err());
//! ```
//!
//! A derived atom is computed from what the place shows that it is read from. One that does not depend on the place is best
//! [`shared`](crate::DerivedAtom::shared).
//!
//! # Families
//!
//! An [`AtomFamily`](crate::AtomFamily) has an atom per key. An entry is there while somebody uses it: a handle, a subscription,
//! a derivation; then it goes, and its memory with it. A [`DerivedFamily`](crate::DerivedFamily) is a selector with a parameter.
//!
//! ```
//! use trine_atoms::{AtomFamily, DerivedFamily, Store};
//!
//! static VOTES: AtomFamily<&str, u32> = AtomFamily::new("votes", |_| 0);
//! static AHEAD: DerivedFamily<(&str, &str), bool> =
//!     DerivedFamily::new("ahead", |cx, (a, b)| cx.get(&VOTES.of(*a)) > cx.get(&VOTES.of(*b)));
//!
//! let store = Store::new();
//! let tea = VOTES.entry(&store, "tea");
//! let ahead = AHEAD.entry(&store, ("tea", "coffee"));
//! assert!(!*ahead.read());
//! tea.set(3);
//! assert!(*ahead.read());
//! ```
//!
//! # Async atoms
//!
//! An [`AsyncAtom`](crate::AsyncAtom) is computed by a body that may wait. Its value is an [`AsyncState`](crate::AsyncState), which is
//! pending, ready, stale or failed, and has the last good value. What the body has read, before an await or after, is what it
//! depends on; a change supersedes the run, so an answer that comes late is never shown.
//!
//! ```
//! use trine_atoms::{AsyncAtom, AsyncFamily, Atom, Store};
//!
//! # async fn search(text: String) -> Result<Vec<String>, String> { Ok(vec![text]) }
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! static QUERY: Atom<String> = Atom::new("query", || "tea".to_owned());
//! static FOUND: AsyncAtom<Vec<String>, String> =
//!     AsyncAtom::new("found", |cx| Box::pin(async move { search(cx.get(&QUERY).await).await }));
//!
//! let store = Store::new();
//! assert_eq!(*FOUND.ready(&store).await.unwrap(), ["tea"]);
//! QUERY.set(&store, "cup".to_owned());
//! let shown = FOUND.read(&store); // stale: the old answer, while the new one is on its way
//! assert!(shown.is_stale());
//! assert_eq!(*FOUND.ready(&store).await.unwrap(), ["cup"]);
//! # });
//! ```
//!
//! With a parameter it is an [`AsyncFamily`](crate::AsyncFamily); from a stream, a [`StreamAtom`](crate::StreamAtom).
//!
//! # Only while somebody looks
//!
//! [`Atom::on_mount`](crate::Atom::on_mount) begins work when the first one observes an atom, directly or through what is derived
//! from it, and ends it after the last: a socket, a timer, a file that is watched.
//!
//! # Lists
//!
//! A [`ListAtom`](crate::ListAtom) is edited in place and tells what has changed in it;
//! [`split`](crate::ListAtom::split) makes an atom of each item, which is found by its key however it moves.
//!
//! # What outlives the process
//!
//! [`Stored`](crate::Stored) binds an atom to a [`Storage`](crate::Storage): a file, or memory in tests. Versions are migrated, values
//! validated, and what cannot be understood is a typed error and left as it is. With the feature `serde`, `Snapshots` takes the
//! values of chosen atoms at one commit, as data, and puts them back.
//!
//! [`reset_all`](crate::reset_all) has everything begin again, for a logout: one commit, after which async atoms do not show what
//! they were, and nothing that was under way lands. [`Atom::reset`](crate::Atom::reset) and
//! [`AsyncAtom::reset`](crate::AsyncAtom::reset) are for one atom.
