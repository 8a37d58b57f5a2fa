//! Optimistic updates.

use crate::log::Log;
use std::{future::pending, sync::Arc};
use tokio::sync::oneshot;
use trine_core::test::ManualExecutor;
use trine_thunks::{Action, AsyncThunk, Run, SliceKey, Store, ThunkApi, action};

static TEXT: SliceKey<String> = SliceKey::new("text");

/// Another's change.
struct Become(&'static str);
impl Action for Become {}

struct Answer(Arc<std::sync::Mutex<Option<oneshot::Receiver<bool>>>>);

impl Clone for Answer {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

type Append = AsyncThunk<(char, Answer), char, ()>;

/// Appends a letter when the test answers.
fn append() -> Append {
    AsyncThunk::new("append", |(letter, answer): (char, Answer), _: ThunkApi| async move {
        let answer = answer.0.lock().unwrap().take();
        let Some(answer) = answer else { return pending().await };
        if answer.await == Ok(true) { Ok(letter) } else { Err(()) }
    })
}

fn start(store: &Store, append: &Append, letter: char) -> (oneshot::Sender<bool>, Run<char, ()>) {
    let (sender, receiver) = oneshot::channel();
    let answer = Answer(Arc::new(std::sync::Mutex::new(Some(receiver))));
    (sender, store.dispatch(append.with((letter, answer))))
}

fn store(slice: trine_thunks::Slice<String>) -> (Store, ManualExecutor) {
    let executor = ManualExecutor::new();
    let core = trine_core::Store::with_spawner(executor.clone());
    let slice = slice.on(action::<Become>(), |text, new| *text = new.0.to_owned());
    (Store::builder().on(core).slice(slice).build().unwrap(), executor)
}

#[test]
fn a_patch_is_shown_from_pending_on_and_is_kept_or_taken_back_at_the_end() {
    let append = append().optimistic(&TEXT, |text, (letter, _)| text.push(*letter));
    let (store, executor) = store(TEXT.slice(|| "-".to_owned()));
    let shown = store.optimistic(&TEXT);
    let log = Log::default();
    let heard = log.clone();
    let _view = store.subscribe(shown, move |text| heard.note(text));
    let (a, b, c) =
        (start(&store, &append, 'a'), start(&store, &append, 'b'), start(&store, &append, 'c'));
    log.is(["-a", "-ab", "-abc"]);
    // What others commit meanwhile is seen through them.
    store.dispatch(Become("+"));
    log.is(["+abc"]);
    b.0.send(false).unwrap();
    executor.run_until_stalled();
    log.is(["+ac"]);
    c.0.send(true).unwrap();
    executor.run_until_stalled();
    // Nothing is different; like a slice, the cell is not compared.
    log.is(["+ac"]);
    assert_eq!(store.get(&TEXT), "+", "an uncertain one is below it");
    a.1.abort("enough");
    log.is(["+c"]);
    assert_eq!(store.get(&TEXT), "+c");
}

#[test]
fn a_provisional_patch_changes_places_with_what_the_fulfilled_case_says() {
    let append = append().provisional(&TEXT, |text, (letter, _)| {
        text.push(letter.to_ascii_uppercase());
    });
    let slice = TEXT
        .slice(|| "-".to_owned())
        .on(append.fulfilled(), |text, run| text.push(**run.payload()));
    let (store, executor) = store(slice);
    let shown = store.optimistic(&TEXT);
    let log = Log::default();
    let heard = log.clone();
    let _view = store.subscribe(shown, move |text| heard.note(text));
    let (a, _b) = (start(&store, &append, 'a'), start(&store, &append, 'b'));
    a.0.send(true).unwrap();
    executor.run_until_stalled();
    // Never both, never neither.
    log.is(["-A", "-AB", "-aB"]);
}

#[test]
fn a_run_that_never_was_pending_shows_nothing() {
    let append = append()
        .condition(|(letter, _), _| *letter != 'x')
        .optimistic(&TEXT, |text, (letter, _)| text.push(*letter));
    let (store, _executor) = store(TEXT.slice(String::new));
    let shown = store.optimistic(&TEXT);
    let (_, run) = start(&store, &append, 'x');
    assert!(run.is_settled());
    assert_eq!(store.get(shown), "");
}

#[test]
fn a_reducer_that_panics_at_pending_takes_the_patch_back() {
    static OTHER: SliceKey<u32> = SliceKey::new("other");
    let append = append().optimistic(&TEXT, |text, (letter, _)| text.push(*letter));
    let other = OTHER.slice(|| 0).on(append.pending(), |_, _| -> () { panic!("reducer") });
    let store = Store::builder().slice(TEXT.slice(String::new)).slice(other).build().unwrap();
    let shown = store.optimistic(&TEXT);
    let (_, run) = start(&store, &append, 'a');
    assert!(run.outcome().unwrap().is_failed());
    assert_eq!((store.get(shown), store.get(&TEXT)), (String::new(), String::new()));
}

#[test]
fn a_patch_that_panics_is_the_shown_cells_error_until_its_run_ends() {
    let append = append().optimistic(&TEXT, |text, (letter, _)| {
        assert!(*letter != 'x', "no x");
        text.push(*letter);
    });
    let (store, executor) = store(TEXT.slice(|| "-".to_owned()));
    let shown = store.optimistic(&TEXT);
    let (bad, good) = (start(&store, &append, 'x'), start(&store, &append, 'a'));
    assert!(store.try_read(shown, String::clone).is_err());
    assert_eq!(store.get(&TEXT), "-");
    bad.0.send(true).unwrap();
    executor.run_until_stalled();
    assert!(bad.1.outcome().unwrap().is_fulfilled());
    assert_eq!((store.get(shown), store.get(&TEXT)), ("-a".to_owned(), "-".to_owned()));
    good.0.send(true).unwrap();
    executor.run_until_stalled();
    assert_eq!(store.get(&TEXT), "-a");
}

#[test]
fn selectors_see_what_is_known_and_the_shown_cell_what_is_hoped() {
    static NUMBERS: SliceKey<Vec<u32>> = SliceKey::new("numbers");
    let add = AsyncThunk::new("add", |n: u32, _: ThunkApi| async move {
        trine_core::test::yield_now().await;
        if n > 9 { Err(()) } else { Ok(n) }
    })
    .optimistic(&NUMBERS, |numbers, n| numbers.push(*n));
    let executor = ManualExecutor::new();
    let core = trine_core::Store::with_spawner(executor.clone());
    let store = Store::builder().on(core).slice(NUMBERS.slice(Vec::new)).build().unwrap();
    let sum = store.select(&NUMBERS, |numbers| numbers.iter().sum::<u32>());
    for n in [1, 10, 2] {
        drop(store.dispatch(add.with(n)));
    }
    assert_eq!((store.get(sum), store.read(store.optimistic(&NUMBERS), Vec::len)), (0, 3));
    executor.run_until_stalled();
    assert_eq!(store.get(sum), 3);
}
