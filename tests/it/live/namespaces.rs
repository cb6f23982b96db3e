//! Live capture between two network namespaces.

mod files;
mod findings;
mod interfaces;
mod lab;
