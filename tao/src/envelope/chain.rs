//! The part of an envelope that goes from cause to effect, over every border.

use std::{collections::BTreeMap, fmt, sync::Arc};
use trine_core::Text;

/// Values under names that a signal hands on to what is chained to it.
///
/// Each name belongs to one [reducer](crate::Kernel::chain_reducer), which derives the value of a chained signal from that
/// of the signal before. Names without a reducer are handed on as they are. Cloning copies a pointer.
///
/// ```
/// use trine_tao::{AppCtx, Chain, ChainValue, Kernel, Store};
///
/// let tao = Kernel::new(&Store::new());
/// let _audit = tao.chain_reducer("depth", |step| {
///     let depth = step.previous.and_then(ChainValue::as_integer).unwrap_or(0);
///     Some((depth + 1).into())
/// });
/// let _observer = tao.observe(|observation| println!("{:?}", observation.chain.get("depth")));
///
/// let chain = Chain::new().with("user", "ada");
/// tao.cascade_builder(AppCtx::new("App", "Enter", "Portal")).chain(chain).set();
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct Chain(Option<Arc<BTreeMap<Text, ChainValue>>>);

/// A value in a [`Chain`]: what JSON can say, so that it can cross any border.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum ChainValue {
    /// Nothing.
    #[default]
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// A text.
    Text(Text),
    /// Values in a row.
    List(Vec<ChainValue>),
    /// Values under names.
    Map(BTreeMap<Text, ChainValue>),
}

impl Chain {
    /// A chain without values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The value under a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&ChainValue> {
        self.0.as_ref()?.get(name)
    }

    /// The same chain, with this value under this name.
    #[must_use]
    pub fn with(self, name: impl Into<Text>, value: impl Into<ChainValue>) -> Self {
        let mut values = self.0.unwrap_or_default();
        Arc::make_mut(&mut values).insert(name.into(), value.into());
        Self(Some(values))
    }

    /// The same chain, without this name.
    #[must_use]
    pub fn without(self, name: &str) -> Self {
        if self.get(name).is_none() {
            return self;
        }
        let mut values = self.0.unwrap_or_default();
        Arc::make_mut(&mut values).remove(name);
        Self((!values.is_empty()).then_some(values))
    }

    /// Names and values, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&Text, &ChainValue)> {
        self.0.iter().flat_map(|values| values.iter())
    }

    /// How many names have values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |values| values.len())
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<K: Into<Text>, V: Into<ChainValue>> FromIterator<(K, V)> for Chain {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(values: I) -> Self {
        let values: BTreeMap<_, _> =
            values.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self((!values.is_empty()).then(|| Arc::new(values)))
    }
}

impl ChainValue {
    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&Text> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if it is a whole one.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The values, if it is a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[ChainValue]> {
        match self {
            Self::List(values) => Some(values),
            _ => None,
        }
    }

    /// The values under names, if it is a map.
    #[must_use]
    pub fn as_map(&self) -> Option<&BTreeMap<Text, ChainValue>> {
        match self {
            Self::Map(values) => Some(values),
            _ => None,
        }
    }
}

impl From<bool> for ChainValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for ChainValue {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<u32> for ChainValue {
    fn from(number: u32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<f64> for ChainValue {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<Text> for ChainValue {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

impl From<&'static str> for ChainValue {
    fn from(text: &'static str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for ChainValue {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl<V: Into<ChainValue>> From<Vec<V>> for ChainValue {
    fn from(values: Vec<V>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
