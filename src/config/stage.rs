//! What a name says about an environment: its stage and its customer. Knows names only.

use crate::model::Stage;

/// The stage that a name says, by its parts: `dhbw-prod`, `prd_eu`, `AcmeLive`. Parts that only contain such a word
/// (`producer`, `interview`) say nothing. Where several say something the most guarded stage wins, so that a mistake errs on
/// the careful side. What says only that it is not production (`nonprod`) gets the most guarded stage below it.
pub fn of_name(name: &str) -> Option<Stage> {
    let said: Vec<Said> = parts(name).iter().filter_map(|part| part.said).collect();
    let stage = said.iter().filter_map(|said| if let Said::Stage(stage) = said { Some(*stage) } else { None }).min();
    stage.or_else(|| said.contains(&Said::NotProd).then_some(Stage::Staging))
}

/// The customer that a name says: what is left of it without the parts that name the stage; `None` where the name says no
/// stage or nothing is left.
pub fn customer_of_name(name: &str) -> Option<String> {
    let parts = parts(name);
    parts.iter().find(|part| part.said.is_some())?;
    let mut customer = String::new();
    let mut kept_before = false;
    for part in parts.iter().filter(|part| part.said.is_none()) {
        if kept_before {
            customer.push_str(if part.separator.is_empty() { "-" } else { part.separator });
        }
        customer.push_str(part.word);
        kept_before = true;
    }
    (!customer.is_empty()).then_some(customer)
}

/// What a word says about the stage.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    Stage(Stage),
    NotProd,
}

/// A part of a name, what separates it from the part before, and what it says.
struct Part<'n> {
    separator: &'n str,
    word: &'n str,
    said: Option<Said>,
}

fn parts(name: &str) -> Vec<Part<'_>> {
    let mut parts: Vec<Part> = Vec::new();
    for (separator, word) in words(name) {
        let lower = word.to_lowercase();
        let mut said = said_by(&lower);
        // `non-prod` and `pre-prod` are one word in two pieces.
        if said == Some(Said::Stage(Stage::Prod))
            && let Some(last) = parts.last_mut()
            && let Some(joined) = said_by(&format!("{}{lower}", last.word.to_lowercase()))
        {
            said = Some(joined);
            last.said = said;
        }
        parts.push(Part { separator, word, said });
    }
    parts
}

fn said_by(word: &str) -> Option<Said> {
    let stage = match word.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "prod" | "prd" | "production" | "live" => Stage::Prod,
        "staging" | "stage" | "stg" | "preprod" | "preprd" | "preproduction" | "uat" | "acceptance" => Stage::Staging,
        "test" | "tst" | "testing" | "qa" | "int" | "integration" => Stage::Test,
        "dev" | "develop" | "development" | "sandbox" => Stage::Dev,
        "nonprod" | "nonprd" | "nonproduction" | "notprod" => return Some(Said::NotProd),
        _ => return None,
    };
    Some(Said::Stage(stage))
}

/// The words of a name with the separator before each: split where a character is neither letter nor digit, and where a
/// capital letter follows a small one.
fn words(name: &str) -> Vec<(&str, &str)> {
    let mut words = Vec::new();
    let (mut separator, mut start, mut last) = (0, None, ' ');
    for (at, c) in name.char_indices() {
        if !c.is_alphanumeric() {
            if let Some(start) = start.take() {
                words.push((&name[separator..start], &name[start..at]));
                separator = at;
            }
        } else if let Some(from) = start.filter(|_| c.is_uppercase() && last.is_lowercase()) {
            words.push((&name[separator..from], &name[from..at]));
            (separator, start) = (at, Some(at));
        } else {
            start = start.or(Some(at));
        }
        last = c;
    }
    if let Some(start) = start {
        words.push((&name[separator..start], &name[start..]));
    }
    words
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("dhbw-prod", Some(Stage::Prod))]
    #[case("prd_eu", Some(Stage::Prod))]
    #[case("AcmeProduction", Some(Stage::Prod))]
    #[case("ACME-PROD", Some(Stage::Prod))]
    #[case("acme.live", Some(Stage::Prod))]
    #[case("acme-prod2", Some(Stage::Prod))]
    #[case("acme-stage", Some(Stage::Staging))]
    #[case("stg", Some(Stage::Staging))]
    #[case("acme-preprod", Some(Stage::Staging))]
    #[case("acme-pre-prod", Some(Stage::Staging))]
    #[case("acme uat", Some(Stage::Staging))]
    #[case("nonprod", Some(Stage::Staging))]
    #[case("acme-non-prod", Some(Stage::Staging))]
    #[case("AcmeNonProd", Some(Stage::Staging))]
    #[case("non_production-dev", Some(Stage::Dev))]
    #[case("qa", Some(Stage::Test))]
    #[case("acme-int", Some(Stage::Test))]
    #[case("starttech-dev", Some(Stage::Dev))]
    #[case("sandbox-anna", Some(Stage::Dev))]
    #[case("acme-test-prod", Some(Stage::Prod))]
    #[case("acme-dev-test", Some(Stage::Test))]
    #[case("producer", None)]
    #[case("delivery", None)]
    #[case("interview", None)]
    #[case("devops", None)]
    #[case("acme", None)]
    #[case("", None)]
    fn stages(#[case] name: &str, #[case] stage: Option<Stage>) {
        assert_eq!(of_name(name), stage, "{name}");
    }

    #[rstest]
    #[case("dhbw-prod", Some("dhbw"))]
    #[case("lecture-dhbw-prod", Some("lecture-dhbw"))]
    #[case("prod-dhbw", Some("dhbw"))]
    #[case("acme-prod-eu", Some("acme-eu"))]
    #[case("acme-non-prod", Some("acme"))]
    #[case("AcmeProd", Some("Acme"))]
    #[case("prod", None)]
    #[case("acme", None)]
    #[case("--", None)]
    fn customers(#[case] name: &str, #[case] customer: Option<&str>) {
        assert_eq!(customer_of_name(name).as_deref(), customer, "{name}");
    }
}
