//! Backend files of Terraform: what `terraform init -backend-config=FILE` takes, and configurations with a `backend "s3"` block.
//! Only what is written out counts: expressions are Terraform's to evaluate.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use hcl_edit::Span;
use hcl_edit::expr::Expression;
use hcl_edit::parser::parse_body;
use hcl_edit::structure::{Attribute, Block, Body};

use super::environments::is_region;
use super::problem::{Problem, Report};
use crate::model::{Backend, text};

/// What would sign in as somebody else than the profile does.
const ROLES: [&str; 3] = ["role_arn", "assume_role", "assume_role_with_web_identity"];

/// What the file says, and its mistakes with their places. `None` where it says nothing of a backend on S3.
pub(super) fn read(file: &Path, source: &str) -> (Option<Backend>, Vec<Problem>) {
    let report = Report::new(file, source);
    let backend = match parse_body(source) {
        Ok(body) => settings(&body, &report).map(|settings| backend(settings, &report)),
        Err(error) => {
            let at = error.location().offset();
            report.problem(&(at..at), format!("this is no HCL: {}", error.message()), "");
            None
        }
    };
    (backend, report.finish().problems)
}

/// Where the settings stand: in the block of a configuration, else the file is nothing but settings.
fn settings<'b>(body: &'b Body, report: &Report) -> Option<&'b Body> {
    let blocks = || body.get_blocks("terraform").flat_map(|block| block.body.blocks());
    if let Some(block) = blocks().find(|block| block.has_ident("backend") || block.has_ident("cloud")) {
        let sort = block.labels.first().map_or(block.ident.as_str(), |label| label.as_str());
        if !block.has_ident("backend") || sort != "s3" {
            let message = format!("the backend is `{}`", text::clean(sort));
            report.problem(&span(block), message, "only backends on `s3` can be shown");
            return None;
        }
        return Some(&block.body);
    }
    if body.attributes().next().is_none() {
        report.problem(&(0..0), "the file says nothing of a backend", "settings, or a block `backend \"s3\"`");
        return None;
    }
    Some(body)
}

fn backend(settings: &Body, report: &Report) -> Backend {
    let mut backend = Backend::default();
    for attribute in settings.attributes() {
        let text = || plain(attribute, report);
        match attribute.key.as_str() {
            "bucket" => backend.bucket = text(),
            "dynamodb_table" => backend.table = text(),
            "key" => backend.key = text(),
            "workspace_key_prefix" => backend.workspaces = text(),
            "profile" => backend.profile = text(),
            "region" => backend.region = text().filter(|region| fits(region, attribute, report)),
            "use_lockfile" => backend.lockfile = flag(attribute, report),
            role if ROLES.contains(&role) => other_role(&value_span(attribute), report),
            // Encryption, endpoints, retries and checks: the AWS profile says what of it counts here.
            _ => {}
        }
    }
    if let Some(block) = settings.blocks().find(|block| ROLES.contains(&block.ident.as_str())) {
        other_role(&span(block), report);
    }
    backend
}

fn other_role(at: &Range<usize>, report: &Report) {
    let allowed = "name a profile that assumes it: `aws_profile` beside `backend_file`";
    report.problem(at, "the role of a backend file is not assumed", allowed);
}

fn fits(region: &str, attribute: &Attribute, report: &Report) -> bool {
    let fits = is_region(region);
    if !fits {
        report.problem(&value_span(attribute), format!("`{region}` is not a region"), "write it like `eu-central-1`");
    }
    fits
}

/// Text that is written out. Empty text says nothing.
fn plain(attribute: &Attribute, report: &Report) -> Option<Arc<str>> {
    match &attribute.value {
        Expression::String(value) => {
            Some(value.as_str()).filter(|text| !text.is_empty()).map(|it| text::clean(it).into())
        }
        Expression::Null(_) => None,
        _ => {
            let message = format!("`{}` is not written out", attribute.key.as_str());
            report.problem(
                &value_span(attribute),
                message,
                "text in quotes, or set it in the environment's `terraform`",
            );
            None
        }
    }
}

/// Yes or no; Terraform takes both as text, too.
fn flag(attribute: &Attribute, report: &Report) -> Option<bool> {
    let flag = match &attribute.value {
        Expression::Bool(value) => Some(*value.value()),
        Expression::String(value) => value.as_str().parse().ok(),
        _ => None,
    };
    if flag.is_none() {
        let message = format!("`{}` is not written out", attribute.key.as_str());
        report.problem(&value_span(attribute), message, "allowed: `true` or `false`");
    }
    flag
}

fn value_span(attribute: &Attribute) -> Range<usize> {
    attribute.value.span().unwrap_or_default()
}

fn span(block: &Block) -> Range<usize> {
    block.ident.span().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(source: &str) -> (Option<Backend>, Vec<String>) {
        let (backend, problems) = read(Path::new("b.hcl"), source);
        (backend, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn settings_alone_are_read() {
        let (backend, problems) = said(
            "# dhbw\nbucket = \"tfstate-dhbw\"\nkey = \"prod/terraform.tfstate\"\nregion = \"eu-central-1\"\n\
             dynamodb_table = \"terraform-state-lock\"\nencrypt = true\nprofile = \"lecture\"\nuse_lockfile = \"true\"\n",
        );
        assert_eq!(problems, [""; 0]);
        let expected = Backend {
            bucket: Some("tfstate-dhbw".into()),
            table: Some("terraform-state-lock".into()),
            lockfile: Some(true),
            key: Some("prod/terraform.tfstate".into()),
            profile: Some("lecture".into()),
            region: Some("eu-central-1".into()),
            ..Backend::default()
        };
        assert_eq!(backend, Some(expected));
    }

    #[test]
    fn a_block_in_a_configuration_is_found() {
        let (backend, problems) = said(
            "provider \"aws\" {}\nterraform {\n  required_version = \">= 1.5\"\n  backend \"s3\" {\n    bucket = \"b\"\n    \
             key = \"k\"\n  }\n}\nresource \"x\" \"y\" { count = length(var.z) }\n",
        );
        assert_eq!(problems, [""; 0]);
        let backend = backend.unwrap();
        assert_eq!((backend.bucket.as_deref(), backend.key.as_deref()), (Some("b"), Some("k")));
    }

    #[test]
    fn mistakes_have_their_places() {
        let (backend, problems) = said("bucket = var.bucket\nkey = \"k\"\nregion = \"nowhere\"\nrole_arn = \"r\"\n");
        assert_eq!(backend.unwrap().key.as_deref(), Some("k"));
        assert_eq!(
            problems,
            [
                "b.hcl:1:10: `bucket` is not written out (text in quotes, or set it in the environment's `terraform`)",
                "b.hcl:3:10: `nowhere` is not a region (write it like `eu-central-1`)",
                "b.hcl:4:12: the role of a backend file is not assumed (name a profile that assumes it: `aws_profile` \
                 beside `backend_file`)",
            ]
        );
        let (none, problems) = said("bucket = \n");
        assert!(none.is_none() && problems[0].starts_with("b.hcl:1:10: this is no HCL: "), "{problems:?}");
    }

    #[test]
    fn other_backends_are_none() {
        let (none, problems) = said("terraform {\n  backend \"azurerm\" {}\n}\n");
        assert!(none.is_none());
        assert_eq!(problems, ["b.hcl:2:3: the backend is `azurerm` (only backends on `s3` can be shown)"]);
        assert!(said("resource \"x\" \"y\" {}\n").0.is_none());
        assert!(said("").1[0].contains("says nothing of a backend"));
    }
}
