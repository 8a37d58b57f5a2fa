//! Views keep what they have heard in cells of the store, for as long as they are there.

use crate::stage::{Log, Stage};
use trine_tao::{AppCtx, BoxError, Filter, NoData, Verdict, View, What};

static_assertions::assert_impl_all!(View: Send, Sync);

fn signal(action: &'static str) -> AppCtx {
    AppCtx::new("Job", action, "Portal")
}

fn on(action: &'static str) -> (&'static str, &'static str, &'static str) {
    ("Job", action, "Portal")
}

fn set(stage: &Stage, context: AppCtx) {
    assert!(stage.tao.set(context).is_settled());
}

#[test]
fn a_view_ends_its_handlers_and_then_its_cells() {
    let stage = Stage::new();
    let cells = stage.store.cell_count();
    let page = View::new(&stage.tao, "page");
    let log = stage.log.clone();
    page.on_intercept(on("No"), |_| Verdict::halt("no"));
    page.on_inline(("*", "*", "*"), move |cx: AppCtx| log.note(cx));
    page.on_async(on("A"), |_| signal("B"));
    let latest = page.latest(("*", "*", "*"));
    let data = page.data("seen", 0, ("*", "*", "*"), |seen: &mut u32, _| *seen += 1);
    set(&stage, signal("No"));
    stage.tao.set(signal("A"));
    stage.run();
    assert_eq!(stage.log.take(), ["{Job,A,Portal}", "{Job,B,Portal}"]);
    assert_eq!(stage.store.get(latest).unwrap().to_string(), "{Job,B,Portal}");
    assert_eq!(stage.store.get(data), 2);
    drop(page);
    assert_eq!((stage.store.cell_count(), stage.tao.pattern_count()), (cells, 0));
    assert!(stage.store.try_get(data).unwrap_err().is_disposed());
}

#[test]
fn latest_shows_nothing_until_a_signal_matches_and_tells_of_each() {
    let stage = Stage::new();
    let page = View::new(&stage.tao, "page");
    let shown = page.latest_refreshed(
        Filter::from(on("View")).when(|cx| cx.term_datum() != Ok(&0)),
        [on("Refresh"), on("View")],
    );
    let log = stage.log.clone();
    let _told = stage.store.subscribe(shown, move |shown| log.note(format!("{shown:?}")));
    set(&stage, signal("Refresh"));
    set(&stage, signal("Other"));
    set(&stage, signal("View").term(0));
    assert_eq!(stage.log.take(), [""; 0]);
    set(&stage, signal("View").term(1));
    set(&stage, signal("View").term(1));
    set(&stage, signal("Refresh"));
    set(&stage, signal("View").term(0));
    assert_eq!(stage.log.take().len(), 4);
}

#[test]
fn a_switch_shows_the_cases_of_the_latest_signal_that_matches_any() {
    let stage = Stage::new();
    let page = View::new(&stage.tao, "page");
    let pane = page.switch([
        ("list", Filter::from([on("List"), on("Both")])),
        ("edit", Filter::from([on("Edit"), on("Both")])),
    ]);
    let cases = || stage.store.get(pane).map(|shown| shown.cases().to_vec());
    assert_eq!(cases(), None);
    set(&stage, signal("List"));
    assert_eq!(cases().unwrap(), ["list"]);
    set(&stage, signal("Other"));
    assert_eq!(cases().unwrap(), ["list"]);
    set(&stage, signal("Both").term(7));
    assert_eq!(cases().unwrap(), ["list", "edit"]);
    let shown = stage.store.get(pane).unwrap();
    assert!(shown.is(&"edit") && !shown.is(&"other"));
    assert_eq!(shown.context().term_datum(), Ok(&7));
    set(&stage, signal("Edit"));
    assert_eq!(cases().unwrap(), ["edit"]);
    let _gate = stage.tao.on_intercept(on("List"), |_| Verdict::halt("not allowed"));
    set(&stage, signal("List"));
    assert_eq!(cases().unwrap(), ["edit"]);
}

#[test]
fn data_are_reduced_and_what_the_reducer_returns_is_chained_when_they_are_committed() {
    let stage = Stage::new();
    let page = View::new(&stage.tao, "page");
    let total = page.data("total", 0, on("Add"), |total: &mut i32, cx| {
        *total += cx.term_datum::<i32>()?;
        Ok((*total > 5).then(|| signal("Enough")))
    });
    let (log, store) = (stage.log.clone(), stage.store.clone());
    let _enough = stage.tao.on_inline(on("Enough"), move |_| log.note(store.get(total)));
    for number in [2, 3, 4] {
        set(&stage, signal("Add").term(number));
    }
    assert_eq!(stage.log.take(), ["9"]);
}

#[test]
fn a_reducer_that_fails_or_panics_changes_nothing_and_is_observed() {
    let stage = Stage::new();
    let (failures, _observer) = stage.observe(crate::stage::failures);
    let page = View::new(&stage.tao, "page");
    let total = page.data("total", 1, ("*", "*", "*"), |total: &mut i32, cx| {
        *total += 10;
        match cx.trigram().action().as_str() {
            "Fail" => Err::<(), BoxError>("it failed".into()),
            "Panic" => panic!("it panicked"),
            _ => Ok(()),
        }
    });
    set(&stage, signal("Fail"));
    set(&stage, signal("Panic"));
    assert_eq!(stage.store.get(total), 1);
    let failures = failures.take();
    assert!(failures[0].contains("views.rs") && failures[0].ends_with("it failed"), "{failures:?}");
    assert!(failures[1].ends_with("it panicked"));
    set(&stage, signal("Go"));
    assert_eq!(stage.store.get(total), 11);
}

#[test]
fn an_equal_state_is_no_change() {
    let stage = Stage::new();
    let page = View::new(&stage.tao, "page");
    let last = page.data("last", 0, on("Set"), |last: &mut i32, cx| {
        *last = *cx.term_datum()?;
        Ok(())
    });
    let log = stage.log.clone();
    let _told = stage.store.subscribe(last, move |last| log.note(last));
    for number in [1, 1, 2] {
        set(&stage, signal("Set").term(number));
    }
    assert_eq!(stage.log.take(), ["1", "2"]);
}

#[test]
fn a_view_finds_the_nearest_data_of_a_name() {
    let stage = Stage::new();
    let none = Filter::none;
    let outer = View::new(&stage.tao, "outer");
    let inner = outer.inner("inner");
    let innermost = inner.inner("innermost");
    let user = outer.data("user", "Ada", none(), |_: &mut &str, _| ());
    let theme = outer.data("theme", "light", none(), |_: &mut &str, _| ());
    let own = inner.data("user", "Eve", none(), |_: &mut &str, _| ());
    assert_eq!(innermost.find("user"), Ok(own));
    assert_eq!(innermost.find("theme"), Ok(theme));
    assert_eq!(outer.find("user"), Ok(user));
    let unknown = innermost.find::<&str>("colour").unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "neither the view `innermost` nor a view around it has data called `colour`"
    );
    let other = innermost.find::<u32>("user").unwrap_err();
    assert!(matches!(&other, NoData::OtherType { found: "&str", .. }), "{other}");
    drop(inner);
    assert_eq!(
        innermost.find::<&str>("user").unwrap_err(),
        NoData::Unknown { name: "user".to_owned().into(), view: "innermost".into() }
    );
}

#[test]
fn views_inside_end_with_the_one_around_them() {
    let stage = Stage::new();
    let cells = stage.store.cell_count();
    let outer = View::new(&stage.tao, "outer");
    let inner = outer.inner("inner");
    let count = inner.data("count", 0, ("*", "*", "*"), |count: &mut i32, _| *count += 1);
    set(&stage, signal("A"));
    assert_eq!(stage.store.get(count), 1);
    drop(outer);
    assert_eq!(stage.store.cell_count(), cells);
    // Its handler is there until it is dropped itself, and finds nothing to reduce.
    let (failures, _observer) = stage.observe(crate::stage::failures);
    set(&stage, signal("A"));
    assert_eq!(failures.take(), [""; 0]);
    drop(inner);
    assert_eq!(stage.tao.pattern_count(), 0);
}

#[test]
fn two_data_of_one_name_in_one_view_are_refused_with_both_places() {
    let stage = Stage::new();
    let page = View::new(&stage.tao, "page");
    page.data("user", 1, Filter::none(), |_: &mut i32, _| ());
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        page.data("user", 2, Filter::none(), |_: &mut i32, _| ());
    }))
    .unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert_eq!(message.matches("views.rs").count(), 2, "{message}");
}

#[test]
fn data_are_cells_of_the_store_set_by_hand_and_put_back_by_reset() {
    let stage = Stage::new();
    let page = View::new(&stage.tao, "page");
    let dialog = page.inner("dialog");
    let name = page.data("name", "none".to_owned(), on("Name"), |name: &mut String, cx| {
        cx.term_datum::<String>()?.clone_into(name);
        Ok(())
    });
    let length = stage.store.derived(move |cx| cx.with(name, String::len));
    set(&stage, signal("Name").term("Ada".to_owned()));
    assert_eq!(stage.store.get(length), 3);
    stage.store.set(name, "Grace".to_owned());
    assert_eq!(stage.store.get(length), 5);
    dialog.reset("name").unwrap();
    assert_eq!(stage.store.get(name), "none");
    assert!(dialog.reset("nothing").is_err());
}

#[test]
fn a_view_of_a_channel_shows_what_that_client_hears() {
    let stage = Stage::new();
    let _find = stage.tao.on_inline(on("Find"), |_| signal("Enter"));
    let client = stage.tao.channel("client");
    let page = View::new(&client, "page");
    let entered = page.data("entered", 0, on("Enter"), |entered: &mut i32, _| *entered += 1);
    set(&stage, signal("Find"));
    assert_eq!(stage.store.get(entered), 0);
    client.set(signal("Find"));
    assert_eq!(stage.store.get(entered), 1);
}

#[test]
fn a_reducer_that_reaches_for_the_store_is_told_that_it_must_not() {
    let stage = Stage::new();
    let page = View::new(&stage.tao, "page");
    let store = stage.store.clone();
    let other = stage.store.source(1);
    let log = Log::default();
    let notes = log.clone();
    let _observer = stage.tao.observe(move |seen| {
        if let What::Failed(error) = seen.what {
            notes.note(error);
        }
    });
    let data =
        page.data("data", 0, ("*", "*", "*"), move |data: &mut i32, _| *data = store.get(other));
    set(&stage, signal("A"));
    assert_eq!(stage.store.get(data), 0);
    let told = log.take();
    assert!(told.len() == 1 && told[0].contains("inside"), "{told:?}");
}
