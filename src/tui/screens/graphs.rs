//! Graphs: positions in the stream, throughput, what is in flight, round trips and shares, by subflow
//! and time.

mod curves;
mod plot;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::timeline;
use crate::report::event::Direction;
use crate::tui::action::{Command, Move};
use crate::tui::axis::{NARROWEST, Window};
use crate::tui::draw::{self, pane};
use crate::tui::layout::{self, inner};
use crate::tui::state::{App, Screen};
use crate::tui::text;
use crate::tui::update::say;
use crate::units;
use curves::{Curve, Data, key};
use plot::Plot;

/// What is chosen here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// Which graph is shown.
    pub graph: Graph,
    /// Of which direction; of the one that carries more until one is chosen.
    pub direction: Option<Direction>,
    /// The time that is on the screen.
    pub window: Window,
    /// Whether that is a part of the connection; else it is all of it, however it grows.
    pub is_zoomed: bool,
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
            Self::RoundTrips => timeline_duration(number),
            Self::Shares => format!("{number} %"),
        }
    }
}

fn timeline_duration(ns: u64) -> String {
    super::connections::short_duration(i64::try_from(ns).unwrap_or(i64::MAX))
}

/// What a command changes here.
pub fn update(app: &mut App, command: Command) {
    match command {
        Command::Move(to) => go(app, to),
        Command::NextPane => app.graphs.graph = app.graphs.graph.other(true),
        Command::PreviousPane => app.graphs.graph = app.graphs.graph.other(false),
        Command::ZoomIn => zoom(app, true),
        Command::ZoomOut => zoom(app, false),
        Command::ZoomFit => app.graphs.is_zoomed = false,
        Command::Open => timeline::open_ladder(app),
        _ => {}
    }
}

fn go(app: &mut App, to: Move) {
    match to {
        Move::Left => app.graphs.graph = app.graphs.graph.other(false),
        Move::Right => app.graphs.graph = app.graphs.graph.other(true),
        Move::Up | Move::Down => {
            app.graphs.direction = Some(match direction(app) {
                Direction::ClientToServer => Direction::ServerToClient,
                Direction::ServerToClient => Direction::ClientToServer,
            });
        }
        Move::PageUp => go_by(app, -1),
        Move::PageDown => go_by(app, 1),
        Move::First => app.focus.t_ns = timeline::span(app).map_or(0, |(first, _)| first),
        Move::Last => app.focus.t_ns = timeline::span(app).map_or(0, |(_, last)| last),
    }
}

/// Moves the cursor by a quarter of what is on the screen.
fn go_by(app: &mut App, quarters: i64) {
    let Some((first, last)) = timeline::span(app) else { return };
    let window = app.graphs.window;
    let quarter = (window.end() - window.start) / 4;
    app.focus.t_ns = app.focus.t_ns.saturating_add(quarters * quarter).clamp(first, last);
    app.focus.packet = None;
}

fn zoom(app: &mut App, closer: bool) {
    let Some((first, last)) = timeline::span(app) else { return };
    let window = app.graphs.window;
    if closer && window.column <= NARROWEST {
        say(app, "no closer");
        return;
    }
    app.graphs.window = window.zoomed(app.focus.t_ns, closer);
    app.graphs.is_zoomed = app.graphs.window.is_part_of(first, last);
}

/// The direction that is shown.
fn direction(app: &App) -> Direction {
    let more = || {
        let connection = app.connection();
        let more = connection.map(|connection| timeline::main_direction(connection).0);
        more.unwrap_or(Direction::ClientToServer)
    };
    app.graphs.direction.unwrap_or_else(more)
}

/// Brings cursors into what there is, with every action.
pub fn settle(app: &mut App) {
    let Some((first, last)) = timeline::span(app) else { return };
    let columns = usize::from(plot::area(areas(app).1).width).max(1);
    let part = app.graphs.is_zoomed.then_some((app.graphs.window, app.focus.t_ns));
    app.graphs.window = Window::over(first, last, columns, part);
}

/// The row of what the lines are, and the graph. Below 80 columns that row is left out.
fn areas(app: &App) -> (Rect, Rect) {
    let area = layout::panes(app).graphs.unwrap_or(layout::frame(app.size).body);
    layout::stack(inner(area), u16::from(area.width >= 80))
}

/// Draws it where [`crate::tui::layout::panes`] says.
pub fn draw(app: &App, frame: &mut Frame<'_>) {
    let area = layout::panes(app).graphs.unwrap_or(layout::frame(app.size).body);
    let column = format!("1 col = {}", units::duration(app.graphs.window.column));
    let block = pane(app, &title(app), &column, app.screen == Screen::Graphs);
    frame.render_widget(block.title_bottom(names(app)), area);
    let Some(connection) = app.connection() else {
        draw::empty(app, frame, inner(area), &draw::waiting(app, "No connection is selected."));
        return;
    };
    let data = Data { connection, direction: direction(app), theme: app.theme };
    if data.subflows().next().is_none() {
        let words = format!("No data was sent {}. Up or down: the other direction.", who(&data));
        draw::empty(app, frame, inner(area), &draw::waiting(app, &words));
        return;
    }
    if app.graphs.graph == Graph::Shares {
        draw_shares(app, frame, &data);
    } else {
        draw_curves(app, frame, &data);
    }
}

const fn who(data: &Data<'_>) -> &'static str {
    match data.direction {
        Direction::ClientToServer => "by the client",
        Direction::ServerToClient => "by the server",
    }
}

/// The DSN of the first byte, where DSNs are to be shown as on the wire.
fn first_dsn(app: &App, direction: Direction) -> Option<u64> {
    let connection = app.connection().filter(|_| app.raw_dsn)?;
    let host = match direction {
        Direction::ClientToServer => &connection.client,
        Direction::ServerToClient => &connection.server,
    };
    host.idsn.map(|idsn| idsn.0.wrapping_add(1))
}

/// The graph and the direction.
fn title(app: &App) -> String {
    let graph = app.graphs.graph;
    let what = match graph {
        Graph::Dsn => "DSN over time",
        Graph::Throughput => "Throughput and goodput",
        Graph::InFlight => "In flight and receive window",
        Graph::RoundTrips => "Round trips",
        Graph::Shares => "Share of each subflow",
    };
    let direction = direction(app);
    let is_raw = graph == Graph::Dsn && first_dsn(app, direction).is_some();
    let raw = if is_raw { ", lower 32 bits" } else { "" };
    format!("{what}, {}{raw}", timeline::arrow(app, direction))
}

/// The names of all graphs, in the lower border.
fn names(app: &App) -> Line<'static> {
    let mut spans = vec![Span::raw(" ")];
    for graph in Graph::ALL {
        let is_shown = graph == app.graphs.graph;
        let style = if is_shown { app.theme.strong() } else { app.theme.faint() };
        let name = graph.name();
        let name = if is_shown { format!("[{name}]") } else { format!(" {name} ") };
        spans.push(Span::styled(name, style));
    }
    spans.push(Span::raw(" "));
    Line::from(spans)
}

fn draw_curves(app: &App, frame: &mut Frame<'_>, data: &Data<'_>) {
    let graph = app.graphs.graph;
    let window = app.graphs.window;
    let until = timeline::span(app).map_or(i64::MAX, |(_, last)| last);
    let curves = match graph {
        Graph::Dsn => data.dsn(until),
        Graph::Throughput => data.throughput(window),
        Graph::InFlight => data.in_flight(until),
        Graph::RoundTrips | Graph::Shares => data.round_trips(),
    };
    let first = first_dsn(app, data.direction);
    let (legend, below) = areas(app);
    let extent = extent(app, &curves);
    let plot = Plot::new(below, window, extent, app.theme);
    if legend.height > 0 {
        draw_legend(app, frame, legend, &curves);
    }
    plot.draw_axes(frame.buffer_mut(), |value| graph.value(value, first), app.focus.t_ns);
    plot.draw_curves(frame, &curves);
    if curves.is_empty() {
        draw::empty(app, frame, plot.area, "Nothing was measured in this direction.");
    }
}

/// The lowest and the highest value to draw: of what is in view. A receive window that is far above
/// all else does not count: the rest would lie on the ground.
fn extent(app: &App, curves: &[Curve]) -> (f64, f64) {
    let (graph, window) = (app.graphs.graph, app.graphs.window);
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
    let is_part = graph == Graph::Dsn && app.graphs.is_zoomed;
    (if is_part { least } else { 0.0 }, most)
}

/// The signs and names of the curves and, if there is room, their values at the cursor.
fn draw_legend(app: &App, frame: &mut Frame<'_>, area: Rect, curves: &[Curve]) {
    let t_ns = app.focus.t_ns;
    let moment = format!(" {} {}", app.theme.glyphs.cursor, app.graphs.window.moment(t_ns));
    let width = u16::try_from(text::width(&moment)).unwrap_or(0).min(area.width);
    let (left, right) = layout::split(area, area.width - width);
    let first = first_dsn(app, direction(app)).filter(|_| app.graphs.graph == Graph::Dsn);
    let with_values = legend(app, curves, |curve| {
        let value = curve.value(t_ns).map(|value| app.graphs.graph.value(value, first));
        value.unwrap_or_default()
    });
    let fits = with_values.width() <= usize::from(left.width);
    let line = if fits { with_values } else { legend(app, curves, |_| String::new()) };
    frame.render_widget(line, left);
    frame.render_widget(Line::styled(moment, app.theme.strong()), right);
}

fn legend(app: &App, curves: &[Curve], value: impl Fn(&Curve) -> String) -> Line<'static> {
    let spans = curves.iter().flat_map(|curve| {
        let sign = Span::styled(format!(" {}", curve.key), curve.style.patch(app.theme.strong()));
        let value = value(curve);
        let gap = if value.is_empty() { "" } else { " " };
        [sign, Span::raw(format!(" {}{gap}{value} ", curve.name))]
    });
    spans.collect()
}

/// Columns full of the signs of the subflows, each as high as its share.
fn draw_shares(app: &App, frame: &mut Frame<'_>, data: &Data<'_>) {
    let (legend, below) = areas(app);
    let plot = Plot::new(below, app.graphs.window, (0.0, 100.0), app.theme);
    plot.draw_axes(frame.buffer_mut(), |value| Graph::Shares.value(value, None), app.focus.t_ns);
    let names: Vec<_> = data
        .subflows()
        .map(|(subflow, _)| Curve {
            key: key(subflow.id),
            name: format!("sf{}", subflow.id),
            style: app.theme.subflow(subflow.id),
            pieces: Vec::new(),
            is_signs: false,
        })
        .collect();
    if legend.height > 0 {
        draw_legend(app, frame, legend, &names);
    }
    let buffer = frame.buffer_mut();
    for (shares, x) in data.shares(app.graphs.window).into_iter().zip(plot.area.x..) {
        for (row, y) in (plot.area.y..plot.area.bottom()).rev().enumerate() {
            let row = u16::try_from(row).unwrap_or(u16::MAX);
            let middle = (f64::from(row) + 0.5) / f64::from(plot.area.height);
            let here = shares.iter().find(|(_, sum)| *sum > middle);
            if let Some((subflow, _)) = here {
                let style: Style = app.theme.subflow(*subflow);
                buffer.set_string(x, y, key(*subflow).to_string(), style);
            }
        }
    }
}

/// Another connection is looked at from now on.
pub fn leave(app: &mut App) {
    app.graphs = State { graph: app.graphs.graph, ..State::default() };
}
