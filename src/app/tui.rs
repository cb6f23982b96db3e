//! `tui`: the screens, and everything in the world that they need.
//!
//! One channel brings keys, resizes, signals and snapshots; each becomes an action. What the state
//! asks for in return (files written, packets read again) is done here.

mod export;
mod load;
mod terminal;

use std::io::{IsTerminal, stdout};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use ratatui::crossterm::event::{self, Event, KeyEvent, KeyEventKind};
use ratatui::layout::Size;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;

use self::load::{LoadUpdate, Loader};
use self::terminal::TerminalGuard;
use super::output;
use crate::capture::{InputPath, PacketReader};
use crate::cli::{GlobalArgs, TuiArgs};
use crate::track::index::Entry;
use crate::tui::action::{Action, Command, Effect};
use crate::tui::theme::Theme;
use crate::tui::{App, Snapshot, draw, fill, keymap, update};

/// Time between two pictures that no key asked for: at most 20 a second.
const FRAME: Duration = Duration::from_millis(50);

/// Something that came through the channel.
enum UiEvent {
    Key(KeyEvent),
    Resize(Size),
    Signal(i32),
    Update(LoadUpdate),
}

pub(super) fn run(args: &TuiArgs, global: GlobalArgs) -> Result<()> {
    if !stdout().is_terminal() {
        bail!("the screens need a terminal: use mptcpscope report for text, packets for lines");
    }
    let theme = Theme::new(output::is_coloured(global.color), args.ascii || !is_utf8());
    // What cannot be opened is said before the screen is taken.
    let loader = Loader::open(args)?;
    let reader = loader.reader();
    let (sender, events) = channel();
    let updates = sender.clone();
    let loader = loader.start(move |update| updates.send(UiEvent::Update(update)).is_ok())?;
    let mut terminal = TerminalGuard::take()?;
    listen(sender)?;
    let mut session =
        Session { app: App::new(theme, terminal.size()?), reader, failure: None, is_over: false };
    let outcome = session.watch(&mut terminal, &events);
    drop(terminal);
    drop(events);
    loader.stop();
    outcome?;
    session.failure.map_or(Ok(()), |failure| Err(anyhow::anyhow!(failure)))
}

/// All of some captures at once, as the screens get it in the end, and what reads its packets again.
///
/// Fails with one sentence that names the file that cannot be read.
pub fn load_all(paths: Vec<InputPath>) -> Result<(Snapshot, PacketReader)> {
    load::load_all(paths)
}

/// Whether the locale says that the terminal takes UTF-8. The first variable that is set counts.
fn is_utf8() -> bool {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG"));
    // Without any of them, what terminals do today.
    locale.is_none_or(|locale| {
        let locale = locale.to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8") || locale == "c" || locale == "posix"
    })
}

/// Keys and signals, each from a thread of its own.
fn listen(sender: Sender<UiEvent>) -> Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP, SIGTSTP, SIGCONT])?;
    let from_signals = sender.clone();
    thread::spawn(move || {
        for signal in &mut signals {
            if from_signals.send(UiEvent::Signal(signal)).is_err() {
                break;
            }
        }
    });
    thread::spawn(move || {
        while let Ok(event) = event::read() {
            let event = match event {
                Event::Key(key) if key.kind != KeyEventKind::Release => UiEvent::Key(key),
                Event::Resize(width, height) => UiEvent::Resize(Size { width, height }),
                _ => continue,
            };
            if sender.send(event).is_err() {
                break;
            }
        }
    });
    Ok(())
}

/// The state, and what it reads packets with.
struct Session {
    app: App,
    reader: PacketReader,
    /// Why there will be nothing more to show.
    failure: Option<String>,
    is_over: bool,
}

impl Session {
    /// Takes events and draws until it is over.
    fn watch(&mut self, terminal: &mut TerminalGuard, events: &Receiver<UiEvent>) -> Result<()> {
        let mut drawn_at = Instant::now();
        self.draw(terminal)?;
        let mut is_stale = false;
        while !self.is_over {
            let event = if is_stale {
                let wait = FRAME.saturating_sub(drawn_at.elapsed());
                match events.recv_timeout(wait) {
                    Ok(event) => Some(event),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            } else {
                match events.recv() {
                    Ok(event) => Some(event),
                    Err(_) => break,
                }
            };
            let mut is_urgent = event.is_none();
            for event in event.into_iter().chain(events.try_iter().take(256)) {
                is_stale = true;
                is_urgent |= !matches!(event, UiEvent::Update(_));
                self.take(event, terminal)?;
            }
            if is_stale && (is_urgent || drawn_at.elapsed() >= FRAME) && !self.is_over {
                self.draw(terminal)?;
                drawn_at = Instant::now();
                is_stale = false;
            }
        }
        Ok(())
    }

    fn take(&mut self, event: UiEvent, terminal: &mut TerminalGuard) -> Result<()> {
        let action = match event {
            UiEvent::Key(key) => match keymap::action(&self.app, key) {
                Some(action) => action,
                None => return Ok(()),
            },
            UiEvent::Resize(size) => {
                terminal.clear()?;
                Action::Resize(size)
            }
            UiEvent::Signal(SIGTSTP) => Action::Command(Command::Suspend),
            UiEvent::Signal(SIGCONT) => return terminal.retake(),
            UiEvent::Signal(_) => Action::Command(Command::Quit),
            UiEvent::Update(LoadUpdate::Snapshot(snapshot)) => Action::Snapshot(snapshot),
            UiEvent::Update(LoadUpdate::Failed(failure)) => {
                self.failure = Some(failure);
                self.is_over = true;
                return Ok(());
            }
        };
        match update(&mut self.app, action) {
            None => {}
            Some(Effect::Quit) => self.is_over = true,
            Some(Effect::Suspend) => terminal.suspend()?,
            Some(Effect::Export(what)) => {
                let message = export::write(&self.app, &self.reader, what)
                    .unwrap_or_else(|error| format!("{error:#}"));
                update(&mut self.app, Action::Message(message));
            }
        }
        Ok(())
    }

    /// Reads what will be on the screen, then draws.
    fn draw(&mut self, terminal: &mut TerminalGuard) -> Result<()> {
        let read = |entry: &Entry| self.reader.read(entry.number(), entry.place()?);
        fill(&mut self.app, read);
        terminal.draw(|frame| draw(&self.app, frame))
    }
}
