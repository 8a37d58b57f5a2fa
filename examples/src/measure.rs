//! What a model costs: the time of a dispatch, the lines of its file.

use std::time::Instant;

use crate::portal::Model;

const BATCHES: usize = 61;
const DISPATCHES: u32 = 1_000;

/// Nanoseconds per trivial synchronous dispatch with one subscriber, for each of `models`.
///
/// Batches of the models take turns, so that whatever slows the machine down hits all of them; the
/// median batch counts. The first round warms up and is not counted.
#[must_use]
pub fn dispatch_ns(models: &[Model]) -> Vec<f64> {
    let mut dispatches: Vec<_> = models.iter().map(|model| (model.dispatch)()).collect();
    let mut batches = vec![Vec::with_capacity(BATCHES); models.len()];
    for round in 0..=BATCHES {
        for (dispatch, batches) in dispatches.iter_mut().zip(&mut batches) {
            let started = Instant::now();
            for _ in 0..DISPATCHES {
                dispatch();
            }
            if round > 0 {
                batches.push(started.elapsed().as_secs_f64() * 1e9 / f64::from(DISPATCHES));
            }
        }
    }
    batches.into_iter().map(median).collect()
}

/// Lines of code of a model's file: without blank lines, comments and tests.
#[must_use]
pub fn lines_of_code(source: &str) -> usize {
    source
        .lines()
        .map(str::trim)
        .take_while(|line| *line != "#[cfg(test)]")
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .count()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models;

    #[test]
    fn lines_of_code_are_neither_comments_nor_blank_nor_tests() {
        let source = "//! Docs.\n\nuse a;\n/// Doc.\nfn f() {\n    // why\n    g(); // how\n}\n\n#[cfg(test)]\nmod tests {\n}\n";
        assert_eq!(lines_of_code(source), 4);
    }

    #[test]
    fn every_model_can_be_timed() {
        let times = dispatch_ns(models::ALL);
        assert_eq!(times.len(), models::ALL.len());
        assert!(times.iter().all(|ns| *ns > 0.0));
    }
}
