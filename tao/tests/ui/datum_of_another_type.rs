use trine_tao::typed::signal;

trine_tao::parts! {
    term Session(String);
    action Find;
    orient Portal;
}

fn main() {
    let _ = signal(Session, Find, Portal).term(7);
}
