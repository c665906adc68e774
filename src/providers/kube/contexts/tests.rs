//! Kubeconfig files as they are found.

use std::path::Path;

use tempfile::TempDir;

use super::*;

const ONE: &str = "apiVersion: v1\nkind: Config\ncurrent-context: a\n\
    clusters:\n- name: c\n  cluster:\n    server: https://c:6443\n    certificate-authority: ca.crt\n\
    contexts:\n- name: a\n  context: {cluster: c, user: u, namespace: web}\n- name: lost\n  context: {cluster: nowhere, user: u}\n\
    users:\n- name: u\n  user:\n    token: hunter2\n";

const TWO: &str = "apiVersion: v1\nkind: Config\n\
    clusters:\n- name: d\n  cluster: {server: 'https://d:6443'}\n- name: c\n  cluster: {server: 'https://other:6443'}\n\
    contexts:\n- name: a\n  context: {cluster: d, user: v}\n- name: b\n  context: {cluster: d, user: v}\n\
    - name: e\n  context: {cluster: d, user: x}\n- name: f\n  context: {cluster: d, user: f}\n\
    - name: g\n  context: {cluster: d, user: g}\n- name: h\n  context: {cluster: d, user: h}\n\
    users:\n- name: v\n  user: {username: jane, password: hunter2}\n\
    - name: x\n  user:\n    exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: aws, args: [eks, get-token]}\n\
    - name: f\n  user: {tokenFile: the-token}\n- name: g\n  user: {auth-provider: {name: gcp}}\n";

struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(TempDir::new().unwrap());
        home.write("one", ONE).write("two", TWO).write("ca.crt", "PEM");
        home
    }

    fn write(&self, name: &str, text: &str) -> &Self {
        std::fs::write(self.path(name), text).unwrap();
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn variables(&self, files: &[&str]) -> Variables {
        let list = std::env::join_paths(files.iter().map(|name| self.path(name))).unwrap();
        [("KUBECONFIG".to_owned(), list.into_string().unwrap())].into_iter().collect()
    }

    fn read(&self, files: &[&str]) -> KubeFiles {
        KubeFiles::read(&self.variables(files))
    }
}

fn names(files: &KubeFiles) -> Vec<String> {
    files.contexts().into_iter().map(|context| context.name).collect()
}

#[test]
fn several_files_are_one_and_the_first_counts() {
    let home = Home::new();
    let files = home.read(&["one", "none", "two"]);
    assert_eq!(names(&files), ["a", "lost", "b", "e", "f", "g", "h"]);
    assert!(files.broken.is_empty());
    let a = files.entry("a").unwrap();
    assert_eq!((a.server(), a.namespace().as_deref()), ("https://c:6443", Some("web")));
    assert_eq!(files.contexts()[0].file, home.path("one"));
    assert_eq!(files.contexts()[2].file, home.path("two"));
    // Its certificate authority is a file beside it, and part of what the cluster is known by.
    assert_eq!(a.address(), identity::address("https://c:6443", Some(b"PEM")));
}

#[test]
fn without_the_variable_the_home_folder_has_it() {
    let variables: Variables = [("HOME".to_owned(), "/h".to_owned())].into_iter().collect();
    assert_eq!(paths(&variables), [Path::new("/h/.kube/config")]);
    assert!(names(&KubeFiles::read(&Variables::default())).is_empty());
}

#[test]
fn a_broken_file_is_named_and_hides_nothing() {
    let home = Home::new();
    home.write("broken", "clusters: [hunter2\n");
    let files = home.read(&["one", "broken", "two"]);
    assert_eq!(names(&files), ["a", "lost", "b", "e", "f", "g", "h"]);
    let [(file, why)] = &files.broken[..] else { panic!("{:?}", files.broken) };
    assert_eq!(*file, home.path("broken"));
    assert!(!why.contains("hunter2"), "{why}");
    let fault = files.entry("gone").err().unwrap();
    assert!(fault.summary.contains("there is no context gone in") && fault.summary.contains("broken"), "{fault}");
    let fault = files.entry("lost").err().unwrap();
    assert_eq!(fault.summary, "context lost: there is no cluster nowhere");
}

#[test]
fn how_one_signs_in_is_said_without_secrets() {
    let home = Home::new();
    let files = home.read(&["one", "two"]);
    let words: Vec<String> = files.contexts().into_iter().map(|context| context.credentials).collect();
    let file = format!("token in {}", home.path("the-token").display());
    let lost = "context lost: there is no cluster nowhere";
    assert_eq!(words, ["token", lost, "user name and password", "exec aws", &file, "auth-provider gcp", "nothing"]);
}

#[test]
fn every_sort_of_user_signs_in() {
    let home = Home::new();
    let files = home.read(&["one", "two"]);
    let way = |name: &str| files.entry(name).unwrap().way(&Environment::default(), &Variables::default());
    let header = |name: &str| match way(name).unwrap().0 {
        Giver::Fixed(credential) => credential.header.map(|header| header.to_str().unwrap().to_owned()),
        _ => None,
    };
    assert_eq!(header("a").as_deref(), Some("Bearer hunter2"));
    assert_eq!(header("b").as_deref(), Some("Basic amFuZTpodW50ZXIy"));
    assert_eq!(header("h"), None);
    assert!(matches!(way("e").unwrap().0, Giver::Exec(_)));
    assert!(matches!(way("f").unwrap().0, Giver::File(path) if path == home.path("the-token")));
    assert!(way("g").err().unwrap().summary.contains("gcp is no longer known"));
    // What the giver gives is not in the connection, too.
    let Road::Network { user, .. } = way("a").unwrap().1 else { panic!("no network") };
    assert!(user.token.is_none());
}

#[tokio::test]
async fn a_change_concerns_only_who_stands_on_it() {
    let home = Home::new();
    let source = KubeSource::new(home.variables(&["one", "two"]));
    assert!(source.changed().await.is_none());
    source.files().await.unwrap();
    assert!(source.changed().await.is_none());
    home.write("two", &TWO.replace("https://d:6443", "https://moved:6443"));
    let (before, now) = source.changed().await.unwrap();
    assert!(!now.differs(&before, "a") && now.differs(&before, "b"));
    assert!(source.changed().await.is_none());
    assert_eq!(source.files().await.unwrap().entry("b").unwrap().server(), "https://moved:6443");
}
