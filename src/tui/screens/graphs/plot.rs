//! Curves between axes.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::canvas::{self, Canvas};

use super::curves::{Curve, CurveSegment, float};
use crate::tui::axis::TimeWindow;
use crate::tui::theme::Theme;
use crate::tui::widgets::text;

/// Cells for the values of the axis at the left, and the axis.
pub(super) const LABELS: u16 = 11;

/// A frame for curves: what stands where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plot {
    /// Where the curves are.
    pub(super) area: Rect,
    pub(super) window: TimeWindow,
    /// The values at the bottom and at the top.
    bottom: f64,
    top: f64,
    /// From mark to mark.
    step: f64,
    pub(super) theme: Theme,
}

impl Plot {
    /// In `inside`, the left columns and the lowest two rows for the axes, for values from `least` to
    /// `most`.
    pub(super) fn new(
        inside: Rect,
        window: TimeWindow,
        (least, most): (f64, f64),
        theme: Theme,
    ) -> Self {
        let area = area(inside);
        let marks = f64::from((area.height / 3).clamp(2, 8));
        let step = round_up((most - least).max(1.0) / marks);
        let bottom = (least / step).floor() * step;
        let half = step / 2.0;
        let top = ((most / half).ceil() * half).max(bottom + step);
        Self { area, window, bottom, top, step, theme }
    }

    /// The axes: values as `unit` writes them, times, the cursor.
    pub(super) fn draw_axes(&self, buffer: &mut Buffer, unit: impl Fn(f64) -> String, cursor: i64) {
        let (glyphs, faint) = (self.theme.glyphs, self.theme.faint());
        let area = self.area;
        let x = area.x - 1;
        for y in area.y..area.bottom() {
            buffer.set_string(x, y, glyphs.lane.to_string(), faint);
        }
        let mut value = self.bottom;
        while value <= self.top * (1.0 + f64::EPSILON) {
            let y = self.row(value);
            let words = text::right(&unit(value), usize::from(LABELS - 2), glyphs.more);
            buffer.set_string(area.x - LABELS, y, words, Style::new());
            let [_, tee] = glyphs.tees;
            buffer.set_string(x, y, tee.to_string(), faint);
            value += self.step;
        }
        let [line, mark] = glyphs.axis;
        let y = area.bottom();
        let axis: String = std::iter::repeat_n(line, usize::from(area.width) + 1).collect();
        buffer.set_string(x, y, axis, faint);
        for (column, words) in self.window.marks() {
            let at = area.x + u16::try_from(column).unwrap_or(u16::MAX);
            buffer.set_string(at, y, mark.to_string(), faint);
            if column + words.len() <= usize::from(area.width) {
                buffer.set_string(at, y + 1, words, Style::new());
            }
        }
        if let Some(column) = self.window.index_of(cursor) {
            let at = area.x + u16::try_from(column).unwrap_or(u16::MAX);
            buffer.set_string(at, y, glyphs.cursor.to_string(), self.theme.strong());
        }
    }

    /// The row of a value.
    fn row(&self, value: f64) -> u16 {
        let height = f64::from(self.area.height.saturating_sub(1));
        let part = (value - self.bottom) / (self.top - self.bottom);
        let from_bottom = (part * height).round().clamp(0.0, height);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let rows = from_bottom as u16;
        self.area.bottom() - 1 - rows
    }

    /// The curves, each with its sign beside it.
    pub(super) fn draw_curves(&self, frame: &mut Frame<'_>, curves: &[Curve]) {
        let is_ascii = self.theme.is_ascii();
        let marker = if is_ascii { Marker::Custom('.') } else { Marker::Braille };
        let [left, right] = [self.window.start, self.window.end()];
        let canvas = Canvas::default()
            .marker(marker)
            .x_bounds([0.0, float(right - left)])
            .y_bounds([self.bottom, self.top])
            .paint(|context| {
                // The first ones lie above the others.
                for curve in curves.iter().rev() {
                    if is_ascii {
                        context.marker(Marker::Custom(curve.key));
                    }
                    self.draw_curve(context, curve);
                }
                for (index, curve) in curves.iter().enumerate().rev().filter(|_| !is_ascii) {
                    self.sign(context, curve, index, curves.len());
                }
            });
        frame.render_widget(canvas, self.area);
    }

    fn draw_curve(&self, context: &mut canvas::Context<'_>, curve: &Curve) {
        let color = curve.style.fg.unwrap_or(Color::Reset);
        for segment in &curve.segments {
            if let Some((from, to)) = self.visible(*segment) {
                context.draw(&canvas::Line::new(from.0, from.1, to.0, to.1, color));
            }
        }
    }

    /// The part of a segment that is in the window, as the canvas counts.
    fn visible(&self, segment: CurveSegment) -> Option<((f64, f64), (f64, f64))> {
        let segment = segment.within(self.window)?;
        let place =
            |(t_ns, value): (i64, f64)| (float(t_ns - self.window.start), self.clamp(value));
        Some((place(segment.from), place(segment.to)))
    }

    const fn clamp(&self, value: f64) -> f64 {
        value.clamp(self.bottom, self.top)
    }

    /// Writes the sign of a curve on it, each at another place.
    fn sign(&self, context: &mut canvas::Context<'_>, curve: &Curve, index: usize, of: usize) {
        let points: Vec<_> =
            curve.segments.iter().filter_map(|segment| self.visible(*segment)).collect();
        let sign = || Line::styled(curve.key.to_string(), curve.style);
        if curve.is_signs {
            for ((x, y), _) in points {
                context.print(x, y, sign());
            }
            return;
        }
        let Some(last) = points.len().checked_sub(1) else { return };
        for part in [index + 1, index + 1 + of] {
            let place = (last * part).div_ceil(2 * of).min(last);
            if let Some((_, (x, y))) = points.get(place) {
                context.print(*x, *y, sign());
            }
        }
    }
}

/// Where curves are in a pane.
pub(super) fn area(inside: Rect) -> Rect {
    Rect {
        x: inside.x + LABELS,
        y: inside.y,
        width: inside.width.saturating_sub(LABELS),
        height: inside.height.saturating_sub(2),
    }
}

/// The next of 1, 2 and 5 times a power of ten.
fn round_up(value: f64) -> f64 {
    let power = 10f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    steps.into_iter().find(|step| *step >= value * 0.999_999).unwrap_or(power * 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        let close = |a: f64, b: f64| (a - b).abs() < a * 1e-9;
        assert!(close(round_up(1.0), 1.0) && close(round_up(1.1), 2.0));
        assert!(close(round_up(2_100.0), 5_000.0) && close(round_up(0.7), 1.0));
    }
}
