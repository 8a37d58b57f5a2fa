//! Every scene, in every model, under every seed, in every weather: what is asserted is in `src/story/`.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use trine_examples::models;
use trine_examples::portal::Model;
use trine_examples::service::Data;
use trine_examples::story::{self, Conditions, Performance, Scene, Script};

use crate::SMALL;

const SEEDS: RangeInclusive<u64> = 1..=3;

/// What the service does to requests: its answers take this long, in ms, and so many of a hundred fail.
#[derive(Clone, Copy)]
struct Weather {
    name: &'static str,
    ms: (u64, u64),
    percent: u32,
}

const WEATHERS: [Weather; 4] = [
    Weather { name: "calm", ms: (0, 2), percent: 0 },
    Weather { name: "slow", ms: (40, 90), percent: 0 },
    Weather { name: "failing", ms: (0, 2), percent: 35 },
    Weather { name: "slow and failing", ms: (40, 90), percent: 35 },
];

/// One play of the whole story.
#[derive(Clone, Copy)]
struct Cell {
    model: Model,
    seed: u64,
    weather: Weather,
}

impl Cell {
    async fn play(self) -> (Self, Performance) {
        let data = Arc::new(Data::in_memory(SMALL).unwrap());
        let (least, most) = self.weather.ms;
        let conditions = Conditions {
            seed: self.seed,
            latency: Duration::from_millis(least)..=Duration::from_millis(most),
            fail_rate: f64::from(self.weather.percent) / 100.0,
            // Others compute beside it.
            patience: Duration::from_secs(60),
            live: 100,
            ..Conditions::default()
        };
        let played = story::play(self.model, &Script::ALL, &data, &conditions).await;
        (self, played.unwrap_or_else(|error| panic!("{self}: {error}")))
    }

    /// The command that plays a scene like this.
    fn again(self, script: Script) -> String {
        let (scene, model, (least, most)) = (script.flag(), self.model.name, self.weather.ms);
        let (seed, rate) = (self.seed, f64::from(self.weather.percent) / 100.0);
        format!(
            "cargo run -p trine-examples -- --scene {scene} --model {model} --seed {seed} \
             --latency {least}..{most} --fail {rate}"
        )
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, seed {}, {}", self.model.name, self.seed, self.weather.name)
    }
}

fn cells() -> impl Iterator<Item = Cell> {
    WEATHERS.into_iter().flat_map(|weather| {
        SEEDS.flat_map(move |seed| {
            models::ALL.iter().map(move |model| Cell { model: *model, seed, weather })
        })
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_scene_holds_in_every_model_under_every_seed_in_every_weather() {
    let mut plays: JoinSet<_> = cells().map(Cell::play).collect();
    let mut wrong = Vec::new();
    let mut ends = Vec::new();
    while let Some(played) = plays.join_next().await {
        let (cell, performance) = played.unwrap();
        assert_eq!(performance.scenes.len(), Script::ALL.len(), "{cell}");
        for scene in &performance.scenes {
            wrong.extend(scene.complaints.iter().map(|complaint| {
                let name = scene.script.name();
                format!("{name}, {cell}: {complaint}\n  again: {}", cell.again(scene.script))
            }));
        }
        ends.push((cell, performance));
    }
    // Each scene ends alike in all models.
    for (cell, performance) in &ends {
        let alike = ends
            .iter()
            .find(|(other, _)| other.seed == cell.seed && other.weather.name == cell.weather.name);
        let Some((other, others)) = alike else { continue };
        for (scene, there) in performance.scenes.iter().zip(&others.scenes) {
            let lines = scene.end.differences(cell.model.name, &there.end, other.model.name);
            wrong.extend(lines.into_iter().map(|line| {
                let name = scene.script.name();
                format!("{name}, {cell}: {line}\n  again: {}", cell.again(scene.script))
            }));
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(ends.len(), models::ALL.len() * 3 * WEATHERS.len());
    // A matrix in which nothing fails would show little.
    for (place, script) in Script::ALL.into_iter().enumerate() {
        for name in ["failing", "slow and failing"] {
            let met = ends.iter().any(|(cell, performance)| {
                let calm = ends.iter().find(|(calm, _)| {
                    let (weather, model) = (calm.weather.name, calm.model.name);
                    (weather, model, calm.seed) == ("calm", cell.model.name, cell.seed)
                });
                cell.weather.name == name
                    && calm.is_some_and(|(_, calm)| {
                        endings(&calm.scenes[place]) != endings(&performance.scenes[place])
                    })
            });
            assert!(met, "{}, {name}: nothing has failed by chance", script.name());
        }
    }
}

/// How the requests of a scene have ended, in no order.
fn endings(scene: &Scene) -> Vec<String> {
    let entries = scene.requests.iter().map(|request| &request.entry);
    let mut endings: Vec<_> = entries
        .map(|entry| format!("{} {} {:?}", entry.endpoint, entry.key, entry.ended.unwrap().1))
        .collect();
    endings.sort_unstable();
    endings
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_complaint_says_where_and_how_to_see_it_again() {
    let cell = cells().nth(47).unwrap();
    assert_eq!(cell.to_string(), "by-hand, seed 3, slow and failing");
    assert_eq!(
        cell.again(Script::TwoEditors),
        "cargo run -p trine-examples -- --scene two-editors --model by-hand --seed 3 \
         --latency 40..90 --fail 0.35"
    );
}
