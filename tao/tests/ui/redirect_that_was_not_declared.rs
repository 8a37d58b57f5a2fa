use trine_tao::{
    Kernel, Store,
    typed::{Gate, emit, signal, trigram},
};

trine_tao::parts! {
    term Session;
    action Find, Create;
    orient Portal;
}

fn main() {
    let tao = Kernel::new(&Store::new());
    let _handler = tao.on_intercept(trigram(Session, Find, Portal), |_| -> Gate {
        Gate::Redirect(emit(signal(Session, Create, Portal)))
    });
}
