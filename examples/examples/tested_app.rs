//! An app that is tested with the virtual clock and the schedule explorer: a draft that is saved a second after the last
//! key, and never lost or saved twice, whatever is answered when, and whatever is given up where.

use std::time::Duration;

use trine_core::test::{ManualClock, ManualExecutor, Scene, explore, yield_now};
use trine_core::{Policy, Source, Store};

/// The app: what is typed, what is saved, and the rule between the two.
#[derive(Clone)]
struct Draft {
    store: Store,
    typed: Source<String>,
    saved: Source<Vec<String>>,
    saving: Source<bool>,
}

impl Draft {
    fn new(store: &Store) -> Self {
        Self {
            store: store.clone(),
            typed: store.source(String::new()),
            saved: store.source(Vec::new()),
            saving: store.source(false),
        }
    }

    fn type_in(&self, text: &str) {
        self.store.set(self.typed, text.to_owned());
        let Self { typed, saved, saving, .. } = *self;
        // After a second without another key; one that comes later takes the place of this one.
        let save =
            self.store.run_builder("save").policy(Policy::Latest).debounce(Duration::from_secs(1));
        let save = save.start(move |cx| async move {
            let text = cx.get(typed)?;
            cx.set(saving, true)?;
            yield_now().await; // the request
            cx.transaction(|tx| {
                tx.set(saving, false);
                tx.update(saved, |saved| saved.push(text));
                Ok::<_, std::convert::Infallible>(())
            })?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        });
        save.detach();
    }
}

/// One order of things, by hand: time passes when the test says so.
fn a_second_after_the_last_key_the_draft_is_saved() {
    let (clock, executor) = (ManualClock::new(), ManualExecutor::new());
    let store = Store::builder().spawner(executor.clone()).clock(clock.clone()).build();
    let draft = Draft::new(&store);
    draft.type_in("h");
    clock.advance(Duration::from_millis(900));
    draft.type_in("hello");
    clock.advance(Duration::from_millis(900));
    executor.run_until_stalled();
    assert!(store.get(draft.saved).is_empty());
    clock.advance(Duration::from_millis(100));
    executor.run_until_stalled();
    assert_eq!(store.get(draft.saved), ["hello"]);
    println!("saved a second after the last key");
}

/// Every order of things: the explorer decides who goes on, and when time passes.
fn whatever_happens_when_the_last_text_is_saved_last_and_once() {
    let explored = explore().clock_steps(3).check(|scene| {
        let draft = typist(scene);
        scene.finally(move || {
            let saved = draft.store.get(draft.saved);
            assert!(saved.iter().filter(|text| *text == "hello").count() <= 1, "{saved:?}");
            assert!(saved.is_sorted_by_key(|text| text.len()), "an older text was saved last");
        });
    });
    println!("{} orders were tried, all of them: {}", explored.schedules, explored.exhaustive);
    assert!(explored.exhaustive && explored.schedules > 1);
}

fn typist(scene: &Scene) -> Draft {
    let draft = Draft::new(&scene.store());
    let user = draft.clone();
    scene.spawn("user", async move {
        for text in ["h", "hello"] {
            user.type_in(text);
            yield_now().await;
        }
    });
    draft
}

/// A mistake that needs a rare moment to be seen: a save that is aborted in the middle leaves its flag up. The explorer
/// finds the moment, and says how to see it again.
fn a_flag_that_stays_up_is_found() {
    // The moment is told by what is found, not by each panic on the way to it.
    std::panic::set_hook(Box::new(|_| {}));
    let found = explore().clock_steps(3).cancellations(1).find(|scene| {
        let draft = typist(scene);
        scene.finally(move || {
            assert!(!draft.store.get(draft.saving), "the flag stayed up");
        });
    });
    drop(std::panic::take_hook());
    let counterexample = found.expect_err("the flag is not put back by an aborted save");
    println!("found:\n{counterexample}");
    assert!(counterexample.to_string().contains("replay"), "{counterexample}");
}

fn main() {
    a_second_after_the_last_key_the_draft_is_saved();
    whatever_happens_when_the_last_text_is_saved_last_and_once();
    a_flag_that_stays_up_is_found();
}
