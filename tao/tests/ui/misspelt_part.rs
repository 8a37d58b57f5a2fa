use trine_tao::{Kernel, Store};

trine_tao::parts! {
    term Session;
    action Find;
    orient Portal;
}

fn main() {
    let tao = Kernel::new(&Store::new());
    let _handler = tao.on_inline((Session, Fnid, Portal), |_| ());
}
