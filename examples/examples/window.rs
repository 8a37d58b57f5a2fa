//! A window that is fed by a `Watch`: an import with its progress, tried again by itself while the service fails, stopped by
//! a button. Nothing is polled: a change in the store asks for a frame, and a frame looks at what is there.
//!
//! `cargo run -p trine-examples --features window --example window`. With `-- play` it starts by itself, and closes.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use eframe::egui;
use trine_core::{Clock, Rejection, Retry, TokioClock, Watch};
use trine_thunks::{AsyncThunk, Progress, SliceKey, Store, ThunkApi, ThunkStatus};

const ROWS: u32 = 100;

/// How far the import is: what it tells of itself, and what a slice keeps.
#[derive(Clone, Default, PartialEq)]
struct Step {
    attempt: u32,
    rows: u32,
}

static STEP: Progress<Step> = Progress::new("step");
static IMPORT: SliceKey<Step> = SliceKey::new("import");

/// Where the rows come from. It takes its time, and may be down.
pub(crate) struct Service {
    clock: Arc<dyn Clock>,
    down: AtomicBool,
}

fn import() -> AsyncThunk<u32, (), &'static str, Service> {
    let import = AsyncThunk::new("import", |rows: u32, api: ThunkApi<Service>| async move {
        // A further attempt goes on where the one before has stopped.
        for done in api.read(&IMPORT, |step| step.rows)..rows {
            api.report(&STEP, Step { attempt: api.attempt(), rows: done });
            api.extra().clock.sleep(Duration::from_millis(20)).await;
            if api.extra().down.load(Relaxed) {
                return Err("the service is down");
            }
        }
        api.report(&STEP, Step { attempt: api.attempt(), rows });
        Ok(())
    });
    import.leading().retry(Retry::exponential(4, Duration::from_millis(250)))
}

/// What a frame shows.
#[derive(Clone, PartialEq)]
struct Shown {
    rows: u32,
    status: ThunkStatus,
    words: String,
}

pub(crate) struct Window {
    pub(crate) store: Store<Service>,
    import: AsyncThunk<u32, (), &'static str, Service>,
    shown: Watch<Shown>,
    plays: bool,
}

impl Window {
    pub(crate) fn open(ctx: &egui::Context, core: trine_core::Store, clock: impl Clock) -> Self {
        let import = import();
        let progress = IMPORT
            .slice(Step::default)
            .on(import.pending(), |step, _| *step = Step::default())
            .on_any(import.progress(&STEP), |step, run| step.clone_from(run.progress()));
        let service = Service { clock: Arc::new(clock), down: AtomicBool::new(false) };
        let store = Store::builder().on(core).extra(service).slice(progress).build();
        let store = store.expect("one slice, one case for each event");

        let (step, state) = (store.cell(&IMPORT), store.state_of(&import));
        let shown = store.watch(store.core().derived(move |cx| {
            let Step { attempt, rows } = cx.get(step);
            cx.with(state, |state| {
                let words = match (state.status(), state.error()) {
                    (ThunkStatus::Idle, _) => "nothing is imported yet".to_owned(),
                    (ThunkStatus::Pending, _) => format!("row {rows}, attempt {attempt}"),
                    (_, None) => format!("{rows} rows are imported"),
                    (_, Some(Rejection::Rejected { error })) => format!("row {rows}: {error}"),
                    (_, Some(end)) => format!("row {rows}: {}", end.kind()),
                };
                Shown { rows, status: state.status(), words }
            })
        }));
        // All that is between the store and the window. However often the store changes, egui draws once per frame.
        let (mut changes, ctx) = (shown.clone(), ctx.clone());
        let repaint = store.core().run("repaint", move |_| async move {
            while changes.changed().await.is_ok() {
                ctx.request_repaint();
            }
            Ok::<_, Infallible>(())
        });
        repaint.detach();
        Self { store, import, shown, plays: false }
    }

    pub(crate) fn show(&self, ui: &mut egui::Ui) {
        let shown = self.shown.borrow(); // waits for nobody
        let working = shown.status == ThunkStatus::Pending;
        ui.heading("Contacts");
        ui.add(egui::ProgressBar::new(shown.rows as f32 / ROWS as f32).show_percentage());
        ui.label(&shown.words);
        ui.horizontal(|ui| {
            let failed = shown.status == ThunkStatus::Rejected;
            let start = egui::Button::new(if failed { "Try again" } else { "Import" });
            if ui.add_enabled(!working, start).clicked() {
                self.store.dispatch(self.import.with(ROWS)).detach();
            }
            if ui.add_enabled(working, egui::Button::new("Stop")).clicked() {
                self.store.runs_of(&self.import).abort_all("stopped");
            }
            let mut down = self.store.extra().down.load(Relaxed);
            ui.checkbox(&mut down, "The service is down");
            self.store.extra().down.store(down, Relaxed);
        });
    }
}

impl eframe::App for Window {
    fn ui(&mut self, ui: &mut egui::Ui, _: &mut eframe::Frame) {
        egui::CentralPanel::default().show(ui, |ui| self.show(ui));
        let shown = self.shown.borrow();
        if self.plays && shown.status == ThunkStatus::Fulfilled {
            self.plays = false;
            println!("the window shows: {}", shown.words);
            ui.ctx().send_viewport_cmd(egui::ViewportCommand::Close);
        }
    }
}

fn main() -> eframe::Result {
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    let _context = runtime.enter(); // where the work goes on that the window starts
    let options = egui::ViewportBuilder::default().with_inner_size([420.0, 150.0]);
    let options = eframe::NativeOptions { viewport: options, ..Default::default() };
    let open = |cc: &eframe::CreationContext<'_>| {
        let mut window = Window::open(&cc.egui_ctx, trine_core::Store::new(), TokioClock::new());
        window.plays = std::env::args().any(|argument| argument == "play");
        if window.plays {
            window.store.dispatch(window.import.with(ROWS)).detach();
        }
        Ok(Box::new(window) as Box<dyn eframe::App>)
    };
    eframe::run_native("Import", options, Box::new(open))
}
