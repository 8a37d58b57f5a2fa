//! Lines up what several models have shown: one row per change on the screen, one column per model.

use std::time::Duration;

use crate::story::Performance;
use crate::view::View;

/// One change on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The scene that it belongs to.
    pub scene: &'static str,
    /// What the user was doing.
    pub step: &'static str,
    /// What changed.
    pub change: String,
    /// When each model has shown it; `None` when it has not.
    pub moments: Vec<Option<Moment>>,
}

/// When a change was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// From the start of the scene.
    pub at: Duration,
    /// The commit that it came with: changes with the same number came together.
    pub commit: u64,
}

/// The rows of all `performances`, in an order that none of them contradicts more than it must.
#[must_use]
pub fn rows(performances: &[&Performance]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (column, performance) in performances.iter().enumerate() {
        let mut after_last = 0;
        for (scene, step, change, moment) in changes(performance) {
            let same = |row: &Row| {
                (row.scene, row.step, &row.change) == (scene, step, &change)
                    && row.moments[column].is_none()
            };
            let place = rows.iter().position(same).unwrap_or_else(|| {
                let moments = vec![None; performances.len()];
                let place = place_for(&rows, after_last, scene, step);
                rows.insert(place, Row { scene, step, change, moments });
                place
            });
            rows[place].moments[column] = Some(moment);
            after_last = place + 1;
        }
    }
    rows
}

/// Where a row goes that comes after the first `after_last` for its model: among those of its step,
/// or behind those of the step before.
fn place_for(rows: &[Row], after_last: usize, scene: &str, step: &str) -> usize {
    let is_of = |row: &Row, scene: &str, step: &str| (row.scene, row.step) == (scene, step);
    if let Some(first) = rows.iter().position(|row| is_of(row, scene, step)) {
        let end = first + rows[first..].iter().take_while(|row| is_of(row, scene, step)).count();
        return after_last.clamp(first, end);
    }
    match after_last.checked_sub(1).map(|last| &rows[last]) {
        Some(last) => {
            let of_its_step = |row: &&Row| is_of(row, last.scene, last.step);
            after_last + rows[after_last..].iter().take_while(of_its_step).count()
        }
        None => 0,
    }
}

fn changes(
    performance: &Performance,
) -> impl Iterator<Item = (&'static str, &'static str, String, Moment)> {
    performance.scenes.iter().flat_map(|scene| {
        let mut before = View::default();
        scene.shown.iter().flat_map(move |shown| {
            let changes = shown.view.changes_since(&before);
            before = shown.view.clone();
            let moment = Moment { at: shown.at, commit: shown.commit };
            changes.into_iter().map(move |change| (scene.script.name(), shown.step, change, moment))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models;
    use crate::portal::Tally;
    use crate::recorder::Shown;
    use crate::story::{Scene, Script};
    use crate::view::Load;

    /// A model that shows these views, one per commit and millisecond, all in one step.
    fn shows(views: &[View]) -> Performance {
        let views: Vec<_> = views.iter().map(|view| ("open", view.clone())).collect();
        shows_in_steps(&views)
    }

    fn shows_in_steps(views: &[(&'static str, View)]) -> Performance {
        let shown = (1..).zip(views).map(|(commit, (step, view))| Shown {
            at: Duration::from_millis(commit),
            commit,
            step,
            view: view.clone(),
        });
        let scene = Scene {
            script: Script::FirstVisit,
            works: Vec::new(),
            commits: Vec::new(),
            shown: shown.collect(),
            end: View::default(),
            tally: Tally::default(),
            requests: Vec::new(),
            totals: Default::default(),
            service: Default::default(),
            complaints: Vec::new(),
        };
        Performance { model: models::ALL[0], scenes: vec![scene] }
    }

    #[test]
    fn changes_line_up_whether_they_come_together_or_apart() {
        let shown = View { shown: true, ..View::default() };
        let both = View { spaces: Load::Loading, ..shown.clone() };
        let rows = rows(&[&shows(&[shown, both.clone()]), &shows(&[both])]);
        let table: Vec<(&str, Vec<u64>)> = rows
            .iter()
            .map(|row| {
                (row.change.as_str(), row.moments.iter().flatten().map(|m| m.commit).collect())
            })
            .collect();
        assert_eq!(table, [("portal shown", vec![1, 1]), ("spaces: loading", vec![2, 1])]);
    }

    #[test]
    fn a_change_that_one_model_has_not_shown_gets_its_row_in_place() {
        let at = |spaces, shown| View { spaces, shown, ..View::default() };
        let quick = shows(&[at(Load::Failed("x".to_owned()), false), at(Load::Empty, true)]);
        let thorough = shows(&[
            at(Load::Loading, false),
            at(Load::Failed("x".to_owned()), false),
            at(Load::Empty, true),
        ]);
        let rows = rows(&[&quick, &thorough]);
        assert_eq!(rows[0].change, "spaces: loading");
        assert_eq!(rows[0].moments[0], None);
        assert!(rows[1..].iter().all(|row| row.moments.iter().all(Option::is_some)));
    }

    #[test]
    fn a_step_stays_together_when_models_show_its_changes_in_another_order() {
        let at = |shown, spaces| View { shown, spaces, ..View::default() };
        let search = |view: &View| {
            let mut view = view.clone();
            view.search.text = "a".to_owned();
            view
        };
        let both = at(true, Load::Loading);
        let left = at(false, Load::Failed("x".to_owned()));
        let one = shows_in_steps(&[
            ("open", at(true, Load::Empty)),
            ("open", both.clone()),
            ("leave", left.clone()),
        ]);
        let other = shows_in_steps(&[
            ("open", at(false, Load::Loading)),
            ("open", both.clone()),
            ("type", search(&both)),
            ("leave", search(&left)),
        ]);
        let steps: Vec<&str> = rows(&[&one, &other]).iter().map(|row| row.step).collect();
        assert_eq!(steps, ["open", "open", "type", "leave", "leave"]);
    }
}
