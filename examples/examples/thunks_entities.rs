//! A table of ten thousand readings, sorted, with a view per row.
//!
//! ```sh
//! cargo run -p trine-examples --example thunks_entities
//! ```
//!
//! What happens to one reading reaches the view of that reading, the rows of the list that move, and nothing else.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};
use trine_core::ListDiff;
use trine_thunks::{
    Action, Entities, Entity, EntityKey, Slice, SliceKey, Store, action, any_of, matching,
};

/// The last value of a sensor.
#[derive(Debug, Clone, PartialEq)]
struct Reading {
    sensor: u32,
    celsius: f64,
}

impl Entity for Reading {
    type Key = u32;

    fn key(&self) -> u32 {
        self.sensor
    }
}

struct Plant {
    readings: Entities<Reading>,
    alarms: u32,
}

static PLANT: SliceKey<Plant> = SliceKey::new("plant");
static READINGS: EntityKey<Plant, Reading> = PLANT.entities(|plant| &plant.readings);

/// A sensor has sent a value.
struct Measured(Reading);
impl Action for Measured {}

/// A sensor was taken away.
struct Dismantled(u32);
impl Action for Dismantled {}

fn plant() -> Slice<Plant> {
    let hottest_first = |a: &Reading, b: &Reading| b.celsius.total_cmp(&a.celsius);
    PLANT
        .slice(move || Plant {
            readings: Entities::sorted_by(hottest_first).with(
                (0..10_000).map(|sensor| Reading { sensor, celsius: f64::from(sensor % 50) }),
            ),
            alarms: 0,
        })
        .on(action::<Measured>(), |plant, Measured(reading)| {
            plant.readings.set_one(reading.clone())
        })
        .on(action::<Dismantled>(), |plant, Dismantled(sensor)| plant.readings.remove_one(sensor))
        .on_any(
            matching(|any| any.of(action::<Measured>()).is_some_and(|m| m.0.celsius > 90.0)),
            |plant, _| {
                plant.alarms += 1;
            },
        )
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = Store::builder().slice(plant()).build()?;

    // A view of one sensor, and how often it is told.
    let boiler = store.select_entity(&READINGS, 4_711, |reading| reading.celsius);
    let told = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&told);
    let _view = store.subscribe(boiler, move |celsius| {
        count.fetch_add(1, Ordering::Relaxed);
        println!("boiler: {celsius:?}");
    });

    // A view per row: the same cell whenever the same sensor is asked for.
    let celsius = store.entity_selector(&READINGS, |reading| reading.celsius);
    for sensor in 0..10_000 {
        store.get(celsius.at(&sensor));
    }

    // What a screen shows of the list, as changes of its rows.
    let mut rows: Vec<Reading> = Vec::new();
    let mut changes = store.entity_diffs(&READINGS, NonZeroUsize::new(64).expect("not 0"));
    let mut draw = || {
        let mut drawn = 0;
        while let Some(batch) = changes.try_next() {
            drawn += batch.len();
            batch.into_iter().for_each(|diff: ListDiff<Reading>| diff.apply(&mut rows));
        }
        (drawn, rows.first().map(|reading| reading.sensor), rows.len())
    };
    assert_eq!(draw().2, 10_000);

    // What the state was costs nothing to keep.
    let before = store.read(&PLANT, |plant| plant.readings.clone());

    store.dispatch(Measured(Reading { sensor: 17, celsius: 95.0 }));
    assert_eq!(draw(), (2, Some(17), 10_000), "one row changes, and moves to the top");
    store.dispatch(Measured(Reading { sensor: 4_711, celsius: 60.5 }));
    store.dispatch(Dismantled(17));
    assert_eq!(draw(), (3, Some(4_711), 9_999));

    // Only the rows that changed were computed again.
    for sensor in 0..10_000 {
        store.get(celsius.at(&sensor));
    }
    assert_eq!(celsius.recomputations(), 10_000 + 1, "one changed, one is gone");
    assert_eq!(told.load(Ordering::Relaxed), 1);
    assert_eq!(store.read(&PLANT, |plant| (plant.alarms, plant.readings.len())), (1, 9_999));
    assert_eq!(
        (before.len(), before.get(&17).map(|reading| reading.celsius)),
        (10_000, Some(17.0))
    );

    // A matcher over several actions, for a slice that joins when it is needed.
    static CHANGES: SliceKey<u32> = SliceKey::new("changes");
    let either = any_of((action::<Measured>(), action::<Dismantled>()));
    store.add_slice(CHANGES.slice(|| 0).on_any(either, |changes, _| *changes += 1))?;
    store.dispatch(Dismantled(1));
    assert_eq!(store.get(&CHANGES), 1);
    println!("hottest: {:?}", store.read(&PLANT, |plant| plant.readings.at(0).cloned()));
    Ok(())
}
