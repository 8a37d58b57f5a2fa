//! What a request and the cascades that it waits for share.
//!
//! Every line of execution that may still lead to an answer is counted by an [`Attendance`]: the lines of the cascade that was set, and of
//! those that bridges have carried it to. The count reaches zero when nothing can answer any more, unless the signal has left
//! the process over a link: then the link's end, or the request's time, is what ends it.
//!
//! Whoever brings the end first, decides it, under the lock; later ones find it decided. Wakers and contexts are user code: they are
//! dropped and woken outside.

use super::error::RequestErrorKind;
use crate::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use crate::{
    adapter::Filter,
    cascade::{CascadeId, Conclusion},
    channel::Circle,
    context::AppCtx,
    error::CascadeError,
    handler::contain,
    kernel::Core,
    observe::Place,
    sync::Mutex,
};
use std::{
    panic::Location,
    sync::{Arc, Weak},
    task::{Context, Poll, Waker},
    time::Duration,
};
use trine_core::Failure;

/// What a request and the cascades that it waits for share.
pub(crate) struct Ask {
    /// The kernel in which the answer is to be dispatched.
    core: Weak<Core>,
    /// The channel whose handlers are to hear it, if the request was made on one.
    circle: Option<Weak<Circle>>,
    /// What is asked, and where: for the error.
    pub(super) signal: AppCtx,
    pub(super) asked: &'static Location<'static>,
    /// What answers.
    pub(super) responses: Filter,
    /// Whether it has ended. Only a hint, that spares a look into the state: `Relaxed`.
    ended: AtomicBool,
    /// The cascade of the signal that was set; 0 until it is. `Relaxed`, since it is set before anything is dispatched in that
    /// cascade, and others do not look at more than whether they are it.
    cascade: AtomicU64,
    /// How many lines may still lead to an answer. `AcqRel`, so that the last one finds what the others have noted.
    lines: AtomicUsize,
    state: Mutex<State>,
    /// What it is called when it is sent over links.
    #[cfg(feature = "wire")]
    number: std::sync::OnceLock<u64>,
}

/// How a request has ended.
pub(super) type End = Result<AppCtx, RequestErrorKind>;

#[derive(Default)]
struct State {
    /// How it has ended.
    end: Option<End>,
    /// What went wrong first.
    trouble: Option<RequestErrorKind>,
    /// How many links it was sent over that are still there.
    abroad: usize,
    /// Who waits.
    waker: Option<Waker>,
}

/// A line of execution that may lead to an answer.
pub(crate) struct Attendance(Arc<Ask>);

impl Ask {
    pub(super) fn new(
        place: super::Place<'_>,
        signal: AppCtx,
        asked: &'static Location<'static>,
        responses: Filter,
    ) -> Arc<Self> {
        Arc::new(Self {
            core: Arc::downgrade(place.kernel().core()),
            circle: place.circle().map(Arc::downgrade),
            signal,
            asked,
            responses,
            ended: AtomicBool::new(false),
            cascade: AtomicU64::new(0),
            lines: AtomicUsize::new(0),
            state: Mutex::default(),
            #[cfg(feature = "wire")]
            number: std::sync::OnceLock::new(),
        })
    }

    /// Whether what is dispatched at this place may answer: it is where the request was made.
    fn is_heard_at(&self, core: &Arc<Core>, place: &Place) -> bool {
        let own = match (&self.circle, &place.audience) {
            (None, None) => true,
            (Some(own), Some(circle)) => std::ptr::eq(own.as_ptr(), Arc::as_ptr(circle)),
            _ => false,
        };
        own && std::ptr::eq(self.core.as_ptr(), Arc::as_ptr(core))
    }

    /// Whether this is the dispatch of the signal that was set.
    fn is_question(&self, core: &Arc<Core>, place: &Place) -> bool {
        place.is_entry()
            && place.cascade.get() == self.cascade.load(Ordering::Relaxed)
            && std::ptr::eq(self.core.as_ptr(), Arc::as_ptr(core))
    }

    /// Hears what the intercepts of a dispatch have decided.
    pub(crate) fn concluded(&self, core: &Arc<Core>, place: &Place, conclusion: &Conclusion) {
        match conclusion {
            Conclusion::Proceeded => {
                if !self.ended.load(Ordering::Relaxed)
                    && self.is_heard_at(core, place)
                    && !self.is_question(core, place)
                    && self.responses.names(&place.context)
                    && self.responses.condition_holds(&place.context)
                {
                    self.end(Ok(place.context.clone()));
                }
            }
            Conclusion::Halted { reason, by } => {
                let signal = place.context.trigram().clone();
                let halted = RequestErrorKind::Halted { signal, reason: reason.clone(), by: *by };
                if self.is_question(core, place) && self.circle.is_none() {
                    self.end(Err(halted));
                } else {
                    self.note(halted);
                }
            }
            Conclusion::Failed(error) => self.failed(CascadeError::clone(error)),
            Conclusion::Redirected { .. } => {}
        }
    }

    /// Notes something that went wrong; it is the error if nobody answers.
    pub(crate) fn failed(&self, error: CascadeError) {
        self.note(RequestErrorKind::Failed(error));
    }

    fn note(&self, trouble: RequestErrorKind) {
        let mut state = self.state.lock();
        if state.trouble.is_none() {
            state.trouble = Some(trouble);
            return;
        }
        drop(state);
        drop(trouble);
    }

    /// Ends the request, unless it has ended; returns whether it had not.
    fn end(&self, end: End) -> bool {
        let waker = {
            let mut state = self.state.lock();
            if state.end.is_some() {
                drop(state);
                drop(end);
                return false;
            }
            self.ended.store(true, Ordering::Relaxed);
            state.end = Some(end);
            state.waker.take()
        };
        if let Some(waker) = waker {
            // A waker belongs to a runtime, which reports its own panics.
            let _ = contain(|| waker.wake());
        }
        true
    }

    /// Ends it because its time is up.
    pub(super) fn time_out(&self, after: Duration) -> bool {
        self.end(Err(RequestErrorKind::TimedOut { after }))
    }

    /// Ends it because its time cannot be told.
    pub(super) fn not_timed(&self, failure: Failure) {
        self.end(Err(RequestErrorKind::NotTimed(failure)));
    }

    /// Ends it because nobody wants the answer any more; returns whether there was none.
    pub(super) fn give_up(&self) -> bool {
        self.end(Err(RequestErrorKind::Unanswered))
    }

    /// Nothing is left that could answer.
    fn at_rest(&self) {
        if self.ended.load(Ordering::Relaxed) {
            return;
        }
        let trouble = {
            let mut state = self.state.lock();
            if state.abroad > 0 || state.end.is_some() {
                return;
            }
            state.trouble.take()
        };
        self.end(Err(trouble.unwrap_or(RequestErrorKind::Unanswered)));
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.state.lock().end.is_some()
    }

    /// How it has ended, if it has.
    pub(super) fn ending(&self) -> Option<End> {
        self.state.lock().end.clone()
    }

    pub(super) fn poll(&self, cx: &Context<'_>) -> Poll<End> {
        if let Some(end) = self.ending() {
            return Poll::Ready(end);
        }
        // Wakers are user code: cloned before the lock, dropped after it.
        let waker = cx.waker().clone();
        let _old = {
            let mut state = self.state.lock();
            match &state.end {
                Some(end) => return Poll::Ready(end.clone()),
                None => state.waker.replace(waker),
            }
        };
        Poll::Pending
    }
}

#[cfg(feature = "wire")]
impl Ask {
    /// What it is called when it is sent over a link; `next` draws a number for the first time.
    pub(crate) fn number(&self, next: impl FnOnce() -> u64) -> u64 {
        *self.number.get_or_init(next)
    }

    /// The channel that it was made on, if it was, and that is still there.
    pub(crate) fn circle(&self) -> Option<Arc<Circle>> {
        self.circle.as_ref()?.upgrade()
    }

    /// It is sent over a link, which may bring the answer.
    pub(crate) fn goes_abroad(&self) {
        self.state.lock().abroad += 1;
    }

    /// A link that it was sent over is gone.
    pub(crate) fn lost(&self, link: &trine_core::Text) {
        let last = {
            let mut state = self.state.lock();
            state.abroad -= 1;
            state.abroad == 0
        };
        self.note(RequestErrorKind::Disconnected { link: link.clone() });
        if last && self.lines.load(Ordering::Acquire) == 0 {
            self.at_rest();
        }
    }
}

#[cfg(feature = "wire")]
impl Drop for Ask {
    fn drop(&mut self) {
        if let (Some(number), Some(core)) = (self.number.get(), self.core.upgrade()) {
            core.departures().forget(*number);
        }
    }
}

impl Attendance {
    /// The first line of a cascade of the kernel.
    pub(crate) fn enter(ask: Arc<Ask>, core: &Arc<Core>, cascade: CascadeId) -> Self {
        ask.lines.fetch_add(1, Ordering::Relaxed);
        let own = std::ptr::eq(ask.core.as_ptr(), Arc::as_ptr(core));
        if own && ask.cascade.load(Ordering::Relaxed) == 0 {
            ask.cascade.store(cascade.get(), Ordering::Relaxed);
        }
        Self(ask)
    }

    pub(crate) fn ask(&self) -> &Arc<Ask> {
        &self.0
    }
}

impl Clone for Attendance {
    fn clone(&self) -> Self {
        self.0.lines.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(&self.0))
    }
}

impl Drop for Attendance {
    fn drop(&mut self) {
        if self.0.lines.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.at_rest();
        }
    }
}
