//! From characters to tokens.

use std::ops::Range;

use super::error::FilterError;

/// A token, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) place: Range<usize>,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A word: a field, a value, or what is looked for.
    Word(String),
    /// The same in quotes, which is no keyword and no field.
    Quoted(String),
    /// A sign or a keyword.
    Sign(Sign),
}

/// Signs, and the keywords that mean the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
    In,
    And,
    Or,
    Not,
    Open,
    Close,
    OpenSet,
    CloseSet,
    Comma,
}

/// Longer signs first: the first one that is found counts.
const SIGNS: [(&str, Sign); 15] = [
    ("==", Sign::Equal),
    ("!=", Sign::NotEqual),
    ("<=", Sign::LessOrEqual),
    (">=", Sign::GreaterOrEqual),
    ("&&", Sign::And),
    ("||", Sign::Or),
    ("<", Sign::Less),
    (">", Sign::Greater),
    ("=", Sign::Equal),
    ("!", Sign::Not),
    ("(", Sign::Open),
    (")", Sign::Close),
    ("{", Sign::OpenSet),
    ("}", Sign::CloseSet),
    (",", Sign::Comma),
];

const KEYWORDS: [(&str, Sign); 5] = [
    ("and", Sign::And),
    ("or", Sign::Or),
    ("not", Sign::Not),
    ("in", Sign::In),
    ("contains", Sign::Contains),
];

/// The tokens of `text`.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let blank = rest.len() - rest.trim_start().len();
        if blank > 0 {
            at += blank;
            continue;
        }
        let (kind, length) = next(text, rest, at)?;
        tokens.push(Token { kind, place: at..at + length });
        at += length;
    }
    Ok(tokens)
}

fn next(text: &str, rest: &str, at: usize) -> Result<(TokenKind, usize), FilterError> {
    if rest.starts_with('"') {
        return quoted(text, rest, at);
    }
    if let Some((sign, kind)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
        return Ok((TokenKind::Sign(*kind), sign.len()));
    }
    if let Some(half) = rest.chars().next().filter(|first| matches!(first, '&' | '|')) {
        let message = format!("write {half}{half}, or its word");
        return Err(FilterError::new(text, at..at + 1, message));
    }
    let end = rest.find(ends_word).unwrap_or(rest.len());
    let word = rest.get(..end).unwrap_or(rest);
    let keyword = KEYWORDS.iter().find(|(keyword, _)| keyword.eq_ignore_ascii_case(word));
    let kind = match keyword {
        Some((_, sign)) => TokenKind::Sign(*sign),
        None => TokenKind::Word(word.to_owned()),
    };
    Ok((kind, end))
}

fn quoted(text: &str, rest: &str, at: usize) -> Result<(TokenKind, usize), FilterError> {
    let mut content = String::new();
    let mut is_escaped = false;
    for (index, character) in rest.char_indices().skip(1) {
        match character {
            _ if is_escaped => {
                content.push(character);
                is_escaped = false;
            }
            '\\' => is_escaped = true,
            '"' => return Ok((TokenKind::Quoted(content), index + 1)),
            _ => content.push(character),
        }
    }
    Err(FilterError::new(text, at..text.len(), "the quotation mark is not closed"))
}

/// Whether a character cannot be part of a word.
fn ends_word(character: char) -> bool {
    character.is_whitespace() || "()=!<>&|{},\"".contains(character)
}

/// `text` so that it is read as one word, in quotes if need be.
pub(super) fn as_word(text: &str) -> String {
    let is_keyword = KEYWORDS.iter().any(|(keyword, _)| keyword.eq_ignore_ascii_case(text));
    if !text.is_empty() && !text.contains(ends_word) && !is_keyword {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
