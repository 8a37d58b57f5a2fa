//! The wire: signals to and from other processes.
//!
//! A [`Border`] says what may go over: which signals in which direction, how their data look, how large and how
//! far-travelled a message may be. A [`Transport`] moves messages. [`Border::link`] puts a kernel, or a channel of one, at the end of
//! a transport.
//!
//! ```
//! # let store = trine_core::Store::new();
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! use serde::{Deserialize, Serialize};
//! use trine_tao::{AppCtx, JsonModel, Kernel, wire::{self, Border}};
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! struct User { name: String }
//!
//! // Both sides say what they let out, what they let in, and how data look in a message.
//! let model = JsonModel::new().term::<User>("User").action::<u32>("Find");
//! let (client, server) = (Kernel::new(&store), Kernel::new(&store));
//! let to_server = Border::new("server").outbound(("User", "Find", "Portal")).inbound(("User", "*", "Portal")).model(&model);
//! let to_client = Border::new("client").outbound(("User", "*", "Portal")).inbound(("User", "Find", "Portal")).model(&model);
//!
//! let (here, there) = wire::memory(); // or `wire::tcp`
//! let connection = server.channel("client 1"); // it is sent what its own signals have led to
//! let (_here, _there) = (to_server.link(&client, here), to_client.link(&connection, there));
//!
//! let _find = server.on_inline(("User", "Find", "Portal"), |cx| {
//!     Ok(AppCtx::new("User", "Enter", "Portal").term(User { name: format!("user {}", cx.action_datum::<u32>()?) }))
//! });
//! let find = AppCtx::new("User", "Find", "Portal").action(7_u32);
//! let answer = client.request(find).expect(("User", "Enter", "Portal")).await?;
//! assert_eq!(answer.term_datum::<User>().unwrap().name, "user 7");
//! # Ok::<_, trine_tao::RequestError>(()) }).unwrap();
//! ```
//!
//! # What crosses, and what comes of it
//!
//! On its way out, a signal has passed the intercepts and matches the border's outbound filter; everything else stays. On its way in it
//! must match the inbound filter, and is set: it faces all intercepts. What came in over a link is not sent back over it,
//! what it leads to is. A signal visits no kernel twice, however the kernels are linked, and
//! after a [number of crossings](Border::max_crossings) what follows from it goes no further.
//!
//! [Requests](crate::Request) are answered over links as they are over bridges: the answer finds the
//! request by a number that only the link which it was sent over may use. If the link ends first, the request ends as
//! [`Disconnected`](crate::RequestErrorKind::Disconnected).
//!
//! # What a peer can do
//!
//! Nothing that it sends panics or blocks this process, and nothing grows with what it sends beyond the stated bounds.
//!
//! | it sends | what happens | the connection |
//! |---|---|---|
//! | a message that is not JSON, or not of the known form | [`Refusal::Malformed`] | goes on |
//! | an envelope of another version | [`Refusal::UnknownVersion`]: what is in it about loops cannot be read | goes on |
//! | a wild signal, or one with an empty part | [`Refusal::NotConcrete`] | goes on |
//! | a signal that the inbound filter does not match | [`Refusal::NotAllowed`] | goes on |
//! | one that has crossed too often | [`Refusal::TooFar`] | goes on |
//! | data that do not fit the model | [`Refusal::BadData`] | goes on |
//! | a signal that has been here | it is ignored | goes on |
//! | many refused messages in a row | [`LinkEnd::Refusals`] | ends: see [`Border::max_refusals`] |
//! | a message larger than allowed | [`TransportError::TooLarge`], before it is read | ends |
//! | more than can be handled | it is read no further until earlier cascades have settled: see [`Border::max_in_flight`] | waits |
//! | nothing at all, or half a message | nothing, or [`TransportError::Truncated`] when it ends | stays, or ends |
//!
//! What cannot be sent (data that the model knows nothing of, a full queue, a signal that has crossed too often) is a
//! [`SendError`] of the link's handler, observed like that of any handler.
//!
//! # The form of a message
//!
//! `{"tao":{"t","a","o"},"data":{..},"envelope":{"v":1,"chain":{..}}}`, as tao.js sends it: `data` is what the
//! [`JsonModel`](crate::JsonModel) makes of the slots, `chain` the signal's [`Chain`](crate::Chain). What Trine keeps in the chain is
//! under `trine`: the identity of the signal, the nodes that have seen it, the number of crossings, the request that it is for.
//! Differs from tao.js, which ignores an envelope of a version that it does not know: here the message is refused.

mod border;
mod departures;
mod link;
mod memory;
mod message;
mod outbox;
mod refusal;
mod repeats;
#[cfg(feature = "tcp")]
pub mod tcp;
mod transport;

pub use border::Border;
pub use link::{Link, LinkEnd, LinkEnded, LinkEvent, LinkWhat};
pub use memory::{MemoryInbound, MemoryOutbound, MemoryTransport, memory};
pub use message::fuzz_decode;
pub use refusal::{Refusal, SendError};
pub use transport::{Inbound, Outbound, Transport, TransportError};

pub(crate) use departures::Departures;
