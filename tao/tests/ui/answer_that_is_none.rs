use trine_tao::{Kernel, Store};

fn main() {
    let tao = Kernel::new(&Store::new());
    let _handler = tao.on_inline(("User", "Find", "Portal"), |_| 7);
}
