//! The Terraform backends of an environment: what `terraform = [{ … }]` says, and what the backend files it names say.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::backend_file;
use super::environments::{Around, is_region};
use super::problem::{Problem, Report};
use super::reader::{At, Section};
use crate::model::{Backend, text};

/// A backend file is a page; nothing that is much longer is read.
const LONGEST: u64 = 256 << 10;

/// Reads the backends of one environment. Those that name nothing to look at are left out.
pub(super) fn read(section: &mut Section, around: &Around, report: &Report) -> Vec<Backend> {
    let written = section.tables("terraform", "terraform = [{ … }]");
    written.into_iter().filter_map(|one| backend(one, around, report)).collect()
}

fn backend(At { value: mut section, span }: At<Section>, around: &Around, report: &Report) -> Option<Backend> {
    let file = section.text("backend_file");
    let own = Backend {
        bucket: name(&mut section, "bucket"),
        table: name(&mut section, "dynamodb_table"),
        lockfile: section.flag("use_lockfile"),
        key: name(&mut section, "key"),
        key_prefix: name(&mut section, "key_prefix"),
        workspaces: name(&mut section, "workspace_key_prefix"),
        profile: profile(&mut section, around, report),
        region: region(&mut section, report),
    };
    section.finish();
    if own.key.is_some() && own.key_prefix.is_some() {
        report.problem(&span, "`key` and `key_prefix` exclude each other", "the key counts");
    }
    let from_file = file.as_ref().and_then(|file| of_file(file, around, report));
    let backend = match from_file {
        Some(said) => over(own, said),
        None => own,
    };
    if backend.bucket.is_none() && backend.table.is_none() {
        if file.is_none() {
            let allowed = "it is left out: name a `bucket`, a `dynamodb_table` or a `backend_file`";
            report.problem(&span, "the Terraform backend names nothing to look at", allowed);
        }
        return None;
    }
    Some(backend)
}

/// What the configuration says, and what the file says where it says nothing.
fn over(own: Backend, file: Backend) -> Backend {
    // One state, or those under a prefix: whichever the configuration names.
    let key = own.key.or(if own.key_prefix.is_some() { None } else { file.key });
    Backend {
        bucket: own.bucket.or(file.bucket),
        table: own.table.or(file.table),
        lockfile: own.lockfile.or(file.lockfile),
        key,
        key_prefix: own.key_prefix,
        workspaces: own.workspaces.or(file.workspaces),
        profile: own.profile.or(file.profile),
        region: own.region.or(file.region),
    }
}

fn name(section: &mut Section, field: &'static str) -> Option<Arc<str>> {
    section.text(field).map(|name| text::clean(name.value.trim()).into())
}

fn profile(section: &mut Section, around: &Around, report: &Report) -> Option<Arc<str>> {
    let profile = section.text("aws_profile")?;
    if !around.files.profiles.contains_key(profile.value) {
        let known = around.files.profiles.keys().map(String::as_str);
        let message = format!("there is no AWS profile `{}`", profile.value);
        report.problem(&profile.span, message, Problem::one_of(profile.value, known));
    }
    Some(profile.value.into())
}

fn region(section: &mut Section, report: &Report) -> Option<Arc<str>> {
    let region = section.text("region")?;
    if !is_region(region.value) {
        report.problem(&region.span, format!("`{}` is not a region", region.value), "write it like `eu-central-1`");
        return None;
    }
    Some(region.value.into())
}

/// What a backend file says. Its own mistakes are reported where they stand in it.
fn of_file(named: &At<&str>, around: &Around, report: &Report) -> Option<Backend> {
    let path = located(named.value, around, report);
    let text = match contents(&path) {
        Ok(text) => text,
        Err(why) => {
            report.problem(&named.span, format!("`{}` can't be read: {why}", path.display()), "");
            return None;
        }
    };
    report.also_read(path.clone());
    let (backend, mistakes) = backend_file::read(&path, &text);
    report.take(mistakes);
    let backend = backend?;
    if let Some(profile) = backend.profile.as_deref().filter(|profile| !around.files.profiles.contains_key(*profile)) {
        let known = around.files.profiles.keys().map(String::as_str);
        let message = format!("there is no AWS profile `{profile}`, which `{}` names", path.display());
        report.problem(&named.span, message, Problem::one_of(profile, known));
    }
    Some(backend)
}

/// Beside the configuration file, unless it says where it is.
fn located(named: &str, around: &Around, report: &Report) -> PathBuf {
    let in_home = named.strip_prefix("~/").and_then(|rest| Some(PathBuf::from((around.var)("HOME")?).join(rest)));
    in_home.unwrap_or_else(|| report.folder().join(named))
}

fn contents(path: &Path) -> Result<String, String> {
    let size = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > LONGEST {
        return Err(format!("it is {} long", text::bytes(size)));
    }
    std::fs::read_to_string(path).map_err(|error| error.to_string())
}
