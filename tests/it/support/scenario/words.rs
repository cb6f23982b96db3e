//! The words of a line: `name`, `name=value`, or `name(words, of, its, own)`.

use std::str::FromStr;

use anyhow::{Context, Result, bail};

/// Words that are taken out one by one; what is left over in the end is a typo.
#[derive(Debug, Clone)]
pub(crate) struct Words(Vec<Word>);

#[derive(Debug, Clone)]
struct Word {
    name: String,
    value: Option<String>,
}

/// A word with words of its own.
#[derive(Debug, Clone)]
pub(crate) struct Phrase {
    pub(crate) name: String,
    pub(crate) words: Words,
}

impl Words {
    /// The words of a line, and the phrases among them in their order.
    pub(crate) fn parse(line: &str) -> Result<(Self, Vec<Phrase>)> {
        let mut words = Vec::new();
        let mut phrases = Vec::new();
        for text in split(line)? {
            match text.split_once('(') {
                Some((name, rest)) => {
                    let inner = rest.strip_suffix(')').context("text after a parenthesis")?;
                    let parts = inner.split([',', ' ']).filter(|part| !part.is_empty());
                    let words = Self(parts.map(Word::parse).collect());
                    phrases.push(Phrase { name: name.to_owned(), words });
                }
                None => words.push(Word::parse(text)),
            }
        }
        Ok((Self(words), phrases))
    }

    /// Whether the bare word `name` is there.
    pub(crate) fn has(&mut self, name: &str) -> Result<bool> {
        match self.take(name)? {
            None => Ok(false),
            Some(Word { value: None, .. }) => Ok(true),
            Some(_) => bail!("'{name}' takes no value"),
        }
    }

    /// The value of `name=…`.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>> {
        match self.take(name)? {
            None => Ok(None),
            Some(word) => Ok(Some(word.value.with_context(|| format!("'{name}' wants a value"))?)),
        }
    }

    /// The value of `name=…` as something other than text.
    pub(crate) fn value<T: FromStr>(&mut self, name: &str) -> Result<Option<T>> {
        let parse = |text: String| {
            text.parse().ok().with_context(|| format!("'{text}' is no value for '{name}'"))
        };
        self.text(name)?.map(parse).transpose()
    }

    /// The number of `name=…`, decimal or after `0x`.
    pub(crate) fn number(&mut self, name: &str) -> Result<Option<u64>> {
        self.text(name)?.map(|text| number(&text)).transpose()
    }

    /// The numbers of all `name=…`.
    pub(crate) fn numbers(&mut self, name: &str) -> Result<Vec<u64>> {
        let mut all = Vec::new();
        while self.0.iter().any(|word| word.name == name) {
            let index = self.0.iter().position(|word| word.name == name).unwrap();
            let value = self.0.remove(index).value;
            all.push(number(&value.with_context(|| format!("'{name}' wants a value"))?)?);
        }
        Ok(all)
    }

    /// Nothing may be left.
    pub(crate) fn finish(self) -> Result<()> {
        match self.0.first() {
            None => Ok(()),
            Some(word) => bail!("'{}' means nothing here", word.name),
        }
    }

    fn take(&mut self, name: &str) -> Result<Option<Word>> {
        let Some(index) = self.0.iter().position(|word| word.name == name) else {
            return Ok(None);
        };
        let word = self.0.remove(index);
        if self.0.iter().any(|other| other.name == name) {
            bail!("'{name}' stands there twice");
        }
        Ok(Some(word))
    }
}

impl Word {
    fn parse(text: &str) -> Self {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        Self { name: name.to_owned(), value }
    }
}

/// A number, decimal or after `0x`, `_` for the eye.
pub(crate) fn number(text: &str) -> Result<u64> {
    let digits = text.replace('_', "");
    let number = match digits.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    number.with_context(|| format!("'{text}' is no number"))
}

/// Splits at spaces outside of parentheses.
fn split(line: &str) -> Result<Vec<&str>> {
    let mut parts = Vec::new();
    let (mut start, mut depth) = (0, 0);
    for (at, character) in line.char_indices() {
        match character {
            '(' if depth == 0 => depth = 1,
            ')' if depth == 1 => depth = 0,
            '(' | ')' => bail!("parentheses do not match"),
            ' ' if depth == 0 => {
                parts.push(&line[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if depth != 0 {
        bail!("a parenthesis is not closed");
    }
    parts.push(&line[start..]);
    parts.retain(|part| !part.is_empty());
    Ok(parts)
}
