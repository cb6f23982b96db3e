//! What an action changes.

use std::sync::Arc;

use super::action::{Action, Command, Effect, Export, Move};
use super::screens::{connections, findings, graphs, ladder, packet, timeline};
use super::snapshot::Snapshot;
use super::state::{App, Mode, Screen};
use super::{filter::Filter, keymap};

/// What can be exported, as the list shows it.
pub const EXPORTS: [(Export, &str); 4] = [
    (Export::Screen, "this screen, as text"),
    (Export::Json, "the whole report, as JSON"),
    (Export::Filter, "a Wireshark filter for what is selected"),
    (Export::Packets, "the packets of this connection, as pcapng"),
];

/// Changes the state; what the world has to do for it comes back.
pub fn update(app: &mut App, action: Action) -> Option<Effect> {
    let effect = match action {
        Action::Command(command) => {
            app.message = None;
            self::command(app, command)
        }
        Action::Type(character) => {
            if let Mode::Input(text) = &mut app.mode {
                text.push(character);
                typed(app);
            }
            None
        }
        Action::Resize(size) => {
            app.size = size;
            None
        }
        Action::Snapshot(snapshot) => {
            take_snapshot(app, snapshot);
            None
        }
        Action::Packets(packets) => {
            app.packets.keep(packets);
            None
        }
        Action::StateAt(number, as_of) => {
            packet::take_as_of(app, number, as_of);
            None
        }
        Action::Message(message) => {
            app.message = Some(message);
            None
        }
    };
    settle(app);
    effect
}

fn command(app: &mut App, command: Command) -> Option<Effect> {
    match app.mode.clone() {
        Mode::Normal => normal(app, command),
        Mode::Input(text) => {
            input(app, command, text);
            passed_on(command)
        }
        Mode::Help(line) => {
            help(app, command, line);
            passed_on(command)
        }
        Mode::Export(row) => export(app, command, row).or_else(|| passed_on(command)),
    }
}

/// These count everywhere.
const fn passed_on(command: Command) -> Option<Effect> {
    match command {
        Command::Quit => Some(Effect::Quit),
        Command::Suspend => Some(Effect::Suspend),
        _ => None,
    }
}

fn normal(app: &mut App, command: Command) -> Option<Effect> {
    match command {
        Command::Quit | Command::Suspend => return passed_on(command),
        Command::Back if app.path.is_empty() && app.screen == Screen::Connections => {
            return Some(Effect::Quit);
        }
        Command::Back => back(app),
        Command::Escape => escape(app),
        Command::Show(screen) => show(app, screen),
        Command::Search => app.mode = Mode::Input(String::new()),
        Command::Help => app.mode = Mode::Help(0),
        Command::Export => app.mode = Mode::Export(0),
        Command::RawDsn => app.raw_dsn = !app.raw_dsn,
        Command::FullScreen => app.is_full_screen = !app.is_full_screen,
        Command::Follow => {
            app.is_following = !app.is_following;
            say(app, if app.is_following { "following" } else { "no longer following" });
        }
        Command::Freeze => freeze(app),
        Command::Next | Command::Previous if !has_hits(app) => {
            findings::step(app, command == Command::Next);
        }
        _ => on_screen(app, command),
    }
    None
}

/// Whether `n` goes through the hits of a search, not through findings.
fn has_hits(app: &App) -> bool {
    matches!(app.screen, Screen::Ladder | Screen::Packet) && app.ladder.search.is_some()
}

/// What a command means on the screen that has the keys.
fn on_screen(app: &mut App, command: Command) {
    match app.screen {
        Screen::Connections => connections::update(app, command),
        Screen::Timeline => timeline::update(app, command),
        Screen::Ladder => ladder::update(app, command),
        Screen::Graphs => graphs::update(app, command),
        Screen::Findings => findings::update(app, command),
        Screen::Packet => packet::update(app, command),
    }
}

/// Shows another screen, from which there is a way back.
pub fn open(app: &mut App, screen: Screen) {
    if app.screen != screen {
        app.path.push(app.screen);
        app.screen = screen;
    }
}

/// Shows another screen; the way back is to the first one.
fn show(app: &mut App, screen: Screen) {
    app.path.clear();
    if screen != Screen::Connections {
        app.path.push(Screen::Connections);
    }
    app.screen = screen;
}

fn back(app: &mut App) {
    app.screen = app.path.pop().unwrap_or(Screen::Connections);
}

fn escape(app: &mut App) {
    if app.is_full_screen {
        app.is_full_screen = false;
    } else if has_hits(app) {
        app.ladder.search = None;
    } else if !app.filter.is_empty() && matches!(app.screen, Screen::Connections | Screen::Findings)
    {
        app.filter = Filter::default();
    } else if app.marks.iter().any(Option::is_some) {
        app.marks = [None; 2];
    } else {
        back(app);
    }
}

fn freeze(app: &mut App) {
    app.is_frozen = !app.is_frozen;
    if !app.is_frozen
        && let Some(snapshot) = app.waiting.take()
    {
        take_snapshot(app, snapshot);
    }
}

fn take_snapshot(app: &mut App, snapshot: Arc<Snapshot>) {
    if app.is_frozen {
        app.waiting = Some(snapshot);
        return;
    }
    app.snapshot = snapshot;
    // The rows below the cursor may be others now: it stays with what it stood on.
    connections::keep_row(app);
    findings::keep_row(app);
    timeline::follow(app);
    ladder::follow(app);
}

/// Brings all cursors into what there is.
fn settle(app: &mut App) {
    connections::settle(app);
    findings::settle(app);
    timeline::settle(app);
    ladder::settle(app);
    graphs::settle(app);
    packet::settle(app);
}

fn input(app: &mut App, command: Command, mut text: String) {
    match command {
        Command::Erase => {
            text.pop();
            app.mode = Mode::Input(text);
            typed(app);
        }
        Command::EraseAll => {
            app.mode = Mode::Input(String::new());
            typed(app);
        }
        Command::Accept => {
            app.mode = Mode::Normal;
            if !is_filtering(app) {
                ladder::search(app, &text);
            }
        }
        Command::Escape => {
            app.mode = Mode::Normal;
            if is_filtering(app) {
                app.filter = Filter::default();
            }
        }
        _ => {}
    }
}

/// On lists, what is typed filters at once.
fn typed(app: &mut App) {
    if let Mode::Input(text) = &app.mode
        && is_filtering(app)
    {
        app.filter = Filter::parse(text);
    }
}

/// Whether the line of input is a filter of rows, not a search.
pub const fn is_filtering(app: &App) -> bool {
    matches!(app.screen, Screen::Connections | Screen::Findings)
}

fn help(app: &mut App, command: Command, line: usize) {
    let last = keymap::BINDINGS.len();
    app.mode = match command {
        Command::Move(Move::Up) => Mode::Help(line.saturating_sub(1)),
        Command::Move(Move::Down) => Mode::Help((line + 1).min(last)),
        Command::Move(Move::PageUp | Move::First) => Mode::Help(0),
        Command::Move(Move::PageDown | Move::Last) => Mode::Help(last),
        _ => Mode::Normal,
    };
}

fn export(app: &mut App, command: Command, row: usize) -> Option<Effect> {
    let last = EXPORTS.len() - 1;
    app.mode = match command {
        Command::Move(Move::Up) => Mode::Export(row.saturating_sub(1)),
        Command::Move(Move::Down) => Mode::Export((row + 1).min(last)),
        Command::Open => {
            app.mode = Mode::Normal;
            return EXPORTS.get(row).map(|(export, _)| Effect::Export(*export));
        }
        _ => Mode::Normal,
    };
    None
}

/// A sentence for the user.
pub fn say(app: &mut App, message: &str) {
    app.message = Some(message.to_owned());
}
