//! In the TAO.

use trine_core::Store;
use trine_tao::{AppCtx, Bridge, Kernel};

/// What is done remembers the signal that undoes it. Whoever adds a way to change the list adds its way back.
pub fn undo() -> Vec<&'static str> {
    let store = Store::new();
    let todos = store.source(Vec::new());
    // Signals cannot be compared.
    let past = store.cell("past").always_different().source(Vec::new());
    let tao = Kernel::new(&store);

    let cells = store.clone();
    let _add = tao.on_inline(("Todo", "Add", "List"), move |cx| {
        let title = *cx.term_datum::<&'static str>()?;
        cells.update(todos, |todos| todos.push(title));
        cells.update(past, |past| past.push(AppCtx::new("Todo", "Drop", "List").term(title)));
        Ok(())
    });
    let cells = store.clone();
    let _drop = tao.on_inline(("Todo", "Drop", "List"), move |cx| {
        let title = *cx.term_datum::<&'static str>()?;
        cells.update(todos, |todos| todos.retain(|todo| *todo != title));
        Ok(())
    });
    let cells = store.clone();
    let _undo = tao.on_inline(("Step", "Undo", "List"), move |_| {
        let mut undoes = None;
        cells.update(past, |past| undoes = past.pop());
        undoes
    });

    for title in ["wash up", "cook"] {
        tao.set(AppCtx::new("Todo", "Add", "List").term(title));
    }
    tao.set(AppCtx::new("Step", "Undo", "List"));
    store.get(todos)
}

/// A bridge sets the signals of one kernel on another; none of them goes round in circles.
pub fn two_tabs() -> [[&'static str; 2]; 2] {
    let tab = || {
        let store = Store::new();
        let (theme, tao) = (store.source(""), Kernel::new(&store));
        let cells = store.clone();
        let show = move |cx: AppCtx| {
            cells.set(theme, *cx.term_datum::<&'static str>()?);
            Ok(())
        };
        tao.on_inline(("Theme", "Pick", "App"), show).detach();
        (tao, move || store.get(theme))
    };
    let ((one, shown_by_one), (other, shown_by_other)) = (tab(), tab());
    let _follow_each_other = [
        Bridge::new(&one, &other).inline(("Theme", "Pick", "App")),
        Bridge::new(&other, &one).inline(("Theme", "Pick", "App")),
    ];

    let shown = || [shown_by_one(), shown_by_other()];
    one.set(AppCtx::new("Theme", "Pick", "App").term("dark"));
    let first = shown();
    other.set(AppCtx::new("Theme", "Pick", "App").term("light"));
    [first, shown()]
}
