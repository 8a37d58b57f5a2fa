//! The three models in one store: what one of them changes, the others see in the same commit.

use std::sync::{Arc, Mutex};
use trine_atoms::{AsyncAction, Atom, synergy};
use trine_core::Store;
use trine_tao::{AppCtx, Kernel};
use trine_thunks::{AsyncThunk, SliceKey, ThunkApi};

static CLICKS: Atom<u32> = Atom::new("clicks", || 0);
static LOADING: Atom<bool> = Atom::new("loading", || false);
static USERS: SliceKey<Vec<String>> = SliceKey::new("users");

/// A store that all three share, and what is needed to use it.
struct House {
    core: Store,
    thunks: trine_thunks::Store,
    fetch: AsyncThunk<&'static str, String, String>,
    tao: Kernel,
    pages: trine_core::Source<Vec<String>>,
    told: Arc<Mutex<Vec<(u64, String)>>>,
}

fn house() -> House {
    let core = Store::new();
    let fetch = AsyncThunk::new("fetch", |name: &'static str, _: ThunkApi| async move {
        if name.is_empty() { Err("nobody".to_owned()) } else { Ok(name.to_owned()) }
    });
    let users = USERS
        .slice(Vec::new)
        .on(fetch.fulfilled(), |users, run| users.push(run.payload().to_string()));
    let thunks = trine_thunks::Store::builder().on(core.clone()).slice(users).build().unwrap();
    let (tao, pages) = (Kernel::new(&core), core.source(Vec::<String>::new()));
    let (clicks, users) = (CLICKS.cell(&core), thunks.cell(&USERS));
    let all = core
        .derived(move |cx| format!("{} {:?} {:?}", cx.get(clicks), cx.get(users), cx.get(pages)));
    let told = Arc::<Mutex<Vec<(u64, String)>>>::default();
    let heard = Arc::clone(&told);
    core.subscribe_changes(all, move |change| {
        heard.lock().unwrap().push((change.number().get(), change.value().unwrap().clone()));
    })
    .detach();
    House { core, thunks, fetch, tao, pages, told }
}

impl House {
    /// What was told since the last look; asserts that it was told commit by commit.
    fn told(&self) -> Vec<String> {
        let told = std::mem::take(&mut *self.told.lock().unwrap());
        assert!(told.windows(2).all(|pair| pair[0].0 < pair[1].0), "{told:?}");
        told.into_iter().map(|(_, value)| value).collect()
    }
}

#[test]
fn a_cell_derived_from_all_three_models_is_told_once_for_each_change() {
    let house = house();
    let count = synergy(&CLICKS).action(|mut clicks, ()| {
        *clicks += 1;
        *clicks += 1;
    });
    count.run(&house.core, ());
    assert_eq!(house.told(), ["2 [] []"]);

    house.thunks.dispatch(house.fetch.with("Ada"));
    assert_eq!(house.told(), [r#"2 ["Ada"] []"#]);

    let (core, pages) = (house.core.downgrade(), house.pages);
    let _view = house.tao.on_inline(("App", "View", "Portal"), move |cx| {
        core.upgrade().unwrap().update(pages, |pages| pages.push(cx.to_string()));
    });
    house.tao.set(AppCtx::new("App", "View", "Portal"));
    assert_eq!(house.told(), [r#"2 ["Ada"] ["{App,View,Portal}"]"#]);
}

#[test]
fn a_transaction_changes_what_belongs_to_different_models_at_once_or_not_at_all() {
    let house = house();
    let (clicks, pages) = (CLICKS.cell(&house.core), house.pages);
    let refused = house.core.transaction(|tx| {
        tx.set(clicks, Arc::new(7));
        tx.update(pages, |pages| pages.push("home".to_owned()));
        Err::<(), _>("no")
    });
    assert!(refused.is_err());
    house.core.batch(|tx| {
        tx.set(clicks, Arc::new(8));
        tx.update(pages, |pages| pages.push("home".to_owned()));
    });
    assert_eq!(house.told(), [r#"8 [] ["home"]"#]);
}

#[test]
fn a_handler_that_runs_an_action_that_dispatches_a_thunk_is_three_commits_in_order() {
    let house = house();
    let (thunks, fetch) = (house.thunks.clone(), house.fetch.clone());
    let greet: AsyncAction<&'static str> =
        synergy((&CLICKS, &LOADING)).async_action(move |(mut clicks, mut loading), name| {
            let run = thunks.dispatch(fetch.with(name));
            async move {
                *loading = true;
                let _loading = loading.trigger_scoped()?;
                let name = run.result().await.map_err(|error| error.to_string())?;
                *clicks = u32::try_from(name.len())?;
                Ok(())
            }
        });
    let (core, pages) = (house.core.clone(), house.pages);
    let _enter = house.tao.on_inline(("User", "Enter", "Portal"), move |cx| {
        let (core, greet) = (core.clone(), greet.clone());
        async move {
            greet.run(&core, cx.term_datum::<&str>()?).await?;
            core.update(pages, |pages| pages.push("entered".to_owned()));
            Ok(())
        }
    });
    house.tao.set(AppCtx::new("User", "Enter", "Portal").term("Grace"));
    assert_eq!(
        house.told(),
        [r#"0 ["Grace"] []"#, r#"5 ["Grace"] []"#, r#"5 ["Grace"] ["entered"]"#]
    );
    house.tao.set(AppCtx::new("User", "Enter", "Portal").term(""));
    assert_eq!(house.told(), [""; 0]);
    assert!(!LOADING.get(&house.core));
}
