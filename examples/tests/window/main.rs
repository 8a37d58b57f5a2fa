//! The window without a screen: clicks go in, what is shown comes out, and time passes when the test says so.

#[path = "../../examples/window.rs"]
#[allow(dead_code)]
mod window;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use eframe::egui;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use trine_core::Clock;
use trine_core::test::{ManualClock, ManualExecutor};
use window::Window;

/// A window, and the time in which it lives.
struct Stage {
    window: Harness<'static, Option<Window>>,
    clock: ManualClock,
    executor: ManualExecutor,
    /// How many frames were asked for.
    asked: Arc<AtomicUsize>,
}

impl Stage {
    fn open() -> Self {
        let (clock, executor) = (ManualClock::new(), ManualExecutor::new());
        let core = trine_core::Store::builder().spawner(executor.clone()).clock(clock.clone());
        let (core, time) = (core.build(), clock.clone());
        let draw = move |ui: &mut egui::Ui, window: &mut Option<Window>| {
            window
                .get_or_insert_with(|| Window::open(ui.ctx(), core.clone(), time.clone()))
                .show(ui);
        };
        let (window, asked) = (Harness::new_ui_state(draw, None), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&asked);
        window.ctx.set_request_repaint_callback(move |_| {
            count.fetch_add(1, Relaxed);
        });
        let mut stage = Self { window, clock, executor, asked };
        stage.draw();
        stage
    }

    /// Draws until nobody asks for another frame.
    fn draw(&mut self) {
        loop {
            self.window.run();
            if self.executor.run_until_stalled() == 0 {
                return;
            }
        }
    }

    /// Lets time pass, without a look at the window. How many frames were asked for.
    fn pass(&self, milliseconds: u64) -> usize {
        let asked = self.asked.load(Relaxed);
        let until = self.clock.now() + Duration::from_millis(milliseconds);
        self.executor.run_until_stalled();
        while self.clock.next_due().is_some_and(|due| due <= until) {
            self.clock.advance_to_next();
            self.executor.run_until_stalled();
        }
        self.clock.advance(until - self.clock.now());
        self.executor.run_until_stalled();
        self.asked.load(Relaxed) - asked
    }

    fn click(&mut self, label: &str) {
        self.window.get_by_label(label).click();
        self.draw();
    }

    #[track_caller]
    fn shows(&self, words: &str) {
        assert!(self.window.query_by_label(words).is_some(), "`{words}`: {:?}", self.window.root());
    }

    fn can_press(&self, label: &str) -> bool {
        !self.window.get_by_label(label).accesskit_node().is_disabled()
    }
}

#[test]
fn a_click_starts_the_import_and_each_row_asks_for_a_frame() {
    let mut stage = Stage::open();
    stage.shows("nothing is imported yet");
    assert!(stage.can_press("Import") && !stage.can_press("Stop"));

    stage.click("Import");
    stage.shows("row 0, attempt 1");
    assert!(!stage.can_press("Import") && stage.can_press("Stop"));

    assert_eq!(stage.pass(20), 1);
    stage.draw();
    stage.shows("row 1, attempt 1");

    stage.pass(99 * 20);
    stage.draw();
    stage.shows("100 rows are imported");
    assert!(stage.can_press("Import") && !stage.can_press("Stop"));
}

#[test]
fn nobody_asks_for_a_frame_while_nothing_changes() {
    let mut stage = Stage::open();
    assert_eq!(stage.pass(60_000), 0);
    stage.click("Import");
    assert_eq!([stage.pass(19), stage.pass(1)], [0, 1], "a row takes 20 ms");
}

#[test]
fn a_hundred_changes_between_two_frames_are_one_frame() {
    let mut stage = Stage::open();
    stage.click("Import");
    stage.pass(100 * 20);
    stage.window.step();
    stage.shows("100 rows are imported");
    assert_eq!(stage.pass(60_000), 0);
}

#[test]
fn stop_ends_the_import_at_the_row_where_it_is_and_it_can_be_started_anew() {
    let mut stage = Stage::open();
    stage.click("Import");
    stage.pass(30 * 20);
    stage.draw();
    stage.click("Stop");
    stage.shows("row 30: aborted");
    assert_eq!(stage.pass(60_000), 0, "nothing goes on after it was stopped");

    stage.click("Try again");
    stage.shows("row 0, attempt 1");
    stage.pass(100 * 20);
    stage.draw();
    stage.shows("100 rows are imported");
}

#[test]
fn a_service_that_recovers_is_asked_again_from_the_row_where_it_failed() {
    let mut stage = Stage::open();
    stage.click("Import");
    stage.pass(10 * 20);
    stage.draw();
    stage.click("The service is down");
    stage.pass(20);
    stage.draw();
    stage.shows("row 10, attempt 1");

    stage.pass(250);
    stage.draw();
    stage.shows("row 10, attempt 2");
    stage.click("The service is down");
    stage.pass(90 * 20);
    stage.draw();
    stage.shows("100 rows are imported");
}

#[test]
fn a_service_that_stays_down_is_given_up_after_four_attempts_and_can_be_tried_again() {
    let mut stage = Stage::open();
    stage.click("The service is down");
    stage.click("Import");
    stage.pass(4 * 20 + 250 + 500 + 1_000);
    stage.draw();
    stage.shows("row 0: the service is down");

    stage.click("The service is down");
    stage.click("Try again");
    stage.pass(100 * 20);
    stage.draw();
    stage.shows("100 rows are imported");
}

#[test]
fn closing_the_window_ends_the_work() {
    let mut stage = Stage::open();
    stage.click("Import");
    stage.pass(20);
    let Stage { window, executor, .. } = stage;
    drop(window);
    executor.run_until_stalled();
    assert_eq!(executor.pending(), 0, "the import and the repaints are gone with their store");
}
