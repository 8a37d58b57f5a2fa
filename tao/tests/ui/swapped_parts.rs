use trine_tao::typed::trigram;

trine_tao::parts! {
    term Session;
    action Find;
    orient Portal;
}

fn main() {
    let _ = trigram(Find, Session, Portal);
}
