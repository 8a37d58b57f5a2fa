//! Two thunks are two, however alike.

use crate::service::{Api, ApiError, UserId, manual, store_of};
use trine_core::{Failure, Outcome};
use trine_thunks::{AsyncThunk, SliceKey, ThunkApi};

type Work = AsyncThunk<UserId, UserId, ApiError, Api>;

static COUNT: SliceKey<(u32, u32)> = SliceKey::new("count");

fn named(name: &'static str) -> Work {
    AsyncThunk::new(name, |id: UserId, _: ThunkApi<Api>| async move { Ok(id) })
}

#[test]
fn thunks_of_identical_types_never_match_each_others_cases() {
    let (one, other) = (named("one"), named("other"));
    let count = COUNT
        .slice(|| (0, 0))
        .on(one.fulfilled(), |count, run| count.0 += run.payload().as_ref())
        .on(other.fulfilled(), |count, run| count.1 += run.payload().as_ref());
    let (store, ..) = store_of(count);
    store.dispatch(one.with(1));
    store.dispatch(other.with(10));
    store.dispatch(one.clone().with(2));
    assert_eq!(store.get(&COUNT), (3, 10));
}

#[test]
fn dispatching_a_second_thunk_of_a_known_name_fails_and_says_where_both_were_made() {
    let (known, stranger) = (named("work"), named("work"));
    let count = COUNT.slice(|| (0, 0)).on(known.pending(), |count, _| count.0 += 1);
    let (store, ..) = store_of(count);
    match store.dispatch(stranger.with(1)).outcome().unwrap() {
        Outcome::Failed { failure: Failure::Start { message } } => {
            assert!(message.contains("the thunk `work` made at"), "{message}");
            assert!(message.contains("make it once and share it"), "{message}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(store.get(&COUNT), (0, 0));
    assert!(store.dispatch(known.with(1)).outcome().unwrap().is_fulfilled());
}

#[test]
fn an_option_set_on_a_clone_makes_another_thunk() {
    let shared = named("work");
    let changed = shared.clone().latest();
    let (builder, ..) = manual();
    let error = builder.thunk(&shared).thunk(&changed).build().unwrap_err();
    assert!(error.to_string().contains("two thunks are called `work`"), "{error}");
}
