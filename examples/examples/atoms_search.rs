//! Search as you type: `cargo run -p trine-examples --example atoms_search`.
//!
//! A user types faster than a service answers. What has to hold: no request before the user has paused, a request that is
//! overtaken is dropped, no late answer is ever shown, and the spinner is on exactly while somebody works. All of that is said in one
//! place, below the handler.

use std::{sync::Arc, time::Duration};
use trine_atoms::{ActionError, AsyncAction, Atom, BoxError, Store, synergy};
use trine_core::{
    Clock,
    test::{ManualClock, ManualExecutor},
};

// State: what was typed, what was found, and whether somebody is looking.

static QUERY: Atom<String> = Atom::new("query", String::new);
pub(crate) static HITS: Atom<Vec<String>> = Atom::new("hits", Vec::new);
pub(crate) static SEARCHING: Atom<bool> = Atom::new("searching", || false);

/// A service that answers after a second. It stands for a client of HTTP, say.
pub(crate) struct Service {
    pub(crate) clock: ManualClock,
}

impl Service {
    async fn search(&self, text: &str) -> Result<Vec<String>, BoxError> {
        self.clock.sleep_until(self.clock.now() + Duration::from_secs(1)).await;
        if text == "broken" {
            return Err("the service is broken".into());
        }
        Ok(["ada", "adele", "grace"]
            .into_iter()
            .filter(|name| name.contains(text))
            .map(str::to_owned)
            .collect())
    }
}

/// What happens when the user has typed.
pub(crate) fn search(service: Arc<Service>) -> AsyncAction<String> {
    let search = synergy((&HITS, &SEARCHING)).async_action(
        move |(mut hits, mut searching), text: String| {
            let service = Arc::clone(&service);
            async move {
                *searching = true;
                let _searching = searching.trigger_scoped()?; // off again however this ends
                hits.set(service.search(&text).await?);
                Ok(())
            }
        },
    );
    search
        .named("search")
        .debounce(Duration::from_millis(300)) // not before the user has paused
        .latest() // a newer search drops the one before, with its request
        .timeout(Duration::from_secs(10))
}

fn main() {
    // In virtual time, so that this program is its own test. With tokio: `Store::new()` inside a runtime.
    let (clock, executor) = (ManualClock::new(), ManualExecutor::new());
    let store = Store::builder().clock(clock.clone()).spawner(executor.clone()).build();
    let search = search(Arc::new(Service { clock: clock.clone() }));
    let status = search.status(&store);

    // What a view would show, at each change.
    let view = synergy((&QUERY, &HITS, &SEARCHING)).select("view", |(query, hits, searching)| {
        format!("[{query}] {}{}", hits.join(" "), if *searching { " ..." } else { "" })
    });
    let shown = Arc::new(std::sync::Mutex::new(Vec::new()));
    let screen = Arc::clone(&shown);
    let _view = view.subscribe(&store, move |view| {
        println!("{view}");
        screen.lock().unwrap().push(view.clone());
    });

    let pass = |milliseconds: u64| {
        let until = clock.now() + Duration::from_millis(milliseconds);
        executor.run_until_stalled();
        while clock.next_due().is_some_and(|due| due <= until) {
            clock.advance_to_next();
            executor.run_until_stalled();
        }
        clock.advance(until.saturating_sub(clock.now()));
        executor.run_until_stalled();
    };
    let type_in = |text: &str| {
        QUERY.set(&store, text.to_owned());
        search.run(&store, text.to_owned())
    };

    // Three keys in a row: one request, for the last.
    let keys = ["a", "ad", "ada"].map(|text| {
        let run = type_in(text);
        pass(100);
        run
    });
    pass(500);
    assert!(SEARCHING.get(&store), "the request for `ada` is under way");
    // Typing on drops it: its answer can come no more.
    let last = type_in("ade");
    pass(2_000);
    assert_eq!(HITS.get(&store), ["adele"]);
    assert!(!SEARCHING.get(&store));
    for overtaken in keys {
        let ended = overtaken.wait_blocking(Duration::ZERO).expect("it has ended");
        assert!(matches!(ended, Err(ActionError::Superseded { .. })));
    }
    last.wait_blocking(Duration::ZERO).expect("it has ended").expect("it found something");

    // A failure is the caller's to show; the spinner is off all the same, and what was found before is still there.
    let broken = type_in("broken");
    pass(2_000);
    let ended = broken.wait_blocking(Duration::ZERO).expect("it has ended");
    println!("error: {}", ended.unwrap_err());
    assert!(!SEARCHING.get(&store) && HITS.get(&store) == ["adele"]);
    assert!(!store.get(status).is_running());
    assert_eq!(
        *shown.lock().unwrap(),
        [
            "[a] ",
            "[ad] ",
            "[ada] ",
            "[ada]  ...",
            "[ade]  ...",
            "[ade] ",
            "[ade]  ...",
            "[ade] adele",
            "[broken] adele",
            "[broken] adele ...",
            "[broken] adele",
        ]
    );
}

#[test]
fn it_behaves_as_it_says() {
    main();
}
