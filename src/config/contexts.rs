//! The contexts of the kubeconfig, as environments are made from them. The files are read by whoever loads the configuration; here
//! only names, places and words are known.

use std::path::PathBuf;
use std::sync::Arc;

use super::problem::{Place, Problem, Report};
use super::reader::Section;
use crate::model::text;

/// A context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeContext {
    /// Its name.
    pub name: String,
    /// The file it stands in.
    pub file: PathBuf,
    /// How one signs in there, in words.
    pub credentials: String,
}

/// What the kubeconfig says.
#[derive(Clone, Debug, Default)]
pub struct KubeContexts {
    /// The files that were read, or would be if they existed.
    pub files: Vec<PathBuf>,
    /// The contexts, in the order of the files.
    pub contexts: Vec<KubeContext>,
    /// Files that can't be read, and why.
    pub broken: Vec<(PathBuf, String)>,
}

impl KubeContexts {
    /// The context of this name.
    pub(super) fn named(&self, name: &str) -> Option<&KubeContext> {
        self.contexts.iter().find(|context| context.name == name)
    }

    /// What is wrong with the files.
    pub(super) fn problems(&self) -> impl Iterator<Item = Problem> + '_ {
        self.broken.iter().map(|(file, why)| {
            let message = format!("the kubeconfig can't be read: {why}");
            Problem::new(Some(Place::file(file)), message, "its contexts are left out")
        })
    }
}

/// Reads which contexts an environment has. One that there is not is a mistake, and still counts: its file may come to be right.
pub(super) fn read(section: &mut Section, known: &KubeContexts, report: &Report) -> Vec<Arc<str>> {
    let mut contexts: Vec<Arc<str>> = Vec::new();
    for context in section.texts("kube_contexts").unwrap_or_default() {
        if contexts.iter().any(|other| **other == *context.value) {
            report.problem(&context.span, format!("`{}` is named twice", context.value), "");
            continue;
        }
        if known.named(context.value).is_none() {
            let names = known.contexts.iter().map(|context| context.name.as_str());
            let message = format!("there is no kubeconfig context `{}`", context.value);
            report.problem(&context.span, message, Problem::one_of(context.value, names));
        }
        contexts.push(context.value.into());
    }
    contexts
}

/// The part of a context's name that says whose it is: `aws eks update-kubeconfig` names contexts by the cluster's ARN.
pub(super) fn short(name: &str) -> &str {
    let cluster = name.strip_prefix("arn:").and_then(|arn| arn.split_once(":cluster/"));
    cluster.map_or(name, |(_, cluster)| cluster)
}

/// A name for the environment that a context is by itself; another environment may have its name already.
pub(super) fn own_name(context: &str, taken: impl Fn(&str) -> bool) -> Arc<str> {
    let name = text::clean(context);
    let others = (2..).map(|count| format!("{name}-k8s-{count}"));
    let mut names = [name.clone().into_owned(), format!("{name}-k8s")].into_iter().chain(others);
    names.find(|name| !taken(name)).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_its_own() {
        assert_eq!(&*own_name("a\u{1b}[1mb", |_| false), "ab");
        assert_eq!(&*own_name("a", |name| name == "a"), "a-k8s");
        assert_eq!(&*own_name("a", |name| ["a", "a-k8s", "a-k8s-2"].contains(&name)), "a-k8s-3");
    }

    #[test]
    fn an_arn_s_cluster_says_whose_it_is() {
        assert_eq!(short("arn:aws:eks:eu-central-1:111122223333:cluster/dhbw-prod"), "dhbw-prod");
        assert_eq!(short("kind-test"), "kind-test");
    }
}
