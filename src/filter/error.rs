//! Why a filter means nothing, and where.

use std::fmt;
use std::ops::Range;

/// Why a filter means nothing, and where: the message is one sentence for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    /// The whole text.
    pub text: String,
    /// The octets of it in question. At its end, where something is missing, none.
    pub place: Range<usize>,
    /// What is wrong, and what to write.
    pub message: String,
}

impl FilterError {
    pub(super) fn new(text: &str, place: Range<usize>, message: impl Into<String>) -> Self {
        Self { text: text.to_owned(), place, message: message.into() }
    }

    /// What stands before the place in question, and what stands there.
    pub fn parts(&self) -> (&str, &str) {
        let before = self.text.get(..self.place.start).unwrap_or(&self.text);
        (before, self.text.get(self.place.clone()).unwrap_or_default())
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for FilterError {}
