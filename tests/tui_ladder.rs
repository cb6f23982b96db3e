//! The ladder and the packet of the terminal timeline: keys in, screens out.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![cfg(feature = "tui")]

#[path = "support/screens.rs"]
mod screens;

use screens::Screens;

#[test]
fn look() {
    let Ok(script) = std::env::var("LOOK") else { return };
    for line in script.split(';') {
        let parts: Vec<&str> = line.split(',').collect();
        let (w, h) = (parts[1].parse().unwrap(), parts[2].parse().unwrap());
        let mut screens = if parts.len() > 4 { Screens::ascii(parts[0], w, h) } else { Screens::of(parts[0], w, h) };
        println!("=== {line}\n{}", screens.press(parts[3]).screen());
    }
}
