//! The terminal's screens without a terminal: a capture, keys, and what is on the screen then.

use std::path::Path;
use std::sync::Arc;

use mptcpscope::internals::app::tui::load_all;
use mptcpscope::internals::capture::{InputPath, PacketReader};
use mptcpscope::internals::tui::theme::Theme;
use mptcpscope::internals::tui::widgets::text;
use mptcpscope::internals::tui::{Action, App, Effect, Snapshot, draw, fill, keymap, update};
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

    /// Reads what will be on the screen, as is done before it is drawn.
    pub(crate) fn read(&mut self) {
        let reader = &self.reader;
        fill(&mut self.app, |entry| reader.read(entry.number(), entry.place()?));
    }

    /// What the world was asked for last.
    pub(crate) fn effect(&mut self) -> Option<Effect> {
        self.effect.take()
    }

    /// What is on the screen.
    pub(crate) fn screen(&mut self) -> String {
        self.read();
        let Size { width, height } = self.app.shared.size;
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
    let (mut snapshot, reader) = load_all(vec![InputPath::File(path.to_owned())]).unwrap();
    snapshot.source.title = path.file_name().unwrap().to_string_lossy().into_owned();
    (snapshot, reader)
}
