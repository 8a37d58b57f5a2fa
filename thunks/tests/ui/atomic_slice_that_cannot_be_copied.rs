//! An atomic slice works on a copy.

use trine_thunks::SliceKey;

struct Connections(Vec<std::net::TcpStream>);

static CONNECTIONS: SliceKey<Connections> = SliceKey::new("connections");

fn main() {
    let _ = CONNECTIONS.slice(|| Connections(Vec::new())).atomic();
}
