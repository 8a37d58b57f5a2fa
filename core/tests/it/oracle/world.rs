//! A store, the model of it, and who listens.

use super::{
    formula::{Fault, Formula, Outcome},
    model::{Content, Model, Modelled},
    operation::Operation,
    subscribers::Handle,
    trace::{Changing, Entry, Judge},
};
use std::{
    collections::BTreeMap,
    panic::resume_unwind,
    sync::{
        Arc, Mutex, MutexGuard, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};
use trine_core::{
    CellError, CellErrorKind, CellLabel, Derived, Event, ObserverGuard, PanicPolicy, Scope, Source,
    Store,
};

/// How many sources there are to begin with.
const SOURCES: usize = 4;

/// A value that is counted: the token knows how many of them there are.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) number: i64,
    _token: Arc<()>,
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum CellHandle {
    Source(Source<Value>),
    Derived(Derived<Value>),
}

/// Does something with a cell whatever its type.
macro_rules! with_cell {
    ($handle:expr, $cell:ident => $body:expr) => {
        match $handle {
            CellHandle::Source($cell) => $body,
            CellHandle::Derived($cell) => $body,
        }
    };
}
pub(super) use with_cell;

pub(super) struct World {
    pub(super) store: Store,
    pub(super) model: Arc<Mutex<Model>>,
    pub(super) cells: Mutex<Vec<CellHandle>>,
    /// The subscriptions, by their numbers.
    pub(super) handles: Mutex<BTreeMap<usize, Handle>>,
    pub(super) judge: Mutex<Judge>,
    /// The last scope, and the cells that it owns.
    pub(super) scope: Mutex<Option<(Scope, Vec<usize>)>>,
    /// Itself, for callbacks.
    pub(super) this: Weak<Self>,
    /// How many subscriptions there have been.
    pub(super) numbers: AtomicUsize,
    /// Counts values and closures.
    token: Arc<()>,
    reported: Arc<AtomicU64>,
    observer: Option<(ObserverGuard, Arc<Mutex<Observed>>)>,
}

/// What an observer has seen.
#[derive(Debug, Default)]
struct Observed {
    commits: Vec<u64>,
    recomputed: u64,
}

impl World {
    pub(super) fn new(observed: bool) -> Arc<Self> {
        let reported = Arc::new(AtomicU64::new(0));
        let reports = Arc::clone(&reported);
        let count = move |_: &str| {
            reports.fetch_add(1, Ordering::Relaxed);
        };
        let store = Store::builder().on_panic(PanicPolicy::Report(Box::new(count))).build();
        let observer = observed.then(|| {
            let seen = Arc::new(Mutex::new(Observed::default()));
            let log = Arc::clone(&seen);
            let guard = store.observe(move |event| match event {
                Event::Committed { number, .. } => log.lock().unwrap().commits.push(number.get()),
                Event::Recomputed { .. } => log.lock().unwrap().recomputed += 1,
                _ => {}
            });
            (guard, seen)
        });
        let world = Arc::new_cyclic(|this| Self {
            store,
            model: Arc::default(),
            cells: Mutex::default(),
            handles: Mutex::default(),
            judge: Mutex::default(),
            scope: Mutex::default(),
            this: Weak::clone(this),
            numbers: AtomicUsize::new(0),
            token: Arc::new(()),
            reported,
            observer,
        });
        for value in 0..SOURCES {
            world.new_source(value as i64, value == 1);
        }
        world
    }

    pub(super) fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap()
    }

    pub(super) fn value(&self, number: i64) -> Value {
        Value { number, _token: Arc::clone(&self.token) }
    }

    /// One of the cells, removed ones among them.
    pub(super) fn pick(&self, pick: u16) -> (usize, CellHandle) {
        let cells = self.cells.lock().unwrap();
        let position = usize::from(pick) % cells.len();
        (position, cells[position])
    }

    /// One of the sources, removed ones among them.
    pub(super) fn pick_source(&self, pick: u16) -> (usize, Source<Value>) {
        let cells = self.cells.lock().unwrap();
        let sources = cells.iter().enumerate().filter_map(|(position, cell)| match cell {
            CellHandle::Source(cell) => Some((position, *cell)),
            CellHandle::Derived(_) => None,
        });
        let sources: Vec<_> = sources.collect();
        sources[usize::from(pick) % sources.len()]
    }

    pub(super) fn new_source(&self, number: i64, atomic: bool) -> usize {
        let position = self.add_model(Content::Source { value: number, torn: false, atomic });
        let builder = self.store.cell(position.to_string());
        let value = self.value(number);
        let cell = if atomic { builder.atomic_source(value) } else { builder.source(value) };
        self.cells.lock().unwrap().push(CellHandle::Source(cell));
        position
    }

    pub(super) fn new_derived(&self, (kind, picks): (u8, [u16; 3])) -> (usize, Derived<Value>) {
        let known = self.cells.lock().unwrap().clone();
        let formula = Arc::new(Formula::new(kind, picks, known.len()));
        let position = self.add_model(Content::Derived(Arc::clone(&formula)));
        let (model, token) = (Arc::clone(&self.model), Arc::clone(&self.token));
        let cell = self.store.cell(position.to_string()).derived(move |cx| {
            model.lock().unwrap().note_run(position);
            let mut error = None;
            let result = formula.compute(position, |cell| {
                with_cell!(known[cell], cell => cx.try_get(cell)).map(|value| value.number).map_err(
                    |failed| {
                        let fault = fault(&failed);
                        error = Some(failed);
                        fault
                    },
                )
            });
            model.lock().unwrap().note_result(position, result);
            match result {
                Ok(number) => Value { number, _token: Arc::clone(&token) },
                // As `panic!`, without the noise of the panic hook.
                Err(Fault::Panicked(own)) if own == position => resume_unwind(Box::new("fussy")),
                // As a read with `get` that finds no value.
                Err(_) => resume_unwind(Box::new(error.expect("read a cell without a value"))),
            }
        });
        self.cells.lock().unwrap().push(CellHandle::Derived(cell));
        (position, cell)
    }

    fn add_model(&self, content: Content) -> usize {
        let mut model = self.model();
        model.state.0.push(Modelled { content, alive: true });
        model.state.0.len() - 1
    }

    /// Reads a cell, and compares.
    pub(super) fn read(&self, position: usize, handle: CellHandle) {
        let seen = with_cell!(handle, cell => self.store.try_get(cell));
        let expected = self.model().state.outcome(position);
        assert_eq!(outcome(&seen), expected, "cell {position}");
    }

    pub(super) fn read_everything(&self) {
        let cells = self.cells.lock().unwrap().clone();
        for (position, handle) in cells.into_iter().enumerate() {
            self.read(position, handle);
        }
    }

    pub(super) fn apply(&self, operation: &Operation) {
        match operation {
            Operation::Set(pick, value) => self.set(*pick, *value),
            Operation::Add(pick, value) => self.add(*pick, *value),
            Operation::Touch(pick) => self.touch(*pick),
            Operation::Tear(pick, value) => self.tear(*pick, *value),
            Operation::Recover(pick, value) => self.recover(*pick, *value),
            Operation::Updates(updates) => self.updates(updates),
            Operation::Transaction(steps, end) => self.transaction(steps, *end),
            Operation::Read(pick) => {
                let (position, handle) = self.pick(*pick);
                self.read(position, handle);
            }
            Operation::NewSource { value, atomic } => drop(self.new_source(*value, *atomic)),
            Operation::NewDerived(formula) => drop(self.new_derived(*formula)),
            Operation::Remove(pick) => self.remove(*pick),
            Operation::Scope(picks, formula) => self.new_scope(*picks, *formula),
            Operation::EndScope => self.end_scope(),
            Operation::Subscribe(pick, behaviour) => self.subscribe(*pick, behaviour.clone()),
            Operation::Stream(pick, capacity) => self.stream(*pick, *capacity),
            Operation::Watch(pick) => self.watch(*pick),
            Operation::Unsubscribe(pick) => self.unsubscribe(*pick),
            Operation::Look(pick) => self.look(*pick),
        }
    }

    /// Changes the model and, by `act`, the store, which returns the number of the commit that it came to. `commits` says
    /// whether there should be one, if that is known.
    pub(super) fn change(
        &self,
        commits: Option<bool>,
        told: Vec<usize>,
        change: impl FnOnce(&mut Model),
        act: impl FnOnce() -> Option<u64>,
    ) {
        let number = self.store.last_commit().get() + 1;
        let place = {
            let mut model = self.model();
            let before = model.state.outcomes();
            change(&mut model);
            model.begin_commit(before, told, number)
        };
        let committed = act();
        assert!(committed.is_none_or(|committed| committed == number), "numbered one by one");
        if let Some(commits) = commits {
            assert_eq!(committed.is_some(), commits, "a commit exactly if something has changed");
        }
        if committed.is_none() {
            // Nobody was told of anything meanwhile.
            let mut model = self.model();
            let Entry::Changing(changing) = &mut model.trace[place] else { unreachable!() };
            changing.number = None;
        }
    }

    /// Judges what the operation did.
    pub(super) fn judge(&self, operation: &Operation) {
        let (trace, violations, state) = {
            let mut model = self.model();
            let trace = std::mem::take(&mut model.trace);
            assert_eq!(self.reported.load(Ordering::Relaxed), model.panics, "panics are reported");
            (trace, std::mem::take(&mut model.violations), model.state.clone())
        };
        assert_eq!(violations, Vec::<String>::new(), "{operation:?}");
        if let Err(violation) = self.judge.lock().unwrap().judge(trace) {
            panic!("{violation} at {operation:?}");
        }
        let alive = state.0.iter().filter(|cell| cell.alive).count();
        assert_eq!(self.store.cell_count(), alive);
        self.check_watches();
        if let Some((_, seen)) = &self.observer {
            let seen = seen.lock().unwrap();
            assert!(seen.commits.iter().copied().eq(1..=self.store.last_commit().get()));
            assert_eq!(seen.recomputed, self.model().runs);
        }
    }

    /// Lets go of everything, and checks that nothing is left.
    pub(super) fn end(self: Arc<Self>) {
        let world = Arc::into_inner(self).expect("callbacks hold it weakly");
        let Self { store, cells, handles, scope, token, observer, model, .. } = world;
        drop((handles, scope, observer));
        for handle in cells.into_inner().unwrap() {
            let _ = with_cell!(handle, cell => store.remove(cell).map(|commit| commit.number()));
        }
        assert_eq!(store.cell_count(), 0);
        assert_eq!(Arc::strong_count(&token), 1, "values or closures are left in an empty store");
        assert_eq!(Arc::strong_count(&model), 1, "derivations are left in an empty store");
    }
}

impl Model {
    /// The state has changed from what gave `before`: the commit of this number, for now. Returns its place in the trace.
    pub(super) fn begin_commit(
        &mut self,
        before: Vec<Outcome>,
        told: Vec<usize>,
        number: u64,
    ) -> usize {
        self.epoch += 1;
        let after = self.state.outcomes();
        let sources =
            self.state.0.iter().map(|cell| matches!(cell.content, Content::Source { .. }));
        let sources = sources.collect();
        let number = Some(number);
        self.trace.push(Entry::Changing(Changing { number, before, after, told, sources }));
        self.trace.len() - 1
    }
}

pub(super) fn outcome(seen: &Result<Value, CellError>) -> Outcome {
    seen.as_ref().map(|value| value.number).map_err(fault)
}

/// Which fault of the model an error is. Cells are named by their positions.
pub(super) fn fault(error: &CellError) -> Fault {
    let position = |label: &CellLabel| label.name.as_ref().unwrap().parse().unwrap();
    match error.kind() {
        CellErrorKind::Panicked { cell, .. } => Fault::Panicked(position(cell)),
        CellErrorKind::Torn { cell, .. } => Fault::Torn(position(cell)),
        CellErrorKind::Disposed { removed: Some((cell, _)), .. } => Fault::Disposed(position(cell)),
        other => panic!("{other:?}"),
    }
}
