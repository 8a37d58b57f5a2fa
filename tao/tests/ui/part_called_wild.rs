trine_tao::parts! {
    term Everything = "*";
}

fn main() {
    let _ = Everything;
}
