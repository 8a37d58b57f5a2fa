use trine_tao::{ANY, AppCtx};

fn main() {
    let _ = AppCtx::new(ANY, "Find", "Portal");
}
