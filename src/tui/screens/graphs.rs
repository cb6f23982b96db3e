//! Graphs: positions in the stream, throughput, what is in flight, round trips and shares, by subflow
//! and time.

mod curves;
mod plot;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::track::role::Direction;
use crate::tui::action::{Command, Move};
use crate::tui::axis::{NARROWEST, TimeWindow};
use crate::tui::direction::{arrow, main_direction};
use crate::tui::label::short_duration;
use crate::tui::layout::{inner, split, stack};
use crate::tui::shared::Shared;
use crate::tui::theme::Theme;
use crate::tui::view::{Pane, Request, View};
use crate::tui::widgets::pane::{draw_empty, pane};
use crate::tui::widgets::text;
use crate::units;
use curves::{Curve, DirectionData, key};
use plot::Plot;

/// What is chosen here.
#[derive(Debug, Default)]
pub struct GraphsScreen {
    /// Which graph is shown.
    pub graph: Graph,
    /// Of which direction. Until one is chosen, it is the one that carries more.
    pub direction: Option<Direction>,
    /// The time that is on the screen.
    pub window: TimeWindow,
    /// Whether that is a part of the connection. Else it is all of the connection, however it grows.
    pub is_zoomed: bool,
    pane: Pane,
    /// The connection that this is chosen in.
    of: Option<u64>,
}

/// The graphs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Graph {
    /// Positions in the stream, by subflow, and DATA_ACKs.
    #[default]
    Dsn,
    /// Bytes per second.
    Throughput,
    /// What is not acknowledged, and the receive window.
    InFlight,
    /// Round trips.
    RoundTrips,
    /// Which part each subflow carried.
    Shares,
}

impl Graph {
    /// All of them, in their order.
    pub const ALL: [Self; 5] =
        [Self::Dsn, Self::Throughput, Self::InFlight, Self::RoundTrips, Self::Shares];

    const fn name(self) -> &'static str {
        match self {
            Self::Dsn => "DSN",
            Self::Throughput => "Throughput",
            Self::InFlight => "In flight",
            Self::RoundTrips => "Round trips",
            Self::Shares => "Shares",
        }
    }

    fn other(self, forward: bool) -> Self {
        let count = Self::ALL.len();
        let index = Self::ALL.iter().position(|graph| *graph == self).unwrap_or(0);
        let index = if forward { index + 1 } else { index + count - 1 } % count;
        Self::ALL.get(index).copied().unwrap_or_default()
    }

    /// A value of the axis at the left; `first` is the DSN of the first byte, where DSNs are shown
    /// as on the wire.
    fn value(self, value: f64, first: Option<u64>) -> String {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "of an axis")]
        let number = value.max(0.0).round() as u64;
        match self {
            Self::Dsn | Self::InFlight => first.filter(|_| self == Self::Dsn).map_or_else(
                || units::bytes(number),
                |first| format!("{:08x}", first.wrapping_add(number) & 0xffff_ffff),
            ),
            Self::Throughput => units::rate(number, 1_000_000_000).unwrap_or_default(),
            Self::RoundTrips => short_duration(i64::try_from(number).unwrap_or(i64::MAX)),
            Self::Shares => format!("{number} %"),
        }
    }
}

impl View for GraphsScreen {
    fn update(&mut self, shared: &mut Shared, command: Command) -> Option<Request> {
        match command {
            Command::Move(to) => self.go(shared, to),
            Command::NextPane => self.graph = self.graph.other(true),
            Command::PreviousPane => self.graph = self.graph.other(false),
            Command::ZoomIn => self.zoom(shared, true),
            Command::ZoomOut => self.zoom(shared, false),
            Command::ZoomFit => self.is_zoomed = false,
            Command::Open => return Some(Request::OpenMoment),
            _ => {}
        }
        None
    }

    fn settle(&mut self, shared: &mut Shared, pane: Pane) {
        self.pane = pane;
        if self.of != shared.focus.connection {
            let (of, graph) = (shared.focus.connection, self.graph);
            *self = Self { graph, pane, of, ..Self::default() };
        }
        let Some((first, last)) = shared.span() else { return };
        let columns = usize::from(plot::area(self.areas().1).width).max(1);
        let part = self.is_zoomed.then_some((self.window, shared.focus.t_ns));
        self.window = TimeWindow::over(first, last, columns, part);
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>) {
        let (area, theme) = (self.pane.area, shared.theme);
        let column = format!("1 col = {}", units::duration(self.window.column));
        let block = pane(theme, &self.title(shared), &column, self.pane.has_keys());
        frame.render_widget(block.title_bottom(self.names(theme)), area);
        let Some(connection) = shared.connection() else {
            let words = shared.waiting("No connection is selected.");
            draw_empty(theme, frame, inner(area), &words);
            return;
        };
        let data = DirectionData { connection, direction: self.direction(shared), theme };
        if data.subflows().next().is_none() {
            let words = format!("No data was sent {}. Up/down: other direction.", who(&data));
            draw_empty(theme, frame, inner(area), &shared.waiting(&words));
            return;
        }
        if self.graph == Graph::Shares {
            self.draw_shares(shared, frame, &data);
        } else {
            self.draw_curves(shared, frame, &data);
        }
    }
}

impl GraphsScreen {
    fn go(&mut self, shared: &mut Shared, to: Move) {
        match to {
            Move::Left => self.graph = self.graph.other(false),
            Move::Right => self.graph = self.graph.other(true),
            Move::Up | Move::Down => {
                self.direction = Some(match self.direction(shared) {
                    Direction::ClientToServer => Direction::ServerToClient,
                    Direction::ServerToClient => Direction::ClientToServer,
                });
            }
            Move::PageUp => self.go_by(shared, -1),
            Move::PageDown => self.go_by(shared, 1),
            Move::First => shared.focus.t_ns = shared.span().map_or(0, |(first, _)| first),
            Move::Last => shared.focus.t_ns = shared.span().map_or(0, |(_, last)| last),
        }
    }

    /// Moves the cursor by so many quarters of what is on the screen.
    fn go_by(&self, shared: &mut Shared, quarters: i64) {
        let Some((first, last)) = shared.span() else { return };
        let quarter = (self.window.end() - self.window.start) / 4;
        let t_ns = shared.focus.t_ns.saturating_add(quarters * quarter);
        shared.focus.t_ns = t_ns.clamp(first, last);
        shared.focus.packet = None;
    }

    fn zoom(&mut self, shared: &mut Shared, closer: bool) {
        let Some((first, last)) = shared.span() else { return };
        if closer && self.window.column <= NARROWEST {
            shared.say("no closer");
            return;
        }
        self.window = self.window.zoomed(shared.focus.t_ns, closer);
        self.is_zoomed = self.window.is_part_of(first, last);
    }

    /// The direction that is shown.
    fn direction(&self, shared: &Shared) -> Direction {
        let more = || {
            let more = shared.connection().map(|connection| main_direction(connection).0);
            more.unwrap_or(Direction::ClientToServer)
        };
        self.direction.unwrap_or_else(more)
    }

    /// The row that says what the lines are, and the graph. Below 80 columns there is no such row.
    fn areas(&self) -> (Rect, Rect) {
        stack(inner(self.pane.area), u16::from(self.pane.area.width >= 80))
    }

    /// The graph and the direction.
    fn title(&self, shared: &Shared) -> String {
        let graph = self.graph;
        let what = match graph {
            Graph::Dsn => "DSN over time",
            Graph::Throughput => "Throughput and goodput",
            Graph::InFlight => "In flight and receive window",
            Graph::RoundTrips => "Round trips",
            Graph::Shares => "Share of each subflow",
        };
        let direction = self.direction(shared);
        let is_raw = graph == Graph::Dsn && first_dsn(shared, direction).is_some();
        let raw = if is_raw { ", lower 32 bits" } else { "" };
        format!("{what}, {}{raw}", arrow(shared.theme, direction))
    }

    /// The names of all graphs, in the lower border.
    fn names(&self, theme: Theme) -> Line<'static> {
        let mut spans = vec![Span::raw(" ")];
        for graph in Graph::ALL {
            let is_shown = graph == self.graph;
            let style = if is_shown { theme.strong() } else { theme.faint() };
            let name = graph.name();
            let name = if is_shown { format!("[{name}]") } else { format!(" {name} ") };
            spans.push(Span::styled(name, style));
        }
        spans.push(Span::raw(" "));
        Line::from(spans)
    }

    fn draw_curves(&self, shared: &Shared, frame: &mut Frame<'_>, data: &DirectionData<'_>) {
        let graph = self.graph;
        let window = self.window;
        let until = shared.span().map_or(i64::MAX, |(_, last)| last);
        let curves = match graph {
            Graph::Dsn => data.dsn(until),
            Graph::Throughput => data.throughput(window),
            Graph::InFlight => data.in_flight(until),
            Graph::RoundTrips | Graph::Shares => data.round_trips(),
        };
        let first = first_dsn(shared, data.direction);
        let (legend, below) = self.areas();
        let extent = self.extent(&curves);
        let plot = Plot::new(below, window, extent, shared.theme);
        if legend.height > 0 {
            self.draw_legend(shared, frame, legend, &curves);
        }
        plot.draw_axes(frame.buffer_mut(), |value| graph.value(value, first), shared.focus.t_ns);
        plot.draw_curves(frame, &curves);
        if curves.is_empty() {
            draw_empty(shared.theme, frame, plot.area, "Nothing was measured in this direction.");
        }
    }

    /// The lowest and the highest value to draw: of what is in view. A receive window that is far above
    /// all else does not count: the rest would lie on the ground.
    fn extent(&self, curves: &[Curve]) -> (f64, f64) {
        let (graph, window) = (self.graph, self.window);
        let of = |curves: &mut dyn Iterator<Item = &Curve>| {
            let extents = curves.filter_map(|curve| curve.extent(window));
            extents.reduce(|(a, b), (c, d)| (a.min(c), b.max(d)))
        };
        let is_window = |curve: &&Curve| graph == Graph::InFlight && curve.key == 'w';
        let others = of(&mut curves.iter().filter(|curve| !is_window(curve)));
        let offered = of(&mut curves.iter().filter(is_window)).map_or(0.0, |(_, most)| most);
        let (least, most) = others.unwrap_or((0.0, 0.0));
        let is_far = most > 0.0 && offered > 4.0 * most;
        let most = if is_far { most } else { most.max(offered) };
        let is_part = graph == Graph::Dsn && self.is_zoomed;
        (if is_part { least } else { 0.0 }, most)
    }

    /// The signs and names of the curves and, if there is room, their values at the cursor.
    fn draw_legend(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect, curves: &[Curve]) {
        let t_ns = shared.focus.t_ns;
        let moment = format!(" {} {}", shared.theme.glyphs.cursor, self.window.moment(t_ns));
        let width = u16::try_from(text::width(&moment)).unwrap_or(0).min(area.width);
        let (left, right) = split(area, area.width - width);
        let first = first_dsn(shared, self.direction(shared)).filter(|_| self.graph == Graph::Dsn);
        let with_values = legend(shared.theme, curves, |curve| {
            let value = curve.value(t_ns).map(|value| self.graph.value(value, first));
            value.unwrap_or_default()
        });
        let fits = with_values.width() <= usize::from(left.width);
        let line = if fits { with_values } else { legend(shared.theme, curves, |_| String::new()) };
        frame.render_widget(line, left);
        frame.render_widget(Line::styled(moment, shared.theme.strong()), right);
    }

    /// Columns full of the signs of the subflows, each as high as its share.
    fn draw_shares(&self, shared: &Shared, frame: &mut Frame<'_>, data: &DirectionData<'_>) {
        let (legend, below) = self.areas();
        let plot = Plot::new(below, self.window, (0.0, 100.0), shared.theme);
        plot.draw_axes(
            frame.buffer_mut(),
            |value| Graph::Shares.value(value, None),
            shared.focus.t_ns,
        );
        let names: Vec<_> = data
            .subflows()
            .map(|(subflow, _)| Curve {
                key: key(subflow.id),
                name: format!("sf{}", subflow.id),
                style: shared.theme.subflow(subflow.id),
                segments: Vec::new(),
                is_signs: false,
            })
            .collect();
        if legend.height > 0 {
            self.draw_legend(shared, frame, legend, &names);
        }
        let buffer = frame.buffer_mut();
        for (shares, x) in data.shares(self.window).into_iter().zip(plot.area.x..) {
            for (row, y) in (plot.area.y..plot.area.bottom()).rev().enumerate() {
                let row = u16::try_from(row).unwrap_or(u16::MAX);
                let middle = (f64::from(row) + 0.5) / f64::from(plot.area.height);
                let here = shares.iter().find(|(_, sum)| *sum > middle);
                if let Some((subflow, _)) = here {
                    let style: Style = shared.theme.subflow(*subflow);
                    buffer.set_string(x, y, key(*subflow).to_string(), style);
                }
            }
        }
    }
}

const fn who(data: &DirectionData<'_>) -> &'static str {
    match data.direction {
        Direction::ClientToServer => "by the client",
        Direction::ServerToClient => "by the server",
    }
}

/// The DSN of the first byte, where DSNs are to be shown as on the wire.
fn first_dsn(shared: &Shared, direction: Direction) -> Option<u64> {
    let connection = shared.connection().filter(|_| shared.raw_dsn)?;
    let host = match direction {
        Direction::ClientToServer => &connection.client,
        Direction::ServerToClient => &connection.server,
    };
    host.idsn.map(|idsn| idsn.0.wrapping_add(1))
}

fn legend(theme: Theme, curves: &[Curve], value: impl Fn(&Curve) -> String) -> Line<'static> {
    let spans = curves.iter().flat_map(|curve| {
        let sign = Span::styled(format!(" {}", curve.key), curve.style.patch(theme.strong()));
        let value = value(curve);
        let gap = if value.is_empty() { "" } else { " " };
        [sign, Span::raw(format!(" {}{gap}{value} ", curve.name))]
    });
    spans.collect()
}
