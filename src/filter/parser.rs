//! From tokens to an expression.

use std::ops::Range;

use super::error::FilterError;
use super::expression::{Comparison, Expression};
use super::field::Field;
use super::lexer::{Sign, Token, TokenKind, tokens};
use super::value::Value;

/// Most brackets and negations around a term.
const DEEPEST: usize = 60;

/// What `text` means; `None` if it says nothing.
pub(super) fn parse(text: &str, codes: &[&'static str]) -> Result<Option<Expression>, FilterError> {
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(None);
    }
    let mut parser = Parser { text, codes, tokens: &tokens, depth: 0 };
    let expression = parser.any()?;
    match parser.tokens.first() {
        None => Ok(Some(expression)),
        Some(token) => Err(parser.unexpected(token)),
    }
}

struct Parser<'a> {
    text: &'a str,
    codes: &'a [&'static str],
    /// Those that are left.
    tokens: &'a [Token],
    /// Brackets and negations around what is read.
    depth: usize,
}

impl<'a> Parser<'a> {
    /// Terms with *or* between them.
    fn any(&mut self) -> Result<Expression, FilterError> {
        let mut parts = Vec::new();
        loop {
            match self.all()? {
                Expression::Any(inner) => parts.extend(inner),
                part => parts.push(part),
            }
            if !self.take(Sign::Or) {
                return Ok(single(parts, Expression::Any));
            }
        }
    }

    /// Terms with *and* or nothing between them.
    fn all(&mut self) -> Result<Expression, FilterError> {
        let mut parts = Vec::new();
        loop {
            match self.not()? {
                Expression::All(inner) => parts.extend(inner),
                part => parts.push(part),
            }
            let is_next = self.take(Sign::And)
                || matches!(self.sign(), None | Some(Sign::Not | Sign::Open))
                    && !self.tokens.is_empty();
            if !is_next {
                return Ok(single(parts, Expression::All));
            }
        }
    }

    /// A term, with *not* before it or without.
    fn not(&mut self) -> Result<Expression, FilterError> {
        let place = self.place();
        if self.take(Sign::Not) {
            let part = self.deeper(place, Self::not)?;
            return Ok(Expression::Not(Box::new(part)));
        }
        if self.take(Sign::Open) {
            let part = self.deeper(place.clone(), Self::any)?;
            if !self.take(Sign::Close) {
                return Err(self.error(place, "this bracket is not closed"));
            }
            return Ok(part);
        }
        self.term()
    }

    fn deeper(
        &mut self,
        place: Range<usize>,
        read: impl FnOnce(&mut Self) -> Result<Expression, FilterError>,
    ) -> Result<Expression, FilterError> {
        if self.depth == DEEPEST {
            return Err(self.error(place, "brackets are too deep here"));
        }
        self.depth += 1;
        let outcome = read(self);
        self.depth -= 1;
        outcome
    }

    fn term(&mut self) -> Result<Expression, FilterError> {
        let Some((token, rest)) = self.tokens.split_first() else {
            return Err(
                self.error(self.end(), "something is missing here: a word, or FIELD==VALUE")
            );
        };
        let (TokenKind::Word(word) | TokenKind::Quoted(word)) = &token.kind else {
            return Err(self.unexpected(token));
        };
        self.tokens = rest;
        let comparison = self.sign().and_then(comparison);
        let is_set = self.sign() == Some(Sign::In);
        if comparison.is_none() && !is_set {
            return self.bare(token, word);
        }
        let field = self.field(token, word)?;
        let sign_at = self.place();
        self.tokens = self.tokens.get(1..).unwrap_or_default();
        match comparison {
            Some(comparison) => self.compare(field, comparison, sign_at),
            None => self.set(field),
        }
    }

    /// A word that is looked for.
    fn bare(&self, token: &Token, word: &str) -> Result<Expression, FilterError> {
        let field = Field::of_name(word).filter(|field| field.name().contains('.'));
        if let (TokenKind::Word(_), Some(field)) = (&token.kind, field) {
            let example = field.kind().example();
            let message = format!("{field} is a field: compare it, as in {field}=={example}");
            return Err(self.error(token.place.clone(), message));
        }
        Ok(Expression::Word(word.to_lowercase()))
    }

    fn field(&self, token: &Token, word: &str) -> Result<Field, FilterError> {
        if let (TokenKind::Word(_), Some(field)) = (&token.kind, Field::of_name(word)) {
            return Ok(field);
        }
        let message = if let Some(near) = Field::near_name(word) {
            format!("there is no field {word}: did you mean {near}?")
        } else {
            let names: Vec<_> = Field::ALL.iter().map(|field| field.name()).collect();
            format!("there is no field {word}: there are {}", names.join(", "))
        };
        Err(self.error(token.place.clone(), message))
    }

    fn compare(
        &mut self,
        field: Field,
        comparison: Comparison,
        sign_at: Range<usize>,
    ) -> Result<Expression, FilterError> {
        let kind = field.kind();
        let is_possible = match comparison {
            Comparison::Equal | Comparison::NotEqual => true,
            Comparison::Contains => kind.is_text(),
            _ => kind.is_ordered(),
        };
        if !is_possible {
            let (sign, noun) = (comparison.sign(), kind.noun());
            let other = if kind.is_text() { "==, !=, contains or in" } else { "==, != or in" };
            let message = format!("{sign} does not go with {field}, which is {noun}: use {other}");
            return Err(self.error(sign_at, message));
        }
        if comparison == Comparison::Contains {
            let (part, _) = self.text_of_value(field)?;
            return Ok(Expression::Compare(field, comparison, Value::Text(part.to_lowercase())));
        }
        Ok(Expression::Compare(field, comparison, self.value(field)?))
    }

    /// `{a, b}`.
    fn set(&mut self, field: Field) -> Result<Expression, FilterError> {
        let place = self.place();
        if !self.take(Sign::OpenSet) {
            let example = field.kind().example();
            return Err(self.error(place, format!("after in comes a set, as in {{{example}}}")));
        }
        let mut values = vec![self.value(field)?];
        loop {
            if self.take(Sign::CloseSet) {
                return Ok(Expression::In(field, values));
            }
            let comma_at = self.place();
            let has_comma = self.take(Sign::Comma);
            if self.tokens.is_empty() {
                return Err(self.error(place, "this bracket is not closed"));
            }
            if !has_comma {
                return Err(self.error(comma_at, "here comes a comma, or } at the end of the set"));
            }
            values.push(self.value(field)?);
        }
    }

    fn value(&mut self, field: Field) -> Result<Value, FilterError> {
        let (text, place) = self.text_of_value(field)?;
        Value::parse(field, &text, self.codes).map_err(|message| self.error(place, message))
    }

    fn text_of_value(&mut self, field: Field) -> Result<(String, Range<usize>), FilterError> {
        let token = self.tokens.first();
        if let Some(Token { kind: TokenKind::Word(text) | TokenKind::Quoted(text), place }) = token
        {
            self.tokens = self.tokens.get(1..).unwrap_or_default();
            return Ok((text.clone(), place.clone()));
        }
        let (noun, example) = (field.kind().noun(), field.kind().example());
        let message = format!("here comes {noun}, such as {example}");
        Err(self.error(self.place(), message))
    }

    /// The sign that comes next.
    fn sign(&self) -> Option<Sign> {
        match self.tokens.first()?.kind {
            TokenKind::Sign(sign) => Some(sign),
            _ => None,
        }
    }

    /// Goes over `sign`, if it comes next.
    fn take(&mut self, sign: Sign) -> bool {
        let is_next = self.sign() == Some(sign);
        if is_next {
            self.tokens = self.tokens.get(1..).unwrap_or_default();
        }
        is_next
    }

    /// Where the next token stands.
    fn place(&self) -> Range<usize> {
        self.tokens.first().map_or_else(|| self.end(), |token| token.place.clone())
    }

    const fn end(&self) -> Range<usize> {
        self.text.len()..self.text.len()
    }

    fn error(&self, place: Range<usize>, message: impl Into<String>) -> FilterError {
        FilterError::new(self.text, place, message)
    }

    fn unexpected(&self, token: &'a Token) -> FilterError {
        let message = match token.kind {
            TokenKind::Sign(Sign::Close) => "this bracket was never opened",
            TokenKind::Sign(Sign::CloseSet | Sign::OpenSet | Sign::Comma) => {
                "a set comes after FIELD in, as in tcp.port in {80, 443}"
            }
            TokenKind::Sign(sign) if sign == Sign::In || comparison(sign).is_some() => {
                "before this comes a field, such as tcp.port"
            }
            _ => "before and after this comes a term: a word, or FIELD==VALUE",
        };
        self.error(token.place.clone(), message)
    }
}

/// Alone it stands for itself.
fn single(mut parts: Vec<Expression>, several: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            several(parts)
        }
        None => several(parts),
    }
}

const fn comparison(sign: Sign) -> Option<Comparison> {
    Some(match sign {
        Sign::Equal => Comparison::Equal,
        Sign::NotEqual => Comparison::NotEqual,
        Sign::Less => Comparison::Less,
        Sign::LessOrEqual => Comparison::LessOrEqual,
        Sign::Greater => Comparison::Greater,
        Sign::GreaterOrEqual => Comparison::GreaterOrEqual,
        Sign::Contains => Comparison::Contains,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place and the message of an error, as a user sees them.
    fn error(text: &str) -> (String, String) {
        let error = parse(text, &["single-path", "reinjection"]).unwrap_err();
        (error.parts().1.to_owned(), error.message)
    }

    fn printed(text: &str) -> String {
        parse(text, &["single-path"]).unwrap().unwrap().to_string()
    }

    #[test]
    fn and_binds_more_closely_than_or() {
        assert_eq!(printed("a or b c"), "a or (b and c)");
        assert_eq!(printed("a && b || c"), "(a and b) or c");
        assert_eq!(printed("not a b"), "not a and b");
        assert_eq!(printed("!(a b) (c or (d or e))"), "not (a and b) and (c or d or e)");
        assert_eq!(printed("tcp.port==443 10.0"), "tcp.port == 443 and 10.0");
    }

    #[test]
    fn one_way_of_writing() {
        assert_eq!(printed("PORT=443"), "tcp.port == 443");
        assert_eq!(printed("bytes>=1000000"), "bytes >= 1MB");
        assert_eq!(printed("duration<1500ms"), "duration < 1500ms");
        assert_eq!(printed("loss > 0.25%"), "loss > 2500ppm");
        assert_eq!(printed("option in{add-addr,dss}"), "option in {ADD_ADDR, DSS}");
        assert_eq!(printed("severity >= WARNING"), "severity >= warning");
        assert_eq!(printed("token==0x00ABCDEF"), "mptcp.token == 0x00abcdef");
        assert_eq!(printed("ip.addr==[2001:DB8::]/32"), "ip.addr == 2001:db8::/32");
        assert_eq!(printed("\"a \\\"b\\\\\" \"and\""), "\"a \\\"b\\\\\" and \"and\"");
    }

    #[test]
    fn unknown_names_have_a_neighbour() {
        let (place, message) = error("tcp.port==443 and foo==1");
        assert_eq!(place, "foo");
        assert!(message.starts_with("there is no field foo: there are ip.addr"), "{message}");
        assert!(
            error("adress==1").1.ends_with("did you mean ip.addr?"),
            "{:?}",
            error("adress==1")
        );
        assert!(error("stat==closed").1.ends_with("did you mean state?"));
        let (place, message) = error("code==singel-path");
        assert_eq!(
            (place.as_str(), message.as_str()),
            ("singel-path", "code is never singel-path: did you mean single-path?",)
        );
        assert!(error("state==gone").1.contains("it is one of handshaking, established"));
    }

    #[test]
    fn wrong_types_and_units() {
        for (text, place, part) in [
            ("tcp.port==http", "http", "tcp.port is a number"),
            ("ip.addr==10.0.0", "10.0.0", "is no address"),
            ("ip.addr==10.0.0.0/33", "10.0.0.0/33", "from 0 to 32"),
            ("bytes>1MX", "1MX", "MX is no unit here: write kB, MB"),
            ("bytes>1Mb", "1Mb", "write MB or Mbit"),
            ("bytes>1.5", "1.5", "no whole number of bytes"),
            ("bytes>1bit", "1bit", "no whole number of bytes"),
            ("bytes>99999999999TB", "99999999999TB", "more than can be counted"),
            ("duration>5", "5", "a unit is missing: ns, us, ms"),
            ("rtt>200 ms", "200", "a unit is missing"),
            ("loss>1", "1", "a unit is missing: as in 0.5%"),
            ("token==1", "1", "mptcp.token is a token, such as 0x106dabcd"),
            ("ip.addr<10.0.0.1", "<", "< does not go with ip.addr, which is an address"),
            ("bytes contains 5", "contains", "use ==, != or in"),
            ("code < single-path", "<", "use ==, !=, contains or in"),
        ] {
            let (found, message) = error(text);
            assert_eq!(found, place, "{text}: {message}");
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn what_is_missing() {
        for (text, place, part) in [
            ("(a or b", "(", "not closed"),
            ("a or b)", ")", "never opened"),
            ("tcp.port in {1, 2", "{", "not closed"),
            ("tcp.port in {1, ", "{", "not closed"),
            ("tcp.port in {1 2}", "2", "a comma"),
            ("tcp.port in 1", "1", "a set"),
            ("tcp.port in {}", "}", "here comes a number"),
            ("tcp.port ==", "", "here comes a number, such as 2"),
            ("== 5", "==", "before this comes a field"),
            ("a or", "", "something is missing here"),
            ("or a", "or", "before and after this"),
            ("not", "", "something is missing here"),
            ("()", ")", "never opened"),
            ("\"a", "\"a", "not closed"),
            ("a & b", "&", "write &&"),
            ("ip.addr", "ip.addr", "compare it, as in ip.addr==10.0.0.1"),
            ("\"tcp.port\" == 5", "\"tcp.port\"", "there is no field"),
        ] {
            let (found, message) = error(text);
            assert_eq!(found, place, "{text}: {message}");
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let deep = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
        assert_eq!(printed(&deep(DEEPEST)), "a");
        assert!(error(&deep(DEEPEST + 1)).1.contains("too deep"));
        assert!(error(&"!".repeat(100_000)).1.contains("too deep"));
    }
}
