//! What the terminal's screens cost on a large capture: loading it with and without what they need,
//! the rows of the ladder, and every screen from a key to the last cell.
//!
//! ```text
//! cargo run --release --features screens --bin screens FILE
//! ```
//!
//! Times are those of the processor, so that other programs do not count; memory is what the program
//! has in it at the end (Linux).
//!
//! Of 1,120,328 packets of 660 connections, 128 octets each, on one core of a server: 307 ms to track
//! them, 335 ms with the list of packets (24 octets each), 468 ms with the report; 64 MB for all of it.
//! The ladder of a connection of 445,764 packets takes 5 ms, and a key on any screen 4 ms at most
//! (160×50), or 11 ms if it opens one.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::sync::Arc;

use anyhow::{Context, bail};
use mptcpscope::internals::analyze::ladder::Ladder;
use mptcpscope::internals::app::tui::load_all;
use mptcpscope::internals::capture::{Capture, InputPath, PacketReader};
use mptcpscope::internals::track::checkpoint::Checkpoints;
use mptcpscope::internals::track::index::{Entry, PacketIndex};
use mptcpscope::internals::track::packet_class::LastPacket;
use mptcpscope::internals::track::{Limits, Tracker};
use mptcpscope::internals::tui::theme::Theme;
use mptcpscope::internals::tui::{Action, App, Snapshot, draw, fill, keymap, update};
use mptcpscope::internals::wire::frame::{PacketNo, Place};
use mptcpscope::internals::wire::segment::decode;
use nix::time::{ClockId, clock_gettime};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Size;

/// Rounds of everything that is compared, taken in turns.
const ROUNDS: usize = 3;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [path] = arguments.as_slice() else { bail!("usage: screens FILE") };
    let before = resident()?;
    let (loading, (snapshot, reader)) = measure(|| load_all(vec![path.clone().into()]))?;
    let memory = resident()?.saturating_sub(before);
    let (without, with) = compare_loading(path)?;
    let packets = snapshot.source.frames.max(1);
    let busiest = busiest(&snapshot).context("there is no connection in it")?;
    let entries = snapshot.packets.len() * size_of::<Entry>();
    println!("{packets} packets, {} connections", snapshot.report.connections.len());
    println!("tracked                {without:8.1} ms");
    println!("tracked and listed     {with:8.1} ms");
    println!("loaded, with a report  {loading:8.1} ms");
    println!("list of packets        {:8.2} octets per packet", entries as f64 / packets as f64);
    println!("memory for all of it   {:8.1} MB", memory as f64 / 1e6);
    measure_as_of(&snapshot, busiest, &reader)?;
    let snapshot = as_one_connection(snapshot, busiest)?;
    measure_ladder(&snapshot, busiest)?;
    let snapshot = Arc::new(snapshot);
    for (width, height) in [(80, 24), (160, 50)] {
        for screen in SCREENS {
            measure_screen(&snapshot, busiest, &reader, Size { width, height }, screen)?;
        }
    }
    Ok(())
}

/// Each screen, and the keys that lead to it.
const SCREENS: [(&str, &str); 6] = [
    ("1", "connections"),
    ("2", "timeline"),
    ("3", "ladder"),
    ("4", "graphs"),
    ("5", "findings"),
    ("3\n", "packet"),
];

/// Milliseconds of reading and tracking, without and with the index: the least of some rounds.
fn compare_loading(path: &OsString) -> anyhow::Result<(f64, f64)> {
    let mut least = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        least.0 = least.0.min(measure(|| track(path, false))?.0);
        least.1 = least.1.min(measure(|| track(path, true))?.0);
    }
    Ok(least)
}

fn track(path: &OsString, is_listed: bool) -> anyhow::Result<()> {
    let mut capture = Capture::open(&[InputPath::from(path.clone())])?;
    let mut tracker = Tracker::new(Limits::default(), 1);
    tracker.keep_series();
    if is_listed {
        tracker.keep_last_packet();
    }
    let (mut index, mut checkpoints) = (PacketIndex::new(), Checkpoints::default());
    while let Some(frame) = capture.next_frame() {
        tracker.push(&decode(&frame));
        let Some(pushed) = tracker.last_packet() else { continue };
        let place = frame.offset.and_then(|offset| Place::in_input(frame.point.input, offset));
        index.push(frame.number, frame.timestamp, &pushed, place);
        checkpoints.note(&tracker, frame.number, index.end() - 1);
    }
    Ok(())
}

/// The connection with the most packets, by its index.
fn busiest(snapshot: &Snapshot) -> Option<usize> {
    let mut packets = vec![0u64; snapshot.report.connections.len()];
    for (_, entry) in snapshot.packets.iter_from(0) {
        if let Some(position) = snapshot.subflows.position(&entry) {
            packets[position.connection] += 1;
        }
    }
    // One of the first: most of the capture comes after it.
    (0..packets.len().div_ceil(10)).max_by_key(|connection| packets[*connection])
}

/// The same, with all packets taken for those of one connection, on its subflows in turns: the most
/// that a ladder can have to show.
fn as_one_connection(snapshot: Snapshot, busiest: usize) -> anyhow::Result<Snapshot> {
    let members = snapshot.subflows.members(busiest);
    let origin = snapshot.packets.origin().context("there are no packets")?;
    let first = members.all().iter().map(|member| member.first).max().unwrap_or_default();
    let mut packets = PacketIndex::new();
    let subflows = members.all().iter().cycle();
    let entries = snapshot.packets.iter_from(snapshot.packets.first_from(first));
    for ((_, entry), subflow) in entries.zip(subflows.flat_map(|member| [member.id; 50])) {
        let (direction, kind, payload_len) = (entry.direction(), entry.kind(), entry.payload_len());
        let pushed = LastPacket { subflow, direction, kind, payload_len };
        packets.push(entry.number(), entry.at(origin), &pushed, entry.place());
    }
    Ok(Snapshot { packets, ..snapshot })
}

fn measure_ladder(snapshot: &Snapshot, busiest: usize) -> anyhow::Result<()> {
    let build = || {
        let members = snapshot.subflows.members(busiest);
        Ok(Ladder::build(&snapshot.packets, members, BTreeSet::new(), BTreeSet::new()))
    };
    let (building, ladder) = measure(build)?;
    let (packets, rows) = (ladder.packets(), ladder.len());
    println!("ladder                 {building:8.1} ms, {packets} packets in {rows} rows");
    let members = snapshot.subflows.members(busiest);
    let its = snapshot.packets.iter_from(0).filter(|(_, entry)| members.lane(entry).is_some());
    let numbers: Vec<PacketNo> = its.map(|(_, entry)| entry.number()).step_by(101).collect();
    let (finding, found) = measure(|| {
        let rows = numbers.iter().map(|number| ladder.row_of_packet(&snapshot.packets, *number));
        Ok(rows.flatten().count())
    })?;
    println!("row of a packet        {:8.4} ms", finding / found.max(1) as f64);
    Ok(())
}

fn measure_as_of(snapshot: &Snapshot, busiest: usize, reader: &PacketReader) -> anyhow::Result<()> {
    let members = snapshot.subflows.members(busiest);
    let its = snapshot.packets.iter_from(0).filter(|(_, entry)| members.lane(entry).is_some());
    let positions: Vec<u64> = its.map(|(position, _)| position).step_by(997).collect();
    let mut worst: f64 = 0.0;
    for position in positions {
        let read = |entry: &Entry| reader.read(entry.number(), entry.place()?);
        worst = worst.max(measure(|| Ok(snapshot.state_at(busiest, position, read)))?.0);
    }
    println!("state as of a packet   {worst:8.2} ms at most");
    Ok(())
}

/// From keys to the last cell, over and over.
fn measure_screen(
    snapshot: &Arc<Snapshot>,
    busiest: usize,
    reader: &PacketReader,
    size: Size,
    (keys, name): (&str, &str),
) -> anyhow::Result<()> {
    let mut terminal = Terminal::new(TestBackend::new(size.width, size.height))?;
    let mut app = App::new(Theme::new(true, false), size);
    update(&mut app, Action::Snapshot(Arc::clone(snapshot)));
    app.shared.focus.connection =
        snapshot.report.connections.get(busiest).map(|connection| connection.id);
    let mut show = |app: &mut App, action: Option<Action>| {
        measure(|| {
            if let Some(action) = action {
                update(app, action);
            }
            fill(app, |entry| reader.read(entry.number(), entry.place()?));
            terminal.draw(|frame| draw(app, frame))?;
            Ok(())
        })
    };
    let mut opening: f64 = 0.0;
    for key in keys.chars() {
        let action = keymap::action(&app, key_of(key));
        opening = opening.max(show(&mut app, action)?.0);
    }
    let (mut worst, mut sum) = (0.0f64, 0.0);
    let moves = "jjjkkJjl+jjlh-jGkkgjj";
    for key in moves.chars() {
        let action = keymap::action(&app, key_of(key));
        let (time, ()) = show(&mut app, action)?;
        worst = worst.max(time);
        sum += time;
    }
    let (again, ()) = show(&mut app, Some(Action::Snapshot(Arc::clone(snapshot))))?;
    println!(
        "{name:<12} {:>3}×{:<3} opened {opening:7.2} ms, a key {:6.2} ms, at most {worst:6.2} ms, \
         a snapshot {again:6.2} ms",
        size.width,
        size.height,
        sum / moves.len() as f64,
    );
    Ok(())
}

fn key_of(key: char) -> KeyEvent {
    let code = match key {
        '\n' => KeyCode::Enter,
        'J' => KeyCode::PageDown,
        key => KeyCode::Char(key),
    };
    KeyEvent::new(code, KeyModifiers::NONE)
}

/// Milliseconds of this thread on a processor while `act` ran, and what that came to.
fn measure<T>(act: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<(f64, T)> {
    let before = processor_ns()?;
    let outcome = act()?;
    Ok(((processor_ns()? - before) as f64 / 1e6, outcome))
}

fn processor_ns() -> anyhow::Result<i64> {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?;
    Ok(time.tv_sec() * 1_000_000_000 + time.tv_nsec())
}

/// Octets of memory in use.
fn resident() -> anyhow::Result<u64> {
    let text = fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = text.split(' ').nth(1).unwrap_or_default().parse()?;
    Ok(pages * 4096)
}
