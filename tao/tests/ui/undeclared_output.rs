use trine_tao::{
    Kernel, Store,
    typed::{OneOf, Signal, emit, signal, trigram},
};

trine_tao::parts! {
    term Session;
    action Find, Create, Enter;
    orient Portal;
}

fn main() {
    let tao = Kernel::new(&Store::new());
    let _handler = tao.on_inline(
        trigram(Session, Find, Portal),
        |_| -> OneOf<(Signal<Session, Create, Portal>,)> { emit(signal(Session, Enter, Portal)) },
    );
}
