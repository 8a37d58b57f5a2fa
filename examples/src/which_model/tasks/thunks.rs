//! With slices and thunks.

use trine_thunks::{Action, Listener, ListenerApi, SliceKey, Store, action};

/// A slice that can be undone keeps its past, and has a case for going back.
#[derive(Default)]
struct Past<T> {
    now: T,
    before: Vec<T>,
}

struct Added(&'static str);
impl Action for Added {}

struct Undone;
impl Action for Undone {}

/// To undo is an event like any other.
pub fn undo() -> Vec<&'static str> {
    static TODOS: SliceKey<Past<Vec<&str>>> = SliceKey::new("todos");

    let todos = TODOS
        .slice(Past::default)
        .on(action::<Added>(), |todos, Added(title)| {
            todos.before.push(todos.now.clone());
            todos.now.push(*title);
        })
        .on(action::<Undone>(), |todos, _| todos.now = todos.before.pop().unwrap_or_default());
    let store = Store::builder().slice(todos).build().expect("one slice");

    store.dispatch(Added("wash up"));
    store.dispatch(Added("cook"));
    store.dispatch(Undone);
    store.read(&TODOS, |todos| todos.now.clone())
}

/// What the user has picked here.
struct Picked(&'static str);
impl Action for Picked {}

/// What was picked in another tab: an event of its own, so it is not sent back.
struct PickedElsewhere(&'static str);
impl Action for PickedElsewhere {}

/// A listener tells the other store.
pub fn two_tabs() -> [[&'static str; 2]; 2] {
    static THEME: SliceKey<&str> = SliceKey::new("theme");

    let tab = || {
        let theme = THEME
            .slice(|| "")
            .on(action::<Picked>(), |theme, Picked(picked)| *theme = picked)
            .on(action::<PickedElsewhere>(), |theme, PickedElsewhere(picked)| *theme = picked);
        Store::builder().slice(theme).build().expect("one slice")
    };
    let tells = |from: &Store, to: &Store| {
        let to = to.clone();
        let tell = move |picked: &Picked| {
            to.dispatch(PickedElsewhere(picked.0));
        };
        from.listen(Listener::on(action::<Picked>()).run(move |picked, _: ListenerApi| {
            tell(&picked);
            async {}
        }))
    };
    let (one, other) = (tab(), tab());
    let _follow_each_other = [tells(&one, &other), tells(&other, &one)];

    let shown = || [one.get(&THEME), other.get(&THEME)];
    one.dispatch(Picked("dark"));
    let first = shown();
    other.dispatch(Picked("light"));
    [first, shown()]
}
