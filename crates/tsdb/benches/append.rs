//! placeholder until the head stands
fn main() {}
