//! The same data under another name.

use crate::{
    context::AppCtx,
    handler::{BoxError, Verdict},
    kernel::{HandlerGuard, Kernel},
    pattern::{Part, Pattern},
    trigram::{Axis, Trigram},
};
use std::{error::Error, fmt, sync::Arc};
use trine_core::Text;

/// In the action slot of a signal that tells of a failure: what failed, and why. Made by [`AppCtx::failure`].
#[derive(Debug, Clone)]
pub struct Failed {
    /// The signal whose handling has failed.
    pub signal: Trigram,
    /// What the error says.
    pub reason: Text,
    /// The error.
    pub error: Arc<dyn Error + Send + Sync>,
}

impl AppCtx {
    /// The same data under the name that `to` makes of this one: a part that is wild there stays what it is.
    ///
    /// Slots move with their axis, so `{User,Find,Portal}` transferred to `("*", "Enter", "*")` is `{User,Enter,Portal}` with what
    /// was in the action slot in the action slot. What is to be different is set afterwards, as in
    /// `cx.transfer(("*", "Enter", "*")).term(user)`.
    ///
    /// # Panics
    ///
    /// If a part of `to` stands for several names.
    ///
    /// ```
    /// use trine_tao::{ANY, AppCtx};
    ///
    /// let found = AppCtx::new("User", "Find", "Portal").orient(7_u32).transfer((ANY, "Found", ANY));
    /// assert_eq!(found.to_string(), "{User,Found,Portal}");
    /// assert_eq!(found.orient_datum::<u32>(), Ok(&7));
    /// ```
    #[doc(alias = "transferToAppCtx")]
    #[must_use]
    #[track_caller]
    pub fn transfer(&self, to: impl Into<Pattern>) -> Self {
        let to = to.into();
        let mut names = self.trigram().parts().map(Text::clone);
        for (name, part) in names.iter_mut().zip(to.parts()) {
            match part {
                Part::Any => {}
                Part::Name(other) => *name = other.clone(),
                Part::OneOf(_) => {
                    panic!("{self} cannot be transferred to {to}, which has several names")
                }
            }
        }
        let [term, action, orient] = names;
        let named = Self::new(term, action, orient);
        [Axis::Term, Axis::Action, Axis::Orient]
            .into_iter()
            .fold(named, |context, slot| context.with_slot_of(slot, self))
    }

    /// A signal that tells that the handling of this one has failed: the same term and orient with their data, the given
    /// `action`, and [`Failed`] in the action slot.
    ///
    /// ```
    /// # let store = trine_core::Store::new();
    /// use trine_tao::{AppCtx, Failed, Kernel};
    ///
    /// let tao = Kernel::new(&store);
    /// let _find = tao.on_inline(("User", "Find", "Portal"), |cx| match "x".parse::<u32>() {
    ///     Ok(id) => cx.transfer(("*", "Enter", "*")).term(id),
    ///     Err(error) => cx.failure("Fail", error),
    /// });
    /// let _fail = tao.on_inline(("*", "Fail", "*"), |cx| {
    ///     let failed = cx.action_datum::<Failed>()?;
    ///     assert_eq!(failed.to_string(), "{User,Find,Portal} failed: invalid digit found in string");
    ///     Ok(())
    /// });
    /// # let cascade =
    /// tao.set(AppCtx::new("User", "Find", "Portal"));
    /// # assert!(cascade.is_settled());
    /// ```
    #[doc(alias = "transferError")]
    #[must_use]
    #[track_caller]
    pub fn failure(&self, action: impl Into<Text>, error: impl Into<BoxError>) -> Self {
        let error: Arc<dyn Error + Send + Sync> = error.into().into();
        let (signal, reason) = (self.trigram().clone(), Text::from(error.to_string()));
        let [term, _, orient] = self.trigram().parts().map(Text::clone);
        Self::new(term, action, orient)
            .with_slot_of(Axis::Term, self)
            .with_slot_of(Axis::Orient, self)
            .action(Failed { signal, reason, error })
    }
}

impl Kernel {
    /// Chains every signal that matches `from` in line to [its transfer](AppCtx::transfer) to `to`.
    ///
    /// ```
    /// # let store = trine_core::Store::new();
    /// use trine_tao::{AppCtx, Kernel};
    ///
    /// let tao = Kernel::new(&store);
    /// let _forward = tao.forward_inline(("User", "Stored", "Portal"), ("*", "View", "*"));
    /// let _view = tao.on_inline(("User", "View", "Portal"), |cx| Ok(println!("shows {}", cx.term_datum::<String>()?)));
    /// tao.set(AppCtx::new("User", "Stored", "Portal").term("Ada".to_owned())); // prints "shows Ada"
    /// ```
    #[track_caller]
    pub fn forward_inline(&self, from: impl Into<Pattern>, to: impl Into<Pattern>) -> HandlerGuard {
        let to = to.into();
        self.on_inline(from.into(), move |cx| cx.transfer(to.clone()))
    }

    /// Chains every signal that matches `from` out of band to [its transfer](AppCtx::transfer) to `to`.
    #[track_caller]
    pub fn forward_async(&self, from: impl Into<Pattern>, to: impl Into<Pattern>) -> HandlerGuard {
        let to = to.into();
        self.on_async(from.into(), move |cx| cx.transfer(to.clone()))
    }

    /// Redirects every signal that matches `from` to [its transfer](AppCtx::transfer) to `to`.
    #[track_caller]
    pub fn forward_intercept(
        &self,
        from: impl Into<Pattern>,
        to: impl Into<Pattern>,
    ) -> HandlerGuard {
        let to = to.into();
        self.on_intercept(from.into(), move |cx| Verdict::Redirect(cx.transfer(to.clone())))
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed: {}", self.signal, self.reason)
    }
}
