//! Where things stand on the terminal.

use ratatui::layout::{Rect, Size};

/// Fewer columns are too few.
pub const MIN_COLUMNS: u16 = 60;
/// Fewer rows are too few.
pub const MIN_ROWS: u16 = 15;

/// From here on several screens are shown at once.
const WIDE: Size = Size { width: 140, height: 40 };

/// The parts of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Regions {
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
pub fn regions(size: Size) -> Regions {
    let size = Size { width: size.width.max(MIN_COLUMNS), height: size.height.max(MIN_ROWS) };
    let line = |y| Rect { x: 0, y, width: size.width, height: 1 };
    Regions {
        title: line(0),
        tabs: line(1),
        body: Rect { x: 0, y: 2, width: size.width, height: size.height.saturating_sub(4) },
        status: line(size.height.saturating_sub(2)),
        keys: line(size.height.saturating_sub(1)),
    }
}

/// Whether several screens have room beside each other.
pub const fn is_wide(size: Size) -> bool {
    size.width >= WIDE.width && size.height >= WIDE.height
}

/// The parts of the body on a wide terminal, for several screens at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DashboardPart {
    /// The upper fifth.
    Top,
    /// Nearly a third, below it.
    Middle,
    /// The left half or more of what is below the middle.
    Left,
    /// What is right of that.
    Right,
}

impl DashboardPart {
    /// Where this part of the body is.
    pub fn of(self, body: Rect) -> Rect {
        let [top, middle, bottom] = heights(body);
        let right = (body.width / 3).clamp(44, 70);
        let (left, right) = split(bottom, body.width - right);
        match self {
            Self::Top => top,
            Self::Middle => middle,
            Self::Left => left,
            Self::Right => right,
        }
    }
}

/// The upper part, the middle, and what is below.
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
