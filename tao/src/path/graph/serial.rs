//! Trigrams, patterns and phases in JSON: as they are shown, `{User,Find,Portal}`.

use crate::{Pattern, Trigram, path::read::read_pattern};
use serde::{Deserialize, Deserializer, Serializer, de::Error};

fn parse<E: Error>(text: &str) -> Result<Pattern, E> {
    read_pattern(text).map_err(E::custom)
}

fn concrete<E: Error>(text: &str) -> Result<Trigram, E> {
    let pattern = parse(text)?;
    pattern.trigram().ok_or_else(|| E::custom(format!("`{text}` is no signal: it is wild")))
}

pub(super) mod pattern {
    use super::{Deserialize, Deserializer, Pattern, Serializer, parse};

    pub(in super::super) fn serialize<S: Serializer>(
        pattern: &Pattern,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_str(pattern)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Pattern, D::Error> {
        parse(&String::deserialize(from)?)
    }
}

pub(super) mod patterns {
    use super::{Deserialize, Deserializer, Pattern, Serializer, parse};

    pub(in super::super) fn serialize<S: Serializer>(
        patterns: &[Pattern],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(patterns.iter().map(ToString::to_string))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<Pattern>, D::Error> {
        Vec::<String>::deserialize(from)?.iter().map(|text| parse(text)).collect()
    }
}

pub(crate) mod trigram {
    use super::{Deserialize, Deserializer, Serializer, Trigram, concrete};

    pub(in crate::path) fn serialize<S: Serializer>(
        trigram: &Trigram,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_str(trigram)
    }

    pub(in crate::path) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Trigram, D::Error> {
        concrete(&String::deserialize(from)?)
    }
}

pub(super) mod trigrams {
    use super::{Deserialize, Deserializer, Serializer, Trigram, concrete};

    #[expect(clippy::ref_option, reason = "the signature that serde calls")]
    pub(in super::super) fn serialize<S: Serializer>(
        trigrams: &Option<Vec<Trigram>>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match trigrams {
            Some(trigrams) => to.collect_seq(trigrams.iter().map(ToString::to_string)),
            None => to.serialize_none(),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Vec<Trigram>>, D::Error> {
        let Some(texts) = Option::<Vec<String>>::deserialize(from)? else { return Ok(None) };
        texts.iter().map(|text| concrete(text)).collect::<Result<_, _>>().map(Some)
    }
}

pub(super) mod phase {
    use super::{Deserialize, Deserializer, Error, Serializer};
    use crate::Phase;

    #[expect(
        clippy::ref_option,
        clippy::trivially_copy_pass_by_ref,
        reason = "the signature that serde calls"
    )]
    pub(in crate::path) fn serialize<S: Serializer>(
        phase: &Option<Phase>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match phase {
            Some(phase) => to.collect_str(phase),
            None => to.serialize_none(),
        }
    }

    pub(in crate::path) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Phase>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
        let phases = [Phase::Intercept, Phase::Async, Phase::Inline];
        let phase = phases.into_iter().find(|phase| phase.to_string() == text);
        phase.map(Some).ok_or_else(|| D::Error::custom(format!("`{text}` is no phase")))
    }
}

pub(crate) mod one_phase {
    use super::{Deserializer, Error, Serializer};
    use crate::Phase;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
    pub(in crate::path) fn serialize<S: Serializer>(
        phase: &Phase,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_str(phase)
    }

    pub(in crate::path) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Phase, D::Error> {
        super::phase::deserialize(from)?.ok_or_else(|| D::Error::custom("a phase is missing"))
    }
}
