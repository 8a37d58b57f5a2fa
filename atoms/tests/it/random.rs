//! Random operations over providers, derived atoms and families, against a model that computes everything anew.

use proptest::prelude::*;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use trine_atoms::{
    Atom, AtomFamily, AtomHandle, DerivedAtom, Provider, Store, reset_all, transaction,
};
use trine_core::SubscriptionGuard;

static A: Atom<i32> = Atom::new("a", || 1);
static B: Atom<i32> = Atom::new("b", || 2);
static SUM: DerivedAtom<i32> = DerivedAtom::new("sum", |cx| {
    // What is read depends on what is read.
    if cx.get(&A) % 3 == 0 { cx.get(&A) } else { cx.get(&A) + cx.get(&B) }
});
static TOP: DerivedAtom<i32> = DerivedAtom::new("top", |cx| {
    let key = cx.get(&B).rem_euclid(3);
    cx.get(&SUM) / 2 + cx.get(&ROWS.of(key))
});
static ROWS: AtomFamily<i32, i32> = AtomFamily::new("rows", |key| key * 10);

#[derive(Debug, Clone)]
enum Op {
    Set { place: usize, b: bool, value: i32 },
    Both { place: usize, value: i32, refused: bool },
    Reset { place: usize, b: bool },
    ResetAll { place: usize },
    Nest { place: usize, a: Option<i32>, b: bool, rows: bool },
    End { place: usize },
    Hold { place: usize, key: i32 },
    LetGo { handle: usize },
    Write { handle: usize, value: i32 },
    Observe { place: usize },
    Unobserve { observer: usize },
}

fn op() -> impl Strategy<Value = Op> {
    let (place, value) = (0_usize..6, -5_i32..6);
    prop_oneof![
        4 => (place.clone(), any::<bool>(), value.clone())
            .prop_map(|(place, b, value)| Op::Set { place, b, value }),
        2 => (place.clone(), value.clone(), any::<bool>())
            .prop_map(|(place, value, refused)| Op::Both { place, value, refused }),
        1 => (place.clone(), any::<bool>()).prop_map(|(place, b)| Op::Reset { place, b }),
        1 => place.clone().prop_map(|place| Op::ResetAll { place }),
        2 => (place.clone(), proptest::option::of(value.clone()), any::<bool>(), any::<bool>())
            .prop_map(|(place, a, b, rows)| Op::Nest { place, a, b, rows }),
        1 => (1_usize..6).prop_map(|place| Op::End { place }),
        2 => (place.clone(), 0_i32..3).prop_map(|(place, key)| Op::Hold { place, key }),
        1 => (0_usize..4).prop_map(|handle| Op::LetGo { handle }),
        2 => (0_usize..4, value).prop_map(|(handle, value)| Op::Write { handle, value }),
        2 => place.prop_map(|place| Op::Observe { place }),
        1 => (0_usize..4).prop_map(|observer| Op::Unobserve { observer }),
    ]
}

/// A place of the model: what it has of its own.
#[derive(Clone, Default)]
struct Model {
    around: Option<usize>,
    /// Value now, and to begin with.
    a: Option<(i32, i32)>,
    b: Option<(i32, i32)>,
    /// Entries, if the family is provided here.
    rows: Option<BTreeMap<i32, i32>>,
}

struct Held {
    home: usize,
    key: i32,
    handle: AtomHandle<i32>,
}

struct Observer {
    place: usize,
    last: i32,
    told: Arc<Mutex<Vec<i32>>>,
    _guard: SubscriptionGuard,
}

struct World {
    store: Store,
    providers: Vec<Option<Provider>>,
    models: Vec<Model>,
    held: Vec<Held>,
    observers: Vec<Observer>,
}

/// Does something with a place, whichever kind it is.
macro_rules! at {
    ($world:expr, $place:expr, |$at:ident| $body:expr) => {
        match &$world.providers[$place] {
            Some(provider) => {
                let $at = provider;
                $body
            }
            None => {
                let $at = &$world.store;
                $body
            }
        }
    };
}

impl World {
    fn new() -> Self {
        let root =
            Model { around: None, a: Some((1, 1)), b: Some((2, 2)), rows: Some(BTreeMap::new()) };
        Self {
            store: Store::new(),
            providers: vec![None],
            models: vec![root],
            held: Vec::new(),
            observers: Vec::new(),
        }
    }

    fn home(&self, mut place: usize, has: impl Fn(&Model) -> bool) -> usize {
        while !has(&self.models[place]) {
            place = self.models[place].around.expect("the store has everything");
        }
        place
    }

    fn slot(&mut self, place: usize, b: bool) -> &mut (i32, i32) {
        let home = self.home(place, |model| if b { model.b.is_some() } else { model.a.is_some() });
        let model = &mut self.models[home];
        if b { model.b.as_mut().unwrap() } else { model.a.as_mut().unwrap() }
    }

    fn value(&self, place: usize, b: bool) -> i32 {
        let home = self.home(place, |model| if b { model.b.is_some() } else { model.a.is_some() });
        if b { self.models[home].b.unwrap().0 } else { self.models[home].a.unwrap().0 }
    }

    fn sum(&self, place: usize) -> i32 {
        let (a, b) = (self.value(place, false), self.value(place, true));
        if a % 3 == 0 { a } else { a + b }
    }

    fn top(&self, place: usize) -> i32 {
        let key = self.value(place, true).rem_euclid(3);
        let home = self.home(place, |model| model.rows.is_some());
        let row = self.models[home].rows.as_ref().unwrap().get(&key).copied();
        self.sum(place) / 2 + row.unwrap_or(key * 10)
    }

    fn inside(&self, mut place: usize, outer: usize) -> bool {
        loop {
            if place == outer {
                return true;
            }
            match self.models[place].around {
                Some(around) => place = around,
                None => return false,
            }
        }
    }

    fn apply(&mut self, op: &Op) {
        let places = self.models.len();
        match *op {
            Op::Set { place, b, value } => {
                let place = place % places;
                let atom = if b { &B } else { &A };
                at!(self, place, |at| _ = atom.set(at, value));
                self.slot(place, b).0 = value;
            }
            Op::Both { place, value, refused } => {
                let place = place % places;
                let done = at!(self, place, |at| transaction(at, |cx| {
                    cx.set(&A, value);
                    let sum = cx.get(&SUM);
                    cx.set(&B, sum);
                    if refused { Err(()) } else { Ok(sum) }
                }));
                if let Ok(sum) = done {
                    self.slot(place, false).0 = value;
                    assert_eq!(sum, self.sum(place));
                    self.slot(place, true).0 = sum;
                }
            }
            Op::Reset { place, b } => {
                let place = place % places;
                let atom = if b { &B } else { &A };
                at!(self, place, |at| _ = atom.reset(at));
                let slot = self.slot(place, b);
                slot.0 = slot.1;
            }
            Op::ResetAll { place } => {
                let place = place % places;
                at!(self, place, |at| reset_all(at));
                for inner in 0..places {
                    if self.inside(inner, place) {
                        let model = &mut self.models[inner];
                        for slot in [&mut model.a, &mut model.b].into_iter().flatten() {
                            slot.0 = slot.1;
                        }
                        for (key, row) in model.rows.iter_mut().flatten() {
                            *row = key * 10;
                        }
                    }
                }
            }
            Op::Nest { place, a, b, rows } => {
                if places == 6 {
                    return;
                }
                let place = place % places;
                let mut builder = at!(self, place, |at| Provider::builder("p", at));
                if let Some(a) = a {
                    builder = builder.provide_with(&A, a);
                }
                if b {
                    builder = builder.provide(&B);
                }
                if rows {
                    builder = builder.provide(&ROWS);
                }
                self.providers.push(Some(builder.build()));
                self.models.push(Model {
                    around: Some(place),
                    a: a.map(|a| (a, a)),
                    b: b.then_some((2, 2)),
                    rows: rows.then(BTreeMap::new),
                });
            }
            Op::End { place } => {
                // The last one, so that places keep their numbers.
                if place + 1 != places {
                    return;
                }
                self.held.retain(|held| held.home != place);
                self.observers.retain(|observer| observer.place != place);
                let provider = self.providers.pop().flatten().unwrap();
                provider.end();
                assert!(A.at(&provider).is_err());
                self.models.pop();
            }
            Op::Hold { place, key } => {
                let place = place % places;
                let handle = at!(self, place, |at| ROWS.entry(at, key));
                let home = self.home(place, |model| model.rows.is_some());
                self.models[home].rows.as_mut().unwrap().entry(key).or_insert(key * 10);
                self.held.push(Held { home, key, handle });
            }
            Op::LetGo { handle } => {
                if handle < self.held.len() {
                    self.held.swap_remove(handle);
                }
            }
            Op::Write { handle, value } => {
                if let Some(held) = self.held.get(handle) {
                    held.handle.set(value);
                    let rows = self.models[held.home].rows.as_mut().unwrap();
                    rows.insert(held.key, value);
                }
            }
            Op::Observe { place } => {
                let place = place % places;
                let told = Arc::new(Mutex::new(Vec::new()));
                let heard = Arc::clone(&told);
                let guard = at!(self, place, |at| {
                    TOP.subscribe(at, move |top| heard.lock().unwrap().push(*top))
                });
                let last = self.top(place);
                self.observers.push(Observer { place, last, told, _guard: guard });
            }
            Op::Unobserve { observer } => {
                if observer < self.observers.len() {
                    self.observers.swap_remove(observer);
                }
            }
        }
    }

    /// Which entries are in use is up to handles and to derivations that have read them; what is not begins anew.
    fn forget_unused(&mut self) {
        for home in 0..self.models.len() {
            if self.models[home].rows.is_none() {
                continue;
            }
            let used = at!(self, home, |at| ROWS.keys(at));
            for held in self.held.iter().filter(|held| held.home == home) {
                assert!(used.contains(&held.key), "a handle keeps its entry");
            }
            self.models[home].rows.as_mut().unwrap().retain(|key, _| used.contains(key));
        }
    }

    fn check(&mut self) {
        for observer in &mut self.observers {
            let told: Vec<_> = std::mem::take(&mut *observer.told.lock().unwrap());
            assert!(told.len() <= 1, "once per commit: {told:?}");
            if let Some(top) = told.first() {
                assert_ne!(*top, observer.last, "told of nothing");
                observer.last = *top;
            }
        }
        for observer in &self.observers {
            assert_eq!(observer.last, self.top(observer.place), "told of the last value");
        }
        for place in 0..self.models.len() {
            let seen = at!(self, place, |at| (A.get(at), B.get(at), SUM.get(at), TOP.get(at)));
            let (a, b) = (self.value(place, false), self.value(place, true));
            assert_eq!(seen, (a, b, self.sum(place), self.top(place)), "place {place}");
        }
        for held in &self.held {
            let value = self.models[held.home].rows.as_ref().unwrap()[&held.key];
            assert_eq!(held.handle.get(), value);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn places_derived_atoms_and_families_agree_with_a_sequential_model(
        ops in proptest::collection::vec(op(), 1..60),
    ) {
        let mut world = World::new();
        for op in &ops {
            world.apply(op);
            world.check();
            world.forget_unused();
        }
        let World { store, providers, held, observers, .. } = world;
        drop((held, observers));
        for provider in providers.into_iter().rev().flatten() {
            provider.end();
        }
        // What is left is the store's own: its derived atoms, and what they read.
        prop_assert!(store.cell_count() <= 4 + ROWS.len(&store));
    }
}
