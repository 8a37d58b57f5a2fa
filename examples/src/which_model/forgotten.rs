//! What happens in each model when something was forgotten: small programs that forget it, and tell what came of it.
//!
//! Each is played on an executor that is driven by hand, with answers that come when the program says so; so it ends the
//! same way each time.

mod atoms;
mod by_hand;
mod tao;
mod thunks;

use std::collections::HashMap;
use std::fmt::{self, Debug};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use tokio::sync::oneshot;

/// The thread on which the programs are played. What panics there was meant to.
pub const FORGETFUL_THREAD: &str = "portal: what was forgotten";

/// Something that is easily forgotten, and what came of it.
#[derive(Clone, Debug)]
pub(super) struct Forgotten {
    /// What the program does, and what it does not.
    pub(super) story: &'static str,
    /// What came of it, in the order of the columns.
    pub(super) ends: [End; 4],
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// What is shown.
    pub(super) shown: String,
    /// Whether that is right.
    pub(super) right: bool,
    /// Who was told of it.
    pub(super) told: String,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shown, right, told } = self;
        write!(f, "{} `{shown}`; {told}", if *right { "right:" } else { "**wrong:**" })
    }
}

impl End {
    fn new<T: Debug + PartialEq>(shown: T, right: T, told: impl Into<String>) -> Self {
        Self { shown: format!("{shown:?}"), right: shown == right, told: told.into() }
    }
}

const OVERTAKEN: &str = "Two searches, `an` and `anna`. The answer for `an` comes last, and nobody has said `latest`, kept \
                         the cascade, or counted generations.";
const LOST: &str =
    "Two tasks read a number, wait, and write it back with one more. It began with 0.";
const PANICKED: &str = "A flag says that something is loading. The code puts it back for an answer and for an error, and \
                        panics instead.";
const ANSWERED_BACK: &str = "A subscriber of a number sets it to 2 when it hears of 1.";

/// Plays a story in one model.
type Play = fn() -> End;

/// Plays them all, on a thread of their own.
#[must_use]
pub(super) fn forgotten() -> Vec<Forgotten> {
    let play = || {
        let stories: [(&str, [Play; 4]); 4] = [
            (OVERTAKEN, [atoms::overtaken, thunks::overtaken, tao::overtaken, by_hand::overtaken]),
            (LOST, [atoms::lost, thunks::lost, tao::lost, by_hand::lost]),
            (PANICKED, [atoms::panicked, thunks::panicked, tao::panicked, by_hand::panicked]),
            (
                ANSWERED_BACK,
                [
                    atoms::answered_back,
                    thunks::answered_back,
                    tao::answered_back,
                    by_hand::answered_back,
                ],
            ),
        ];
        stories.map(|(story, plays)| Forgotten { story, ends: plays.map(|play| play()) }).to_vec()
    };
    let thread = thread::Builder::new().name(FORGETFUL_THREAD.to_owned()).spawn(play);
    let played = thread.map(thread::JoinHandle::join);
    played.expect("a thread can be had").expect("what panics is caught where it is played")
}

/// A service whose answers come when it is told to give them. Clones are the same.
#[derive(Clone, Default)]
struct Desk {
    asked: Arc<Mutex<HashMap<&'static str, oneshot::Sender<()>>>>,
}

impl Desk {
    /// The answer is the question.
    async fn ask(&self, question: &'static str) -> &'static str {
        let (answer, answered) = oneshot::channel();
        self.lock().insert(question, answer);
        let _ = answered.await;
        question
    }

    fn answer(&self, question: &'static str) {
        let asked = self.lock().remove(question).expect("it was asked");
        let _ = asked.send(());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<&'static str, oneshot::Sender<()>>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name of a variant.
fn name_of(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_of_it_is_the_same_each_time() {
        let ends = || forgotten().into_iter().map(|forgotten| forgotten.ends).collect::<Vec<_>>();
        assert_eq!(ends(), ends());
    }

    #[test]
    fn what_a_model_guards_against_ends_well_there_and_nowhere_by_hand() {
        let right: Vec<_> =
            forgotten().iter().map(|one| one.ends.clone().map(|end| end.right)).collect();
        assert_eq!(
            right,
            [
                [true, false, false, false],
                [false, false, false, false],
                [true, true, false, false],
                [true, true, true, false],
            ]
        );
    }
}
