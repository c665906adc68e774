//! Rust's text as tokens, as far as paths need it: comments, strings, characters and lifetimes are left out.

/// A token and the line it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub what: What,
    pub line: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A name or a keyword.
    Word(String),
    /// `::`
    Colons,
    /// Any other character.
    Sign(char),
}

pub fn tokens(code: &str) -> Vec<Token> {
    let mut lexer = Lexer { rest: code, line: 1, out: Vec::new() };
    while lexer.step() {}
    lexer.out
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    out: Vec<Token>,
}

impl Lexer<'_> {
    fn step(&mut self) -> bool {
        let Some(c) = self.rest.chars().next() else { return false };
        if self.rest.starts_with("//") {
            self.skip(self.rest.find('\n').unwrap_or(self.rest.len()));
        } else if self.rest.starts_with("/*") {
            self.skip(comment(self.rest));
        } else if let Some(length) = string(self.rest) {
            self.skip(length);
        } else if c == '\'' {
            self.skip(quote(self.rest));
        } else if self.rest.starts_with("::") {
            self.push(What::Colons, 2);
        } else if c.is_alphabetic() || c == '_' {
            let length = word(self.rest);
            let text = &self.rest[..length];
            self.push(What::Word(text.strip_prefix("r#").unwrap_or(text).to_owned()), length);
        } else if c.is_ascii_digit() {
            // Digits take their suffix along: `1u8` is no name.
            self.skip(self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len()));
        } else if c.is_whitespace() {
            self.skip(c.len_utf8());
        } else {
            self.push(What::Sign(c), c.len_utf8());
        }
        true
    }

    fn push(&mut self, what: What, length: usize) {
        self.out.push(Token { what, line: self.line });
        self.skip(length);
    }

    fn skip(&mut self, length: usize) {
        let (skipped, rest) = self.rest.split_at(length);
        self.line += skipped.matches('\n').count();
        self.rest = rest;
    }
}

fn word(text: &str) -> usize {
    let body = text.strip_prefix("r#").unwrap_or(text);
    let length = body.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(body.len());
    length + (text.len() - body.len())
}

/// Length of a comment that can hold others.
fn comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let width = if rest.starts_with("/*") {
            depth += 1;
            2
        } else if rest.starts_with("*/") {
            depth -= 1;
            2
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
        at += width;
        if depth == 0 {
            break;
        }
    }
    at
}

/// Length of a string literal of any sort, if one begins here.
fn string(text: &str) -> Option<usize> {
    let prefix = text.find(|c| !matches!(c, 'b' | 'c' | 'r' | '#')).filter(|at| text[*at..].starts_with('"'))?;
    if !["", "b", "c", "r", "br", "cr"].contains(&text[..prefix].trim_end_matches('#')) {
        return None;
    }
    let hashes = text[..prefix].matches('#').count();
    let raw = text[..prefix].contains('r');
    if hashes > 0 && !raw {
        return None;
    }
    let body = prefix + 1;
    if raw {
        let end = format!("\"{}", "#".repeat(hashes));
        return Some(text[body..].find(&end).map_or(text.len(), |at| body + at + end.len()));
    }
    let mut escaped = false;
    for (at, c) in text[body..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(body + at + 1),
            _ => {}
        }
    }
    Some(text.len())
}

/// Length of a character literal or a lifetime.
fn quote(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    let Some((_, first)) = chars.next() else { return text.len() };
    if first == '\\' {
        chars.next();
        return chars.find(|(_, c)| *c == '\'').map_or(text.len(), |(at, _)| at + 1);
    }
    match chars.next() {
        Some((at, '\'')) => at + 1,
        _ => 1,
    }
}
