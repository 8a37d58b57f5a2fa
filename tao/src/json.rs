//! Data as JSON: what is in the slots of a context, where it leaves the process or comes in.
//!
//! In the app, a slot holds a value of some type. A border needs to know how that looks outside, so it is given a
//! [`JsonModel`]: which type the slot of which part holds. As in tao.js, the datum is then an object whose keys are the names
//! of the parts: the context `{User,Find,Portal}` with a user and a query is `{"User": .., "Find": ..}`.
//!
//! Nothing is guessed from the shape of an object. A key that stands for no slot is an error, and so is a slot
//! whose type the model does not know. (The original drops the one, and scatters the other.)

use crate::{
    context::AppCtx,
    trigram::{Axis, Trigram},
    typed::{Action, Orient, Term},
};
use rustc_hash::FxHashMap;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::{any::type_name, fmt, sync::Arc};
use trine_core::Text;

const AXES: [Axis; 3] = [Axis::Term, Axis::Action, Axis::Orient];

/// How the data of an app looks in JSON: which type the slot of which part holds.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use trine_tao::{AppCtx, JsonModel, Trigram};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// struct Query { name: String }
///
/// let model = JsonModel::new().action::<Query>("Find").term::<u32>("User");
///
/// let cx = AppCtx::new("User", "Find", "Portal").action(Query { name: "ada".into() });
/// let data = model.encode(&cx)?;
/// assert_eq!(data, serde_json::json!({"Find": {"name": "ada"}}));
///
/// let again = model.decode(cx.trigram().clone(), data)?;
/// assert_eq!(again.action_datum::<Query>().unwrap().name, "ada");
///
/// // What is of another type than the model says is an error, and no part of it is taken.
/// let error = model.decode(cx.trigram().clone(), serde_json::json!({"User": "ada"})).unwrap_err();
/// assert!(error.to_string().starts_with("{User,Find,Portal}: the term slot is no `u32`: "));
/// # Ok::<_, trine_tao::JsonError>(())
/// ```
///
/// A slot of a part that the model does not know is a [`serde_json::Value`], as it came; such a value goes out as it is. A
/// [`strict`](Self::strict) model refuses it.
#[derive(Debug, Clone, Default)]
pub struct JsonModel {
    /// What the slots hold, by axis and name.
    slots: [FxHashMap<Text, Codec>; 3],
    /// Whether parts that are not named are refused.
    strict: bool,
}

/// How a type goes out and comes in.
#[derive(Clone, Copy)]
struct Codec {
    /// For errors.
    type_name: &'static str,
    /// The slot's value, if it is of the type.
    encode: fn(&AppCtx, Axis) -> Option<Result<Value, serde_json::Error>>,
    /// The context with the value in its slot.
    decode: fn(AppCtx, Axis, Value) -> Result<AppCtx, serde_json::Error>,
}

/// Data does not fit the JSON model.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{signal}: {kind}")]
pub struct JsonError {
    /// The signal that the data belongs to.
    pub signal: Trigram,
    /// What does not fit.
    pub kind: JsonErrorKind,
}

/// What does not fit a JSON model.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum JsonErrorKind {
    /// The data is no object.
    #[error("the data is no object, nor null")]
    NoObject,
    /// A key that stands for no slot, or for several, or for one that another key has filled.
    #[error(
        "the key `{key}` stands for no slot of its own: use the names of the parts, or `term`, `action` and `orient`"
    )]
    Key {
        /// The key.
        key: Text,
    },
    /// The model has no type for the slot.
    #[error("the model says nothing of the {slot} slot{}: call `JsonModel::{slot}::<T>({part:?})`", Holding(.found))]
    Unknown {
        /// Which slot.
        slot: Axis,
        /// The part whose slot it is.
        part: Text,
        /// What the slot holds, if it was to go out.
        found: Option<&'static str>,
    },
    /// The slot holds another type than the model says.
    #[error("the {slot} slot holds `{found}`, and the model says `{expected}`")]
    OtherType {
        /// Which slot.
        slot: Axis,
        /// What the model says.
        expected: &'static str,
        /// What it holds.
        found: &'static str,
    },
    /// The value cannot be made of the JSON, or the JSON of the value.
    #[error("the {slot} slot is no `{expected}`: {error}")]
    Value {
        /// Which slot.
        slot: Axis,
        /// What the model says.
        expected: &'static str,
        /// What is wrong.
        error: Arc<serde_json::Error>,
    },
}

struct Holding<'a>(&'a Option<&'static str>);

impl JsonModel {
    /// A model that knows no types.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that the term slot of every `{part,_,_}` holds a `T`.
    #[must_use]
    pub fn term<T>(self, part: impl Into<Text>) -> Self
    where
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        self.slot::<T>(Axis::Term, part.into())
    }

    /// Says that the action slot of every `{_,part,_}` holds a `T`.
    #[must_use]
    pub fn action<T>(self, part: impl Into<Text>) -> Self
    where
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        self.slot::<T>(Axis::Action, part.into())
    }

    /// Says that the orient slot of every `{_,_,part}` holds a `T`.
    #[must_use]
    pub fn orient<T>(self, part: impl Into<Text>) -> Self
    where
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        self.slot::<T>(Axis::Orient, part.into())
    }

    /// Says of a [typed](crate::typed) term what its slot holds.
    #[must_use]
    pub fn term_of<T: Term<Datum: Serialize + DeserializeOwned>>(self, _term: T) -> Self {
        self.slot::<T::Datum>(Axis::Term, T::NAME.into())
    }

    /// Says of a [typed](crate::typed) action what its slot holds.
    #[must_use]
    pub fn action_of<A: Action<Datum: Serialize + DeserializeOwned>>(self, _action: A) -> Self {
        self.slot::<A::Datum>(Axis::Action, A::NAME.into())
    }

    /// Says of a [typed](crate::typed) orient what its slot holds.
    #[must_use]
    pub fn orient_of<O: Orient<Datum: Serialize + DeserializeOwned>>(self, _orient: O) -> Self {
        self.slot::<O::Datum>(Axis::Orient, O::NAME.into())
    }

    /// Refuses what comes in for the slots of parts that the model does not know.
    #[must_use]
    pub fn strict(self) -> Self {
        Self { strict: true, ..self }
    }

    /// What is in the slots, as an object; empty slots are left out.
    ///
    /// Its keys are the names of the parts. Where those are not three different ones, or one is a key of another meaning
    /// (`term`, `t` and so on), they are `term`, `action` and `orient`.
    ///
    /// # Errors
    ///
    /// [`JsonError`] if a slot holds a type that is not the one in the model.
    pub fn encode(&self, context: &AppCtx) -> Result<Value, JsonError> {
        let signal = context.trigram();
        let fail = |kind| JsonError { signal: signal.clone(), kind };
        let parts = signal.parts();
        let mut data = Map::new();
        for slot in AXES {
            let Some(found) = context.slot_type(slot) else { continue };
            let part = parts[slot as usize];
            let value = match (context.look::<Value>(slot), self.codec(slot, part)) {
                (Ok(value), _) => value.clone(),
                (_, None) => {
                    let (part, found) = (part.clone(), Some(found));
                    return Err(fail(JsonErrorKind::Unknown { slot, part, found }));
                }
                (_, Some(codec)) => {
                    let expected = codec.type_name;
                    let value = (codec.encode)(context, slot)
                        .ok_or_else(|| fail(JsonErrorKind::OtherType { slot, expected, found }))?;
                    value.map_err(|error| {
                        fail(JsonErrorKind::Value { slot, expected, error: error.into() })
                    })?
                }
            };
            let key = if speak_for_themselves(signal) { part.as_str() } else { word(slot) };
            data.insert(key.to_owned(), value);
        }
        Ok(Value::Object(data))
    }

    /// The context of this name with this data: an object as made by [`encode`](Self::encode), or null for none.
    ///
    /// A slot's key is the name of its part, or `term`, `action`, `orient`, or the first letter of that.
    ///
    /// # Errors
    ///
    /// [`JsonError`] if a key stands for no slot of its own, or a value is not of the type in the model.
    pub fn decode(&self, signal: Trigram, data: Value) -> Result<AppCtx, JsonError> {
        let context = AppCtx::from(signal.clone());
        self.fill(context, data).map_err(|kind| JsonError { signal, kind })
    }

    fn fill(&self, mut context: AppCtx, data: Value) -> Result<AppCtx, JsonErrorKind> {
        let data = match data {
            Value::Null => return Ok(context),
            Value::Object(data) => data,
            _ => return Err(JsonErrorKind::NoObject),
        };
        for (key, value) in data {
            let slot = slot(context.trigram(), &key);
            let Some(slot) = slot.filter(|slot| context.slot_type(*slot).is_none()) else {
                return Err(JsonErrorKind::Key { key: key.into() });
            };
            let part = context.trigram().parts()[slot as usize];
            context = match self.codec(slot, part) {
                Some(codec) => (codec.decode)(context, slot, value).map_err(|error| {
                    let expected = codec.type_name;
                    JsonErrorKind::Value { slot, expected, error: error.into() }
                })?,
                None if self.strict => {
                    let part = part.clone();
                    return Err(JsonErrorKind::Unknown { slot, part, found: None });
                }
                None => context.fill(slot, value),
            };
        }
        Ok(context)
    }

    fn slot<T>(mut self, slot: Axis, part: Text) -> Self
    where
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        let codec = Codec {
            type_name: type_name::<T>(),
            encode: |context, slot| context.look::<T>(slot).ok().map(serde_json::to_value),
            decode: |context, slot, value| {
                serde_json::from_value::<T>(value).map(|value| context.fill(slot, value))
            },
        };
        self.slots[slot as usize].insert(part, codec);
        self
    }

    fn codec(&self, slot: Axis, part: &Text) -> Option<Codec> {
        self.slots[slot as usize].get(part).copied()
    }
}

/// Whether each part's name can stand for its slot.
fn speak_for_themselves(signal: &Trigram) -> bool {
    AXES.into_iter().all(|axis| slot(signal, signal.parts()[axis as usize]) == Some(axis))
}

/// The slot that a key stands for, if it is one.
fn slot(signal: &Trigram, key: &str) -> Option<Axis> {
    match key {
        "term" | "t" => return Some(Axis::Term),
        "action" | "a" => return Some(Axis::Action),
        "orient" | "o" => return Some(Axis::Orient),
        _ => {}
    }
    let mut named = AXES.into_iter().filter(|axis| *signal.parts()[*axis as usize] == key);
    match (named.next(), named.next()) {
        (slot, None) => slot,
        _ => None,
    }
}

fn word(slot: Axis) -> &'static str {
    match slot {
        Axis::Term => "term",
        Axis::Action => "action",
        Axis::Orient => "orient",
    }
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.type_name)
    }
}

impl fmt::Display for Holding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(found) => write!(f, ", which holds `{found}`"),
            None => Ok(()),
        }
    }
}
