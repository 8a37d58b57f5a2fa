//! What cannot be put together is an error that names both places.

use crate::service::{ApiError, UserId};
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use trine_thunks::{Action, AsyncThunk, BuildError, ReadError, SliceKey, Store, action};

struct Added;
impl Action for Added {}

static COUNT: SliceKey<i32> = SliceKey::new("count");

fn fetch() -> AsyncThunk<UserId, (), ApiError> {
    AsyncThunk::new("users/fetch", |_, _| async { Ok(()) })
}

fn lines(first: &Location<'_>, second: &Location<'_>) -> u32 {
    assert!(first.file().ends_with("building.rs") && second.file().ends_with("building.rs"));
    second.line() - first.line()
}

#[test]
fn two_cases_for_one_action_are_refused() {
    let count = COUNT
        .slice(|| 0)
        .on(action::<Added>(), |count, _| *count += 1)
        .on(action::<Added>(), |count, _| *count += 2);
    let error = Store::builder().slice(count).build().unwrap_err();
    let BuildError::DuplicateCase { slice, case, first, second } = &error else {
        panic!("{error}")
    };
    assert_eq!(*slice, "count");
    assert!(case.ends_with("Added"), "{case}");
    assert_eq!(lines(first, second), 1);
    assert!(error.to_string().contains(&second.to_string()), "{error}");
}

#[test]
fn two_cases_for_one_phase_of_a_thunk_are_refused() {
    let fetch = fetch();
    let count = COUNT
        .slice(|| 0)
        .on(fetch.pending(), |count, _| *count += 1)
        .on(fetch.clone().pending(), |count, _| *count += 2);
    let error = Store::builder().slice(count).build().unwrap_err();
    assert!(error.to_string().contains("two cases for `users/fetch/pending`"), "{error}");
}

#[test]
fn a_case_and_any_number_of_matchers_go_together() {
    let fetch = fetch();
    let count = COUNT
        .slice(|| 0)
        .on(fetch.fulfilled(), |count, _| *count += 1)
        .on_any(fetch.settled(), |count, _| *count *= 10)
        .on_any(fetch.settled(), |count, _| *count += 2);
    let store = Store::builder().slice(count).build().unwrap();
    assert!(store.dispatch(fetch.with(1)).is_settled());
    assert_eq!(store.get(&COUNT), 12);
}

#[test]
fn two_slices_of_one_name_are_refused() {
    static OTHER: SliceKey<String> = SliceKey::new("count");
    let error = Store::builder()
        .slice(COUNT.slice(|| 0))
        .slice(OTHER.slice(String::new))
        .build()
        .unwrap_err();
    let BuildError::DuplicateSlice { slice: "count", first, second } = error else {
        panic!("{error}")
    };
    assert_eq!(lines(first, second), 1);
}

#[test]
fn two_slices_of_one_name_in_two_stores_on_one_core_are_refused() {
    let core = trine_core::Store::new();
    let first = Store::builder().on(core.clone()).slice(COUNT.slice(|| 1)).build().unwrap();
    let error = Store::builder().on(core).slice(COUNT.slice(|| 2)).build().unwrap_err();
    assert!(matches!(error, BuildError::DuplicateSlice { .. }), "{error}");
    assert_eq!(first.get(&COUNT), 1);
}

#[test]
fn two_thunks_of_one_type_prefix_are_refused() {
    let (one, other) = (fetch(), fetch());
    let count = COUNT
        .slice(|| 0)
        .on(one.pending(), |count, _| *count += 1)
        .on(other.pending(), |count, _| *count += 2);
    let error = Store::builder().slice(count).build().unwrap_err();
    let BuildError::DuplicateThunk { thunk, first, second } = &error else { panic!("{error}") };
    assert_eq!(thunk, "users/fetch");
    assert_eq!(
        first, second,
        "both come from the same function, which is what the message says to change"
    );
    assert!(error.to_string().contains("make it once and share it"), "{error}");
}

#[test]
fn a_thunk_without_cases_can_be_named_so_that_its_prefix_is_checked() {
    let (one, other) = (fetch(), fetch());
    let error = Store::builder().thunk(&one).thunk(&other).build().unwrap_err();
    assert!(matches!(error, BuildError::DuplicateThunk { .. }), "{error}");
}

#[test]
fn the_initial_state_is_made_when_the_store_is_built_and_not_before() {
    let slice = COUNT.slice(|| panic!("made"));
    let built = catch_unwind(AssertUnwindSafe(|| {
        drop(Store::builder().slice(slice).build());
    }));
    assert!(built.is_err());
}

#[test]
fn reading_a_slice_that_is_not_there_is_a_typed_error() {
    static OTHER: SliceKey<String> = SliceKey::new("count");
    static MISSING: SliceKey<i32> = SliceKey::new("missing");
    let store = Store::builder().slice(COUNT.slice(|| 0)).build().unwrap();
    let error = store.try_read(&MISSING, |_| ()).unwrap_err();
    assert_eq!(error, ReadError::NoSuchSlice { slice: "missing" });
    let error = store.try_read(&OTHER, |_| ()).unwrap_err();
    assert!(matches!(error, ReadError::OtherState { .. }), "{error}");
    assert!(error.to_string().contains("holds `i32`, not `alloc::string::String`"), "{error}");
}

#[test]
fn a_slice_that_joins_later_has_no_state_before_and_its_initial_state_from_then_on() {
    static LATE: SliceKey<u32> = SliceKey::new("late");
    let store = Store::builder().build().unwrap();
    let error = store.try_read(&LATE, |late| *late).unwrap_err();
    assert_eq!(error, ReadError::NoSuchSlice { slice: "late" });
    store.add_slice(LATE.slice(|| 7)).unwrap();
    assert_eq!(store.try_read(&LATE, |late| *late), Ok(7));
}
