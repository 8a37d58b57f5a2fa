//! Messages of links.

use crate::{fuzz, mutate::Random};
use serde_json::{Map, Value, json};
use trine_tao::wire::fuzz_decode;

const SEEDS: [&[u8]; 5] = [
    br#"{"tao":{"t":"User","a":"Find","o":"Portal"},"data":{"Find":{"id":7}},"envelope":{"v":1,"chain":{"trine":{"id":"1f-2-0","crossings":1,"seen":["1f"],"request":"1f-1"}}}}"#,
    br#"{"tao":{"term":"User","action":"Find","orient":"Portal"},"data":{"term":[1.5,-3,null,true],"o":"x"},"envelope":{"v":1,"chain":{"taoTrace":{"traceId":"00ff"},"depth":3}}}"#,
    br#"{"tao":{"t":"A","a":"A","o":"A"},"data":{"term":null,"action":18446744073709551615},"envelope":{"v":1}}"#,
    br#"{"tao":{"t":"*","a":"","o":"Portal"},"envelope":{"v":2,"chain":null}}"#,
    br#"{"tao":{"t":"\u00e4\ud83d\ude00","a":"term","o":"t"},"data":{"term":{"a":{"b":[[],{}]}}},"envelope":{"v":1,"chain":{"trine":{"crossings":0,"seen":[]}}}}"#,
];

/// What somewhere or other has a meaning.
const WORDS: [&str; 22] = [
    "tao",
    "data",
    "envelope",
    "v",
    "chain",
    "trine",
    "id",
    "crossings",
    "seen",
    "request",
    "t",
    "a",
    "o",
    "term",
    "action",
    "orient",
    "*",
    "",
    "User",
    "ffffffffffffffff-1-0",
    "-",
    "\u{0}\u{fffd}",
];

fn value(random: &mut Random) -> Value {
    match random.below(12) {
        0 => Value::Null,
        1 => json!(random.one_in(2)),
        2 => json!(random.next()),
        3 => json!(random.next() as i64),
        4 => json!(f64::from_bits(random.next())),
        5 => json!(random.below(3)),
        6 => json!([]),
        7 => json!({}),
        8 => json!([value_of_words(random), value_of_words(random)]),
        9 => {
            // Deeper than it makes sense to be.
            (0..random.below(200)).fold(json!(1), |inner, _| json!([inner]))
        }
        _ => value_of_words(random),
    }
}

fn value_of_words(random: &mut Random) -> Value {
    json!(random.pick(&WORDS))
}

/// Changes something somewhere in a value.
fn change(value_: &mut Value, random: &mut Random) {
    match value_ {
        Value::Object(map) if !map.is_empty() && !random.one_in(4) => {
            let key = map.keys().nth(random.below(map.len())).expect("it is there").clone();
            match random.below(6) {
                0 => drop(map.remove(&key)),
                1 => drop(map.insert(random.pick(&WORDS).to_owned(), value(random))),
                2 => {
                    let moved = map.remove(&key).expect("it is there");
                    map.insert(random.pick(&WORDS).to_owned(), moved);
                }
                _ => change(&mut map[&key], random),
            }
        }
        Value::Array(list) if !list.is_empty() && !random.one_in(4) => {
            let at = random.below(list.len());
            match random.below(4) {
                0 => drop(list.remove(at)),
                1 => list.insert(at, value(random)),
                _ => change(&mut list[at], random),
            }
        }
        Value::Object(map) if map.len() < 100 && random.one_in(3) => {
            let inner = std::mem::take(map);
            *map = Map::from_iter([(random.pick(&WORDS).to_owned(), Value::Object(inner))]);
        }
        other => *other = value(random),
    }
}

fn mutate(input: &[u8], random: &mut Random) -> Vec<u8> {
    let Ok(mut message) = serde_json::from_slice::<Value>(input) else {
        return random.pick(&SEEDS).to_vec();
    };
    change(&mut message, random);
    message.to_string().into_bytes()
}

#[test]
fn no_message_panics_and_what_is_read_is_written_as_it_was() {
    fuzz("wire", 1, &SEEDS, mutate, |input| match fuzz_decode(input) {
        Ok(()) => "read".to_owned(),
        Err(refusal) => refusal.to_string(),
    });
}
