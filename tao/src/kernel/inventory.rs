//! What there is to know of the handlers of a kernel: who handles what, and who may emit it.

use super::Kernel;
use crate::{
    handler::{HandlerId, Outputs, Phase},
    pattern::Pattern,
    trigram::Trigram,
};

/// A registered handler, as [`Kernel::handlers`] tells of it.
#[derive(Debug, Clone)]
pub struct HandlerInfo {
    /// Who it is.
    id: HandlerId,
    /// What it listens to.
    pattern: Pattern,
    /// What it may chain to.
    outputs: Outputs,
    /// Whether it is part of an adapter.
    is_adapter: bool,
}

impl HandlerInfo {
    pub(crate) fn new(id: HandlerId, pattern: Pattern, outputs: Outputs) -> Self {
        Self { id, pattern, outputs, is_adapter: false }
    }

    pub(crate) fn of_adapter(self) -> Self {
        Self { is_adapter: true, ..self }
    }

    /// Whether it is part of an adapter: a bridge, a duplex, a joiner and the like.
    #[must_use]
    pub fn is_adapter(&self) -> bool {
        self.is_adapter
    }

    /// Its identity: phase and place in the source.
    #[must_use]
    pub fn id(&self) -> HandlerId {
        self.id
    }

    /// What it listens to.
    #[must_use]
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// What it may chain or redirect to, as far as the type of its answer tells.
    #[must_use]
    pub fn outputs(&self) -> &Outputs {
        &self.outputs
    }
}

impl Kernel {
    /// All handlers, in the order of registration.
    #[must_use]
    pub fn handlers(&self) -> Vec<HandlerInfo> {
        self.core.table.read().registered().cloned().collect()
    }

    /// What handles this signal now, in the order of registration.
    ///
    /// ```
    /// use trine_tao::{AppCtx, Kernel, Phase, Store, Trigram};
    ///
    /// let tao = Kernel::new(&Store::new());
    /// let _gate = tao.on_intercept(("*", "*", "Admin"), |_| trine_tao::Verdict::Pass);
    /// let _find = tao.on_inline((["User", "Space"], "Find", "*"), |_| ());
    ///
    /// let found = tao.handlers_of(&Trigram::new("User", "Find", "Admin")?);
    /// let phases: Vec<_> = found.iter().map(|handler| handler.id().phase()).collect();
    /// assert_eq!(phases, [Phase::Intercept, Phase::Inline]);
    /// assert_eq!(found[1].pattern().to_string(), "{Space|User,Find,*}");
    /// # Ok::<_, trine_tao::NotConcrete>(())
    /// ```
    #[must_use]
    pub fn handlers_of(&self, signal: &Trigram) -> Vec<HandlerInfo> {
        self.filtered(|handler| handler.pattern.matches(signal))
    }

    /// Who declares that it may chain to this signal, in the order of registration.
    ///
    /// Handlers that answer an [`AppCtx`](crate::AppCtx) declare nothing, and are not among them:
    /// [`Outputs::declared`] tells who they are.
    #[must_use]
    pub fn emitters_of(&self, signal: &Trigram) -> Vec<HandlerInfo> {
        self.filtered(|handler| {
            handler.outputs.declared().is_some_and(|signals| signals.contains(signal))
        })
    }

    /// The pairs of intercepts that may both want to redirect one signal: their patterns overlap, and neither says in its type that it
    /// [never redirects](crate::typed::Gate). Which of them has its way is [declared](crate::Verdict), but seldom meant.
    #[must_use]
    pub fn competing_redirects(&self) -> Vec<(HandlerInfo, HandlerInfo)> {
        let may_redirect = |handler: &HandlerInfo| {
            handler.id.phase() == Phase::Intercept
                && !handler.is_adapter
                && handler.outputs.declared() != Some(&[])
        };
        let redirecting = self.filtered(may_redirect);
        let pairs = redirecting.iter().enumerate().flat_map(|(place, one)| {
            let later = redirecting[place + 1..].iter();
            later.filter(|two| one.pattern.overlaps(&two.pattern)).map(move |two| (one, two))
        });
        pairs.map(|(one, two)| (one.clone(), two.clone())).collect()
    }

    fn filtered(&self, keep: impl Fn(&HandlerInfo) -> bool) -> Vec<HandlerInfo> {
        self.core.table.read().registered().filter(|handler| keep(handler)).cloned().collect()
    }
}
