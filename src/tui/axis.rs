//! Axes: widths of columns and marks at round numbers.

/// Widths of a column, in tenths of a power of ten: none is much wider than the one before.
const WIDTHS: [i64; 10] = [10, 12, 15, 20, 25, 30, 40, 50, 60, 80];
/// Distances between marks below a minute.
const STEPS: [i64; 3] = [10, 20, 50];

const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// No column is narrower, in nanoseconds.
pub const NARROWEST: i64 = 100;
/// No column is wider: a power of ten.
const WIDEST: i64 = 100_000_000 * SECOND;

/// Time on a row of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeWindow {
    /// Where the first column begins, in nanoseconds: a multiple of the width.
    pub start: i64,
    /// How wide each column is, in nanoseconds.
    pub column: i64,
    /// How many columns there are.
    pub columns: usize,
}

impl Default for TimeWindow {
    fn default() -> Self {
        Self { start: 0, column: NARROWEST, columns: 1 }
    }
}

impl TimeWindow {
    /// Everything from `first` to `last`, both included, if there are at least two columns: a single
    /// one cannot lie on both sides of 0.
    pub fn fit(first: i64, last: i64, columns: usize) -> Self {
        let columns = columns.max(1);
        let span = last.saturating_sub(first).max(0).saturating_add(1);
        let mut column = at_least(span.saturating_add(width(columns) - 1) / width(columns));
        loop {
            let window = Self { start: align(first, column), column, columns };
            if window.end() > last || column >= WIDEST {
                return window;
            }
            column = at_least(column + 1);
        }
    }

    /// What is on `columns` of the time from `first` to `last`: all of it or, of the zoomed window in
    /// `part`, what brings its moment into sight.
    pub fn over(first: i64, last: i64, columns: usize, part: Option<(Self, i64)>) -> Self {
        let Some((zoomed, t_ns)) = part else { return Self::fit(first, last, columns) };
        Self { columns: columns.max(1), ..zoomed }.within(first, last).showing(t_ns)
    }

    /// Whether it is closer than what shows all from `first` to `last`.
    pub fn is_part_of(&self, first: i64, last: i64) -> bool {
        self.column < Self::fit(first, last, self.columns).column
    }

    /// One past its last moment.
    pub fn end(&self) -> i64 {
        self.start.saturating_add(self.column.saturating_mul(width(self.columns)))
    }

    /// When a column begins.
    pub fn time(&self, column: i64) -> i64 {
        self.start.saturating_add(self.column.saturating_mul(column))
    }

    /// The column of a moment, which may be before the first or after the last.
    pub fn column_of(&self, t_ns: i64) -> i64 {
        t_ns.saturating_sub(self.start).div_euclid(self.column)
    }

    /// The column of a moment, if there is one.
    pub fn index_of(&self, t_ns: i64) -> Option<usize> {
        let column = usize::try_from(self.column_of(t_ns)).ok()?;
        (column < self.columns).then_some(column)
    }

    /// When a column on the screen begins.
    pub fn time_of(&self, column: usize) -> i64 {
        self.time(width(column))
    }

    /// Columns half as wide, or twice; the one of `t_ns` stays where it is.
    #[must_use]
    pub fn zoomed(&self, t_ns: i64, closer: bool) -> Self {
        let column =
            if closer { at_most(self.column / 2) } else { at_least(self.column.saturating_mul(2)) };
        let place = self.column_of(t_ns).clamp(0, width(self.columns) - 1);
        let start = align(t_ns, column).saturating_sub(place.saturating_mul(column));
        Self { start, column, ..*self }
    }

    /// Moved as little as possible so that `t_ns` is in it.
    #[must_use]
    pub fn showing(&self, t_ns: i64) -> Self {
        let last = width(self.columns) - 1;
        let column = self.column_of(t_ns);
        let by = if column < 0 { column } else { (column - last).max(0) };
        Self { start: self.time(by), ..*self }
    }

    /// Moved as little as possible so that nothing before `first` is in it, nor more than need be
    /// after `last`.
    #[must_use]
    pub fn within(&self, first: i64, last: i64) -> Self {
        let lowest = align(first, self.column);
        let all = width(self.columns) - 1;
        let highest = align(last, self.column).saturating_sub(all.saturating_mul(self.column));
        Self { start: self.start.min(highest).max(lowest), ..*self }
    }

    /// Marks at round times: the column of each, and what is written there. They are at least as far
    /// apart as what is written.
    pub fn marks(&self) -> Vec<(usize, String)> {
        let mut step = step_at_least(self.column.saturating_mul(8));
        let longest = |step| label(self.end(), step).len().max(label(self.start, step).len());
        while self.column.saturating_mul(width(longest(step) + 2)) > step {
            step = step_at_least(step + 1);
        }
        let first = align(self.start.saturating_add(step - 1), step);
        let times = (0..).map(|number| first.saturating_add(step.saturating_mul(number)));
        let columns = times.map_while(|time| Some((self.index_of(time)?, time)));
        columns.map(|(column, time)| (column, label(time, step))).collect()
    }

    /// A moment with as many digits as columns tell apart, in seconds.
    pub fn moment(&self, t_ns: i64) -> String {
        format!("{} s", decimal(t_ns, digits(self.column).max(3)))
    }
}

fn width(columns: usize) -> i64 {
    i64::try_from(columns).unwrap_or(i64::MAX)
}

/// The multiple of `step` at or before `t_ns`.
fn align(t_ns: i64, step: i64) -> i64 {
    t_ns.saturating_sub(t_ns.rem_euclid(step))
}

/// The narrowest width that is not narrower than `ns`.
fn at_least(ns: i64) -> i64 {
    let mut power = NARROWEST / 10;
    while power < WIDEST / 100 {
        let found = WIDTHS.iter().map(|width| width * power).find(|width| *width >= ns);
        if let Some(found) = found {
            return found;
        }
        power *= 10;
    }
    WIDEST
}

/// The widest width that is not wider than `ns`.
fn at_most(ns: i64) -> i64 {
    let mut power = WIDEST / 1_000;
    while power >= NARROWEST / 10 {
        let found = WIDTHS.iter().rev().map(|width| width * power).find(|width| *width <= ns);
        if let Some(found) = found {
            return found;
        }
        power /= 10;
    }
    NARROWEST
}

fn step_at_least(ns: i64) -> i64 {
    let mut power = NARROWEST / 10;
    while power <= SECOND {
        let found = STEPS.iter().map(|step| step * power).find(|step| *step >= ns);
        if let Some(found) = found.filter(|found| *found < MINUTE) {
            return found;
        }
        power *= 10;
    }
    let mut long = [1, 2, 5, 10, 20, 30, 60, 120, 240, 480, 1_440].into_iter();
    let found = long.find(|minutes| minutes * MINUTE >= ns);
    found.map_or_else(|| ns.saturating_add(24 * HOUR - 1) / (24 * HOUR) * 24 * HOUR, |m| m * MINUTE)
}

/// What is written at a mark, where marks are `step` apart.
fn label(t_ns: i64, step: i64) -> String {
    match step {
        ..MINUTE => format!("{}s", decimal(t_ns, digits(step))),
        MINUTE..HOUR => format!("{}min", t_ns / MINUTE),
        _ => format!("{}h", t_ns / HOUR),
    }
}

/// Digits behind the point that tell moments `ns` apart.
fn digits(ns: i64) -> usize {
    let mut digits = 0;
    let mut unit = SECOND;
    while digits < 9 && ns % unit != 0 && unit > ns / 100 {
        unit /= 10;
        digits += 1;
    }
    digits
}

fn decimal(t_ns: i64, digits: usize) -> String {
    let sign = if t_ns < 0 { "-" } else { "" };
    let power = 10_u64.pow(u32::try_from(9 - digits.min(9)).unwrap_or(0));
    let rounded = t_ns.unsigned_abs() / power;
    let per_second = SECOND.unsigned_abs() / power;
    if digits == 0 {
        return format!("{sign}{rounded}");
    }
    format!("{sign}{}.{:0digits$}", rounded / per_second, rounded % per_second)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: i64 = 1_000_000;

    #[test]
    fn everything_fits() {
        let window = TimeWindow::fit(0, 187 * MS, 54);
        assert_eq!((window.start, window.column), (0, 4 * MS));
        let window = TimeWindow::fit(18_402 * MS, 18_402 * MS, 54);
        assert_eq!((window.start, window.column), (18_402 * MS, NARROWEST));
        assert!(TimeWindow::fit(i64::MIN, i64::MAX, 1).column > 0);
    }

    #[test]
    fn zooming_keeps_the_column_of_the_cursor() {
        let window = TimeWindow::fit(0, 187 * MS, 54);
        let cursor = 101 * MS;
        let closer = window.zoomed(cursor, true);
        assert_eq!(closer.column, 2 * MS);
        assert_eq!(closer.column_of(cursor), window.column_of(cursor));
        let again = closer.zoomed(cursor, false);
        assert_eq!((again.column, again.column_of(cursor)), (4 * MS, window.column_of(cursor)));
        let mut closest = window;
        (0..60).for_each(|_| closest = closest.zoomed(cursor, true));
        assert_eq!(closest.column, NARROWEST);
    }

    #[test]
    fn marks_are_round_and_apart() {
        let written = |window: TimeWindow| -> Vec<_> {
            window.marks().into_iter().map(|(column, text)| format!("{column}:{text}")).collect()
        };
        let window = TimeWindow { start: 0, column: 4 * MS, columns: 50 };
        assert_eq!(written(window), ["0:0.00s", "12:0.05s", "25:0.10s", "37:0.15s"]);
        let window = TimeWindow { start: 18_402 * MS, column: MS, columns: 30 };
        assert_eq!(written(window), ["8:18.41s", "18:18.42s", "28:18.43s"]);
        let window = TimeWindow { start: 0, column: 1_000 * MS, columns: 30 };
        assert_eq!(written(window), ["0:0s", "10:10s", "20:20s"]);
        let window = TimeWindow { start: 0, column: 20_000 * MS, columns: 40 };
        assert_eq!(written(window), ["0:0min", "15:5min", "30:10min"]);
        let window = TimeWindow { start: 0, column: HOUR, columns: 40 };
        assert_eq!(written(window), ["0:0h", "8:8h", "16:16h", "24:24h", "32:32h"]);
    }

    #[test]
    fn moments_have_the_digits_that_columns_tell_apart() {
        let moment = |column| TimeWindow { start: 0, column, columns: 50 }.moment(18_402_113_456);
        assert_eq!(moment(4 * MS), "18.402 s");
        assert_eq!(moment(MS / 20), "18.40211 s");
        assert_eq!(moment(NARROWEST), "18.4021134 s");
    }

    proptest! {
        #[test]
        fn a_window_shows_what_it_is_told_to(
            first in -1_000_000_000_000i64..1_000_000_000_000,
            span in 0i64..100_000_000_000_000,
            part in 0i64..=100,
            columns in 2usize..300,
            closer in 0usize..40,
        ) {
            let last = first + span;
            let fit = TimeWindow::fit(first, last, columns);
            prop_assert!(fit.index_of(first).is_some() && fit.index_of(last).is_some());
            let moment = first + span / 100 * part;
            let mut window = fit;
            for _ in 0..closer {
                window = window.zoomed(moment, true);
            }
            let window = window.within(first, last).showing(moment);
            prop_assert!(window.index_of(moment).is_some());
            prop_assert_eq!(window.start.rem_euclid(window.column), 0);
            let marks = window.marks();
            for pair in marks.windows(2) {
                prop_assert!(pair[0].0 + pair[0].1.len() < pair[1].0, "{:?}", marks);
            }
        }
    }
}
