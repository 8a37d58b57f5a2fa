//! Messages: what is written into one, and what one must be to be read.
//!
//! A message comes from outside, so reading one trusts nothing: it is refused with the reason, never with a panic, and what it costs
//! is bounded by its size, which the transport bounds.

use super::refusal::Refusal;
use crate::{
    context::AppCtx,
    envelope::{Chain, ChainValue, DerivedId},
    handler::contain,
    journey::{Abroad, SignalId},
    json::JsonModel,
    trigram::Trigram,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use trine_core::Text;

/// The version of the envelope.
const VERSION: u64 = 1;

/// How many bytes a name may have: as large as no name is, so that no log is filled with one.
const NAME: usize = 256;

/// How many bytes an error says of what does not fit.
const REASON: usize = 512;

/// Where Trine keeps its own in the chain.
const OWN: &str = "trine";

/// A message whose envelope was read; its data were not yet.
#[derive(Debug)]
pub(super) struct Message {
    /// What it tells of.
    pub(super) signal: Trigram,
    /// The data, not yet read.
    data: Value,
    /// The signal's part of the envelope.
    pub(super) envelope: Envelope,
}

/// What accompanies a signal to another process.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Envelope {
    /// Where it has been. A peer that is no Trine does not say who the signal is.
    pub(super) abroad: Abroad,
    /// The values of the chain that are not Trine's, and the signal's derived id. A peer that knows nothing of such ids may hand on
    /// what is in a chain as it is, so the id crosses in Trine's own part.
    pub(super) chain: Chain,
}

impl Message {
    /// Reads a message, all but its data, which are read once it is known that it may come in.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let value: Value = serde_json::from_slice(bytes)
            .map_err(|error| Refusal::malformed(format!("it is not JSON: {error}")))?;
        let Value::Object(mut message) = value else {
            return Err(Refusal::malformed("it is no object"));
        };
        let envelope = Envelope::read(message.remove("envelope"))?;
        let signal = trigram(message.remove("tao"))?;
        let data = message.remove("data").unwrap_or_default();
        match message.keys().next() {
            None => Ok(Self { signal, data, envelope }),
            Some(key) => {
                Err(Refusal::malformed(format!("it has the unknown key `{}`", shown(key, NAME))))
            }
        }
    }

    /// The signal with its data, and what accompanies it.
    pub(super) fn open(self, model: &JsonModel) -> Result<(AppCtx, Envelope), Refusal> {
        let Self { signal, data, envelope } = self;
        // A user's `Deserialize` may panic.
        let context = match contain(|| model.decode(signal.clone(), data)) {
            Ok(context) => context.map_err(|error| error.to_string()),
            Err(panic) => Err(panic.to_string()),
        };
        match context {
            Ok(context) => Ok((context, envelope)),
            Err(reason) => {
                let reason = Text::from(shown(&reason, REASON).to_owned());
                Err(Refusal::BadData { signal, reason })
            }
        }
    }
}

/// Writes a message; the error says what cannot be written.
pub(super) fn encode(
    context: &AppCtx,
    model: &JsonModel,
    envelope: &Envelope,
) -> Result<Vec<u8>, Text> {
    let [t, a, o] = context.trigram().parts().map(|name| name.as_str());
    // A user's `Serialize` may panic.
    let data = contain(|| model.encode(context))?.map_err(|error| error.to_string())?;
    let message = json!({
        "tao": { "t": t, "a": a, "o": o },
        "data": data,
        "envelope": { "v": VERSION, "chain": envelope.write() },
    });
    Ok(message.to_string().into_bytes())
}

/// The name of the signal: short keys, as they are sent, or long ones.
fn trigram(value: Option<Value>) -> Result<Trigram, Refusal> {
    let Some(Value::Object(mut parts)) = value else {
        return Err(Refusal::malformed("it has no object `tao`"));
    };
    let mut part =
        |short: &str, long: &str| match parts.remove(short).or_else(|| parts.remove(long)) {
            Some(Value::String(name)) if name.len() > NAME => {
                let bytes = name.len();
                Err(Refusal::malformed(format!(
                    "the {long} has {bytes} bytes, where {NAME} are allowed"
                )))
            }
            Some(Value::String(name)) => Ok(name),
            // What is missing is wild in tao.js; a signal is not.
            None => Ok(String::new()),
            Some(_) => Err(Refusal::malformed(format!("the {long} is no text"))),
        };
    let (term, action, orient) = (part("t", "term")?, part("a", "action")?, part("o", "orient")?);
    Ok(Trigram::new(term, action, orient)?)
}

impl Envelope {
    fn read(value: Option<Value>) -> Result<Self, Refusal> {
        let Some(Value::Object(mut envelope)) = value else {
            return Err(Refusal::malformed("it has no object `envelope`"));
        };
        match envelope.remove("v") {
            Some(version) if version.as_u64() == Some(VERSION) => {}
            Some(version) => {
                let version = shown(&version.to_string(), NAME).to_owned().into();
                return Err(Refusal::UnknownVersion { version });
            }
            None => return Err(Refusal::malformed("its envelope has no version")),
        }
        let chain: Chain = match envelope.remove("chain") {
            None | Some(Value::Null) => Chain::new(),
            Some(chain) => serde_json::from_value(chain).map_err(|error| {
                Refusal::malformed(format!(
                    "its chain cannot be read: {}",
                    shown(&error.to_string(), REASON)
                ))
            })?,
        };
        let derived =
            chain.get(OWN).and_then(ChainValue::as_map).and_then(|own| own.get("derived"));
        let derived = match derived {
            None => None,
            Some(id) => Some(id.as_text().and_then(|id| id.parse().ok()).ok_or_else(|| {
                Refusal::malformed(format!(
                    "what its chain has under `{OWN}` is not of the known form"
                ))
            })?),
        };
        let abroad = match chain.get(OWN) {
            None => Abroad { crossings: 1, ..Abroad::default() },
            Some(own) => own_part(own).ok_or_else(|| {
                Refusal::malformed(format!(
                    "what its chain has under `{OWN}` is not of the known form"
                ))
            })?,
        };
        let chain = chain.without(OWN).without(DerivedId::KEY);
        let chain = match derived {
            Some(id) => chain.with(DerivedId::KEY, DerivedId::to_string(&id)),
            None => chain,
        };
        Ok(Self { abroad, chain })
    }

    /// The chain as it is sent.
    fn write(&self) -> Chain {
        let Self { abroad, chain } = self;
        let mut own = BTreeMap::new();
        let mut note = |key, value: ChainValue| own.insert(Text::from_static(key), value);
        if let Some(id) = abroad.signal {
            note("id", format!("{:x}-{:x}-{:x}", id.node, id.cascade, id.dispatch).into());
        }
        note("crossings", abroad.crossings.into());
        let seen = abroad.seen.iter().map(|node| format!("{node:x}"));
        note("seen", seen.collect::<Vec<_>>().into());
        if let Some((node, number)) = abroad.request {
            note("request", format!("{node:x}-{number:x}").into());
        }
        if let Some(id) = DerivedId::of(chain) {
            note("derived", id.to_string().into());
        }
        chain.clone().without(DerivedId::KEY).with(OWN, ChainValue::Map(own))
    }
}

/// What Trine keeps in the chain.
fn own_part(value: &ChainValue) -> Option<Abroad> {
    let own = value.as_map()?;
    let text = |key: &str| own.get(key).map(|value| value.as_text().map(Text::as_str));
    let signal = match text("id") {
        None => None,
        Some(id) => Some(signal_id(id?)?),
    };
    let crossings = u32::try_from(own.get("crossings")?.as_integer()?).ok()?;
    let seen = own.get("seen")?.as_list()?.iter().map(|node| hex(node.as_text()?));
    let seen = seen.collect::<Option<Vec<u64>>>()?;
    let request = match text("request") {
        None => None,
        Some(request) => {
            let (node, number) = request?.split_once('-')?;
            Some((hex(node)?, hex(number)?))
        }
    };
    Some(Abroad { signal, crossings, seen, request })
}

fn signal_id(text: &str) -> Option<SignalId> {
    let mut parts = text.split('-');
    let (node, cascade) = (hex(parts.next()?)?, hex(parts.next()?)?);
    let dispatch = u32::try_from(hex(parts.next()?)?).ok()?;
    parts.next().is_none().then_some(SignalId { node, cascade, dispatch })
}

/// A number as it is written: no sign, no prefix, one to sixteen digits.
fn hex(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if digits && text.len() <= 16 { u64::from_str_radix(text, 16).ok() } else { None }
}

/// So much of a text from outside as an error shows.
fn shown(text: &str, bytes: usize) -> &str {
    let end = (0..=text.len().min(bytes)).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// Reads a message as a link does, with no types declared; and if it can be read, writes it and reads that again. For fuzzing.
///
/// # Errors
///
/// The refusal.
///
/// # Panics
///
/// If it comes out differently.
#[doc(hidden)]
pub fn fuzz_decode(bytes: &[u8]) -> Result<(), Refusal> {
    let model = JsonModel::new();
    let (context, envelope) = Message::decode(bytes)?.open(&model)?;
    let written = encode(&context, &model, &envelope).expect("what was read can be written");
    let message = Message::decode(&written).expect("what was written can be read");
    let (again, envelope_again) = message.open(&model).expect("what was written can be read");
    assert_eq!(again.trigram(), context.trigram());
    assert_eq!(envelope_again, envelope);
    assert_eq!(model.encode(&again).expect("JSON"), model.encode(&context).expect("JSON"));
    Ok(())
}
