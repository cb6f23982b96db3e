//! What an action changes.

use super::action::{Action, Command, Effect, Export, Move};
use super::app::{App, Mode};
use super::help;
use super::screens::{Prompt, Screen};
use crate::filter::Filter;
use crate::report::rows::{self, ConnectionRow, FindingRow};

/// What can be exported, as the list shows it.
pub const EXPORTS: [(Export, &str); 4] = [
    (Export::Screen, "this screen, as text"),
    (Export::Json, "the whole report, as JSON"),
    (Export::Filter, "a Wireshark filter for what is selected"),
    (Export::Packets, "the packets of this connection, as pcapng"),
];

/// Changes the state. Returns what the world has to do for it.
pub fn update(app: &mut App, action: Action) -> Option<Effect> {
    let mut effect = None;
    match action {
        Action::Command(command) => {
            app.shared.message = None;
            effect = self::command(app, command);
        }
        Action::Type(character) => {
            if let Mode::Input(text) = &mut app.mode {
                text.push(character);
                typed(app);
            }
        }
        Action::Resize(size) => app.shared.size = size,
        Action::Snapshot(snapshot) => app.take_snapshot(snapshot),
        Action::Packets(packets) => app.shared.packets.keep(packets),
        Action::StateAt(number, state) => app.screens.packet.take_state(number, state),
        Action::Message(message) => app.shared.say(message),
    }
    app.settle();
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
            scroll_help(app, command, line);
            passed_on(command)
        }
        Mode::Export(row) => export(app, command, row).or_else(|| passed_on(command)),
    }
}

/// Commands that count in every mode.
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
        Command::Back if app.is_at_start() => return Some(Effect::Quit),
        Command::Back => app.back(),
        Command::Escape => escape(app),
        Command::Show(number) => {
            if let Some(screen) = Screen::of_number(number) {
                app.show(screen);
            }
        }
        Command::Search => app.mode = Mode::Input(String::new()),
        Command::Help => app.mode = Mode::Help(0),
        Command::Export => app.mode = Mode::Export(0),
        Command::RawDsn => app.shared.raw_dsn = !app.shared.raw_dsn,
        Command::FullScreen => app.is_full_screen = !app.is_full_screen,
        Command::Follow => follow(app),
        Command::Freeze => app.freeze(),
        Command::Next => app.step(true),
        Command::Previous => app.step(false),
        _ => app.update_screen(command),
    }
    None
}

fn follow(app: &mut App) {
    let is_following = !app.shared.is_following;
    app.shared.is_following = is_following;
    app.shared.say(if is_following { "following" } else { "no longer following" });
}

/// Takes back the last thing that can be taken back.
fn escape(app: &mut App) {
    if app.is_full_screen {
        app.is_full_screen = false;
    } else if app.end_search() {
        // That was it.
    } else if !app.shared.filter.is_empty() && is_filtering(app) {
        app.shared.filter = Filter::default();
    } else if app.shared.marks.iter().any(Option::is_some) {
        app.shared.marks = [None; 2];
    } else {
        app.back();
    }
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
        // What means nothing stays in the line until it means something.
        Command::Accept if app.filter_error.is_some() => {}
        Command::Accept => {
            app.mode = Mode::Normal;
            if is_filtering(app) {
                warn_of_unknown_fields(app);
            } else {
                app.search(&text);
            }
        }
        Command::Escape => {
            app.mode = Mode::Normal;
            app.filter_error = None;
            if is_filtering(app) {
                app.shared.filter = Filter::default();
            }
        }
        _ => {}
    }
}

/// Filters rows by what was typed so far, if the line of input is a filter. While it means nothing, all
/// rows are there.
fn typed(app: &mut App) {
    if let Mode::Input(text) = &app.mode
        && is_filtering(app)
    {
        (app.shared.filter, app.filter_error) = match rows::filter(text) {
            Ok(filter) => (filter, None),
            Err(error) => (Filter::default(), Some(error)),
        };
    }
}

/// Says which fields of the filter are known of no row, so that nobody takes an empty list for an answer.
fn warn_of_unknown_fields(app: &mut App) {
    let (shared, report) = (&app.shared, app.shared.report());
    let unknown = if app.screen == Screen::Findings {
        let row = |finding| {
            let connection = rows::connection_of(report, finding);
            FindingRow::new(report, finding, connection)
        };
        shared.filter.unknown_fields(&report.findings.iter().map(row))
    } else {
        let all = shared.all_connections().iter();
        let row =
            |connection| ConnectionRow::new(report, connection, shared.findings_of(connection.id));
        shared.filter.unknown_fields(&all.map(row))
    };
    if let Some(field) = unknown.first() {
        app.shared.say(format!("{field} is not known of any row here: no term on it holds"));
    }
}

fn is_filtering(app: &App) -> bool {
    app.screen.prompt() == Prompt::Filter
}

fn scroll_help(app: &mut App, command: Command, line: usize) {
    let last = help::lines(app).len();
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
