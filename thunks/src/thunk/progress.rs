//! Progress: what a body tells before it is done.
//!
//! A report is an event like the others of a run: slices have cases for it, and nothing is told once the run is over. With
//! [`AsyncThunk::progress_every`] reports of one kind replace each other until it is time; what waits then is told by the run
//! itself, between two polls of its body.

use super::{AsyncThunk, ThunkApi, api::AnyMeta, meta::Meta};
use crate::{
    action::AnyAction,
    case::{CaseInfo, CaseKey, ThunkRef, sealed},
    dispatch::in_run,
    error::DispatchError,
    matcher::Matcher,
    store::Shared,
};
use std::{
    any::{Any, TypeId, type_name},
    fmt,
    future::{Future, poll_fn},
    marker::PhantomData,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    task::Poll,
    time::Duration,
};
use trine_core::{Clock, RunContext, RunId, Sleep, Text};

/// A kind of progress, and the type of what is told: parts of a hundred, or the rows that are there so far.
///
/// Bodies report it with [`ThunkApi::report`], slices have reducers for [`AsyncThunk::progress`] of it. Like the key of a slice
/// it is a constant: make it a `static`.
///
/// ```
/// use trine_thunks::{AsyncThunk, Progress, SliceKey, Store, ThunkApi};
///
/// static PERCENT: Progress<u8> = Progress::new("percent");
/// static UPLOADS: SliceKey<Vec<(&str, u8)>> = SliceKey::new("uploads");
///
/// let upload = AsyncThunk::new("upload", |_: &'static str, api: ThunkApi| async move {
///     api.report(&PERCENT, 50);
///     api.report(&PERCENT, 100);
///     Ok::<_, String>(())
/// });
/// let uploads = UPLOADS
///     .slice(Vec::new)
///     .on_any(upload.progress(&PERCENT), |uploads, run| uploads.push((run.arg(), **run.progress())));
/// let store = Store::builder().slice(uploads).build().unwrap();
/// store.dispatch(upload.with("photo"));
/// assert_eq!(store.get(&UPLOADS), [("photo", 50), ("photo", 100)]);
/// ```
pub struct Progress<P> {
    /// The name.
    name: &'static str,
    /// The type of what is told.
    told: PhantomData<fn() -> P>,
}

impl<P> Progress<P> {
    /// A kind of progress, with the name that events show.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, told: PhantomData }
    }

    /// The name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

/// A report, as it is dispatched: the type of the argument is forgotten.
struct Report<P, M> {
    thunk: ThunkRef,
    name: &'static str,
    run: RunId,
    meta: Arc<dyn AnyMeta<M>>,
    progress: Arc<P>,
}

fn key_of<P: 'static>(thunk: &ThunkRef, name: &'static str) -> CaseKey {
    CaseKey::Progress(thunk.id, TypeId::of::<P>(), name)
}

impl<P: Send + Sync + 'static, M: Send + Sync + 'static> sealed::AnyAction for Report<P, M> {
    fn case_key(&self) -> CaseKey {
        key_of::<P>(&self.thunk, self.name)
    }

    fn name(&self) -> Text {
        Text::from(format!("{}/{}", self.thunk.name, self.name))
    }

    fn event(&self) -> &dyn Any {
        self
    }

    fn run(&self) -> Option<RunId> {
        Some(self.run)
    }
}

/// A run has got on: what [`ProgressMatcher`] shows.
pub struct Progressed<A, P, M = ()> {
    /// The run and its argument.
    meta: Arc<Meta<A, M>>,
    /// What was told.
    progress: Arc<P>,
}

impl<A, P, M> Progressed<A, P, M> {
    /// The thunk's name.
    #[must_use]
    pub fn thunk(&self) -> &Text {
        &self.meta.thunk.name
    }

    /// Which run: the same for all its events.
    #[must_use]
    pub fn request_id(&self) -> RunId {
        *self.meta.run.get().expect("a run has an identity before its first event")
    }

    /// The argument that the thunk was dispatched with.
    #[must_use]
    pub fn arg(&self) -> &A {
        &self.meta.arg
    }

    /// What was made for this run just before it became pending.
    #[must_use]
    pub fn meta(&self) -> &M {
        self.meta.value.get().expect("a run has its value before its first event")
    }

    /// What the body has told. It is shared: a clone is cheap.
    #[must_use]
    pub fn progress(&self) -> &Arc<P> {
        &self.progress
    }
}

/// The progress of one kind of the runs of one thunk: what [`Slice::on_any`](crate::Slice::on_any) takes. Made by
/// [`AsyncThunk::progress`].
pub struct ProgressMatcher<A, P, M = ()> {
    /// The thunk.
    thunk: ThunkRef,
    /// The name of the kind.
    name: &'static str,
    /// The type of the event.
    event: PhantomData<Show<A, P, M>>,
}

/// Makes the event of a [`ProgressMatcher`].
type Show<A, P, M> = fn() -> Progressed<A, P, M>;

impl<A, P, M> sealed::Matcher for ProgressMatcher<A, P, M>
where
    A: Send + Sync + 'static,
    P: Send + Sync + 'static,
    M: Send + Sync + 'static,
{
    type Event = Progressed<A, P, M>;

    fn cases(&self) -> Option<Vec<CaseInfo>> {
        let key = key_of::<P>(&self.thunk, self.name);
        Some(vec![CaseInfo::progress(&self.thunk, key, self.name)])
    }

    fn show(&self, action: &dyn AnyAction, then: &mut dyn FnMut(&Self::Event)) -> bool {
        if action.case_key() != key_of::<P>(&self.thunk, self.name) {
            return false;
        }
        let shown = action.event().downcast_ref::<Report<P, M>>().and_then(|report| {
            let meta = Arc::clone(&report.meta).into_any().downcast::<Meta<A, M>>().ok()?;
            Some(Progressed { meta, progress: Arc::clone(&report.progress) })
        });
        shown.map(|shown| then(&shown)).is_some()
    }
}

impl<A, P, M> Matcher for ProgressMatcher<A, P, M>
where
    A: Send + Sync + 'static,
    P: Send + Sync + 'static,
    M: Send + Sync + 'static,
{
    type Event = Progressed<A, P, M>;
}

impl<A, T, E, X, M> AsyncThunk<A, T, E, X, M> {
    /// The matcher of what the bodies of this thunk [report](ThunkApi::report) of one kind. It is for
    /// [`Slice::on_any`](crate::Slice::on_any).
    #[must_use]
    pub fn progress<P>(&self, kind: &Progress<P>) -> ProgressMatcher<A, P, M> {
        ProgressMatcher { thunk: self.refers().clone(), name: kind.name, event: PhantomData }
    }
}

impl<X, M> ThunkApi<X, M>
where
    X: Send + Sync + 'static,
    M: Send + Sync + 'static,
{
    /// Tells progress: slices with a reducer for it ([`AsyncThunk::progress`]) have changed when this returns, unless the thunk
    /// tells it [at most every so often](AsyncThunk::progress_every). When the run is over, it is dropped.
    ///
    /// # Panics
    ///
    /// If a reducer panics; if a slice that has one is torn; inside a lease.
    #[track_caller]
    pub fn report<P: Send + Sync + 'static>(&self, kind: &Progress<P>, progress: P) {
        let report = Report {
            thunk: self.meta.thunk().clone(),
            name: kind.name,
            run: self.request_id(),
            meta: Arc::clone(&self.meta),
            progress: Arc::new(progress),
        };
        let shared = Arc::clone(&self.shared);
        match &self.reports {
            None => tell(self.context(), &shared, report),
            Some(reports) => {
                let key = sealed::AnyAction::case_key(&report);
                reports.put(key, Box::new(move |cx| tell(cx, &shared, report)));
                reports.tell_if_due(self.context());
            }
        }
    }
}

/// Dispatches a report, if the run is not over.
#[track_caller]
fn tell<X, V>(cx: &RunContext, shared: &Arc<Shared<X>>, report: V)
where
    X: Send + Sync + 'static,
    V: AnyAction,
{
    match in_run(report, cx, shared) {
        Ok(()) | Err(DispatchError::RunSettled { .. } | DispatchError::StoreDropped(_)) => {}
        Err(error) => panic!("{error}"),
    }
}

/// What waits to be told of one run.
pub(super) struct Reports {
    /// The store's clock.
    clock: Arc<dyn Clock>,
    /// How often something is told at most.
    every: Duration,
    /// What waits, and when something was told.
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    told: Option<Duration>,
    reports: Vec<(CaseKey, Told)>,
}

/// Tells one report.
type Told = Box<dyn FnOnce(&RunContext) + Send>;

impl Reports {
    pub(super) fn new(clock: Arc<dyn Clock>, every: Duration) -> Arc<Self> {
        Arc::new(Self { clock, every, waiting: Mutex::default() })
    }

    fn change<R>(&self, change: impl FnOnce(&mut Waiting) -> R) -> R {
        change(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Has a report wait in the place of the one of its kind that waits.
    fn put(&self, key: CaseKey, report: Told) {
        let old = self.change(|waiting| {
            match waiting.reports.iter_mut().find(|(other, _)| *other == key) {
                Some((_, place)) => Some(std::mem::replace(place, report)),
                None => {
                    waiting.reports.push((key, report));
                    None
                }
            }
        });
        // It is the user's, so not under the lock.
        drop(old);
    }

    /// When what waits is to be told, if anything waits.
    fn due(&self) -> Option<Duration> {
        self.change(|waiting| {
            let told = waiting.told.map_or(Duration::ZERO, |told| told.saturating_add(self.every));
            (!waiting.reports.is_empty()).then_some(told)
        })
    }

    fn tell_if_due(&self, cx: &RunContext) {
        if self.due().is_some_and(|due| due <= self.clock.now()) {
            self.tell_all(cx);
        }
    }

    fn tell_all(&self, cx: &RunContext) {
        let now = self.clock.now();
        let reports = self.change(|waiting| {
            if !waiting.reports.is_empty() {
                waiting.told = Some(now);
            }
            std::mem::take(&mut waiting.reports)
        });
        for (_, report) in reports {
            report(cx);
        }
    }

    /// `body`, and what waits between its polls: told when it is time, and at its end.
    pub(super) async fn along<F: Future>(self: Arc<Self>, cx: RunContext, body: F) -> F::Output {
        let mut body = pin!(body);
        let mut timer: Option<(Duration, Sleep)> = None;
        let mut polled = false;
        poll_fn(move |context| {
            if let Poll::Ready(done) = body.as_mut().poll(context) {
                self.tell_all(&cx);
                return Poll::Ready(done);
            }
            // As with all times, no timer in the first poll: it is repeated at once, by the run's task.
            if !std::mem::replace(&mut polled, true) {
                if self.due().is_some() {
                    context.waker().wake_by_ref();
                }
                return Poll::Pending;
            }
            while let Some(due) = self.due() {
                if timer.as_ref().is_none_or(|(until, _)| *until != due) {
                    timer = Some((due, self.clock.sleep_until(due)));
                }
                let Some((_, sleep)) = &mut timer else { break };
                if sleep.as_mut().poll(context).is_pending() {
                    break;
                }
                timer = None;
                self.tell_all(&cx);
            }
            Poll::Pending
        })
        .await
    }
}

impl<P> Clone for Progress<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Progress<P> {}

impl<P> fmt::Debug for Progress<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Progress<{}>({:?})", type_name::<P>(), self.name)
    }
}

impl<A, P, M> fmt::Debug for Progressed<A, P, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Progressed").field(&self.meta).finish()
    }
}

impl<A, P, M> Clone for ProgressMatcher<A, P, M> {
    fn clone(&self) -> Self {
        Self { thunk: self.thunk.clone(), name: self.name, event: PhantomData }
    }
}

impl<A, P, M> fmt::Debug for ProgressMatcher<A, P, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProgressMatcher({}/{})", self.thunk.name, self.name)
    }
}
