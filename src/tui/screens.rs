//! All screens: the table of what each is, and the state of each.
//!
//! A new screen is a module here with its [`View`], a row in the table and a field in [`Screens`];
//! its keys stand in [`super::keymap`].

pub mod connections;
pub mod findings;
pub mod graphs;
pub mod ladder;
pub mod packet;
pub mod timeline;

use super::layout::DashboardPart;
use super::view::View;
use connections::ConnectionsScreen;
use findings::FindingsScreen;
use graphs::GraphsScreen;
use ladder::LadderScreen;
use packet::PacketScreen;
use timeline::TimelineScreen;

/// The screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// All connections, and the subflows and findings of the selected one.
    Connections,
    /// Swimlanes: which path carried what, when.
    Timeline,
    /// Packets between the hosts, one lane per subflow.
    Ladder,
    /// Sequence numbers, throughput, window, round trips over time.
    Graphs,
    /// All findings, and what they mean.
    Findings,
    /// One packet, field by field; reached from the ladder.
    Packet,
}

/// The states of all screens.
#[derive(Debug, Default)]
pub struct Screens {
    /// The list of connections.
    pub connections: ConnectionsScreen,
    /// The swimlanes.
    pub timeline: TimelineScreen,
    /// The ladder.
    pub ladder: LadderScreen,
    /// The graphs.
    pub graphs: GraphsScreen,
    /// The findings.
    pub findings: FindingsScreen,
    /// The packet.
    pub packet: PacketScreen,
}

/// What the program has to know of a screen.
struct ScreenRow {
    /// The digit that shows it; `None` if it is reached from another screen only.
    number: Option<u8>,
    /// Its name on the tabs.
    name: &'static str,
    /// Where it stands.
    placement: Placement,
    /// What is typed after `/`.
    prompt: Prompt,
    /// Its state among those of all screens, to be asked and drawn.
    view: fn(&Screens) -> &dyn View,
    /// Its state among those of all screens, to be updated and settled.
    view_mut: fn(&mut Screens) -> &mut dyn View,
}

/// Where a screen stands on a terminal that has room for several. On others, the screen that has the
/// keys has all of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// It has the body for itself.
    Alone,
    /// In this part, together with all others that have one.
    Together(DashboardPart),
    /// In this part as long as one of those together has the keys; alone when it has them itself.
    Guest(DashboardPart),
}

impl Placement {
    /// Its part of the body when several screens are shown.
    pub const fn part(self) -> Option<DashboardPart> {
        match self {
            Self::Alone => None,
            Self::Together(part) | Self::Guest(part) => Some(part),
        }
    }
}

/// What a line of input is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt {
    /// A filter of rows, which counts as it is typed.
    Filter,
    /// Something to find in the ladder.
    Search,
}

impl Screen {
    /// All of them: those with a number first, in its order.
    pub const ALL: [Self; 6] = [
        Self::Connections,
        Self::Timeline,
        Self::Ladder,
        Self::Graphs,
        Self::Findings,
        Self::Packet,
    ];

    /// The table.
    fn row(self) -> ScreenRow {
        match self {
            Self::Connections => ScreenRow {
                number: Some(1),
                name: "Connections",
                placement: Placement::Together(DashboardPart::Top),
                prompt: Prompt::Filter,
                view: |screens| &screens.connections,
                view_mut: |screens| &mut screens.connections,
            },
            Self::Timeline => ScreenRow {
                number: Some(2),
                name: "Timeline",
                placement: Placement::Together(DashboardPart::Middle),
                prompt: Prompt::Search,
                view: |screens| &screens.timeline,
                view_mut: |screens| &mut screens.timeline,
            },
            Self::Ladder => ScreenRow {
                number: Some(3),
                name: "Ladder",
                placement: Placement::Together(DashboardPart::Left),
                prompt: Prompt::Search,
                view: |screens| &screens.ladder,
                view_mut: |screens| &mut screens.ladder,
            },
            Self::Graphs => ScreenRow {
                number: Some(4),
                name: "Graphs",
                placement: Placement::Alone,
                prompt: Prompt::Search,
                view: |screens| &screens.graphs,
                view_mut: |screens| &mut screens.graphs,
            },
            Self::Findings => ScreenRow {
                number: Some(5),
                name: "Findings",
                placement: Placement::Alone,
                prompt: Prompt::Filter,
                view: |screens| &screens.findings,
                view_mut: |screens| &mut screens.findings,
            },
            Self::Packet => ScreenRow {
                number: None,
                name: "Packet",
                placement: Placement::Guest(DashboardPart::Right),
                prompt: Prompt::Search,
                view: |screens| &screens.packet,
                view_mut: |screens| &mut screens.packet,
            },
        }
    }

    /// The digit that shows it; `None` if it is reached from another screen only.
    pub fn number(self) -> Option<u8> {
        self.row().number
    }

    /// The screen that a digit shows.
    pub fn of_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|screen| screen.number() == Some(number))
    }

    /// Its name on the tabs.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Where it stands on a terminal that has room for several screens.
    pub fn placement(self) -> Placement {
        self.row().placement
    }

    /// What is typed after `/` on this screen.
    pub fn prompt(self) -> Prompt {
        self.row().prompt
    }
}

impl Screens {
    /// A screen, to ask it.
    pub fn view(&self, screen: Screen) -> &dyn View {
        (screen.row().view)(self)
    }

    /// A screen, to change it.
    pub fn view_mut(&mut self, screen: Screen) -> &mut dyn View {
        (screen.row().view_mut)(self)
    }
}
