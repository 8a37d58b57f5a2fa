//! The handle, and what is underneath.

use crate::service::{Api, ApiError, User};
use static_assertions::assert_impl_all;
use std::fmt::Debug;
use trine_thunks::{
    Action, AsyncThunk, Fulfilled, Pending, Rejected, Settled, Slice, SliceKey, Store,
    StoreBuilder, ThunkApi, ThunkCall, action,
};

assert_impl_all!(Store<Api>: Clone, Send, Sync, Debug);
assert_impl_all!(StoreBuilder<Api>: Send, Debug);
assert_impl_all!(AsyncThunk<u32, User, ApiError, Api>: Clone, Send, Sync, Debug);
assert_impl_all!(ThunkCall<u32, User, ApiError, Api>: Clone, Send, Sync, Debug);
assert_impl_all!(ThunkApi<Api>: Clone, Send, Sync, Debug);
assert_impl_all!(Slice<Vec<u32>>: Send, Debug);
assert_impl_all!(SliceKey<std::cell::Cell<u32>>: Copy, Send, Sync, Debug);
assert_impl_all!(Pending<u32>: Clone, Send, Sync, Debug);
assert_impl_all!(Fulfilled<u32, User>: Clone, Send, Sync, Debug);
assert_impl_all!(Rejected<u32, ApiError>: Clone, Send, Sync, Debug);
assert_impl_all!(Settled<u32, User, ApiError>: Clone, Send, Sync, Debug);

struct Added(u32);
impl Action for Added {}

static COUNT: SliceKey<u32> = SliceKey::new("count");

#[test]
fn a_slice_and_a_cell_of_another_front_end_share_one_store() {
    let core = trine_core::Store::new();
    let factor = core.source(10);
    let count = COUNT.slice(|| 0).on(action::<Added>(), |count, added| *count += added.0);
    let store = Store::builder().on(core.clone()).slice(count).build().unwrap();
    let count = store.cell(&COUNT);
    let product = core.derived(move |cx| cx.get(count) * cx.get(factor));

    store.dispatch(Added(2));
    assert_eq!(store.get(product), 20);
    core.set(factor, 100);
    assert_eq!(store.get(product), 200);
    assert_eq!(store.get(factor), 100);
}

#[test]
fn two_stores_do_not_affect_each_other() {
    let make = || {
        let count = COUNT.slice(|| 0).on(action::<Added>(), |count, added| *count += added.0);
        Store::builder().slice(count).build().unwrap()
    };
    let (one, other) = (make(), make());
    one.dispatch(Added(1));
    assert_eq!((one.get(&COUNT), other.get(&COUNT)), (1, 0));
}

#[test]
fn one_thunk_serves_two_stores() {
    let work = AsyncThunk::new("work", |n: u32, _: ThunkApi| async move { Ok::<_, ApiError>(n) });
    let make = || {
        let count = COUNT.slice(|| 0).on(work.fulfilled(), |count, run| *count += **run.payload());
        Store::builder().slice(count).build().unwrap()
    };
    let (one, other) = (make(), make());
    one.dispatch(work.with(1));
    other.dispatch(work.with(2));
    assert_eq!((one.get(&COUNT), other.get(&COUNT)), (1, 2));
}

#[test]
fn a_run_goes_on_when_only_the_core_store_is_left() {
    use crate::service::{manual, user};
    static NAME: SliceKey<String> = SliceKey::new("name");
    let fetch = AsyncThunk::new("users/fetch", |id: u32, api: ThunkApi<Api>| async move {
        api.extra().fetch_user(id).await
    });
    let name = NAME.slice(String::new).on(fetch.fulfilled(), |name, run| {
        name.clone_from(&run.payload().name);
    });
    let (builder, api, executor) = manual();
    let store = builder.slice(name).build().unwrap();
    let (core, cell) = (store.core().clone(), store.cell(&NAME));
    store.dispatch(fetch.with(1));
    drop(store);
    api.answer(0, Ok(user(1, "Ada")));
    executor.run_until_stalled();
    assert_eq!(core.get(cell), "Ada");
}
