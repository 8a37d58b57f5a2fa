//! An optimistic save with rollback: `cargo run -p trine-examples --example atoms_optimistic_save`.
//!
//! The user sees a change at once, before the service has confirmed it. If it is refused, or takes too long, or is cancelled, the
//! change is taken back: but never over what somebody else has written meanwhile. `compensated` is all that has to be said.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::oneshot;
use trine_atoms::{ActionError, AsyncAction, Atom, BoxError, Flush, Store, middleware, synergy};
use trine_core::test::{Log, ManualClock, ManualExecutor};

/// A document, and how far the service has come with it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Document {
    pub(crate) title: String,
    pub(crate) revision: u32,
}

pub(crate) static DOCUMENT: Atom<Document> =
    Atom::new("document", || Document { title: "untitled".to_owned(), revision: 1 });
pub(crate) static SAVING: Atom<bool> = Atom::new("saving", || false);

/// A service that waits until somebody decides what it answers.
#[derive(Default)]
pub(crate) struct Service {
    pub(crate) asked: Mutex<Vec<oneshot::Sender<Result<u32, &'static str>>>>,
}

impl Service {
    async fn rename(&self, _title: &str) -> Result<u32, BoxError> {
        let (answer, wait) = oneshot::channel();
        self.asked.lock().unwrap().push(answer);
        Ok(wait.await??)
    }

    fn answer(&self, answer: Result<u32, &'static str>) {
        let asked = self.asked.lock().unwrap().remove(0);
        asked.send(answer).expect("somebody waits");
    }
}

pub(crate) fn rename(service: Arc<Service>) -> AsyncAction<String> {
    let rename = synergy((&DOCUMENT, &SAVING)).async_action(
        move |(mut document, mut saving), title: String| {
            let service = Arc::clone(&service);
            async move {
                *saving = true;
                let _saving = saving.trigger_scoped()?;
                document.title.clone_from(&title);
                let mut document = document.trigger()?; // shown at once
                let revision = service.rename(&title).await?;
                document.update(move |document| document.revision = revision);
                Ok(())
            }
        },
    );
    rename
        .named("rename")
        .compensated() // what was shown is taken back unless this ends well
        .queue(8) // one at a time, in order
        .timeout(Duration::from_secs(30))
}

fn main() {
    let (clock, executor) = (ManualClock::new(), ManualExecutor::new());
    let store = Store::builder().clock(clock.clone()).spawner(executor.clone()).build();
    let service = Arc::new(Service::default());
    let rename = rename(Arc::clone(&service));
    let log = Log::new();
    let screen = log.clone();
    let _view = DOCUMENT.subscribe(&store, move |document| {
        println!("{document:?}");
        screen.note(format!("{} {}", document.title, document.revision));
    });
    // A rule that no action can get round.
    let _rule = middleware(&store, |flush: &mut Flush| match flush.change(&DOCUMENT) {
        Some(document) if document.new.title.is_empty() => Err("a document has a title".into()),
        _ => Ok(()),
    });
    let start = |title: &str| {
        let run = rename.run(&store, title.to_owned());
        executor.run_until_stalled();
        run
    };
    let ended = |run: trine_atoms::ActionRun<(), BoxError>| {
        executor.run_until_stalled();
        run.wait_blocking(Duration::ZERO).expect("it has ended")
    };

    // It works: the title is there before the answer, the revision after it.
    let run = start("plan");
    service.answer(Ok(2));
    ended(run).expect("saved");
    log.is(["plan 1", "plan 2"]);

    // It is refused: the title goes back, with the flag, before anybody hears of the refusal.
    let run = start("secret");
    assert!(SAVING.get(&store));
    service.answer(Err("not allowed"));
    assert!(
        matches!(ended(run), Err(ActionError::Handler(error)) if error.to_string() == "not allowed")
    );
    log.is(["secret 2", "plan 2"]);
    assert!(!SAVING.get(&store));

    // It is cancelled half way, or takes too long: the same.
    let run = start("cancelled");
    run.abort("the user has pressed Escape");
    assert!(ended(run).unwrap_err().is_cancelled());
    let run = start("late");
    clock.advance(Duration::from_secs(31));
    assert!(matches!(ended(run), Err(ActionError::TimedOut { .. })));
    log.is(["cancelled 2", "plan 2", "late 2", "plan 2"]);
    service.asked.lock().unwrap().clear();

    // Somebody else has written meanwhile: that was made in view of what was shown, and stays.
    let run = start("mine");
    DOCUMENT.update(&store, |document| document.title.push_str(", and theirs"));
    service.answer(Err("not allowed"));
    ended(run).unwrap_err();
    log.is(["mine 2", "mine, and theirs 2"]);

    // The rule: nothing is shown, and the service is not even asked.
    let refused = ended(start(""));
    println!("error: {}", refused.as_ref().unwrap_err());
    assert!(matches!(refused, Err(ActionError::Vetoed(_))));
    log.is([]);
    assert!(service.asked.lock().unwrap().is_empty() && !SAVING.get(&store));
}

#[test]
fn it_behaves_as_it_says() {
    main();
}
