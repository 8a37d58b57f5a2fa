//! Portal in a terminal: the same app, used by hand.
//!
//! | step | file |
//! |---|---|
//! | a key says what is to be done | `keys.rs` |
//! | a command is done to the portal | `command.rs` |
//! | what the portal shows comes back through a [`Watch`](trine_core::Watch), what happened in its store through the event feed | `feed.rs` |
//! | both are drawn, at most sixty times a second, however often they change | `draw.rs`, `screen.rs` |

mod command;
mod draw;
mod feed;
mod keys;
mod screen;

use std::io::{self, IsTerminal};
use std::time::Duration;

use crossterm::event::{Event, EventStream, KeyEventKind};
use futures_util::StreamExt;
use ratatui::DefaultTerminal;
use tokio::time::{MissedTickBehavior, interval};

pub use self::command::Command;
pub use self::draw::draw;
pub use self::feed::Feed;
pub use self::keys::press;
pub use self::screen::{Mode, Screen};
use crate::client::Client;
use crate::portal::{Model, Portal, Setup};
use crate::recorder::Recorder;
use crate::service::Service;
use crate::view::View;

/// Between two drawings: sixty a second.
const FRAME: Duration = Duration::from_millis(16);
/// Between two steps of the spinner.
const SPIN: Duration = Duration::from_millis(80);

/// Why the terminal app cannot run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TuiError {
    /// Standard input or output is a file or a pipe.
    #[error(
        "the terminal app needs a terminal; without one, leave `tui` out to compare the models"
    )]
    NoTerminal,
    /// The model has no watch to draw from.
    #[error("the model {0} cannot be watched: choose atoms, thunks or tao")]
    NoWatch(&'static str),
    /// The terminal has refused.
    #[error("the terminal failed: {0}")]
    Terminal(#[from] io::Error),
}

/// Runs the app in `model` against `service` until the user quits, the terminal goes away, or the process is told to stop.
///
/// The terminal is as it was before when this returns, also with an error, and when something panics.
///
/// # Errors
/// [`TuiError`].
pub async fn run(model: Model, service: &Service) -> Result<(), TuiError> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(TuiError::NoTerminal);
    }
    let store = trine_core::Store::new();
    let (feed, observer) = Feed::of(&store);
    let setup =
        Setup { client: Client::new(service.address()), recorder: Recorder::start(), store };
    let portal = (model.build)(setup);
    let screen = Screen::new(model.name, feed);
    // Before the terminal is changed: whoever ends the program from here on gets it back as it was.
    let stop = told_to_stop();
    // Also installs a hook that gives the terminal back before a panic is printed.
    let mut terminal = ratatui::try_init()?;
    let ended = watch(&mut terminal, portal.as_ref(), screen, model, stop).await;
    ratatui::restore();
    drop(observer);
    ended
}

async fn watch(
    terminal: &mut DefaultTerminal,
    portal: &dyn Portal,
    mut screen: Screen,
    model: Model,
    stop: impl Future<Output = ()>,
) -> Result<(), TuiError> {
    let mut shown = portal.watch().ok_or(TuiError::NoWatch(model.name))?;
    let mut view = shown.borrow().clone();
    let (mut keys, mut stop) = (EventStream::new(), std::pin::pin!(stop));
    let mut frames = interval(FRAME);
    let mut spins = interval(SPIN);
    frames.set_missed_tick_behavior(MissedTickBehavior::Delay);
    spins.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stale = true;
    Command::LogIn.apply(portal);
    loop {
        tokio::select! {
            _ = frames.tick(), if stale => {
                terminal.draw(|frame| draw(frame, &screen, &view))?;
                stale = false;
            }
            Ok(()) = shown.changed() => {
                view = shown.borrow().clone();
                screen.follow(&view);
                stale = true;
            }
            _ = spins.tick(), if View::is_busy(&view) => {
                screen.spin();
                stale = true;
            }
            () = screen.feed.changed() => stale = true,
            event = keys.next() => match event {
                Some(Ok(Event::Key(key))) if key.kind != KeyEventKind::Release => {
                    for command in press(&mut screen, &view, key) {
                        if command == Command::Quit {
                            return Ok(());
                        }
                        command.apply(portal);
                    }
                    stale = true;
                }
                Some(Ok(_)) => stale = true,
                Some(Err(error)) => return Err(error.into()),
                // The terminal is gone.
                None => return Ok(()),
            },
            () = &mut stop => return Ok(()),
        }
    }
}

/// Ctrl-C is a key here; from outside it comes as a signal, as do the other ways to end a program. They are listened to from the
/// call on, not from the first poll.
#[cfg(unix)]
fn told_to_stop() -> impl Future<Output = ()> {
    use std::{future::poll_fn, task::Poll};
    use tokio::signal::unix::{SignalKind, signal};

    let kinds = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()];
    let mut signals: Vec<_> = kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect();
    poll_fn(move |cx| {
        // All are polled, so that any of them wakes.
        let told = signals.iter_mut().map(|signal| signal.poll_recv(cx).is_ready());
        if told.fold(false, |any, one| any | one) { Poll::Ready(()) } else { Poll::Pending }
    })
}

/// Ctrl-C is a key here; from outside it comes as a signal.
#[cfg(not(unix))]
async fn told_to_stop() {
    drop(tokio::signal::ctrl_c().await);
}
