//! Subscriptions in their three faces.

use super::{
    formula::Outcome,
    operation::Behaviour,
    trace::{Entry, Face},
    world::{CellHandle, Value, World, fault, outcome, with_cell},
};
use futures_util::{FutureExt, StreamExt};
use std::{
    collections::VecDeque,
    num::NonZeroUsize,
    panic::resume_unwind,
    sync::atomic::{AtomicUsize, Ordering},
};
use trine_core::{Change, Changes, Missed, SubscriptionGuard, Watch, WatchClosed};

/// How many subscriptions there are at most.
const MOST: usize = 12;

/// What keeps a subscription.
#[derive(Debug)]
pub(super) enum Handle {
    Callback { _guard: SubscriptionGuard },
    Stream(Changes<Value>),
    Watch(Watch<Value>),
}

fn told(change: &Change<'_, Value>) -> Outcome {
    change.value().map(|value| value.number).map_err(fault)
}

impl World {
    /// A number for a new subscription, if there is room for it.
    fn room(&self) -> Option<usize> {
        let next = self.numbers.fetch_add(1, Ordering::Relaxed);
        (self.handles.lock().unwrap().len() < MOST).then_some(next)
    }

    fn keep(&self, subscriber: usize, cell: usize, face: Face, handle: Handle) {
        self.model().trace.push(Entry::Added { subscriber, cell, face });
        self.handles.lock().unwrap().insert(subscriber, handle);
    }

    pub(super) fn subscribe(&self, pick: u16, behaviour: Behaviour) {
        let (position, handle) = self.pick(pick);
        let Some(subscriber) = self.room() else { return };
        let (this, acted) = (self.this.clone(), AtomicUsize::new(0));
        let token = self.value(0);
        let callback = move |change: &Change<'_, Value>| {
            let _token = &token;
            let world = this.upgrade().expect("lives as long as its store");
            let (number, value) = (change.number().get(), told(change));
            world.model().trace.push(Entry::Called { subscriber, number, value });
            // Whatever has been committed meanwhile is what is read.
            world.read(position, handle);
            if acted.fetch_add(1, Ordering::Relaxed) < 2 {
                world.behave(subscriber, &behaviour);
            }
        };
        let subscribed =
            with_cell!(handle, cell => self.store.try_subscribe_changes(cell, callback));
        match subscribed {
            Ok(guard) => {
                let face = Face::Callback { due: VecDeque::new() };
                self.keep(subscriber, position, face, Handle::Callback { _guard: guard });
            }
            Err(error) => {
                assert!(error.is_disposed() && !self.model().state.0[position].alive);
            }
        }
    }

    /// What a callback does. No lock of the world is held.
    fn behave(&self, own: usize, behaviour: &Behaviour) {
        match *behaviour {
            Behaviour::Nothing => {}
            Behaviour::EndItself => self.end_subscription(own),
            Behaviour::End(pick) => self.unsubscribe(pick),
            Behaviour::Subscribe(pick) => self.subscribe(pick, Behaviour::Nothing),
            Behaviour::Stream(pick) => self.stream(pick, 2),
            Behaviour::Write(pick, value) => self.set(pick, value),
            Behaviour::WriteAndSubscribe(pick, value) => {
                let (position, _) = self.pick_source(pick);
                self.set(pick, value);
                self.subscribe(position as u16, Behaviour::Nothing);
            }
            Behaviour::Transact(a, b, value) => {
                use super::operation::{End, Step};
                let steps = [Step::Set(a, value), Step::Read(b), Step::Add(b, 1)];
                self.transaction(&steps, End::Commit);
            }
            Behaviour::Remove(pick) => self.remove(pick),
            Behaviour::Panic => {
                self.model().panics += 1;
                resume_unwind(Box::new("callback"));
            }
        }
    }

    pub(super) fn stream(&self, pick: u16, capacity: usize) {
        let (position, handle) = self.pick(pick);
        if !self.model().state.0[position].alive {
            return;
        }
        let Some(subscriber) = self.room() else { return };
        let bound = NonZeroUsize::new(capacity).unwrap();
        let changes = with_cell!(handle, cell => self.store.changes(cell, bound));
        let (waiting, lagged, closed) = (VecDeque::new(), 0, false);
        let face = Face::Stream { capacity, waiting, lagged, closed };
        self.keep(subscriber, position, face, Handle::Stream(changes));
    }

    pub(super) fn watch(&self, pick: u16) {
        let (position, handle) = self.pick(pick);
        let expected = self.model().state.outcome(position);
        let watch = with_cell!(handle, cell => self.store.try_watch(cell));
        assert_eq!(watch.as_ref().map(|watch| watch.borrow().number).map_err(fault), expected);
        let (Ok(watch), Some(subscriber)) = (watch, self.room()) else { return };
        let seen = self.store.last_commit().get();
        let (good, number) = (watch.borrow().number, watch.number().get());
        assert!(number <= seen);
        let face = Face::Watch { good, now: Ok(good), number, seen, closed: false };
        self.keep(subscriber, position, face, Handle::Watch(watch));
    }

    pub(super) fn unsubscribe(&self, pick: u16) {
        let numbers: Vec<_> = self.handles.lock().unwrap().keys().copied().collect();
        if !numbers.is_empty() {
            self.end_subscription(numbers[usize::from(pick) % numbers.len()]);
        }
    }

    fn end_subscription(&self, subscriber: usize) {
        let handle = self.handles.lock().unwrap().remove(&subscriber);
        if handle.is_some() {
            self.model().trace.push(Entry::Removed { subscriber });
        }
        drop(handle);
    }

    /// Reads a stream to its end for now, or looks at a watch. What came before has been judged.
    pub(super) fn look(&self, pick: u16) {
        let mut handles = self.handles.lock().unwrap();
        let mut judge = self.judge.lock().unwrap();
        let numbers: Vec<_> = handles.keys().copied().collect();
        let Some(count) = NonZeroUsize::new(numbers.len()) else { return };
        let number = numbers[usize::from(pick) % count];
        // A callback whose cell was removed is known to its guard alone.
        let Some((_, face)) = judge.subscribers.get_mut(&number) else { return };
        match (handles.get_mut(&number).unwrap(), face) {
            (Handle::Stream(changes), Face::Stream { waiting, lagged, closed, .. }) => {
                let next = &mut || changes.next().now_or_never();
                if std::mem::take(lagged) > 0 {
                    assert!(matches!(next(), Some(Some(Err(Missed::Lagged(_))))));
                }
                for expected in waiting.drain(..) {
                    let brought = match next() {
                        Some(Some(Ok(value))) => Ok(value.number),
                        Some(Some(Err(Missed::Failed(error)))) => Err(fault(&error)),
                        other => panic!("{other:?} instead of {expected:?}"),
                    };
                    assert_eq!(brought, expected);
                }
                let end = next();
                assert!(if *closed { matches!(end, Some(None)) } else { end.is_none() });
            }
            (Handle::Watch(watch), Face::Watch { good, number, seen, closed, .. }) => {
                let expected = match (*number > *seen, *closed) {
                    (true, _) => Some(Ok(())),
                    (false, true) => Some(Err(())),
                    (false, false) => None,
                };
                let changed = watch.changed().now_or_never();
                assert_eq!(changed.map(|changed| changed.map_err(drop::<WatchClosed>)), expected);
                assert_eq!(watch.borrow_and_update().number, *good);
                *seen = (*seen).max(*number);
                assert!(!watch.has_changed());
            }
            _ => {}
        }
    }

    /// Every watch shows the last good value, without being asked to look.
    pub(super) fn check_watches(&self) {
        let (handles, judge) = (self.handles.lock().unwrap(), self.judge.lock().unwrap());
        for (subscriber, handle) in &*handles {
            let (Handle::Watch(watch), Some((_, Face::Watch { good, now, number, seen, .. }))) =
                (handle, judge.subscribers.get(subscriber))
            else {
                continue;
            };
            assert_eq!(watch.borrow().number, *good);
            assert_eq!(watch.error().as_ref().map(fault), now.err());
            assert_eq!((watch.number().get(), watch.has_changed()), (*number, number > seen));
            let shown = watch.error().map_or_else(|| Ok((*watch.borrow()).clone()), Err);
            assert_eq!(outcome(&shown), *now);
        }
    }
}
