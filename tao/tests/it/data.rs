//! Contexts and their data.

use std::sync::Arc;
use trine_tao::{AppCtx, Axis, NotConcrete, Trigram};

static_assertions::assert_impl_all!(AppCtx: Send, Sync, Clone);

#[test]
fn b13_each_slot_has_a_value_of_its_own_whatever_the_trigram_is_called() {
    // B13: in the original, equal tokens collide and lists are scattered over the slots.
    let cx = AppCtx::new("User", "User", "User").term(1_u8).action("two").orient(vec![3, 4, 5, 6]);
    assert_eq!(cx.term_datum::<u8>(), Ok(&1));
    assert_eq!(cx.action_datum::<&str>(), Ok(&"two"));
    assert_eq!(cx.orient_datum::<Vec<i32>>().unwrap(), &[3, 4, 5, 6]);
}

#[test]
fn an_error_names_the_trigram_the_slot_what_was_expected_and_what_is_there() {
    let cx = AppCtx::new("User", "Find", "Portal").action(7_u32);
    let error = cx.action_datum::<String>().unwrap_err();
    assert_eq!(error.slot, Axis::Action);
    assert_eq!(
        error.to_string(),
        "{User,Find,Portal}: the action slot holds `u32`, expected `alloc::string::String`"
    );
}

#[test]
fn values_are_shared_between_contexts_and_never_copied() {
    struct NotClone(&'static str);
    let first = AppCtx::new("User", "Find", "Portal").term(NotClone("ada"));
    let user: Arc<NotClone> = first.term_datum_arc().unwrap();
    let second = AppCtx::new("User", "Enter", "Portal").term_arc(user);
    let (one, two) = (first.term_datum::<NotClone>().unwrap(), second.term_datum().unwrap());
    assert!(std::ptr::eq(one, two));
    assert_eq!(one.0, "ada");
}

#[test]
fn adding_a_datum_to_a_clone_leaves_the_original_alone() {
    let first = AppCtx::new("User", "Find", "Portal").term(1);
    let second = first.clone().term(2);
    assert_eq!((first.term_datum::<i32>(), second.term_datum::<i32>()), (Ok(&1), Ok(&2)));
}

#[test]
fn names_from_outside_are_checked() {
    let error = AppCtx::try_new("User", String::from("*"), "Portal").unwrap_err();
    assert_eq!(error, NotConcrete { axis: Axis::Action, part: "*".into() });
    assert!(Trigram::new("", "Find", "Portal").is_err());
}
