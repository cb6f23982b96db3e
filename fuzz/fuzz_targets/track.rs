#![no_main]

#[path = "../../tests/it/support/fuzz_targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| targets::track(octets));
