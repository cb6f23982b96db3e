//! Marks A and B: two places in a capture, and what is between them.

use super::packet_context::{PacketContext, mapping_of};
use super::shared::{Mark, Shared};
use crate::units;

/// Marks what is in focus: A first, then B. If both are set, it becomes A, and B is free again.
pub fn set(shared: &mut Shared) {
    let mark = Mark { packet: shared.focus.packet, t_ns: shared.focus.t_ns, dsn: dsn(shared) };
    shared.marks = match shared.marks {
        [Some(a), None] => [Some(a), Some(mark)],
        _ => [Some(mark), None],
    };
    let words = between(shared).unwrap_or_else(|| "mark A is set; m sets B".to_owned());
    shared.say(words);
}

/// What is between A and B; `None` unless both are set.
pub fn between(shared: &Shared) -> Option<String> {
    let [Some(a), Some(b)] = shared.marks else { return None };
    let glyphs = shared.theme.glyphs;
    let time = units::duration(b.t_ns - a.t_ns);
    let mut words = vec![format!("A{}B {time}", glyphs.to)];
    if let (Some(a), Some(b)) = (a.dsn, b.dsn) {
        let bytes = i128::from(b) - i128::from(a);
        words.push(format!("DSN {bytes:+}"));
    }
    if let (Some(a), Some(b)) = (a.packet, b.packet) {
        words.push(units::counted(b.abs_diff(a), "packet"));
    }
    Some(words.join(", "))
}

/// The letter of a mark on a packet.
pub fn letter(shared: &Shared, packet: u64) -> Option<char> {
    let is_here = |mark: &Option<Mark>| mark.is_some_and(|mark| mark.packet == Some(packet));
    shared.marks.iter().zip(['A', 'B']).find(|(mark, _)| is_here(mark)).map(|(_, letter)| letter)
}

/// The DSN of the packet in focus, counted from the beginning of the stream, if it has one.
fn dsn(shared: &Shared) -> Option<u64> {
    let entry = shared.entry_in_focus()?;
    let mapping = mapping_of(&shared.segment(&entry)?)?;
    PacketContext::of(shared, &entry)?.relative_dsn(mapping.dsn)?.try_into().ok()
}
