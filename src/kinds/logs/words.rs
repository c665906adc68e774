//! A filter pattern for lines that CloudWatch does not filter for us: the terms of its unstructured patterns, with the same meaning.
//! `error -timeout "connection reset" ?a ?b`: all terms, none with a minus, one of those with a question mark.

use crate::model::{Fault, FaultClass};

/// What a line must have and must not have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    all: Vec<String>,
    any: Vec<String>,
    none: Vec<String>,
}

impl Words {
    /// Reads a pattern; those for the fields of a line only CloudWatch knows.
    pub(super) fn of(pattern: Option<&str>) -> Result<Self, Fault> {
        let pattern = pattern.unwrap_or_default().trim();
        if pattern.starts_with(['{', '[', '%']) {
            let words =
                "a pod's lines are filtered by words, not by fields or expressions: `error -timeout \"two words\"`";
            return Err(Fault::new(FaultClass::Invalid, words));
        }
        let mut words = Self::default();
        for term in terms(pattern) {
            match (term.chars().next(), term.get(1..)) {
                (Some('-'), Some(rest)) if !rest.is_empty() => words.none.push(bare(rest)),
                (Some('?'), Some(rest)) if !rest.is_empty() => words.any.push(bare(rest)),
                _ => words.all.push(bare(&term)),
            }
        }
        Ok(words)
    }

    /// Whether a line passes. As in CloudWatch, upper and lower case are told apart.
    pub(super) fn take(&self, line: &str) -> bool {
        self.all.iter().all(|word| line.contains(word))
            && !self.none.iter().any(|word| line.contains(word))
            && (self.any.is_empty() || self.any.iter().any(|word| line.contains(word)))
    }
}

/// Splits at blanks outside of quotes.
fn terms(pattern: &str) -> Vec<String> {
    let (mut terms, mut term, mut quoted) = (Vec::new(), String::new(), false);
    for letter in pattern.chars() {
        quoted ^= letter == '"';
        if letter.is_whitespace() && !quoted {
            terms.push(std::mem::take(&mut term));
        } else {
            term.push(letter);
        }
    }
    terms.push(term);
    terms.retain(|term| !term.is_empty());
    terms
}

fn bare(term: &str) -> String {
    term.replace('"', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_mean_what_they_mean_to_cloudwatch() {
        let takes = |pattern: &str, line: &str| Words::of(Some(pattern)).unwrap().take(line);
        assert!(takes("", "anything"));
        assert!(takes("ERROR redis", "redis: ERROR refused"));
        assert!(!takes("ERROR redis", "redis: refused"));
        assert!(!takes("error", "ERROR"));
        assert!(takes("\"connection refused\" -health", "redis: connection refused"));
        assert!(!takes("refused -\"GET /health\"", "refused: GET /health"));
        assert!(takes("?timeout ?refused", "refused") && !takes("?timeout ?refused", "ready"));
    }

    #[test]
    fn patterns_for_fields_are_refused() {
        for pattern in ["{ $.level = \"error\" }", "[ip, user]", "%4\\d\\d%"] {
            assert_eq!(Words::of(Some(pattern)).unwrap_err().class, FaultClass::Invalid, "{pattern}");
        }
    }
}
