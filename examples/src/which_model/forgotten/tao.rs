//! In the TAO.

use std::sync::{Arc, Mutex, PoisonError};

use trine_core::Store;
use trine_core::test::ManualExecutor;
use trine_tao::{AppCtx, BoxError, HandlerGuard, Kernel, ObserverGuard, What};

use super::{Desk, End};

pub(super) fn overtaken() -> End {
    let Stage { executor, desk, store, tao, observed } = Stage::new();
    let hits = store.source("");
    let (service, cells) = (desk.clone(), store.clone());
    let _find = tao.on_inline(("Search", "Find", "Portal"), move |cx: AppCtx| {
        let (desk, store) = (service.clone(), cells.clone());
        async move {
            let &text = cx.term_datum::<&'static str>()?;
            let found = desk.ask(text).await;
            store.set(hits, found);
            Ok::<_, BoxError>(())
        }
    });
    for text in ["an", "anna"] {
        tao.set(AppCtx::new("Search", "Find", "Portal").term(text));
    }
    for text in ["anna", "an"] {
        desk.answer(text);
        executor.run_until_stalled();
    }
    End::new(store.get(hits), "anna", observed.told())
}

pub(super) fn lost() -> End {
    let Stage { executor, desk, store, tao, observed } = Stage::new();
    let count = store.source(0);
    let (service, cells) = (desk.clone(), store.clone());
    let _count = tao.on_inline(("Count", "Add", "Portal"), move |cx: AppCtx| {
        let (desk, store) = (service.clone(), cells.clone());
        async move {
            let read = store.get(count);
            let &task = cx.term_datum::<&'static str>()?;
            desk.ask(task).await;
            store.set(count, read + 1);
            Ok::<_, BoxError>(())
        }
    });
    for task in ["first", "second"] {
        tao.set(AppCtx::new("Count", "Add", "Portal").term(task));
    }
    for task in ["first", "second"] {
        desk.answer(task);
        executor.run_until_stalled();
    }
    End::new(store.get(count), 2, observed.told())
}

pub(super) fn panicked() -> End {
    let Stage { executor, desk, store, tao, observed } = Stage::new();
    let loading = store.source(false);
    let (service, cells) = (desk.clone(), store.clone());
    let _load = tao.on_inline(("Page", "Load", "Portal"), move |_| {
        let (desk, store) = (service.clone(), cells.clone());
        async move {
            store.set(loading, true);
            let page = desk.ask("page").await;
            assert!(page != "page", "the code has a mistake");
            AppCtx::new("Page", "View", "Portal")
        }
    });
    let _ends: Vec<HandlerGuard> = ["View", "Fail"]
        .map(|action| {
            let store = store.clone();
            tao.on_inline(("Page", action, "Portal"), move |_| {
                store.set(loading, false);
            })
        })
        .into();
    tao.set(AppCtx::new("Page", "Load", "Portal"));
    desk.answer("page");
    executor.run_until_stalled();
    End::new(store.get(loading), false, observed.told())
}

pub(super) fn answered_back() -> End {
    let Stage { store, tao, .. } = Stage::new();
    let number = store.source(0);
    let cells = store.clone();
    let _set = tao.on_inline(("Number", "Set", "Portal"), move |cx: AppCtx| {
        cells.set(number, *cx.term_datum::<u32>()?);
        Ok(())
    });
    let kernel = tao.clone();
    let listener = move |number: &u32| {
        if *number == 1 {
            kernel.set(AppCtx::new("Number", "Set", "Portal").term(2_u32));
        }
    };
    let _listens = store.subscribe(number, listener);
    tao.set(AppCtx::new("Number", "Set", "Portal").term(1_u32));
    End::new(store.get(number), 2, "all subscribers hear of both, in order")
}

struct Stage {
    executor: ManualExecutor,
    desk: Desk,
    store: Store,
    tao: Kernel,
    observed: Observed,
}

impl Stage {
    fn new() -> Self {
        let executor = ManualExecutor::new();
        let store = Store::with_spawner(executor.clone());
        let tao = Kernel::new(&store);
        let observed = Observed::of(&tao);
        Self { executor, desk: Desk::default(), store, tao, observed }
    }
}

/// What observers are told of failures.
struct Observed {
    failures: Arc<Mutex<usize>>,
    _observes: ObserverGuard,
}

impl Observed {
    fn of(tao: &Kernel) -> Self {
        let failures = Arc::<Mutex<usize>>::default();
        let seen = Arc::clone(&failures);
        let _observes = tao.observe(move |observation| {
            if let What::Failed(_) = observation.what {
                *seen.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            }
        });
        Self { failures, _observes }
    }

    fn told(&self) -> String {
        match *self.failures.lock().unwrap_or_else(PoisonError::into_inner) {
            0 => "nobody is told".to_owned(),
            _ => "observers get `Failed`".to_owned(),
        }
    }
}
