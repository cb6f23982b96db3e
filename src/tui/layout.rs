//! Where things stand on the screen: the same answer for moving and for drawing.

use ratatui::layout::{Rect, Size};

use super::state::{App, Screen};

/// Fewer columns are too few.
pub const MIN_COLUMNS: u16 = 60;
/// Fewer rows are too few.
pub const MIN_ROWS: u16 = 15;

/// From here on several screens are shown at once.
const WIDE: Size = Size { width: 140, height: 40 };

/// The parts of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// What is shown, and of what.
    pub title: Rect,
    /// The numbered screens.
    pub tabs: Rect,
    /// The screen.
    pub body: Rect,
    /// What was counted, a message, or a line of input.
    pub status: Rect,
    /// Keys.
    pub keys: Rect,
}

/// Whether nothing sensible fits.
pub const fn is_too_small(size: Size) -> bool {
    size.width < MIN_COLUMNS || size.height < MIN_ROWS
}

/// The parts of a screen of this size. On one that is too small nothing is drawn, so parts need not
/// get smaller.
pub fn frame(size: Size) -> Frame {
    let size = Size { width: size.width.max(MIN_COLUMNS), height: size.height.max(MIN_ROWS) };
    let line = |y| Rect { x: 0, y, width: size.width, height: 1 };
    Frame {
        title: line(0),
        tabs: line(1),
        body: Rect { x: 0, y: 2, width: size.width, height: size.height.saturating_sub(4) },
        status: line(size.height.saturating_sub(2)),
        keys: line(size.height.saturating_sub(1)),
    }
}

/// Which screens are on the terminal, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Panes {
    /// The list of connections with its subflows and findings.
    pub connections: Option<Rect>,
    /// The swimlanes.
    pub timeline: Option<Rect>,
    /// The ladder.
    pub ladder: Option<Rect>,
    /// The graphs.
    pub graphs: Option<Rect>,
    /// The findings with their explanation.
    pub findings: Option<Rect>,
    /// The packet.
    pub packet: Option<Rect>,
}

impl Panes {
    /// Where one of them stands.
    pub const fn of(&self, screen: Screen) -> Option<Rect> {
        match screen {
            Screen::Connections => self.connections,
            Screen::Timeline => self.timeline,
            Screen::Ladder => self.ladder,
            Screen::Graphs => self.graphs,
            Screen::Findings => self.findings,
            Screen::Packet => self.packet,
        }
    }

    fn only(screen: Screen, body: Rect) -> Self {
        let mut panes = Self::default();
        let pane = match screen {
            Screen::Connections => &mut panes.connections,
            Screen::Timeline => &mut panes.timeline,
            Screen::Ladder => &mut panes.ladder,
            Screen::Graphs => &mut panes.graphs,
            Screen::Findings => &mut panes.findings,
            Screen::Packet => &mut panes.packet,
        };
        *pane = Some(body);
        panes
    }
}

/// What is shown now. A wide terminal shows connections, timeline, ladder and packet together.
pub fn panes(app: &App) -> Panes {
    let body = frame(app.size).body;
    let together = matches!(app.screen, Screen::Connections | Screen::Timeline | Screen::Ladder);
    if !together || app.is_full_screen || !is_wide(app.size) {
        return Panes::only(app.screen, body);
    }
    let [top, middle, bottom] = heights(body);
    let packet = (body.width / 3).clamp(44, 70);
    let (ladder, packet) = split(bottom, body.width - packet);
    Panes {
        connections: Some(top),
        timeline: Some(middle),
        ladder: Some(ladder),
        packet: Some(packet),
        ..Panes::default()
    }
}

/// Whether several screens are shown at once.
pub const fn is_wide(size: Size) -> bool {
    size.width >= WIDE.width && size.height >= WIDE.height
}

/// Connections, timeline, and what is below.
fn heights(body: Rect) -> [Rect; 3] {
    let top = body.height / 5;
    let middle = body.height * 3 / 10;
    let at = |y, height| Rect { y: body.y + y, height, ..body };
    [at(0, top), at(top, middle), at(top + middle, body.height - top - middle)]
}

/// The left `width` columns, and the others.
pub fn split(area: Rect, width: u16) -> (Rect, Rect) {
    let width = width.min(area.width);
    let left = Rect { width, ..area };
    (left, Rect { x: area.x + width, width: area.width - width, ..area })
}

/// The first `height` rows, and the others.
pub fn stack(area: Rect, height: u16) -> (Rect, Rect) {
    let height = height.min(area.height);
    let top = Rect { height, ..area };
    (top, Rect { y: area.y + height, height: area.height - height, ..area })
}

/// What is inside the border of a pane.
pub fn inner(area: Rect) -> Rect {
    let (width, height) = (area.width.saturating_sub(2), area.height.saturating_sub(2));
    Rect { x: area.x + 1, y: area.y + 1, width, height }
}
