//! The state of the whole program on the terminal, and what it does for one screen on the others.

use std::sync::Arc;

use ratatui::layout::Size;

use super::action::Command;
use super::layout;
use super::screens::{Placement, Screen, Screens};
use super::shared::Shared;
use super::snapshot::Snapshot;
use super::theme::Theme;
use super::view::{Pane, Presence, Request};
use crate::filter::FilterError;
use crate::report::model::Finding;

/// What keys are for at the moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Mode {
    /// Commands.
    #[default]
    Normal,
    /// Text goes into a line at the bottom.
    Input(String),
    /// The page of keys is open, from this line on.
    Help(usize),
    /// The list of what can be exported is open, with this one in focus.
    Export(usize),
}

/// The state of the whole program on the terminal.
#[derive(Debug)]
pub struct App {
    /// What all screens look at.
    pub shared: Shared,
    /// The state of each screen.
    pub screens: Screens,
    /// The screen that has the keys.
    pub screen: Screen,
    /// Where this screen was opened from, the first one first.
    pub path: Vec<Screen>,
    /// What keys are for.
    pub mode: Mode,
    /// What is wrong with the filter that is being typed.
    pub filter_error: Option<FilterError>,
    /// Whether nothing moves.
    pub is_frozen: bool,
    /// Whether one screen has the whole terminal.
    pub is_full_screen: bool,
    /// What came in while nothing moved.
    waiting: Option<Arc<Snapshot>>,
}

impl App {
    /// Nothing to show yet.
    pub fn new(theme: Theme, size: Size) -> Self {
        let mut app = Self {
            shared: Shared::new(theme, size),
            screens: Screens::default(),
            screen: Screen::Connections,
            path: Vec::new(),
            mode: Mode::Normal,
            filter_error: None,
            is_frozen: false,
            is_full_screen: false,
            waiting: None,
        };
        app.settle();
        app
    }

    /// Takes what there is to show now, or keeps it until the screens may move again.
    pub(super) fn take_snapshot(&mut self, snapshot: Arc<Snapshot>) {
        if self.is_frozen {
            self.waiting = Some(snapshot);
            return;
        }
        self.shared.snapshot = snapshot;
        for screen in Screen::ALL {
            self.screens.view_mut(screen).take_snapshot(&mut self.shared);
        }
    }

    /// Lets nothing move, or lets it move again.
    pub(super) fn freeze(&mut self) {
        self.is_frozen = !self.is_frozen;
        if !self.is_frozen
            && let Some(snapshot) = self.waiting.take()
        {
            self.take_snapshot(snapshot);
        }
    }

    /// Tells all screens where they stand, and lets them bring their cursors into what there is.
    pub(super) fn settle(&mut self) {
        // Once more if one of them moved what all look at: the ladder does, after the newest packet.
        for _ in 0..2 {
            let focus = self.shared.focus;
            for screen in Screen::ALL {
                let pane = self.pane(screen);
                self.screens.view_mut(screen).settle(&mut self.shared, pane);
            }
            if self.shared.focus == focus {
                return;
            }
        }
    }
}

/// Where screens stand.
impl App {
    /// The pane of a screen.
    pub fn pane(&self, screen: Screen) -> Pane {
        let body = layout::regions(self.shared.size).body;
        let has_neighbours = self.shows_several();
        let area = match screen.placement().part() {
            Some(part) if has_neighbours => Some(part.of(body)),
            _ => (screen == self.screen).then_some(body),
        };
        let presence = match area {
            Some(_) if screen == self.screen => Presence::Focused,
            Some(_) => Presence::Beside,
            None if self.path.last() == Some(&screen) => Presence::Behind,
            None => Presence::Hidden,
        };
        Pane { area: area.unwrap_or(body), presence, has_neighbours }
    }

    /// Whether there are several screens on the terminal.
    fn shows_several(&self) -> bool {
        matches!(self.screen.placement(), Placement::Together(_))
            && !self.is_full_screen
            && layout::is_wide(self.shared.size)
    }

    /// Shows another screen, from which there is a way back.
    fn open(&mut self, screen: Screen) {
        if self.screen != screen {
            self.path.push(self.screen);
            self.screen = screen;
        }
    }

    /// Shows another screen. The way back from it leads to the first one.
    pub(super) fn show(&mut self, screen: Screen) {
        self.path.clear();
        if screen != Screen::Connections {
            self.path.push(Screen::Connections);
        }
        self.screen = screen;
    }

    /// Goes back where this screen was opened from.
    pub(super) fn back(&mut self) {
        self.screen = self.path.pop().unwrap_or(Screen::Connections);
    }

    /// Whether there is no way back.
    pub fn is_at_start(&self) -> bool {
        self.path.is_empty() && self.screen == Screen::Connections
    }
}

/// What screens ask for.
impl App {
    /// Hands a command to the screen that has the keys, and does what that asks for.
    pub(super) fn update_screen(&mut self, command: Command) {
        let screen = self.screens.view_mut(self.screen);
        if let Some(request) = screen.update(&mut self.shared, command) {
            self.carry_out(request);
        }
    }

    fn carry_out(&mut self, request: Request) {
        match request {
            Request::OpenConnection => self.open(Screen::Timeline),
            Request::OpenMoment => self.open_moment(),
            Request::OpenPacket => self.open(Screen::Packet),
            Request::OpenFinding(finding) => self.open_finding(&finding),
            Request::ShowPacket(packet) => self.show_packet(packet),
            Request::ShowFocus => self.show_focus(),
        }
    }

    /// The ladder and the timeline go to a packet.
    fn show_packet(&mut self, packet: u64) {
        if self.screens.ladder.show_packet(&mut self.shared, packet) {
            self.screens.timeline.show_moment(&mut self.shared);
        }
    }

    fn show_focus(&mut self) {
        if !self.pane(Screen::Ladder).is_shown() {
            return;
        }
        let (focus, is_following) = (self.shared.focus, self.shared.is_following);
        if let Some(packet) = focus.packet {
            self.show_packet(packet);
        }
        self.shared.focus.subflow = focus.subflow;
        self.shared.focus.t_ns = focus.t_ns;
        self.shared.is_following = is_following;
    }

    /// Opens the ladder at what the timeline has at the moment in focus.
    fn open_moment(&mut self) {
        if let Some(packet) = self.screens.timeline.packet_here(&self.shared) {
            self.show_packet(packet);
        } else {
            self.screens.ladder.show_moment(&mut self.shared);
            self.screens.timeline.show_moment(&mut self.shared);
        }
        self.open(Screen::Ladder);
    }

    /// Opens the ladder where a finding is, or the list of findings if it is nowhere.
    fn open_finding(&mut self, finding: &Finding) {
        self.screens.findings.choose(&self.shared, finding);
        if finding.connection.is_none() {
            self.shared.say("this is about the capture as a whole");
            self.open(Screen::Findings);
            return;
        }
        self.show_finding(finding);
        self.open(Screen::Ladder);
    }

    /// All screens go to what a finding is about.
    fn show_finding(&mut self, finding: &Finding) {
        if finding.connection.is_some() {
            self.shared.focus_on(finding.connection);
        }
        if let Some(subflow) = finding.subflow {
            self.shared.focus.subflow = subflow;
        }
        if let Some(t_ns) = finding.t_ns {
            self.shared.focus.t_ns = t_ns;
            self.screens.timeline.show_moment(&mut self.shared);
        }
        if let Some(packet) = finding.packets.first() {
            self.shared.focus.packet = Some(*packet);
            self.show_packet(*packet);
        }
    }
}

/// Going from one thing to the next, on any screen.
impl App {
    /// Whether there are hits of a search to go through.
    fn has_hits(&self) -> bool {
        matches!(self.screen, Screen::Ladder | Screen::Packet)
            && self.screens.ladder.search.is_some()
    }

    /// Looks in the ladder for what was typed.
    pub(super) fn search(&mut self, text: &str) {
        self.screens.ladder.search(&mut self.shared, text);
    }

    /// Ends the search if `n` would go through its hits. Returns whether it did.
    pub(super) fn end_search(&mut self) -> bool {
        let has_hits = self.has_hits();
        if has_hits {
            self.screens.ladder.search = None;
        }
        has_hits
    }

    /// Goes to the next hit of a search, or else to the next finding; backwards, to the one before.
    pub(super) fn step(&mut self, forward: bool) {
        if self.has_hits() {
            self.screens.ladder.step(&mut self.shared, forward);
            return;
        }
        let Some((finding, place)) = self.screens.findings.step(&mut self.shared, forward) else {
            return;
        };
        if matches!(self.screen, Screen::Connections | Screen::Findings) {
            self.open(Screen::Findings);
        } else {
            self.show_finding(&finding);
            self.shared.say(place);
        }
    }
}
