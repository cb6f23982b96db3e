//! What packets are called: `#12`, and with several inputs `client.pcap #12`.
//!
//! With several inputs a number of the merged order says nothing to Wireshark. So the file and the
//! number there stand in its place, in tables and in sentences.

use std::collections::BTreeMap;

use crate::printable::printable;
use crate::report::model::{Input, PacketRef};
use crate::text_layout::fit_end;

/// Most packets that a list names.
const MOST: usize = 5;

/// What part of a line the name of a file may take.
const PART_OF_LINE: usize = 4;

/// Names packets of one input by their number, those of several by file and number.
pub(super) struct PacketNames<'a> {
    refs: Option<&'a BTreeMap<u64, PacketRef>>,
    files: Vec<String>,
}

impl<'a> PacketNames<'a> {
    /// For lines of so many `columns`.
    pub(super) fn new(
        inputs: &[Input],
        refs: &'a BTreeMap<u64, PacketRef>,
        columns: usize,
    ) -> Self {
        let refs = (inputs.len() > 1).then_some(refs);
        Self { refs, files: file_names(inputs, columns / PART_OF_LINE) }
    }

    /// For pages that name none.
    pub(super) const fn none() -> Self {
        Self { refs: None, files: Vec::new() }
    }

    /// `#12` or `client.pcap #12`.
    pub(super) fn short(&self, packet: u64) -> String {
        match self.origin(packet) {
            Some((file, number)) => format!("{file} #{number}"),
            None => format!("#{packet}"),
        }
    }

    /// `packet 12`, `packets 12, 14–16, …`; with several inputs `client.pcap #12, #14–16`.
    pub(super) fn list(&self, packets: &[u64]) -> Option<String> {
        if self.refs.is_none() {
            return match packets {
                [] => None,
                [only] => Some(format!("packet {only}")),
                _ => Some(format!("packets {}", runs(packets, MOST, ""))),
            };
        }
        let mut of_files: Vec<(&str, Vec<u64>)> = Vec::new();
        for packet in packets {
            let (file, number) = self.origin(*packet).unwrap_or(("merged", *packet));
            match of_files.iter_mut().find(|(known, _)| *known == file) {
                Some((_, numbers)) => numbers.push(number),
                None => of_files.push((file, vec![number])),
            }
        }
        let parts: Vec<_> =
            of_files.iter().map(|(file, of)| format!("{file} {}", runs(of, MOST, "#"))).collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// A sentence with its packets named: `(packet 12)` becomes `(client.pcap #12)`.
    pub(super) fn in_words(&self, sentence: &str) -> String {
        const WORD: &str = "packet ";
        if self.refs.is_none() {
            return sentence.to_owned();
        }
        let mut named = String::with_capacity(sentence.len());
        let mut rest = sentence;
        while let Some(at) = rest.find(WORD) {
            let (before, after) = rest.split_at(at);
            let number = after.strip_prefix(WORD).unwrap_or("");
            let end = number.find(|found: char| !found.is_ascii_digit()).unwrap_or(number.len());
            let (digits, behind) = number.split_at(end);
            named.push_str(before);
            let packet = digits.parse().ok().filter(|packet| self.origin(*packet).is_some());
            let name = packet.map_or(format!("{WORD}{digits}"), |packet| self.short(packet));
            named.push_str(&name);
            rest = behind;
        }
        named.push_str(rest);
        named
    }

    /// The file and the number there.
    fn origin(&self, packet: u64) -> Option<(&str, u64)> {
        let PacketRef(input, number) = *self.refs?.get(&packet)?;
        let file = self.files.get(usize::try_from(input).ok()?)?;
        Some((file, number))
    }
}

/// Numbers in runs, at most `most` of them: `12, 14–16, …`.
pub(super) fn runs(numbers: &[u64], most: usize, mark: &str) -> String {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            _ => runs.push((*number, *number)),
        }
    }
    let run = |(first, last): &(u64, u64)| match last - first {
        0 => format!("{mark}{first}"),
        1 => format!("{mark}{first}, {mark}{last}"),
        _ => format!("{mark}{first}–{last}"),
    };
    let mut parts: Vec<_> = runs.iter().take(most).map(run).collect();
    if runs.len() > most {
        parts.push("…".to_owned());
    }
    parts.join(", ")
}

/// Names without their folders and cut to `columns`, as far as each then still has one of its own.
fn file_names(inputs: &[Input], columns: usize) -> Vec<String> {
    let whole: Vec<_> = inputs.iter().map(|input| printable(&input.path)).collect();
    let short = shortened(&whole, |path| path.rsplit('/').next().unwrap_or(path).to_owned());
    shortened(&short, |name| fit_end(name, columns, '…'))
}

/// Each of `names` as `shorten` makes it, if no other one becomes the same.
fn shortened(names: &[String], shorten: impl Fn(&str) -> String) -> Vec<String> {
    let short: Vec<_> = names.iter().map(|name| shorten(name)).collect();
    let is_unique = |name: &String| short.iter().filter(|other| *other == name).count() == 1;
    let pairs = names.iter().zip(&short);
    pairs.map(|(name, short)| if is_unique(short) { short } else { name }.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(paths: &[&str]) -> Vec<Input> {
        let stats = |path: &&str| crate::analyze::InputStats {
            path: (*path).to_owned(),
            ..crate::analyze::InputStats::default()
        };
        paths.iter().map(|path| Input::from(&stats(path))).collect()
    }

    #[test]
    fn one_input_has_numbers_alone() {
        let refs = BTreeMap::new();
        let names = PacketNames::new(&inputs(&["a.pcap"]), &refs, 80);
        assert_eq!(names.short(7), "#7");
        assert_eq!(names.list(&[]), None);
        assert_eq!(names.list(&[7]).as_deref(), Some("packet 7"));
        assert_eq!(names.list(&[1, 3, 4, 5, 9]).as_deref(), Some("packets 1, 3–5, 9"));
        let many = names.list(&[1, 3, 5, 7, 9, 11]);
        assert_eq!(many.as_deref(), Some("packets 1, 3, 5, 7, 9, …"));
        assert_eq!(names.in_words("It ended (packet 9)."), "It ended (packet 9).");
    }

    #[test]
    fn packets_of_several_inputs_have_their_file() {
        let refs = [(1, PacketRef(0, 1)), (2, PacketRef(1, 1)), (4, PacketRef(1, 2))].into();
        let names = PacketNames::new(&inputs(&["a/client.pcap", "b/server.pcap"]), &refs, 80);
        assert_eq!(names.short(2), "server.pcap #1");
        let list = names.list(&[1, 2, 4]);
        assert_eq!(list.as_deref(), Some("client.pcap #1; server.pcap #1, #2"));
        assert_eq!(
            names.in_words("A RST (packet 4) after packet 1, one packet later, packet 99."),
            "A RST (server.pcap #2) after client.pcap #1, one packet later, packet 99."
        );
        // One that is not known keeps its number.
        assert_eq!(names.short(99), "#99");
    }

    #[test]
    fn files_of_one_name_keep_their_folders() {
        let refs = [(1, PacketRef(0, 1)), (2, PacketRef(1, 1))].into();
        let names = PacketNames::new(&inputs(&["a/x.pcap", "b/x.pcap"]), &refs, 80);
        assert_eq!(names.short(2), "b/x.pcap #1");
    }

    #[test]
    fn long_names_are_cut_as_long_as_they_differ() {
        let refs = BTreeMap::new();
        let names = |paths: &[&str]| PacketNames::new(&inputs(paths), &refs, 40).files;
        assert_eq!(names(&["long-name-of-a-client.pcap", "b"]), ["…ient.pcap", "b"]);
        let alike = ["one-name-of-a-capture.pcap", "two-name-of-a-capture.pcap"];
        assert_eq!(names(&alike), alike);
    }
}
