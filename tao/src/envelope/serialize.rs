//! Chains as part of any serialised message: a map of what JSON can say.

use super::{Chain, ChainValue};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use std::{collections::BTreeMap, fmt};
use trine_core::Text;

impl Serialize for Chain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(name, value)| (name.as_str(), value)))
    }
}

impl<'de> Deserialize<'de> for Chain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::<String, ChainValue>::deserialize(deserializer).map(Self::from_iter)
    }
}

impl Serialize for ChainValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Float(number) => serializer.serialize_f64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(values) => serializer.collect_seq(values),
            Self::Map(values) => {
                serializer.collect_map(values.iter().map(|(name, value)| (name.as_str(), value)))
            }
        }
    }
}

impl<'de> Deserialize<'de> for ChainValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = ChainValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON can say")
    }

    fn visit_unit<E: Error>(self) -> Result<ChainValue, E> {
        Ok(ChainValue::Null)
    }

    fn visit_none<E: Error>(self) -> Result<ChainValue, E> {
        Ok(ChainValue::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<ChainValue, D::Error> {
        ChainValue::deserialize(deserializer)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<ChainValue, E> {
        Ok(ChainValue::Bool(value))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<ChainValue, E> {
        Ok(ChainValue::Integer(number))
    }

    /// A number that no `i64` can hold becomes the nearest float, as it is in JavaScript.
    fn visit_u64<E: Error>(self, number: u64) -> Result<ChainValue, E> {
        let whole = i64::try_from(number).map(ChainValue::Integer);
        Ok(whole.unwrap_or(ChainValue::Float(number as f64)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<ChainValue, E> {
        Ok(ChainValue::Float(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<ChainValue, E> {
        Ok(ChainValue::Text(Text::from(text.to_owned())))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<ChainValue, E> {
        Ok(ChainValue::Text(Text::from(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<ChainValue, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = values.next_element()? {
            list.push(value);
        }
        Ok(ChainValue::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut values: A) -> Result<ChainValue, A::Error> {
        let mut map = BTreeMap::new();
        while let Some((name, value)) = values.next_entry::<String, ChainValue>()? {
            map.insert(Text::from(name), value);
        }
        Ok(ChainValue::Map(map))
    }
}
