//! The scenarios: one short function each.

mod addresses;
mod checksums;
mod closing;
mod fallback;
mod joins;
mod odd;
mod paths;
mod plain;
