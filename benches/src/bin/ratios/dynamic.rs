//! The shapes of the public reactivity benchmarks: those of kairo, cellx, and the layered graphs of reactively, with
//! their parameters, written from their descriptions.
//!
//! Both sides are compiled from one source, `dynamic/shapes.rs`, over the two libraries' own names for the same
//! things. An effect that reads one cell is an observer of it. After each write the result is read, as it is there.

use crate::Row;
use trine_benches::Workload;

/// Trine's side.
mod trine {
    #[path = "library.rs"]
    pub(super) mod library;
    #[path = "../shapes.rs"]
    pub(super) mod shapes;
}

/// The peer's side.
mod alien_signals {
    #[path = "library.rs"]
    pub(super) mod library;
    #[expect(clippy::duplicate_mod, reason = "both sides do exactly the same")]
    #[path = "../shapes.rs"]
    pub(super) mod shapes;
}

/// What each name is, is said in `dynamic/shapes.rs`.
pub(crate) fn rows(rows: &mut Vec<Row>) {
    let mut row =
        |name: &str, subject: fn() -> Workload<'static>, rival: fn() -> Workload<'static>| {
            rows.push(Row::new(format!("dynamic/{name}"), subject, "alien-signals", rival));
        };
    macro_rules! shapes {
        ($($name:literal $shape:ident($($argument:expr),*);)+) => {$(
            row($name, || trine::shapes::$shape($($argument),*), || {
                alien_signals::shapes::$shape($($argument),*)
            });
        )+};
    }
    shapes! {
        "avoidable" avoidable();
        "broad" broad();
        "deep" deep();
        "diamond" diamond();
        "mux" mux();
        "repeated" repeated();
        "triangle" triangle();
        "unstable" unstable();
        "cellx1000" cellx(1_000);
        "cellx5000" cellx(5_000);
        "wide-dense" layers(1_000, 5, 25, 100);
        "large-web" layers(1_000, 12, 4, 95);
    }
}
