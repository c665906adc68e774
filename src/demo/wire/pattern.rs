//! CloudWatch Logs filter patterns: terms (`a b`, `"a b"`, `?a ?b`, `-a`, `%regex%`) and conditions on JSON lines
//! (`{ $.level = "error" && $.status >= 500 }`). Patterns of columns (`[ip, user]`) are refused. It must not know where
//! lines come from.

use regex::Regex;
use serde_json::Value;

use json::Condition;

/// What a line must be like.
#[derive(Debug, Clone)]
pub enum Pattern {
    /// Every line fits.
    Any,
    /// All of the first, one of the second (if there are any and none of the first), none of the third.
    Terms { all: Vec<Term>, any: Vec<Term>, none: Vec<Term> },
    /// The line is JSON, and this holds.
    Json(Condition),
}

/// A text or a regular expression.
#[derive(Debug, Clone)]
pub enum Term {
    /// The line contains it.
    Text(String),
    /// The line matches it somewhere.
    Regex(Regex),
}

impl Pattern {
    /// Reads a pattern; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::Any);
        }
        if text.starts_with('[') {
            return Err("Invalid filter pattern: patterns of columns are not offered by the built-in estate".to_owned());
        }
        match text.strip_prefix('{') {
            Some(rest) => {
                let inner = rest.strip_suffix('}').ok_or("Invalid filter pattern: `}` is missing")?;
                json::parse(inner).map(Self::Json)
            }
            None => terms(text),
        }
    }

    /// Whether a line fits.
    pub fn fits(&self, line: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Terms { all, any, none } => {
                let has = |term: &Term| term.is_in(line);
                // Optional terms count only where there are no others, as in the service.
                let optional = !all.is_empty() || any.is_empty() || any.iter().any(has);
                all.iter().all(has) && optional && !none.iter().any(has)
            }
            Self::Json(condition) => serde_json::from_str::<Value>(line).is_ok_and(|value| condition.holds(&value)),
        }
    }
}

impl Term {
    fn is_in(&self, line: &str) -> bool {
        match self {
            Self::Text(text) => line.contains(text),
            Self::Regex(regex) => regex.is_match(line),
        }
    }
}

fn terms(text: &str) -> Result<Pattern, String> {
    let (mut all, mut any, mut none) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = text;
    while !rest.is_empty() {
        let (list, after) = match rest.strip_prefix('?') {
            Some(after) => (&mut any, after),
            None => match rest.strip_prefix('-') {
                Some(after) => (&mut none, after),
                None => (&mut all, rest),
            },
        };
        let (term, after) = term(after)?;
        list.push(term);
        rest = after.trim_start();
    }
    Ok(Pattern::Terms { all, any, none })
}

/// The term that a text begins with, and what follows it.
fn term(text: &str) -> Result<(Term, &str), String> {
    if let Some((inside, rest)) = enclosed(text, '"')? {
        return Ok((Term::Text(inside), rest));
    }
    if let Some((inside, rest)) = enclosed(text, '%')? {
        return Ok((Term::Regex(regex(&inside)?), rest));
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    if word.is_empty() || word.chars().any(|c| !c.is_alphanumeric() && c != '_') {
        return Err(format!("Invalid filter pattern: invalid character(s) in term '{word}'"));
    }
    Ok((Term::Text(word.to_owned()), rest))
}

/// What stands between two marks at the beginning of a text; a backslash takes the next character as it is.
fn enclosed(text: &str, mark: char) -> Result<Option<(String, &str)>, String> {
    let Some(rest) = text.strip_prefix(mark) else { return Ok(None) };
    let mut inside = String::new();
    let mut characters = rest.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            c if c == mark => return Ok(Some((inside, &rest[at + c.len_utf8()..]))),
            '\\' if mark == '"' => inside.extend(characters.next().map(|(_, escaped)| escaped)),
            c => inside.push(c),
        }
    }
    Err(format!("Invalid filter pattern: {mark} is not closed"))
}

fn regex(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|_| format!("Invalid filter pattern: %{text}% is no regular expression"))
}

/// Conditions on JSON lines.
mod json {
    use std::cmp::Ordering;

    use regex::Regex;
    use serde_json::Value;

    /// A condition.
    #[derive(Debug, Clone)]
    pub enum Condition {
        Either(Vec<Condition>),
        Both(Vec<Condition>),
        Is { path: Vec<String>, test: Test },
    }

    /// What is asked of the value at a path.
    #[derive(Debug, Clone)]
    pub enum Test {
        NotExists,
        Exactly(Value),
        Text { equal: bool, regex: Regex },
        Number { wanted: fn(Ordering) -> bool, than: f64 },
    }

    impl Condition {
        pub fn holds(&self, value: &Value) -> bool {
            match self {
                Self::Either(parts) => parts.iter().any(|part| part.holds(value)),
                Self::Both(parts) => parts.iter().all(|part| part.holds(value)),
                Self::Is { path, test } => test.holds(path.iter().try_fold(value, |value, key| match value {
                    Value::Array(items) => items.get(key.parse::<usize>().ok()?),
                    _ => value.get(key),
                })),
            }
        }
    }

    impl Test {
        fn holds(&self, value: Option<&Value>) -> bool {
            match (self, value) {
                (Self::NotExists, value) => value.is_none(),
                (_, None) => false,
                (Self::Exactly(wanted), Some(value)) => value == wanted,
                (Self::Text { equal, regex }, Some(value)) => {
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    regex.is_match(&text) == *equal
                }
                (Self::Number { wanted, than }, Some(value)) => {
                    value.as_f64().and_then(|number| number.partial_cmp(than)).is_some_and(wanted)
                }
            }
        }
    }

    /// Reads what stands between the braces.
    pub fn parse(text: &str) -> Result<Condition, String> {
        let mut parser = Parser { rest: text.trim_start(), depth: 0 };
        let condition = parser.either()?;
        if parser.rest.is_empty() { Ok(condition) } else { Err(parser.wrong()) }
    }

    struct Parser<'a> {
        rest: &'a str,
        depth: usize,
    }

    impl Parser<'_> {
        fn wrong(&self) -> String {
            format!("Invalid filter pattern: unexpected `{}`", self.rest)
        }

        fn take(&mut self, token: &str) -> bool {
            let found = self.rest.strip_prefix(token).map(str::trim_start);
            self.rest = found.unwrap_or(self.rest);
            found.is_some()
        }

        fn either(&mut self) -> Result<Condition, String> {
            let mut parts = vec![self.both()?];
            while self.take("||") {
                parts.push(self.both()?);
            }
            Ok(Condition::Either(parts))
        }

        fn both(&mut self) -> Result<Condition, String> {
            let mut parts = vec![self.single()?];
            while self.take("&&") {
                parts.push(self.single()?);
            }
            Ok(Condition::Both(parts))
        }

        fn single(&mut self) -> Result<Condition, String> {
            if self.depth > 16 {
                return Err("Invalid filter pattern: nested too deeply".to_owned());
            }
            if self.take("(") {
                self.depth += 1;
                let inner = self.either()?;
                self.depth -= 1;
                return if self.take(")") { Ok(inner) } else { Err(self.wrong()) };
            }
            let path = self.path()?;
            let test = self.test()?;
            Ok(Condition::Is { path, test })
        }

        /// `$.a.b[0]`.
        fn path(&mut self) -> Result<Vec<String>, String> {
            let Some(rest) = self.rest.strip_prefix('$') else { return Err(self.wrong()) };
            let is_path = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '[' | ']' | ':' | '/');
            let end = rest.find(|c| !is_path(c)).unwrap_or(rest.len());
            let path = rest[..end].split(['.', '[', ']']).filter(|part| !part.is_empty()).map(str::to_owned).collect();
            self.rest = rest[end..].trim_start();
            Ok(path)
        }

        fn test(&mut self) -> Result<Test, String> {
            if self.take("NOT EXISTS") {
                return Ok(Test::NotExists);
            }
            if self.take("IS") {
                let words = [("NULL", Value::Null), ("TRUE", Value::Bool(true)), ("FALSE", Value::Bool(false))];
                let found = words.into_iter().find(|(word, _)| self.take(word));
                return found.map(|(_, value)| Test::Exactly(value)).ok_or_else(|| self.wrong());
            }
            if self.take("!=") {
                return self.compared(false, Ordering::is_ne);
            }
            if self.take(">=") {
                return self.number(Ordering::is_ge);
            }
            if self.take("<=") {
                return self.number(Ordering::is_le);
            }
            if self.take(">") {
                return self.number(Ordering::is_gt);
            }
            if self.take("<") {
                return self.number(Ordering::is_lt);
            }
            if self.take("=") { self.compared(true, Ordering::is_eq) } else { Err(self.wrong()) }
        }

        /// A value to be equal to or not: a number, a text with `*`, or a regular expression.
        fn compared(&mut self, equal: bool, wanted: fn(Ordering) -> bool) -> Result<Test, String> {
            if let Some((inside, rest)) = super::enclosed(self.rest, '%')? {
                self.rest = rest.trim_start();
                return Ok(Test::Text { equal, regex: super::regex(&inside)? });
            }
            let quoted = super::enclosed(self.rest, '"')?;
            if let Some((inside, rest)) = quoted {
                self.rest = rest.trim_start();
                return Ok(Test::Text { equal, regex: wildcard(&inside)? });
            }
            let word = self.word()?;
            match word.parse::<f64>() {
                Ok(than) => Ok(Test::Number { wanted, than }),
                Err(_) => Ok(Test::Text { equal, regex: wildcard(&word)? }),
            }
        }

        fn number(&mut self, wanted: fn(Ordering) -> bool) -> Result<Test, String> {
            let word = self.word()?;
            let than = word.parse().map_err(|_| format!("Invalid filter pattern: `{word}` is no number"))?;
            Ok(Test::Number { wanted, than })
        }

        fn word(&mut self) -> Result<String, String> {
            let end =
                self.rest.find(|c: char| c.is_whitespace() || matches!(c, ')' | '&' | '|')).unwrap_or(self.rest.len());
            if end == 0 {
                return Err(self.wrong());
            }
            let word = self.rest[..end].to_owned();
            self.rest = self.rest[end..].trim_start();
            Ok(word)
        }
    }

    fn wildcard(text: &str) -> Result<Regex, String> {
        let parts: Vec<String> = text.split('*').map(regex::escape).collect();
        super::regex(&format!("(?s)^{}$", parts.join(".*")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, line: &str) -> bool {
        Pattern::parse(pattern).unwrap().fits(line)
    }

    #[test]
    fn all_plain_terms_must_be_there() {
        assert!(fits("", "anything"));
        assert!(fits("ERROR timeout", "[ERROR] request timeout"));
        assert!(!fits("ERROR timeout", "[ERROR] request"));
        assert!(!fits("error", "ERROR"), "case counts");
        assert!(fits(r#""out of memory" killed"#, "killed: out of memory"));
        assert!(!fits(r#""out of memory""#, "memory out of"));
        assert!(fits(r#""say \"hi\"""#, r#"they say "hi""#));
    }

    #[test]
    fn optional_excluded_and_regular_terms() {
        assert!(fits("?ERROR ?WARN", "WARN x") && !fits("?ERROR ?WARN", "INFO"));
        assert!(fits("INFO ?ERROR", "INFO"), "an optional term beside a plain one says nothing");
        assert!(fits("ERROR -healthcheck", "ERROR x") && !fits("ERROR -healthcheck", "ERROR healthcheck"));
        assert!(fits("%5[0-9]{2}%", "status 503") && !fits("%5[0-9]{2}%", "status 403"));
        assert!(fits(r#"-"not this""#, "that"));
    }

    #[test]
    fn conditions_on_json() {
        let line = r#"{"level":"error","status":503,"user":{"id":"u-7"},"tags":["a","b"],"gone":null,"ok":true}"#;
        for (pattern, holds) in [
            (r#"{ $.level = "error" }"#, true),
            ("{ $.level = err* }", true),
            (r#"{ $.level != "error" }"#, false),
            ("{ $.status >= 500 && $.status < 600 }", true),
            ("{ $.status = 503 }", true),
            ("{ $.status != 503 }", false),
            (r#"{ ($.level = "info" || $.status > 502) && $.user.id = "u-*" }"#, true),
            (r#"{ $.tags[1] = "b" }"#, true),
            ("{ $.gone IS NULL }", true),
            ("{ $.ok IS FALSE }", false),
            ("{ $.nothing NOT EXISTS }", true),
            ("{ $.nothing = 3 }", false),
            ("{ $.level = %^e.+r$% }", true),
        ] {
            assert_eq!(fits(pattern, line), holds, "{pattern}");
        }
        assert!(!fits(r#"{ $.level = "error" }"#, "plain text error"));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for pattern in [
            "user-id",
            r#""open"#,
            "[ip, user]",
            "{ $.a = }",
            "{ $.a = 1",
            "{ a = 1 }",
            "{ $.a > x }",
            "%(%",
            "?",
            "{ ($.a = 1 }",
        ] {
            let error = Pattern::parse(pattern).unwrap_err();
            assert!(error.starts_with("Invalid filter pattern"), "{pattern}: {error}");
        }
    }
}
