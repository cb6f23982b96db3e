//! Which key does what, where: one table for the input, the line at the bottom and the help.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::{Action, Command, Move};
use super::app::{App, Mode};
use super::screens::Screen;

/// A key, and what has to be held with it.
type KeyPress = (KeyCode, KeyModifiers);

const NONE: KeyModifiers = KeyModifiers::NONE;
const CONTROL: KeyModifiers = KeyModifiers::CONTROL;

/// Where a binding counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// On every screen.
    Everywhere,
    /// On these.
    On(&'static [Screen]),
    /// While packets are coming.
    Live,
}

/// Some keys with one meaning.
#[derive(Debug)]
pub struct Binding {
    /// The keys, and the command of each.
    pub keys: &'static [(KeyPress, Command)],
    /// How they are written.
    pub name: KeyName,
    /// What they do, in a word or two; empty if the line at the bottom need not name it.
    pub label: &'static str,
    /// What they do, in a sentence for the help.
    pub help: &'static str,
    /// Where.
    pub place: Where,
}

/// How keys are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyName {
    /// As it is.
    Is(&'static str),
    /// One of the theme's names for keys without a letter.
    Glyph(usize),
}

const fn char(key: char) -> KeyPress {
    (KeyCode::Char(key), NONE)
}

const fn code(key: KeyCode) -> KeyPress {
    (key, NONE)
}

const fn go(to: Move) -> Command {
    Command::Move(to)
}

use Screen::{Connections, Findings, Graphs, Ladder, Packet, Timeline};

/// Each screen has a binding of its own for these: they move another thing on each.
const UP_DOWN: &[(KeyPress, Command)] = &[
    (code(KeyCode::Up), go(Move::Up)),
    (char('k'), go(Move::Up)),
    (code(KeyCode::Down), go(Move::Down)),
    (char('j'), go(Move::Down)),
];
const LEFT_RIGHT: &[(KeyPress, Command)] = &[
    (code(KeyCode::Left), go(Move::Left)),
    (char('h'), go(Move::Left)),
    (code(KeyCode::Right), go(Move::Right)),
    (char('l'), go(Move::Right)),
];

/// All of them; the line at the bottom names them in this order, as far as they fit.
pub const BINDINGS: &[Binding] = &[
    Binding {
        keys: UP_DOWN,
        name: KeyName::Glyph(0),
        label: "select",
        help: "a row up or down (also k, j)",
        place: Where::On(&[Connections, Ladder, Findings, Packet]),
    },
    Binding {
        keys: UP_DOWN,
        name: KeyName::Glyph(0),
        label: "lane",
        help: "another lane (also k, j)",
        place: Where::On(&[Timeline]),
    },
    Binding {
        keys: LEFT_RIGHT,
        name: KeyName::Glyph(1),
        label: "graph",
        help: "another graph (also h, l, Tab)",
        place: Where::On(&[Graphs]),
    },
    Binding {
        keys: UP_DOWN,
        name: KeyName::Glyph(0),
        label: "direction",
        help: "what the client sent, or what the server sent (also k, j)",
        place: Where::On(&[Graphs]),
    },
    Binding {
        keys: LEFT_RIGHT,
        name: KeyName::Glyph(1),
        label: "move",
        help: "the cursor in time; the lane of the ladder (also h, l)",
        place: Where::On(&[Timeline, Ladder, Packet]),
    },
    Binding {
        keys: &[(code(KeyCode::Enter), Command::Open)],
        name: KeyName::Glyph(2),
        label: "open",
        help: "deeper: timeline, ladder at this moment, folded run, packet",
        place: Where::Everywhere,
    },
    Binding {
        keys: &[(char('n'), Command::Next), (char('N'), Command::Previous)],
        name: KeyName::Is("n/N"),
        label: "finding",
        help: "the next or previous finding; after a search, hit",
        place: Where::Everywhere,
    },
    Binding {
        keys: &[(char('/'), Command::Search)],
        name: KeyName::Is("/"),
        label: "filter",
        help: "filter: words, and terms such as tcp.port==443 (see below)",
        place: Where::On(&[Connections, Findings]),
    },
    Binding {
        keys: &[(char('/'), Command::Search)],
        name: KeyName::Is("/"),
        label: "find",
        help: "find a packet number, a DSN, an address or a word",
        place: Where::On(&[Timeline, Ladder, Packet]),
    },
    Binding {
        keys: &[
            (char('+'), Command::ZoomIn),
            (char('='), Command::ZoomIn),
            (char('-'), Command::ZoomOut),
            (char('0'), Command::ZoomFit),
        ],
        name: KeyName::Is("+-0"),
        label: "zoom",
        help: "zoom in, zoom out, all of it",
        place: Where::On(&[Timeline, Graphs]),
    },
    Binding {
        keys: &[
            (char('+'), Command::ZoomIn),
            (char('='), Command::ZoomIn),
            (char('-'), Command::ZoomOut),
        ],
        name: KeyName::Is("+-"),
        label: "unfold",
        help: "show the packets of a run one by one, fold them again",
        place: Where::On(&[Ladder]),
    },
    Binding {
        keys: &[(char('s'), Command::Sort)],
        name: KeyName::Is("s"),
        label: "sort",
        help: "another order of connections; other severities of findings",
        place: Where::On(&[Connections, Findings]),
    },
    Binding {
        keys: &[(char('c'), Command::Compress)],
        name: KeyName::Is("c"),
        label: "compress",
        help: "only the lane in focus is wide",
        place: Where::On(&[Ladder]),
    },
    Binding {
        keys: &[(char('d'), Command::RawDsn)],
        name: KeyName::Is("d"),
        label: "raw DSN",
        help: "DSNs relative to the first one, or as on the wire",
        place: Where::On(&[Ladder, Graphs, Packet]),
    },
    Binding {
        keys: &[(char('x'), Command::Hex)],
        name: KeyName::Is("x"),
        label: "hex",
        help: "the bytes of the packet",
        place: Where::On(&[Ladder, Packet]),
    },
    Binding {
        keys: &[(char('m'), Command::Mark)],
        name: KeyName::Is("m"),
        label: "mark",
        help: "set mark A, then B: time, bytes and packets between them",
        place: Where::On(&[Timeline, Ladder, Packet]),
    },
    Binding {
        keys: &[(char('f'), Command::Follow)],
        name: KeyName::Is("f"),
        label: "follow",
        help: "follow the newest packets",
        place: Where::Live,
    },
    Binding {
        keys: &[(char(' '), Command::Freeze)],
        name: KeyName::Is("space"),
        label: "freeze",
        help: "freeze the screen while the capture goes on",
        place: Where::Live,
    },
    Binding {
        keys: &[
            (code(KeyCode::Tab), Command::NextPane),
            (code(KeyCode::BackTab), Command::PreviousPane),
        ],
        name: KeyName::Is("tab"),
        label: "pane",
        help: "the next pane, lane or option; with Shift the one before",
        place: Where::Everywhere,
    },
    Binding {
        keys: &[(char('e'), Command::Export)],
        name: KeyName::Is("e"),
        label: "export",
        help: "write screen, report, filter or packets to a file",
        place: Where::Everywhere,
    },
    Binding {
        keys: &[
            (char('1'), Command::Show(1)),
            (char('2'), Command::Show(2)),
            (char('3'), Command::Show(3)),
            (char('4'), Command::Show(4)),
            (char('5'), Command::Show(5)),
        ],
        name: KeyName::Is("1-5"),
        label: "view",
        help: "connections, timeline, ladder, graphs, findings",
        place: Where::Everywhere,
    },
    Binding {
        keys: &[(char('z'), Command::FullScreen)],
        name: KeyName::Is("z"),
        label: "full",
        help: "the pane in focus on the whole screen",
        place: Where::Everywhere,
    },
    Binding {
        keys: &[
            (code(KeyCode::PageUp), go(Move::PageUp)),
            (code(KeyCode::PageDown), go(Move::PageDown)),
            (char('g'), go(Move::First)),
            (code(KeyCode::Home), go(Move::First)),
            (char('G'), go(Move::Last)),
            (code(KeyCode::End), go(Move::Last)),
        ],
        name: KeyName::Is("PgUp PgDn g G"),
        label: "",
        help: "a screenful up, down; first, last (also Home, End)",
        place: Where::Everywhere,
    },
    Binding {
        keys: &[(char('?'), Command::Help)],
        name: KeyName::Is("?"),
        label: "help",
        help: "this page",
        place: Where::Everywhere,
    },
    Binding {
        keys: &[(code(KeyCode::Esc), Command::Escape)],
        name: KeyName::Is("Esc"),
        label: "",
        help: "back; closes what is open and clears a filter",
        place: Where::Everywhere,
    },
    Binding {
        keys: &[(char('q'), Command::Back)],
        name: KeyName::Is("q"),
        label: "back",
        help: "back; on the first screen: quit",
        place: Where::Everywhere,
    },
    Binding {
        keys: &[((KeyCode::Char('c'), CONTROL), Command::Quit)],
        name: KeyName::Is("Ctrl-C"),
        label: "",
        help: "quit at once",
        place: Where::Everywhere,
    },
    Binding {
        keys: &[((KeyCode::Char('z'), CONTROL), Command::Suspend)],
        name: KeyName::Is("Ctrl-Z"),
        label: "",
        help: "to the shell, and back with fg",
        place: Where::Everywhere,
    },
];

impl Binding {
    /// Whether it counts on what is shown.
    pub fn applies(&self, app: &App) -> bool {
        match self.place {
            Where::Everywhere => true,
            Where::On(screens) => screens.contains(&app.screen),
            Where::Live => app.shared.is_live(),
        }
    }

    /// How its keys are written on this terminal.
    pub fn name(&self, app: &App) -> &'static str {
        match self.name {
            KeyName::Is(name) => name,
            KeyName::Glyph(index) => {
                app.shared.theme.glyphs.keys.get(index).copied().unwrap_or_default()
            }
        }
    }
}

/// What a key means now; `None` if nothing.
pub fn action(app: &App, event: KeyEvent) -> Option<Action> {
    // A capital letter has Shift with it on some terminals, and Back-Tab on others.
    let modifiers = event.modifiers.difference(KeyModifiers::SHIFT);
    let key = (event.code, modifiers);
    if matches!(app.mode, Mode::Input(_)) {
        return typed(key);
    }
    let bound = BINDINGS.iter().filter(|binding| binding.applies(app));
    let mut keys = bound.flat_map(|binding| binding.keys);
    keys.find(|(bound, _)| *bound == key).map(|(_, command)| Action::Command(*command))
}

/// What a key means in a line of input.
fn typed(key: KeyPress) -> Option<Action> {
    let command = match key {
        (KeyCode::Char(found), NONE) => return Some(Action::Type(found)),
        (KeyCode::Enter, _) => Command::Accept,
        (KeyCode::Backspace, _) => Command::Erase,
        (KeyCode::Char('u'), CONTROL) => Command::EraseAll,
        (KeyCode::Esc, _) => Command::Escape,
        (KeyCode::Char('c'), CONTROL) => Command::Quit,
        (KeyCode::Char('z'), CONTROL) => Command::Suspend,
        _ => return None,
    };
    Some(Action::Command(command))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_numbered_screen_has_its_digit() {
        let keys = BINDINGS.iter().flat_map(|binding| binding.keys);
        let shown = keys.filter_map(|((key, _), command)| match command {
            Command::Show(number) => Some((*key, *number)),
            _ => None,
        });
        let numbers = Screen::ALL.into_iter().filter_map(Screen::number);
        let wanted = numbers.map(|number| (KeyCode::Char((b'0' + number).into()), number));
        assert_eq!(shown.collect::<Vec<_>>(), wanted.collect::<Vec<_>>());
    }

    #[test]
    fn no_key_has_two_meanings_on_one_screen() {
        for screen in Screen::ALL {
            let mut seen = BTreeSet::new();
            let here = BINDINGS.iter().filter(|binding| match binding.place {
                Where::Everywhere | Where::Live => true,
                Where::On(screens) => screens.contains(&screen),
            });
            for (key, _) in here.flat_map(|binding| binding.keys) {
                assert!(seen.insert(format!("{key:?}")), "{screen:?}: {key:?} twice");
            }
        }
    }
}
