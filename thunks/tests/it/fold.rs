//! Random slices, matchers and middleware under random actions, held against a naive fold.

use proptest::prelude::*;
use std::sync::{Arc, Mutex};
use trine_thunks::{
    Action, ActionCreator, AnyAction, Listener, ListenerApi, Next, Slice, SliceKey, Store, action,
    any_of, matching,
};

struct A(i64);
impl Action for A {}
struct B(i64);
impl Action for B {}
static C: ActionCreator<i64> = ActionCreator::new("c");

/// What is dispatched.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Act {
    kind: u8,
    by: i64,
}

impl Act {
    fn shared(self) -> Arc<dyn AnyAction> {
        match self.kind {
            0 => Arc::new(A(self.by)),
            1 => Arc::new(B(self.by)),
            _ => Arc::new(C.with(self.by)),
        }
    }

    fn of(any: &dyn AnyAction) -> Self {
        if let Some(A(by)) = any.of(action::<A>()) {
            Self { kind: 0, by: *by }
        } else if let Some(B(by)) = any.of(action::<B>()) {
            Self { kind: 1, by: *by }
        } else {
            Self { kind: 2, by: *any.of(&C).expect("there are three kinds") }
        }
    }
}

/// A reducer: what it answers to, and the number that tells it apart in the result.
#[derive(Debug, Clone, Copy)]
enum Part {
    Case(u8, i64),
    Either(u8, u8, i64),
    Odd(i64),
    Filtered(u8, i64),
    Default(i64),
}

fn mix(state: &mut i64, act: Act, number: i64) {
    *state = state.wrapping_mul(31).wrapping_add(act.by * 7 + i64::from(act.kind) + number * 1_001);
}

/// A layer.
#[derive(Debug, Clone, Copy)]
enum Layer {
    Pass,
    Stop(u8),
    Replace(u8, u8),
    Double(u8),
}

const NAMES: [&str; 4] = ["zero", "one", "two", "three"];

fn key(index: usize) -> SliceKey<i64> {
    SliceKey::new(NAMES[index])
}

fn slice(index: usize, parts: &[Part], atomic: bool) -> Slice<i64> {
    let key = key(index);
    let mut slice = key.slice(|| 0);
    if atomic {
        slice = slice.atomic();
    }
    let mut cases = [false; 3];
    let mut default = false;
    for part in parts {
        slice = match *part {
            // At most one: the builder's refusal is another test's.
            Part::Case(kind, number) if !std::mem::replace(&mut cases[kind as usize], true) => {
                match kind {
                    0 => slice.on(action::<A>(), move |s, a| mix(s, Act { kind, by: a.0 }, number)),
                    1 => slice.on(action::<B>(), move |s, b| mix(s, Act { kind, by: b.0 }, number)),
                    _ => slice.on(&C, move |s, by| mix(s, Act { kind, by: *by }, number)),
                }
            }
            Part::Either(one, two, number) => {
                let is = move |any: &dyn AnyAction| [one, two].contains(&Act::of(any).kind);
                let both = any_of((action::<A>(), action::<B>(), &C));
                let both = trine_thunks::Matcher::filter(both, is);
                slice.on_any(both, move |s, any| mix(s, Act::of(any), number))
            }
            Part::Odd(number) => {
                slice.on_any(matching(|any| Act::of(any).by % 2 != 0), move |s, any| {
                    mix(s, Act::of(any), number);
                })
            }
            Part::Filtered(kind, number) => {
                let small = move |any: &dyn AnyAction| {
                    let act = Act::of(any);
                    act.kind == kind && act.by < 0
                };
                slice.on_any(matching(small), move |s, any| mix(s, Act::of(any), number))
            }
            Part::Default(number) if !std::mem::replace(&mut default, true) => {
                slice.otherwise(move |s, any| mix(s, Act::of(any), number))
            }
            Part::Case(..) | Part::Default(_) => slice,
        };
    }
    slice
}

/// The same, as a fold.
fn reduce(state: &mut i64, parts: &[Part], act: Act) {
    let mut ran = false;
    let case = parts.iter().find_map(|part| match part {
        Part::Case(kind, number) if *kind == act.kind => Some(*number),
        _ => None,
    });
    if let Some(number) = case {
        mix(state, act, number);
        ran = true;
    }
    for part in parts {
        let matched = match *part {
            Part::Either(one, two, number) if [one, two].contains(&act.kind) => Some(number),
            Part::Odd(number) if act.by % 2 != 0 => Some(number),
            Part::Filtered(kind, number) if kind == act.kind && act.by < 0 => Some(number),
            _ => None,
        };
        if let Some(number) = matched {
            mix(state, act, number);
            ran = true;
        }
    }
    let default = parts.iter().find_map(|part| match part {
        Part::Default(number) => Some(*number),
        _ => None,
    });
    if let (false, Some(number)) = (ran, default) {
        mix(state, act, number);
    }
}

fn layer(
    layer: Layer,
) -> impl Fn(Arc<dyn AnyAction>, Next<'_>) -> Result<(), trine_thunks::DispatchError> {
    move |action, next| {
        let act = Act::of(&*action);
        match layer {
            Layer::Stop(kind) if kind == act.kind => Ok(()),
            Layer::Replace(from, kind) if from == act.kind => {
                next.run(Act { kind, ..act }.shared())
            }
            Layer::Double(kind) if kind == act.kind && act.by % 3 == 0 => {
                let store = next.store().clone();
                next.run(action)?;
                store.try_dispatch(B(act.by * 2 + 1))
            }
            _ => next.run(action),
        }
    }
}

/// What reaches the reducers for a dispatch.
fn through(layers: &[Layer], at: usize, act: Act, reached: &mut Vec<Act>) {
    match layers.get(at) {
        None => reached.push(act),
        Some(Layer::Stop(kind)) if *kind == act.kind => {}
        Some(Layer::Replace(from, kind)) if *from == act.kind => {
            through(layers, at + 1, Act { kind: *kind, ..act }, reached);
        }
        Some(Layer::Double(kind)) if *kind == act.kind && act.by % 3 == 0 => {
            through(layers, at + 1, act, reached);
            through(layers, 0, Act { kind: 1, by: act.by * 2 + 1 }, reached);
        }
        Some(_) => through(layers, at + 1, act, reached),
    }
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    let part = prop_oneof![
        3 => (0..3_u8, 0..100_i64).prop_map(|(kind, number)| Part::Case(kind, number)),
        2 => (0..3_u8, 0..3_u8, 0..100_i64).prop_map(|(a, b, number)| Part::Either(a, b, number)),
        1 => (0..100_i64).prop_map(Part::Odd),
        1 => (0..3_u8, 0..100_i64).prop_map(|(kind, number)| Part::Filtered(kind, number)),
        1 => (0..100_i64).prop_map(Part::Default),
    ];
    prop::collection::vec(part, 0..6)
}

fn layers() -> impl Strategy<Value = Vec<Layer>> {
    let layer = prop_oneof![
        2 => Just(Layer::Pass),
        1 => (0..3_u8).prop_map(Layer::Stop),
        1 => (0..3_u8, 0..3_u8).prop_map(|(from, to)| Layer::Replace(from, to)),
        // Not of the kind that it answers with, or there is no end.
        1 => prop_oneof![Just(0_u8), Just(2)].prop_map(Layer::Double),
    ];
    prop::collection::vec(layer, 0..3)
}

proptest! {
    #[test]
    fn a_store_is_a_fold_of_what_passes_its_layers(
        slices in prop::collection::vec((parts(), any::<bool>(), any::<bool>()), 1..4),
        layers in layers(),
        acts in prop::collection::vec((0..3_u8, -9..9_i64), 0..20),
        listening in any::<bool>(),
    ) {
        // A layer that doubles may meet one that turns the answer into what it doubles.
        let endless = layers.iter().any(|layer| matches!(layer, Layer::Double(_)))
            && layers.iter().any(|layer| matches!(layer, Layer::Replace(1, _)));
        prop_assume!(!endless);
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (mut builder, mut late) = (Store::builder(), Vec::new());
        for (index, (parts, atomic, joins_late)) in slices.iter().enumerate() {
            let slice = slice(index, parts, *atomic);
            if *joins_late { late.push(slice) } else { builder = builder.slice(slice) }
        }
        for each in &layers {
            builder = builder.middleware(layer(*each));
        }
        if listening {
            let heard = Arc::clone(&heard);
            builder = builder.listener(Listener::when(|_| true).run(move |any, _: ListenerApi| {
                heard.lock().unwrap().push(Act::of(&*any));
                async {}
            }));
        }
        let store = builder.build().unwrap();
        for slice in late {
            store.add_slice(slice).unwrap();
        }
        let mut states = vec![0_i64; slices.len()];
        let mut reached = Vec::new();
        for (kind, by) in acts {
            let before = reached.len();
            through(&layers, 0, Act { kind, by }, &mut reached);
            for act in &reached[before..] {
                for (state, (parts, ..)) in states.iter_mut().zip(&slices) {
                    reduce(state, parts, *act);
                }
            }
            match kind {
                0 => store.dispatch(A(by)),
                1 => store.dispatch(B(by)),
                _ => store.dispatch(C.with(by)),
            }
            for (index, state) in states.iter().enumerate() {
                prop_assert_eq!(store.get(&key(index)), *state);
            }
        }
        if listening {
            prop_assert_eq!(&*heard.lock().unwrap(), &reached);
        }
    }
}
