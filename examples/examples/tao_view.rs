//! A page that is fed by signals: which pane is shown, a list that grows, a form that is typed into, a dialog that finds the
//! page's data, and a screen that is drawn when something has changed.
//!
//! `cargo run -p trine-examples --example tao_view`

use std::sync::{Arc, Mutex};
use trine_core::{Derived, Source};
use trine_tao::{AppCtx, Filter, Kernel, Store, Verdict, View};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Pane {
    List,
    Edit,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Draft {
    name: String,
    saved: bool,
}

/// The page: what it keeps, and how signals change it.
struct Page {
    view: View,
    spaces: Source<Vec<String>>,
    screen: Derived<String>,
}

impl Page {
    fn new(tao: &Kernel) -> Self {
        let (view, store) = (View::new(tao, "page"), tao.store());

        // Named data: a reducer of signals. What it returns is chained when the change is committed.
        let spaces = view.data(
            "spaces",
            Vec::new(),
            ("Space", ["List", "Store"], "Portal"),
            |spaces: &mut Vec<String>, cx| {
                match cx.trigram().action().as_str() {
                    "List" => *spaces = cx.term_datum::<Vec<String>>()?.clone(),
                    _ => spaces.push(cx.term_datum::<String>()?.clone()),
                }
                Ok(())
            },
        );
        let draft = view.data(
            "draft",
            Draft::default(),
            ("Draft", ["Type", "Save"], "Portal"),
            |draft: &mut Draft, cx| {
                if cx.trigram().action() == "Type" {
                    draft.name.clone_from(cx.term_datum::<String>()?);
                    draft.saved = false;
                    return Ok(None);
                }
                draft.saved = true;
                Ok(Some(AppCtx::new("Space", "Store", "Portal").term(draft.name.clone())))
            },
        );

        // Which pane: the case of the latest signal that is one of these.
        let pane = view.switch([
            (Pane::List, Filter::from(("Space", ["List", "Store"], "Portal"))),
            (Pane::Edit, Filter::from(("Space", "Edit", "Portal"))),
        ]);

        // A handler for as long as the page is there.
        view.on_intercept(("Draft", "Save", "Portal"), {
            let store = store.downgrade();
            move |_| match store.upgrade() {
                Some(store) if store.with(draft, |draft| draft.name.is_empty()) => {
                    Verdict::halt("a space needs a name")
                }
                _ => Verdict::Pass,
            }
        });

        // All of it are cells, so a screen is computed like anything else.
        let screen = store.derived(move |cx| {
            let shown = cx.with(pane, |shown| shown.as_ref().map(|shown| shown.cases()[0]));
            match shown {
                None => "an empty page".to_owned(),
                Some(Pane::List) => {
                    cx.with(spaces, |spaces| format!("spaces: {}", spaces.join(", ")))
                }
                Some(Pane::Edit) => cx.with(draft, |draft| format!("edit: {}_", draft.name)),
            }
        });
        Self { view, spaces, screen }
    }
}

fn main() {
    let store = Store::new();
    let tao = Kernel::new(&store);
    let page = Page::new(&tao);

    let drawn = Arc::new(Mutex::new(vec![store.get(page.screen)]));
    let pen = Arc::clone(&drawn);
    let _drawing = store.subscribe(page.screen, move |screen| {
        println!("{screen}");
        pen.lock().unwrap().push(screen.clone());
    });

    let list = vec!["Home".to_owned(), "Work".to_owned()];
    tao.set(AppCtx::new("Space", "List", "Portal").term(list));
    tao.set(AppCtx::new("Space", "Edit", "Portal"));
    // Halted: there is no name yet.
    assert!(!tao.set(AppCtx::new("Draft", "Save", "Portal")).outcome().unwrap().proceeded());
    tao.set(AppCtx::new("Draft", "Type", "Portal").term("Garden".to_owned()));
    tao.set(AppCtx::new("Draft", "Save", "Portal"));
    assert_eq!(
        *drawn.lock().unwrap(),
        [
            "an empty page",
            "spaces: Home, Work",
            "edit: _",
            "edit: Garden_",
            "spaces: Home, Work, Garden"
        ]
    );

    // A view inside finds the page's data by their name, and puts them back or sets them by hand.
    let dialog = page.view.inner("settings");
    dialog.reset("draft").unwrap();
    assert_eq!(store.get(dialog.find::<Draft>("draft").unwrap()), Draft::default());
    store.set(page.spaces, Vec::new());
    assert_eq!(store.get(page.screen), "spaces: ");
    println!("{}", dialog.find::<u32>("draft").unwrap_err());

    // With the page, all that it has made is gone.
    let spaces = page.spaces;
    drop(page);
    assert!(store.try_get(spaces).unwrap_err().is_disposed());
    assert_eq!(tao.pattern_count(), 0);
}
