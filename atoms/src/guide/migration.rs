//! Coming from jotai or synergies.
//!
//! # jotai
//!
//! | jotai | here |
//! |---|---|
//! | `const count = atom(0)` | `static COUNT: Atom<u32> = Atom::new("count", \|\| 0);` |
//! | `atom(() => load())` in [`atomWithLazy`] | the same: every initial value is made on first use, once per place |
//! | `useAtomValue(count)`, `store.get(count)` | `COUNT.get(&store)`; `COUNT.watch(&store)` for a view |
//! | `useSetAtom(count)`, `store.set(count, c => c + 1)` | `COUNT.set(&store, 1)`, `COUNT.update(&store, \|c\| *c += 1)` |
//! | `store.sub(count, listener)` (no value) | `COUNT.subscribe(&store, \|count\| ..)`, ended by its guard |
//! | `atom(get => get(count) * 2)` | `DerivedAtom::new("twice", \|cx\| cx.get(&COUNT) * 2)` |
//! | `atom(get => .., (get, set, arg) => ..)` | [`WritableAtom::new`](crate::WritableAtom::new); a throw leaves nothing half written |
//! | `atom(null, (get, set, arg) => result)` | [`WriteAtom`](crate::WriteAtom), or an [`Action`](crate::Action) |
//! | `atom(async (get, { signal }) => ..)` | [`AsyncAtom`](crate::AsyncAtom); a run that is superseded stops, there is no signal to check |
//! | `loadable(a)`, `unwrap(a, prev => prev)` | the value of an [`AsyncAtom`](crate::AsyncAtom) is an [`AsyncState`](crate::AsyncState) with the last value |
//! | `atom.onMount = set => unmount` | [`Atom::on_mount`](crate::Atom::on_mount) |
//! | `atomFamily(key => atom(..))`, `remove`, `setShouldRemove` | [`AtomFamily`](crate::AtomFamily): freed when unused |
//! | `atomFamily(key => atom(get => ..))` | [`DerivedFamily`](crate::DerivedFamily), [`AsyncFamily`](crate::AsyncFamily) |
//! | `selectAtom(a, v => v.part, eq)` | [`Atom::select`](crate::Atom::select), [`DerivedAtom::equality`](crate::DerivedAtom::equality) |
//! | `focusAtom(a, o => o.prop("x"))` | [`Atom::focus`](crate::Atom::focus), [`focus_maybe`](crate::Atom::focus_maybe) |
//! | `splitAtom(list, item => item.id)` | [`ListAtom::split`](crate::ListAtom::split) |
//! | `atomWithReset(x)`, `RESET` | [`Atom::reset`](crate::Atom::reset), on every atom |
//! | `atomWithDefault(get => ..)` | [`DefaultAtom`](crate::DefaultAtom) |
//! | `atomWithReducer(x, reduce)` | [`ReducerAtom`](crate::ReducerAtom) |
//! | `atomWithRefresh(get => ..)` | [`DerivedAtom::refresh`](crate::DerivedAtom::refresh), [`AsyncAtom::refresh`](crate::AsyncAtom::refresh) |
//! | `atomWithObservable(() => stream)` | [`StreamAtom`](crate::StreamAtom) |
//! | `atomWithStorage(key, x, storage)` | [`Stored`](crate::Stored)`::json(&X).bind(&store, &storage)?` |
//! | `useHydrateAtoms(values)` | `Snapshots::hydrate` (feature `serde`) |
//! | `Provider` (hides everything around), `ScopeProvider atoms={[a]}` | [`Provider`](crate::Provider): lists what is its own, the rest falls through |
//! | `atomEffect((get, set) => cleanup)` | [`Synergy::effect`](crate::Synergy::effect): cleanup per run, cannot loop for ever |
//! | a new `Provider`, to reset everything | [`reset_all`](crate::reset_all) |
//! | `createStore()`, `getDefaultStore()` | [`Store::new`](crate::Store::new); there is no default one |
//! | `withHistory(a, n)`, `UNDO`, `REDO` (jotai-history) | [`Synergy::history`](crate::Synergy::history): over several atoms, one action at a time |
//! | `useAtomCallback((get, set) => ..)` | [`transaction`](crate::transaction()): all of it, or nothing |
//! | `atom.debugLabel`, devtools | every definition has a name; [`used_atoms`](crate::used_atoms), and the event feed of the store |
//!
//! [`atomWithLazy`]: crate::Atom::new
//!
//! A counter with a derived value, there:
//!
//! ```text
//! const countAtom = atom(0)
//! const doubledAtom = atom(get => get(countAtom) * 2, (get, set, n) => set(countAtom, n / 2))
//! store.sub(doubledAtom, () => render(store.get(doubledAtom)))
//! store.set(countAtom, c => c + 1)
//! store.set(doubledAtom, 10)
//! ```
//!
//! and here:
//!
//! ```
//! use trine_atoms::{Atom, Store, WritableAtom};
//!
//! static COUNT: Atom<u32> = Atom::new("count", || 0);
//! static DOUBLED: WritableAtom<u32> =
//!     WritableAtom::new("doubled", |cx| cx.get(&COUNT) * 2, |cx, n| cx.set(&COUNT, n / 2));
//!
//! # fn render(_: &u32) {}
//! let store = Store::new();
//! let view = DOUBLED.subscribe(&store, |doubled| render(doubled));
//! COUNT.update(&store, |count| *count += 1);
//! DOUBLED.set(&store, 10);
//! assert_eq!(COUNT.get(&store), 5);
//! # drop(view);
//! ```
//!
//! What changes in the way one thinks:
//!
//! - The store is named where it is used. There is no default store, and no hook that finds one.
//! - A derived atom is computed per place, so a provider around a view is all that isolation takes.
//! - Two async updates of one atom that both read it lose none: see [`AsyncAction`](crate::AsyncAction).
//! - A promise is not a value. What is not there yet is an [`AsyncState`](crate::AsyncState), and its last value is kept.
//!
//! # synergies
//!
//! | synergies | here |
//! |---|---|
//! | `createAtom(value, name)` | `Atom::new(name, \|\| value)` |
//! | `createSynergy(a, b)`, `synergy.combine(c)` | `synergy((&A, &B))`, `synergy((ab, &C))`; an atom listed twice is refused |
//! | `synergy.createSelector((a, b) => ..)` | `synergy.select(name, \|(a, b)\| ..)`: an equal result tells nobody; parameters are a [`DerivedFamily`](crate::DerivedFamily) |
//! | `synergy.createAction(arg => (a, b) => ..)` | `synergy.action(\|(mut a, mut b), arg\| ..)`, committed when it returns |
//! | `createAction(() => async (a, b) => ..)` | `synergy.async_action(\|(mut a, mut b), arg\| async move { .. Ok(()) })` |
//! | `a.current = v`, `a.current.push(x)` | `a.set(v)`, `a.push(x)`: a draft is its value |
//! | `a = a.trigger()` | `let a = a.trigger()?`, or `trigger_scoped` for a flag that goes off by itself; the old draft cannot be used any more |
//! | `if (r.current) return; r.current = true; r = r.trigger();` | the same, with `trigger_scoped`; or [`leading`](crate::AsyncAction::leading) and nothing in the handler |
//! | `const act = useAct(); await act(1)` | `act.run(&place, 1).await?`; [`detach`](crate::ActionRun::detach) for one whose end does not matter |
//! | `useValue()` | `synergy.read(&place)`, `watch`, `changes`, `subscribe` |
//! | `useSet()` | `A.set(&place, value)`, or a [`transaction`](crate::transaction()) |
//! | `<SynergyProvider atoms={[a]} initialValue={{..}}>` | `Provider::builder(name, &place).provide(&A).provide_with(&B, value).build()` |
//! | `Error("Atom provider .. not found")` at the dispatch | [`PlaceError`](crate::PlaceError) when the handle is made; an atom without a provider lives in the store, unless it is [`provided`](crate::Atom::provided) |
//! | `<MiddlewareProvider middlewares={[m]}>` | [`middleware`](crate::middleware()): first registered first, nested places compose; a veto fails the action |
//! | `next => updates => next(updates.filter(..))` | [`Flush::leave_out`](crate::Flush::leave_out), [`Flush::replace`](crate::Flush::replace), `Err(reason)`: by atom, not by position |
//! | the last action to finish wins | a [`Conflict`](crate::Conflict), unless [`overwrite_conflicts`](crate::AsyncAction::overwrite_conflicts) |
//! | an action that fails leaves what it has triggered | the same; [`trigger_scoped`](crate::Draft::trigger_scoped) and [`compensated`](crate::AsyncAction::compensated) take it back |
