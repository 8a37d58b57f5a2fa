//! Data as JSON.

use proptest::prelude::*;
use serde_json::{Value, json};
use trine_tao::{AppCtx, JsonErrorKind, JsonModel, Trigram, typed};

fn find() -> Trigram {
    Trigram::new("User", "Find", "Portal").unwrap()
}

fn model() -> JsonModel {
    JsonModel::new().term::<String>("User").action::<u32>("Find").orient::<Vec<u8>>("Portal")
}

#[test]
fn every_slot_survives_json() {
    let cx = AppCtx::from(find()).term(String::from("ada")).action(7_u32).orient(vec![1_u8, 2]);
    let data = model().encode(&cx).unwrap();
    assert_eq!(data, json!({"User": "ada", "Find": 7, "Portal": [1, 2]}));
    let again = model().decode(find(), data).unwrap();
    assert_eq!(again.term_datum::<String>().unwrap(), "ada");
    assert_eq!(again.action_datum::<u32>(), Ok(&7));
    assert_eq!(again.orient_datum::<Vec<u8>>().unwrap(), &[1, 2]);
}

#[test]
fn b13_no_key_is_dropped_no_list_scattered_no_slot_guessed() {
    let error = |data| model().decode(find(), data).unwrap_err().kind;
    // The original makes `{Portal: 'x'}` of the first, and takes the others apart.
    assert!(matches!(error(json!({"id": 1, "o": [1]})), JsonErrorKind::Key { key } if key == "id"));
    assert!(matches!(error(json!([1, 2, 3, 4])), JsonErrorKind::NoObject));
    assert!(matches!(error(json!("ada")), JsonErrorKind::NoObject));
    assert!(matches!(
        error(json!({"User": "ada", "term": "bob"})),
        JsonErrorKind::Key { key } if key == "term"
    ));
    assert!(
        model().decode(find(), Value::Null).unwrap().slot_type(trine_tao::Axis::Term).is_none()
    );
}

#[test]
fn b13_names_that_are_equal_or_have_another_meaning_are_not_confused() {
    for name in ["User", "t", "action"] {
        let signal = Trigram::new(name, "User", name).unwrap();
        let cx = AppCtx::from(signal.clone()).term(json!(1)).action(json!(2)).orient(json!(3));
        let data = JsonModel::new().encode(&cx).unwrap();
        assert_eq!(data, json!({"term": 1, "action": 2, "orient": 3}));
        let again = JsonModel::new().decode(signal, data).unwrap();
        assert_eq!(again.orient_datum::<Value>(), Ok(&json!(3)));
    }
}

#[test]
fn what_the_model_does_not_know_stays_json_or_is_refused_if_it_is_strict() {
    let model = JsonModel::new();
    let cx = model.decode(find(), json!({"User": {"any": "thing"}})).unwrap();
    assert_eq!(cx.term_datum::<Value>(), Ok(&json!({"any": "thing"})));
    assert_eq!(model.encode(&cx).unwrap(), json!({"User": {"any": "thing"}}));
    let error = model.strict().decode(find(), json!({"User": 1})).unwrap_err();
    assert_eq!(
        error.to_string(),
        "{User,Find,Portal}: the model says nothing of the term slot: call `JsonModel::term::<T>(\"User\")`"
    );
}

#[test]
fn a_slot_of_another_type_does_not_go_out() {
    let error = model().encode(&AppCtx::from(find()).action("seven")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "{User,Find,Portal}: the action slot holds `&str`, and the model says `u32`"
    );
    struct Secret;
    let error = JsonModel::new().encode(&AppCtx::from(find()).term(Secret)).unwrap_err();
    assert!(matches!(error.kind, JsonErrorKind::Unknown { found: Some(_), .. }));
}

trine_tao::parts! {
    term Space(String);
    action List(Vec<u32>);
    orient Portal;
}

#[test]
fn typed_parts_say_what_their_slots_hold() {
    let model = JsonModel::new().term_of(Space).action_of(List).orient_of(Portal);
    let signal = typed::signal(Space, List, Portal).term("Patois".into()).action(vec![1, 2]);
    let data = model.encode(signal.context()).unwrap();
    assert_eq!(data, json!({"Space": "Patois", "List": [1, 2]}));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    let key =
        prop::sample::select(vec!["User", "Find", "Portal", "term", "t", "a", "orient", "id"]);
    leaf.prop_recursive(3, 20, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..4).prop_map(|map| {
                Value::Object(map.into_iter().map(|(key, value)| (key.into(), value)).collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_taken_in_goes_out_with_the_same_values(data in any_json()) {
        let loose = JsonModel::new();
        if let Ok(cx) = loose.decode(find(), data.clone()) {
            let out = loose.encode(&cx).unwrap();
            let values = |value: &Value| {
                let mut values: Vec<_> = value.as_object().into_iter().flat_map(|map| map.values().map(Value::to_string)).collect();
                values.sort();
                values
            };
            prop_assert_eq!(values(&out), values(&data));
        }
        let _ = model().decode(find(), data);
    }
}
