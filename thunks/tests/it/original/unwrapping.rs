//! The result of a run, for its caller.

use super::{Plain, followed, manual, ready, seen, waits};
use futures_util::FutureExt;
use std::sync::Arc;
use trine_core::Rejection;
use trine_thunks::{AsyncThunk, ThunkApi};

#[test]
fn a_rejection_with_a_value_gives_that_value_itself() {
    // There the rejected payload is thrown; here it is shared with the reducers.
    let ready = ready();
    let (store, ..) = followed(seen(&ready));
    let result = store.dispatch(ready.with(3)).result().now_or_never().unwrap();
    assert!(matches!(result, Err(Rejection::Rejected { error }) if *error == "3 is odd"));
}

#[test]
fn an_error_keeps_its_type_and_its_source() {
    // Different: a serialised copy is thrown there, the original is gone.
    #[derive(Debug, thiserror::Error)]
    #[error("no user {id}")]
    struct NoUser {
        id: u32,
        #[source]
        source: std::io::Error,
    }
    let fetch: AsyncThunk<u32, u32, NoUser> =
        AsyncThunk::new("fetch", |id, _: ThunkApi| async move {
            Err(NoUser { id, source: std::io::ErrorKind::TimedOut.into() })
        });
    let (builder, _executor) = manual();
    let store = builder.build().unwrap();
    let rejection = store.dispatch(fetch.with(7)).result().now_or_never().unwrap().unwrap_err();
    let boxed: Box<dyn std::error::Error> = Box::new(rejection);
    let source = boxed.source().unwrap().downcast_ref::<NoUser>().unwrap();
    assert_eq!((source.id, source.source.kind()), (7, std::io::ErrorKind::TimedOut));
}

#[test]
fn a_payload_is_given_as_it_is() {
    let ready = ready();
    let (store, ..) = followed(seen(&ready));
    let payload: Arc<u32> = store.dispatch(ready.with(2)).result().now_or_never().unwrap().unwrap();
    assert_eq!(*payload, 2);
}

#[test]
fn empty_and_false_values_are_values() {
    // There `rejectWithValue(undefined)` is not told from a plain error.
    let unit: AsyncThunk<(), (), bool> =
        AsyncThunk::new("unit", |(), _: ThunkApi| async { Err(false) });
    let (builder, _executor) = manual();
    let store = builder.build().unwrap();
    let result = store.dispatch(unit.with(())).result().now_or_never().unwrap();
    assert!(matches!(result, Err(Rejection::Rejected { error }) if !*error));
}

#[test]
fn through_several_layers_the_kind_of_a_rejection_is_kept() {
    // Different: there a value that goes through two layers is a plain error in the end.
    let (inner, middle) = (waits(), ready());
    let nested: AsyncThunk<bool, u32, Rejection<String>> =
        AsyncThunk::new("nested", move |abort, api: ThunkApi| {
            let run =
                if abort { api.dispatch(inner.with(1)) } else { api.dispatch(middle.with(3)) };
            async move {
                if abort {
                    run.abort("by the outer one");
                }
                run.result().await.map(|n| *n)
            }
        });
    let (builder, executor) = manual();
    let store = builder.build().unwrap();
    let (aborted, rejected) =
        (store.dispatch(nested.with(true)), store.dispatch(nested.with(false)));
    executor.run_until_stalled();
    let kind = |run: trine_core::Run<u32, Rejection<String>>| match run
        .outcome()
        .unwrap()
        .into_result()
        .unwrap_err()
    {
        Rejection::Rejected { error } => error.kind().to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!((kind(aborted), kind(rejected)), ("aborted".to_owned(), "rejected".to_owned()));
}

#[test]
fn an_error_of_whatever_name_is_an_error() {
    // There an error called `AbortError` or `ConditionError` is taken for an abort or a skipped run.
    #[derive(Debug, thiserror::Error)]
    #[error("AbortError")]
    struct AbortError;
    let fetch: AsyncThunk<(), (), AbortError> =
        AsyncThunk::new("fetch", |(), _: ThunkApi| async { Err(AbortError) });
    let (builder, _executor) = manual();
    let store = builder.build().unwrap();
    assert!(store.dispatch(fetch.with(())).outcome().unwrap().is_rejected());
}

#[test]
fn any_number_may_wait_and_all_get_the_same() {
    let fetch = Plain::new("fetch", |n, _: ThunkApi| async move {
        trine_core::test::yield_now().await;
        Ok(n)
    });
    let (store, executor, ..) = followed(seen(&fetch));
    let run = store.dispatch(fetch.with(2));
    let (mut one, mut other) = (run.result(), run.result());
    assert!((&mut one).now_or_never().is_none());
    executor.run_until_stalled();
    let (one, other) = (
        (&mut one).now_or_never().unwrap().unwrap(),
        (&mut other).now_or_never().unwrap().unwrap(),
    );
    assert!(Arc::ptr_eq(&one, &other));
}
