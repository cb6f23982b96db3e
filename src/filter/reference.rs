//! The language in a few lines, for help pages.

use super::field::{Field, Kind};

/// How terms are written and joined: an example, and what it means.
pub const SYNTAX: [(&str, &str); 8] = [
    ("WORD", "it is somewhere in the row; \"in quotes\" any text"),
    ("FIELD==VALUE", "also != < <= > >=, with spaces around them or without"),
    ("FIELD contains TEXT", "a part of a name, a word or an address"),
    ("FIELD in {A, B}", "one of these"),
    ("A B, A and B, A && B", "both"),
    ("A or B, A || B", "one of them at least; and binds more closely"),
    ("not A, !A, (A or B)", "the opposite; brackets"),
    ("1MB 64KiB 10Mbit 200ms", "sizes and times have units"),
];

/// What holds of all fields.
pub const MEANING: [&str; 3] = [
    "A field may have several values: a term holds if it holds for one of them,",
    "FIELD!=VALUE if none is equal. Of what the capture does not show, neither a",
    "term nor its opposite holds.",
];

impl Field {
    /// What it says, and the values that it has if they are few.
    pub fn explained(self) -> String {
        match self.kind() {
            Kind::Word(words) if words.len() > 9 => format!(
                "{}: {}, …",
                self.about(),
                words.iter().take(4).copied().collect::<Vec<_>>().join(", ")
            ),
            Kind::Word(words) | Kind::Level(words) => {
                format!("{}: {}", self.about(), words.join(", "))
            }
            Kind::Address | Kind::Hex32 | Kind::Size | Kind::Time | Kind::Share => {
                format!("{}: {}", self.about(), self.kind().example())
            }
            Kind::Number | Kind::Version | Kind::Code | Kind::Text => self.about().to_owned(),
        }
    }
}
