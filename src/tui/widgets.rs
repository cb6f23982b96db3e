//! How things are drawn: panes, tables, text, bars, bytes. Nothing here knows a screen or what it
//! shows.

pub mod bar;
pub mod hex;
pub mod pane;
pub mod table;
pub mod text;
