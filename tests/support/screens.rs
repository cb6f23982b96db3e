//! The terminal's screens without a terminal: a capture, keys, and what is on the screen then.

#![allow(dead_code, reason = "every test takes what it needs")]

use std::path::Path;
use std::sync::Arc;

use mptcpscope::analyze::finding::Selection;
use mptcpscope::capture::reread::PacketReader;
use mptcpscope::capture::spool::Spool;
use mptcpscope::capture::{Capture, InputPath};
use mptcpscope::report::{InputFacts, Report};
use mptcpscope::track::checkpoint::Checkpoints;
use mptcpscope::track::index::PacketIndex;
use mptcpscope::track::{Limits, Tracker};
use mptcpscope::tui::snapshot::{Phase, Snapshot, SourceFacts, SubflowTable, bases};
use mptcpscope::tui::theme::Theme;
use mptcpscope::tui::{Action, App, Effect, cache, draw, keymap, text, update};
use mptcpscope::wire::frame::Place;
use mptcpscope::wire::segment::decode;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Size;

/// The screens of one capture.
pub(crate) struct Screens {
    pub(crate) app: App,
    reader: PacketReader,
    effect: Option<Effect>,
}

impl Screens {
    /// Of a capture of testdata, without colours.
    pub(crate) fn of(capture: &str, width: u16, height: u16) -> Self {
        Self::with(capture, width, height, Theme::new(false, false))
    }

    /// The same, in ASCII.
    pub(crate) fn ascii(capture: &str, width: u16, height: u16) -> Self {
        Self::with(capture, width, height, Theme::new(false, true))
    }

    fn with(capture: &str, width: u16, height: u16, theme: Theme) -> Self {
        let path = Path::new("testdata/captures").join(capture);
        let (snapshot, reader) = load(&path);
        let app = App::new(theme, Size { width, height });
        let mut screens = Self { app, reader, effect: None };
        screens.act(Action::Snapshot(Arc::new(snapshot)));
        screens
    }

    /// Nothing to show yet.
    pub(crate) fn empty(width: u16, height: u16) -> Self {
        let app = App::new(Theme::new(false, false), Size { width, height });
        Self { app, reader: PacketReader::default(), effect: None }
    }

    /// From now on no packet can be read again.
    pub(crate) fn forget(&mut self) {
        self.reader = PacketReader::default();
    }

    /// Something happens.
    pub(crate) fn act(&mut self, action: Action) {
        self.effect = update(&mut self.app, action).or(self.effect);
    }

    /// Keys are pressed: characters, and names in angle brackets: `j<enter>/443<esc>`.
    pub(crate) fn press(&mut self, keys: &str) -> &mut Self {
        let mut rest = keys;
        while let Some(first) = rest.chars().next() {
            let named = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
            let event = if let Some((name, after)) = named {
                rest = after;
                key(name)
            } else {
                rest = &rest[first.len_utf8()..];
                KeyEvent::new(KeyCode::Char(first), KeyModifiers::NONE)
            };
            if let Some(action) = keymap::action(&self.app, event) {
                self.act(action);
            }
            self.read();
        }
        self
    }

    /// Reads what will be on the screen.
    pub(crate) fn read(&mut self) {
        let reader = &self.reader;
        cache::fill(&mut self.app, |entry| reader.read(entry.number(), entry.place()?));
    }

    /// What the world was asked for last.
    pub(crate) fn effect(&mut self) -> Option<Effect> {
        self.effect.take()
    }

    /// What is on the screen.
    pub(crate) fn screen(&mut self) -> String {
        self.read();
        let Size { width, height } = self.app.size;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(&self.app, frame)).unwrap();
        text::of_buffer(terminal.backend().buffer())
    }
}

fn key(name: &str) -> KeyEvent {
    let plain = |code| KeyEvent::new(code, KeyModifiers::NONE);
    match name {
        "enter" => plain(KeyCode::Enter),
        "esc" => plain(KeyCode::Esc),
        "tab" => plain(KeyCode::Tab),
        "backtab" => KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT),
        "up" => plain(KeyCode::Up),
        "down" => plain(KeyCode::Down),
        "left" => plain(KeyCode::Left),
        "right" => plain(KeyCode::Right),
        "pgup" => plain(KeyCode::PageUp),
        "pgdn" => plain(KeyCode::PageDown),
        "home" => plain(KeyCode::Home),
        "end" => plain(KeyCode::End),
        "erase" => plain(KeyCode::Backspace),
        "ctrl-c" => KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL),
        "ctrl-z" => KeyEvent::new(KeyCode::Char('z'), KeyModifiers::CONTROL),
        _ => panic!("no key is named {name}"),
    }
}

/// A capture as the screens see it once it is read.
pub(crate) fn load(path: &Path) -> (Snapshot, PacketReader) {
    let paths = [InputPath::File(path.to_owned())];
    let mut capture = Capture::open(&paths).unwrap();
    let mut spool = Spool::create(&std::env::temp_dir(), None).unwrap();
    let reader = PacketReader::new(&paths, &capture, Some(spool.reader()));
    let mut tracker = Tracker::new(Limits::default(), 0);
    tracker.keep_pushed();
    tracker.keep_series_of(512);
    let (mut packets, mut frames) = (PacketIndex::new(), 0);
    let mut checkpoints = Checkpoints::default();
    while let Some(frame) = capture.next_frame() {
        frames += 1;
        tracker.push(&decode(&frame));
        if let Some(pushed) = tracker.pushed() {
            let place = match frame.offset {
                Some(offset) => Place::in_input(frame.point.input, offset),
                None => spool.keep(&frame),
            };
            packets.push(frame.number, frame.timestamp, &pushed, place);
            checkpoints.note(&tracker, frame.number, packets.end() - 1);
        }
        for swapped in tracker.take_swapped() {
            packets.swap_roles(swapped);
        }
    }
    spool.flush();
    reader.catch_up(&capture);
    let trace = tracker.trace();
    let facts: Vec<_> = capture.inputs().iter().map(facts).collect();
    let snapshot = Snapshot {
        source: SourceFacts {
            title: path.file_name().unwrap().to_string_lossy().into_owned(),
            phase: Phase::Done,
            frames,
            notes: Vec::new(),
        },
        origin: facts.iter().filter_map(|input| input.first).min(),
        report: Report::build_with_series(&trace, &facts, None, &Selection::default()),
        subflows: SubflowTable::new(&trace),
        packets,
        checkpoints,
        bases: bases(&trace),
    };
    (snapshot, reader)
}

fn facts(input: &mptcpscope::capture::InputStatus) -> InputFacts {
    InputFacts {
        path: input.path.clone(),
        format: input.format.to_string(),
        compression: None,
        link_types: input.link_types().iter().map(ToString::to_string).collect(),
        packets: input.packets,
        bytes: input.bytes,
        first: input.first,
        last: input.last,
        undecoded_packets: Some(0),
        truncated_packets: Some(0),
        ip_fragments: Some(0),
        duplicate_packets: Some(0),
        cut_short: input.cut_short,
        note: input.note.clone(),
        clock_shift_ns: None,
        dropped_by_kernel: None,
    }
}
