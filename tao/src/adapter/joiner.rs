//! Several signals awaited, one chained.

use crate::{
    adapter::{AdapterGuard, Filter},
    context::AppCtx,
    handler::{Contexts, Phase, Response},
    pattern::Pattern,
    surface::Surface,
    sync::Mutex,
};

/// A joiner that is to be made: it waits until a signal of each of its patterns was seen, then hands all of them to one handler.
///
/// ```
/// # let store = trine_core::Store::new();
/// use trine_tao::{AppCtx, Joiner, Kernel};
///
/// let tao = Kernel::new(&store);
/// let _join = Joiner::new(&tao, [("User", "Enter", "Portal"), ("Space", "List", "Portal")])
///     .all(|[user, spaces]| Ok(AppCtx::new("Portal", "View", "App").term(user.term_datum::<u32>()? + spaces.term_datum::<u32>()?)));
/// let _view = tao.on_inline(("Portal", "View", "App"), |cx| Ok(println!("{}", cx.term_datum::<u32>()?)));
///
/// tao.set(AppCtx::new("Space", "List", "Portal").term(2_u32));
/// tao.set(AppCtx::new("User", "Enter", "Portal").term(40_u32)); // prints "42"
/// ```
///
/// It does not matter in which order and in which cascades the signals come. On a [channel](crate::Channel) it joins what the channel
/// hears, so a join per client or per request is one on its channel. A signal that matches several patterns counts for each of
/// them. The signals have passed the intercepts.
///
/// The handler is an inline one of the signal that was the last to be missed: what it returns is chained in that cascade.
#[derive(Debug)]
#[must_use = "a joiner waits for nothing until `all` or `latest` is called"]
pub struct Joiner<const N: usize> {
    surface: Surface,
    patterns: [Pattern; N],
}

/// What was seen last of each pattern.
type Seen<const N: usize> = Mutex<[Option<AppCtx>; N]>;

impl<const N: usize> Joiner<N> {
    /// A joiner of these patterns.
    #[track_caller]
    pub fn new<P: Into<Pattern>>(surface: impl Into<Surface>, patterns: [P; N]) -> Self {
        Self { surface: surface.into(), patterns: patterns.map(Into::into) }
    }

    /// Calls `handler` once all were seen, then waits for all of them anew. Of several signals of one pattern, the last counts.
    #[track_caller]
    pub fn all<H, R, M>(self, handler: H) -> AdapterGuard
    where
        H: Fn([AppCtx; N]) -> R + Send + Sync + 'static,
        R: Response<Contexts, M>,
    {
        self.join(handler, |seen| seen.each_mut().map(Option::take))
    }

    /// Calls `handler` once all were seen, and from then on for each signal that comes, with the last ones of all patterns.
    #[track_caller]
    pub fn latest<H, R, M>(self, handler: H) -> AdapterGuard
    where
        H: Fn([AppCtx; N]) -> R + Send + Sync + 'static,
        R: Response<Contexts, M>,
    {
        self.join(handler, |seen| seen.clone())
    }

    #[track_caller]
    fn join<H, R, M>(
        self,
        handler: H,
        full: fn(&mut [Option<AppCtx>; N]) -> [Option<AppCtx>; N],
    ) -> AdapterGuard
    where
        H: Fn([AppCtx; N]) -> R + Send + Sync + 'static,
        R: Response<Contexts, M>,
    {
        let Self { surface, patterns } = self;
        let filter: Filter = patterns.iter().cloned().collect();
        let seen: Seen<N> = Mutex::new([const { None }; N]);
        surface.adapt_steps(Phase::Inline, &filter, &R::outputs(), move |place| {
            // Contexts are dropped outside of the lock, since their data are the user's.
            let mut old = [const { None }; N];
            let all = {
                let mut seen = seen.lock();
                for (slot, pattern) in patterns.iter().enumerate() {
                    if pattern.matches(place.context.trigram()) {
                        old[slot] = seen[slot].replace(place.context.clone());
                    }
                }
                if seen.iter().all(Option::is_some) { Some(full(&mut seen)) } else { None }
            };
            drop(old);
            match all {
                Some(all) => {
                    handler(all.map(|seen| seen.expect("all of them were seen"))).into_step()
                }
                None => Response::<Contexts, _>::into_step(()),
            }
        })
    }
}
