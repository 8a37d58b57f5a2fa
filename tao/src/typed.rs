//! Typed trigrams: one marker type for each part, beside the string ones.
//!
//! The vocabulary of an app is declared once. Then a misspelt part, an action in the place of a term, a datum of the
//! wrong type and a chained signal that was not declared are errors of the compiler.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! use trine_tao::{BoxError, Kernel, Store, typed::{OneOf, Signal, emit, signal, trigram}};
//!
//! #[derive(Debug, PartialEq)]
//! pub struct Login { user: u32 }
//!
//! trine_tao::parts! {
//!     pub term Session(Login), App;       // the term slot of every {Session,_,_} is for a `Login`
//!     pub action Find(String), Create, Enter;
//!     pub orient Portal;
//! }
//!
//! type Found = OneOf<(Signal<Session, Enter, Portal>, Signal<Session, Create, Portal>)>;
//!
//! # async fn ask(token: &str) -> Result<Option<Login>, std::io::Error> { Ok(Some(Login { user: token.len() as u32 })) }
//! async fn find_session(cx: Signal<Session, Find, Portal>) -> Result<Found, BoxError> {
//!     Ok(match ask(cx.action_datum()?).await? {
//!         Some(login) => emit(signal(Session, Enter, Portal).term(login)),
//!         None => emit(signal(Session, Create, Portal)), // any other signal would not compile
//!     })
//! }
//!
//! let tao = Kernel::new(&Store::new());
//! let _find = tao.on_inline(trigram(Session, Find, Portal), find_session);
//! let _enter = tao.on_inline(trigram(Session, Enter, Portal), |cx| {
//!     assert_eq!(cx.term_datum()?, &Login { user: 3 });
//!     Ok(())
//! });
//! // Markers are names wherever a name is wanted.
//! let _gate = tao.on_intercept(("*", Find, Portal), |_| trine_tao::Verdict::Pass);
//!
//! tao.set(signal(Session, Find, Portal).action("abc".into())).settled().await;
//!
//! // The kernel knows what leads where.
//! let emitters = tao.emitters_of(&trigram(Session, Create, Portal).name());
//! assert_eq!(emitters[0].outputs().to_string(), "{Session,Create,Portal}, {Session,Enter,Portal}");
//! # });
//! ```
//!
//! An intercept that says what it may redirect to answers a [`Gate`].

mod gate;
mod listen;
mod one_of;
mod parts;
mod signal;

pub use gate::Gate;
pub use listen::Listen;
pub use one_of::{At, Lists, Named, OneOf, OutputList, emit};
pub use parts::{Action, Orient, Term};
pub use signal::{OtherSignal, Signal, TypedTrigram, signal, trigram};

#[doc(hidden)]
pub use parts::name;
