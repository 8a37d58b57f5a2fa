//! What cascades did, kept: for tests, for tools, and for comparing what happens with what was meant to.

use crate::{
    cascade::{CascadeId, Conclusion, Ending},
    error::CascadeError,
    handler::HandlerId,
    kernel::{Kernel, ObserverGuard},
    observe::{Observation, Said, Via, What},
    sync::Mutex,
    trigram::Trigram,
};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
    sync::Arc,
    time::Duration,
};
use trine_core::Text;

/// How many dispatches a recorder keeps, unless it is told otherwise.
const LIMIT: usize = 10_000;

/// Records the cascades of a kernel, as an observer. Made by [`Kernel::record`]; it ends when it is dropped.
///
/// ```
/// use trine_tao::{AppCtx, Kernel, Store};
///
/// let tao = Kernel::new(&Store::new());
/// let _enter = tao.on_inline(("App", "Enter", "Portal"), |_| AppCtx::new("App", "View", "Portal"));
/// let _view = tao.on_inline(("App", "View", "Portal"), |_| AppCtx::new("Space", "Find", "Portal"));
///
/// let recorder = tao.record();
/// tao.set(AppCtx::new("App", "Enter", "Portal"));
/// let [cascade] = &recorder.take()[..] else { panic!() };
/// assert_eq!(
///     cascade.to_string(),
///     "{App,Enter,Portal} proceeded\n  \
///        inline => {App,View,Portal} proceeded\n    \
///          inline => {Space,Find,Portal} unhandled\n",
/// );
/// ```
#[derive(Debug)]
#[must_use = "a recorder records until it is dropped"]
pub struct Recorder {
    /// What there is so far.
    kept: Arc<Mutex<Kept>>,
    /// The observation.
    _observer: ObserverGuard,
}

#[derive(Debug)]
struct Kept {
    /// Oldest first.
    cascades: VecDeque<RecordedCascade>,
    /// How many dispatches those have.
    dispatches: usize,
    /// How many they may have.
    limit: usize,
    /// Those that a channel has received, and the kernel has not yet.
    early: BTreeSet<(CascadeId, u32)>,
}

/// What one cascade did.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RecordedCascade {
    /// Which one.
    pub id: CascadeId,
    /// Its dispatches, in the order in which they were received; the first is that of the signal that was set, unless
    /// recording began later.
    pub dispatches: Vec<RecordedDispatch>,
    /// How it came to rest; none while it is under way.
    pub ending: Option<Ending>,
}

/// What became of one signal of a cascade.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RecordedDispatch {
    /// Its number in the cascade; 0 is the signal that was set.
    pub dispatch: u32,
    /// How many chains led to it.
    pub hop: u32,
    /// The signal.
    pub signal: Trigram,
    /// The handler that chained to it; none for the signal that was set.
    pub via: Option<Via>,
    /// Whether no handler matched.
    pub unhandled: bool,
    /// What the intercepts decided; none while one of them is awaited.
    pub conclusion: Option<Conclusion>,
    /// What the handlers answered, in the order in which they did.
    pub answers: Vec<RecordedAnswer>,
    /// What went wrong.
    pub errors: Vec<CascadeError>,
    /// How long it took until all its inline handlers were done, or an intercept had ended it, by the store's clock; none
    /// while it is under way, and without a clock. What async handlers take is not in it.
    pub took: Option<Duration>,
    /// When it was received.
    received: Option<Duration>,
}

/// What a handler answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedAnswer {
    /// The handler.
    pub handler: HandlerId,
    /// The signals that it chained or redirected to.
    pub outputs: Vec<Trigram>,
    /// Its reason, if it is an intercept that halted.
    pub halted: Option<Text>,
}

impl Kernel {
    /// Records what cascades do from now on: the last 10,000 dispatches.
    pub fn record(&self) -> Recorder {
        self.record_last(LIMIT)
    }

    /// [`record`](Self::record), keeping about this many dispatches: the oldest cascades go first, each as a whole.
    pub fn record_last(&self, dispatches: usize) -> Recorder {
        let kept = Kept {
            cascades: VecDeque::new(),
            dispatches: 0,
            limit: dispatches,
            early: BTreeSet::new(),
        };
        let kept = Arc::new(Mutex::new(kept));
        let notes = Arc::clone(&kept);
        let clock = self.store().clock();
        let observer = self.observe(move |observation| {
            let now = clock.as_ref().map(|clock| clock.now());
            let old = notes.lock().note(observation, now);
            drop(old); // data of the app: not under the lock
        });
        Recorder { kept, _observer: observer }
    }
}

impl Recorder {
    /// Takes out what was recorded, oldest first. What cascades that are under way do later is recorded anew, without its beginning.
    #[must_use]
    pub fn take(&self) -> Vec<RecordedCascade> {
        let mut kept = self.kept.lock();
        kept.dispatches = 0;
        std::mem::take(&mut kept.cascades).into()
    }

    /// What was recorded, oldest first.
    #[must_use]
    pub fn cascades(&self) -> Vec<RecordedCascade> {
        self.kept.lock().cascades.iter().cloned().collect()
    }
}

impl Kept {
    /// Notes what happened; returns what is kept no longer.
    fn note(
        &mut self,
        observation: &Observation<'_>,
        now: Option<Duration>,
    ) -> Vec<RecordedCascade> {
        // A signal that a channel hears is one signal still: what its handlers do there is noted with the kernel's dispatch.
        let dispatch = (observation.cascade, observation.dispatch);
        match (observation.channel, observation.what) {
            (Some(_), What::Received) if self.has(dispatch) => return Vec::new(),
            (Some(_), What::Received) => drop(self.early.insert(dispatch)),
            (Some(_), What::Unhandled | What::Concluded(_) | What::Dispatched | What::Settled) => {
                return Vec::new();
            }
            (None, What::Received) if self.early.remove(&dispatch) => return Vec::new(),
            _ => {}
        }
        if let What::Received = observation.what {
            self.dispatches += 1;
            let dispatch = RecordedDispatch {
                dispatch: observation.dispatch,
                hop: observation.hop,
                signal: observation.context.trigram().clone(),
                via: observation.via,
                unhandled: false,
                conclusion: None,
                answers: Vec::new(),
                errors: Vec::new(),
                took: None,
                received: now,
            };
            self.cascade(observation.cascade).dispatches.push(dispatch);
            return self.shed();
        }
        // Of what began before the recording, or was taken out, nothing more is noted.
        let Some(cascade) =
            self.cascades.iter_mut().rev().find(|cascade| cascade.id == observation.cascade)
        else {
            return Vec::new();
        };
        if let What::Rested(ending) = observation.what {
            cascade.ending = Some(ending.clone());
            return Vec::new();
        }
        let number = observation.dispatch;
        let own = cascade.dispatches.iter_mut().rev().find(|own| own.dispatch == number);
        if let Some(own) = own {
            own.note(&observation.what, now);
        }
        Vec::new()
    }

    fn cascade(&mut self, id: CascadeId) -> &mut RecordedCascade {
        let known = self.cascades.iter().rposition(|cascade| cascade.id == id);
        let place = known.unwrap_or_else(|| {
            self.cascades.push_back(RecordedCascade { id, dispatches: Vec::new(), ending: None });
            self.cascades.len() - 1
        });
        &mut self.cascades[place]
    }

    /// Whether this dispatch is recorded.
    fn has(&self, (cascade, dispatch): (CascadeId, u32)) -> bool {
        let known = self.cascades.iter().rev().find(|known| known.id == cascade);
        known.is_some_and(|known| known.dispatches.iter().rev().any(|own| own.dispatch == dispatch))
    }

    /// Makes room, but for the last cascade.
    fn shed(&mut self) -> Vec<RecordedCascade> {
        let mut old = Vec::new();
        while self.dispatches > self.limit && self.cascades.len() > 1 {
            let Some(cascade) = self.cascades.pop_front() else { break };
            self.dispatches -= cascade.dispatches.len();
            old.push(cascade);
        }
        old
    }
}

impl RecordedDispatch {
    fn note(&mut self, what: &What<'_>, now: Option<Duration>) {
        let took = || Some(now?.saturating_sub(self.received?));
        match what {
            What::Unhandled => self.unhandled = true,
            What::Concluded(conclusion) => {
                self.took = if conclusion.proceeded() { None } else { took() };
                self.conclusion = Some((*conclusion).clone());
            }
            What::Settled => self.took = took(),
            What::Answered { handler, said } => self.answers.push(RecordedAnswer {
                handler: *handler,
                outputs: match said {
                    Said::Chained(contexts) => {
                        contexts.iter().map(|context| context.trigram().clone()).collect()
                    }
                    Said::Redirected(to) => vec![to.trigram().clone()],
                    _ => Vec::new(),
                },
                halted: match said {
                    Said::Halted(reason) => Some((*reason).clone()),
                    _ => None,
                },
            }),
            What::Failed(error) => self.errors.push((*error).clone()),
            _ => {}
        }
    }
}

impl RecordedCascade {
    /// The dispatches that a dispatch of this number led to, in the order in which they were received.
    pub fn followers(&self, dispatch: u32) -> impl Iterator<Item = &RecordedDispatch> {
        self.dispatches
            .iter()
            .filter(move |own| own.via.is_some_and(|via| via.dispatch == dispatch))
    }
}

/// As a tree: each signal below the one that led to it.
impl fmt::Display for RecordedCascade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: BTreeSet<_> = self.dispatches.iter().map(|own| own.dispatch).collect();
        let is_root =
            |own: &&RecordedDispatch| own.via.is_none_or(|via| !known.contains(&via.dispatch));
        let mut followers: BTreeMap<u32, Vec<&RecordedDispatch>> = BTreeMap::new();
        for own in &self.dispatches {
            if let Some(via) = own.via {
                followers.entry(via.dispatch).or_default().push(own);
            }
        }
        // Not recursive: a cascade may be thousands of hops deep.
        let roots = self.dispatches.iter().filter(is_root);
        let mut next: Vec<_> = roots.rev().map(|own| (0, own)).collect();
        while let Some((depth, own)) = next.pop() {
            writeln!(f, "{:1$}{own}", "", depth * 2)?;
            let below = followers.remove(&own.dispatch).unwrap_or_default();
            next.extend(below.into_iter().rev().map(|own| (depth + 1, own)));
        }
        match &self.ending {
            Some(Ending::Completed) => Ok(()),
            Some(ending) => writeln!(f, "ended: {ending}"),
            None => writeln!(f, "under way"),
        }
    }
}

impl fmt::Display for RecordedDispatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(via) = self.via {
            write!(f, "{} => ", via.handler.phase())?;
        }
        write!(f, "{} ", self.signal)?;
        match &self.conclusion {
            _ if self.unhandled => f.write_str("unhandled")?,
            Some(conclusion) => conclusion.fmt(f)?,
            None => f.write_str("not concluded")?,
        }
        for error in &self.errors {
            write!(f, "; {error}")?;
        }
        Ok(())
    }
}
