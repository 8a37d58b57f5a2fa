//! What can be done to a store. Numbers pick one of what is there.

use super::formula::any_formula;
use proptest::prelude::*;

#[derive(Debug, Clone)]
pub(super) enum Operation {
    Set(u16, i64),
    Add(u16, i64),
    /// An in-place update that says that it has changed nothing.
    Touch(u16),
    /// An in-place update that panics half way.
    Tear(u16, i64),
    /// Puts a value where the update has left one, or leaves it as it is and says so.
    Recover(u16, Option<i64>),
    /// Several in-place updates; the flags say which of them panic.
    Updates(Vec<(u16, i64, bool)>),
    Transaction(Vec<Step>, End),
    Read(u16),
    NewSource {
        value: i64,
        atomic: bool,
    },
    NewDerived((u8, [u16; 3])),
    Remove(u16),
    /// Cells and a subscription that end together: at once, or when the next scope is made.
    Scope([u16; 2], (u8, [u16; 3])),
    EndScope,
    Subscribe(u16, Behaviour),
    Stream(u16, usize),
    Watch(u16),
    /// Ends one of the subscriptions, whatever its face.
    Unsubscribe(u16),
    /// Reads what waits in a stream, or looks at a watch.
    Look(u16),
}

/// A step of a transaction.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Set(u16, i64),
    Add(u16, i64),
    /// An in-place update whose panic is caught inside the transaction.
    Tear(u16, i64),
    Read(u16),
    Nested(Vec<Step>, End),
}

/// How a transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Commit,
    Fail,
    Panic,
}

/// What a callback does, the first two times that it is called.
#[derive(Debug, Clone)]
pub(super) enum Behaviour {
    Nothing,
    EndItself,
    End(u16),
    Subscribe(u16),
    Stream(u16),
    Write(u16, i64),
    /// A subscription that is younger than a commit which has not been told yet.
    WriteAndSubscribe(u16, i64),
    Transact(u16, u16, i64),
    Remove(u16),
    Panic,
}

fn value() -> impl Strategy<Value = i64> {
    -12_i64..12
}

impl Operation {
    pub(super) fn any() -> impl Strategy<Value = Self> {
        let pick = any::<u16>;
        prop_oneof![
            6 => (pick(), value()).prop_map(|(cell, value)| Self::Set(cell, value)),
            3 => (pick(), value()).prop_map(|(cell, value)| Self::Add(cell, value)),
            1 => pick().prop_map(Self::Touch),
            2 => (pick(), value()).prop_map(|(cell, value)| Self::Tear(cell, value)),
            2 => (pick(), prop::option::of(value()))
                .prop_map(|(cell, value)| Self::Recover(cell, value)),
            2 => prop::collection::vec((pick(), value(), prop::bool::weighted(0.2)), 1..4)
                .prop_map(Self::Updates),
            4 => (steps(), End::any()).prop_map(|(steps, end)| Self::Transaction(steps, end)),
            3 => pick().prop_map(Self::Read),
            1 => (value(), any::<bool>())
                .prop_map(|(value, atomic)| Self::NewSource { value, atomic }),
            5 => any_formula().prop_map(Self::NewDerived),
            1 => pick().prop_map(Self::Remove),
            1 => (any::<[u16; 2]>(), any_formula())
                .prop_map(|(picks, formula)| Self::Scope(picks, formula)),
            1 => Just(Self::EndScope),
            6 => (pick(), Behaviour::any())
                .prop_map(|(cell, behaviour)| Self::Subscribe(cell, behaviour)),
            2 => (pick(), 1..4_usize).prop_map(|(cell, capacity)| Self::Stream(cell, capacity)),
            2 => pick().prop_map(Self::Watch),
            2 => pick().prop_map(Self::Unsubscribe),
            3 => pick().prop_map(Self::Look),
        ]
    }
}

impl End {
    fn any() -> impl Strategy<Value = Self> {
        prop_oneof![3 => Just(Self::Commit), 1 => Just(Self::Fail), 1 => Just(Self::Panic)]
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let pick = any::<u16>;
    let step = prop_oneof![
        4 => (pick(), value()).prop_map(|(cell, value)| Step::Set(cell, value)),
        2 => (pick(), value()).prop_map(|(cell, value)| Step::Add(cell, value)),
        1 => (pick(), value()).prop_map(|(cell, value)| Step::Tear(cell, value)),
        3 => pick().prop_map(Step::Read),
    ];
    let nested = step.prop_recursive(2, 8, 3, |inner| {
        (prop::collection::vec(inner, 1..3), End::any())
            .prop_map(|(steps, end)| Step::Nested(steps, end))
    });
    prop::collection::vec(nested, 1..5)
}

impl Behaviour {
    fn any() -> impl Strategy<Value = Self> {
        let pick = any::<u16>;
        prop_oneof![
            4 => Just(Self::Nothing),
            1 => Just(Self::EndItself),
            1 => pick().prop_map(Self::End),
            1 => pick().prop_map(Self::Subscribe),
            1 => pick().prop_map(Self::Stream),
            2 => (pick(), value()).prop_map(|(cell, value)| Self::Write(cell, value)),
            1 => (pick(), value()).prop_map(|(cell, value)| Self::WriteAndSubscribe(cell, value)),
            1 => (pick(), pick(), value()).prop_map(|(a, b, value)| Self::Transact(a, b, value)),
            1 => pick().prop_map(Self::Remove),
            1 => Just(Self::Panic),
        ]
    }
}
