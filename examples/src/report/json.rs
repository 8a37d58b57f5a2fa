//! The comparison as JSON.
//!
//! The keys are stable: a key may be added, none is renamed or removed without raising `format`.
//!
//! | key | value |
//! |---|---|
//! | `format` | 2 |
//! | `agree` | whether all models end in the same, right state |
//! | `differences` | what is wrong otherwise, one sentence each |
//! | `seed`, `latency_ms`, `fail_rate` | the conditions; `latency_ms` is `[least, most]` |
//! | `users`, `spaces` | how much data the service has |
//! | `models` | one object per model, in the order of the columns |
//!
//! A model has `name`, `idea`, `folder`, `lines_of_code`, `dispatch_ns`, its `counts` over all scenes
//! (`commits`, `notifications`, `requests_sent`, `requests_cancelled`, `requests_dropped_by_service`,
//! `stale_answers`) and `scenes`. A scene has its `name`, the `states` of the view (`ms`, `commit`,
//! `step`, `changes`), the `requests` (`endpoint`, `key`, `started_ms`, `ended_ms`, `ending`:
//! `finished`, `failed` or `cancelled`), what the `service` has seen (`received`, `completed`, `dropped`), and
//! the view in the `end`. All times count from the start of the scene.

use std::time::Duration;

use serde_json::{Value, json};

use crate::comparison::{Comparison, Contestant, Counts};
use crate::recorder::Shown;
use crate::story::{Request, Scene};
use crate::view::View;

/// The whole report.
#[must_use]
pub fn json(comparison: &Comparison) -> Value {
    let conditions = &comparison.conditions;
    json!({
        "format": 2,
        "agree": comparison.differences.is_empty(),
        "differences": comparison.differences,
        "seed": conditions.seed,
        "latency_ms": [ms(*conditions.latency.start()), ms(*conditions.latency.end())],
        "fail_rate": conditions.fail_rate,
        "users": comparison.size.users,
        "spaces": comparison.size.spaces,
        "models": comparison.contestants.iter().map(contestant).collect::<Vec<_>>(),
    })
}

fn contestant(one: &Contestant) -> Value {
    let model = one.performance.model;
    let Counts { commits, notifications, sent, cancelled, stale_answers, dropped_by_service } =
        one.counts;
    json!({
        "name": model.name,
        "idea": model.idea,
        "folder": model.folder,
        "lines_of_code": one.lines_of_code,
        "dispatch_ns": one.dispatch_ns,
        "counts": {
            "commits": commits,
            "notifications": notifications,
            "requests_sent": sent,
            "requests_cancelled": cancelled,
            "requests_dropped_by_service": dropped_by_service,
            "stale_answers": stale_answers,
        },
        "scenes": one.performance.scenes.iter().map(scene).collect::<Vec<_>>(),
    })
}

fn scene(scene: &Scene) -> Value {
    let nothing = View::default();
    let before = std::iter::once(&nothing).chain(scene.shown.iter().map(|shown| &shown.view));
    let states: Vec<Value> =
        scene.shown.iter().zip(before).map(|(shown, before)| state(shown, before)).collect();
    json!({
        "name": scene.script.name(),
        "states": states,
        "requests": scene.requests.iter().map(request).collect::<Vec<_>>(),
        "service": scene.service,
        "end": scene.end,
    })
}

fn state(shown: &Shown, before: &View) -> Value {
    json!({
        "ms": ms(shown.at),
        "commit": shown.commit,
        "step": shown.step,
        "changes": shown.view.changes_since(before),
    })
}

fn request(Request { started, ended, entry }: &Request) -> Value {
    json!({
        "endpoint": entry.endpoint,
        "key": entry.key,
        "started_ms": ms(*started),
        "ended_ms": ended.map(ms),
        "ending": entry.ended.map(|(_, ending)| ending),
    })
}

/// Milliseconds to the microsecond.
fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
