//! The three models in one store: a signal starts a thunk, whose slice feeds a derived atom; where it should be one
//! commit, it is one.

use std::sync::{Arc, Mutex};

use trine_atoms::{Atom, synergy};
use trine_core::{Store, test::yield_now};
use trine_tao::{AppCtx, Kernel};
use trine_thunks::{AsyncThunk, Slice, SliceKey, ThunkApi};

/// Thunks fetch, and a slice keeps what they have fetched.
static PRICES: SliceKey<Vec<u32>> = SliceKey::new("prices");

/// Atoms are what the user has chosen.
static DISCOUNT: Atom<u32> = Atom::new("discount", || 0);

pub(crate) type FetchPrices = AsyncThunk<String, Vec<u32>, String>;

pub(crate) fn fetch_prices() -> FetchPrices {
    AsyncThunk::new("prices/fetch", |shop: String, _: ThunkApi| async move {
        yield_now().await; // the network
        if shop.is_empty() { Err("no such shop".to_owned()) } else { Ok(vec![30, 12]) }
    })
}

pub(crate) fn prices(fetch: &FetchPrices) -> Slice<Vec<u32>> {
    PRICES.slice(Vec::new).on(fetch.fulfilled(), |prices, run| prices.clone_from(run.payload()))
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let store = Store::new();

    let fetch = fetch_prices();
    let builder = trine_thunks::Store::builder().on(store.clone());
    let thunks = builder.slice(prices(&fetch)).build().unwrap();

    // The TAO says what follows from what: to enter a shop is to fetch its prices.
    let tao = Kernel::new(&store);
    let _enter = tao.on_inline(("Shop", "Enter", "App"), {
        let (thunks, fetch) = (thunks.clone(), fetch.clone());
        move |cx: AppCtx| {
            let (thunks, fetch) = (thunks.clone(), fetch.clone());
            async move {
                let shop = cx.term_datum::<String>()?.clone();
                let prices = thunks.dispatch(fetch.with(shop)).result().await;
                let prices = prices.map_err(|rejection| rejection.to_string())?;
                Ok(AppCtx::new("Shop", "View", "App").term(prices.len()))
            }
        }
    });
    let _view = tao.on_inline(("Shop", "View", "App"), |cx: AppCtx| {
        println!("{} prices", cx.term_datum::<usize>()?);
        Ok(())
    });

    // What is shown follows from both, and is told once per commit, whichever model has made it.
    let (prices, discount) = (thunks.cell(&PRICES), DISCOUNT.cell(&store));
    let total = store.derived(move |cx| {
        let sum: u32 = cx.with(prices, |prices| prices.iter().sum());
        sum - sum * *cx.get(discount) / 100
    });
    let told = Arc::new(Mutex::new(Vec::new()));
    let screen = Arc::clone(&told);
    let _shown = store.subscribe(total, move |total| screen.lock().unwrap().push(*total));

    tao.set(AppCtx::new("Shop", "Enter", "App").term("corner".to_owned())).settled().await;
    assert_eq!(store.get(total), 42);

    synergy(&DISCOUNT).action(|mut discount, ()| *discount = 50).run(&store, ());
    assert_eq!(store.get(total), 21);

    // A commit over cells of several models: nobody sees one change without the other.
    let (visits, discount) = (store.source(0_u32), DISCOUNT.cell(&store));
    let before = store.last_commit().get();
    store.batch(|tx| {
        tx.set(discount, Arc::new(0));
        tx.update(visits, |visits| *visits += 1);
    });
    assert_eq!(store.last_commit().get(), before + 1);
    assert_eq!(*told.lock().unwrap(), [42, 21, 42]);
    println!("the view showed {:?}", told.lock().unwrap());
}
