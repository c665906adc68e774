//! A label selector as it is written: `app=api,env in (test, dev),!job-name`. What the API server would select can be told from pods
//! that are known already.

use std::collections::BTreeMap;

/// What labels must be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selector(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Requirement {
    Has(String),
    HasNot(String),
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
}

impl Selector {
    /// Reads one; `None` where only the server knows what it means.
    pub(super) fn of(text: &str) -> Option<Self> {
        split(text).into_iter().map(requirement).collect::<Option<Vec<_>>>().filter(|all| !all.is_empty()).map(Self)
    }

    /// Whether it selects these labels. As everywhere, what is not there is not in a list of values.
    pub(super) fn takes(&self, labels: Option<&BTreeMap<String, String>>) -> bool {
        let value = |key: &str| labels.and_then(|labels| labels.get(key));
        self.0.iter().all(|requirement| match requirement {
            Requirement::Has(key) => value(key).is_some(),
            Requirement::HasNot(key) => value(key).is_none(),
            Requirement::In(key, values) => value(key).is_some_and(|value| values.contains(value)),
            Requirement::NotIn(key, values) => value(key).is_none_or(|value| !values.contains(value)),
        })
    }
}

/// Splits at commas outside of parentheses.
fn split(text: &str) -> Vec<&str> {
    let mut depth = 0i32;
    let parts = text.split(|letter: char| {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        letter == ',' && depth == 0
    });
    parts.map(str::trim).collect()
}

fn requirement(text: &str) -> Option<Requirement> {
    let one = |value: &str| value.trim().trim_start_matches('=').trim().to_owned();
    if let Some((key, values)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        let values = values.split(',').map(|value| value.trim().to_owned()).collect();
        return match key.split_whitespace().collect::<Vec<_>>()[..] {
            [key, "in"] => Some(Requirement::In(name(key)?, values)),
            [key, "notin"] => Some(Requirement::NotIn(name(key)?, values)),
            _ => None,
        };
    }
    if let Some((key, value)) = text.split_once("!=") {
        return Some(Requirement::NotIn(name(key)?, vec![one(value)]));
    }
    if let Some((key, value)) = text.split_once('=') {
        return Some(Requirement::In(name(key)?, vec![one(value)]));
    }
    match text.strip_prefix('!') {
        Some(key) => Some(Requirement::HasNot(name(key)?)),
        None => Some(Requirement::Has(name(text)?)),
    }
}

/// A label's name, if it has the form of one.
fn name(text: &str) -> Option<String> {
    let text = text.trim();
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.' | '/');
    (!text.is_empty() && text.chars().all(is_name)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("app=api", true)]
    #[case("app==api, tier=web", true)]
    #[case("app = web", false)]
    #[case("app!=web,!job-name", true)]
    #[case("missing!=x", true)]
    #[case("app in (web, api),tier notin (db)", true)]
    #[case("tier notin (web,db)", false)]
    #[case("tier,example.com/role", false)]
    #[case("!tier", false)]
    fn it_means_what_it_means_to_the_server(#[case] text: &str, #[case] takes: bool) {
        let labels = [("app", "api"), ("tier", "web")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(Selector::of(text).unwrap().takes(Some(&labels.into_iter().collect())), takes);
    }

    #[test]
    fn what_it_does_not_know_is_left_to_the_server() {
        for text in ["", "a=b,", "a > 5", "a within (b)", "a in (b"] {
            assert_eq!(Selector::of(text), None, "{text}");
        }
        assert!(!Selector::of("a=b").unwrap().takes(None));
    }
}
