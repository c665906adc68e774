//! The modules of the crate, walked from `lib.rs` and `main.rs` as the compiler does, and the paths in them.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::lexer::{Token, What, tokens};

/// A path or a name that stands somewhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    file: String,
    line: usize,
    /// The module it stands in.
    module: Vec<String>,
    /// From the root: `crate::…`, or a crate or name in scope.
    path: Vec<String>,
    /// Stands in code for tests only.
    pub test: bool,
}

impl Found {
    /// The room it stands in.
    pub fn room(&self) -> Option<&str> {
        self.module.first().map(String::as_str)
    }

    /// The room of this crate that it leads to.
    pub fn leads_to(&self) -> Option<&str> {
        matches!(self.path.first().map(String::as_str), Some("crate" | "quarterdeck"))
            .then(|| self.path.get(1))?
            .map(String::as_str)
    }

    pub fn text(&self) -> String {
        self.path.join("::")
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} {}", self.file, self.line, self.text())
    }
}

/// What was read.
#[derive(Default)]
pub struct Code {
    /// Paths of two parts and more, and all that is imported.
    pub found: Vec<Found>,
    /// Every word.
    pub names: Vec<Found>,
    /// Files below the folder that no module leads to.
    pub missed: Vec<String>,
    /// Modules in files of their own, as they were declared.
    children: Vec<(Vec<String>, bool)>,
}

impl Code {
    /// Reads all modules below a folder with a `lib.rs` and a `main.rs`.
    pub fn read(folder: &Path) -> Self {
        let mut all = Self::default();
        let mut seen = BTreeSet::new();
        let roots = ["lib.rs", "main.rs", "build.rs"];
        let mut open: Vec<_> = roots.iter().map(|root| (folder.join(root), Vec::new(), false)).collect();
        while let Some((file, module, test)) = open.pop() {
            let shown = file.strip_prefix(folder).unwrap_or(&file).display().to_string();
            let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let mut code = paths(&shown, &text, &module);
            seen.insert(file);
            for (child, in_test) in code.children.drain(..) {
                let base = child.iter().fold(folder.to_path_buf(), |base, part| base.join(part));
                let [plain, nested] = [base.with_extension("rs"), base.join("mod.rs")];
                open.push((if plain.exists() { plain } else { nested }, child, test || in_test));
            }
            code.found.iter_mut().chain(&mut code.names).for_each(|found| found.test |= test);
            all.found.append(&mut code.found);
            all.names.append(&mut code.names);
        }
        all.missed = files(folder)
            .into_iter()
            .filter(|file| !seen.contains(file))
            .map(|file| format!("{} is read by nobody", file.display()))
            .collect();
        all
    }

    /// The rooms that there are.
    pub fn rooms(&self) -> BTreeSet<String> {
        self.names.iter().filter_map(|name| name.room().map(str::to_owned)).collect()
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .collect()
}

/// The paths in the text of a module.
pub fn paths(file: &str, text: &str, module: &[String]) -> Code {
    let mut reader =
        Reader { file, tokens: &tokens(text), at: 0, module: module.to_vec(), test: false, code: Code::default() };
    reader.block();
    reader.code
}

struct Reader<'a> {
    file: &'a str,
    tokens: &'a [Token],
    at: usize,
    module: Vec<String>,
    test: bool,
    code: Code,
}

impl Reader<'_> {
    fn what(&self, ahead: usize) -> Option<&What> {
        self.tokens.get(self.at + ahead).map(|token| &token.what)
    }

    fn word(&self, ahead: usize) -> Option<&str> {
        match self.what(ahead) {
            Some(What::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn is(&self, ahead: usize, sign: char) -> bool {
        self.what(ahead) == Some(&What::Sign(sign))
    }

    /// Up to the brace that closes what was opened before, or to the end.
    fn block(&mut self) {
        while self.what(0).is_some() && !self.is(0, '}') {
            self.item();
        }
        self.at += 1;
    }

    /// One token, or what belongs together.
    fn item(&mut self) {
        if let Some(length) = self.cfg_test() {
            let outer = std::mem::replace(&mut self.test, true);
            self.at += length;
            self.whole_item();
            self.test = outer;
        } else if self.word(0) == Some("mod") && self.word(1).is_some() {
            self.module();
        } else if self.word(0) == Some("use") {
            self.at += 1;
            if self.what(0) == Some(&What::Colons) {
                self.at += 1;
            }
            self.tree(&mut Vec::new());
        } else if self.is(0, '{') {
            self.at += 1;
            self.block();
        } else if self.word(0).is_some() {
            self.path();
        } else {
            self.at += 1;
        }
    }

    /// How many tokens an attribute has that leaves what follows to tests: `#[cfg(test)]`, `#[cfg(all(test, …))]`.
    fn cfg_test(&self) -> Option<usize> {
        let begins = self.is(0, '#') && self.is(1, '[') && self.word(2) == Some("cfg");
        let rest = self.tokens.get(self.at..).filter(|_| begins)?;
        let end = rest.iter().position(|token| token.what == What::Sign(']'))?;
        let says = |word| (3..end).any(|ahead| self.word(ahead) == Some(word));
        (says("test") && !says("not") && !says("any")).then_some(end + 1)
    }

    /// Everything up to the end of an item: its block, or a semicolon.
    fn whole_item(&mut self) {
        while self.what(0).is_some() && !self.is(0, '}') {
            let ends = self.is(0, ';') || self.is(0, '{') || self.word(0) == Some("mod");
            let import = self.word(0) == Some("use");
            self.item();
            if ends || import {
                return;
            }
        }
    }

    fn module(&mut self) {
        let name = self.word(1).unwrap_or_default().to_owned();
        self.module.push(name);
        self.at += 2;
        if self.is(0, '{') {
            self.at += 1;
            self.block();
        } else {
            self.code.children.push((self.module.clone(), self.test));
            self.at += 1;
        }
        self.module.pop();
    }

    /// What stands after `use`, up to its end.
    fn tree(&mut self, before: &mut Vec<String>) {
        let length = before.len();
        loop {
            match self.what(0).cloned() {
                Some(What::Word(word)) if word == "as" => self.at += 2,
                Some(What::Word(word)) => {
                    self.name(&word);
                    before.push(word);
                    self.at += 1;
                    if self.what(0) == Some(&What::Colons) {
                        self.at += 1;
                    } else {
                        self.note(before);
                    }
                }
                Some(What::Sign('{')) => {
                    self.at += 1;
                    while self.what(0).is_some() && !self.is(0, '}') {
                        self.tree(before);
                        if self.is(0, ',') {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                }
                Some(What::Sign('*')) => {
                    self.note(before);
                    self.at += 1;
                }
                _ => break,
            }
        }
        before.truncate(length);
    }

    /// A path in the middle of code.
    fn path(&mut self) {
        let mut parts = Vec::new();
        while let Some(word) = self.word(0).map(str::to_owned) {
            self.name(&word);
            parts.push(word);
            self.at += 1;
            if self.what(0) != Some(&What::Colons) || self.word(1).is_none() {
                break;
            }
            self.at += 1;
        }
        if parts.len() > 1 {
            self.note(&parts);
        }
    }

    fn name(&mut self, word: &str) {
        let found = self.found(vec![word.to_owned()]);
        self.code.names.push(found);
    }

    fn note(&mut self, parts: &[String]) {
        let found = self.found(self.absolute(parts));
        self.code.found.push(found);
    }

    fn found(&self, path: Vec<String>) -> Found {
        let line = self.tokens.get(self.at).map_or(0, |token| token.line);
        Found { file: self.file.to_owned(), line, module: self.module.clone(), path, test: self.test }
    }

    /// `self` and `super` resolved. What starts otherwise is a crate, or something in scope.
    fn absolute(&self, parts: &[String]) -> Vec<String> {
        let mut module = self.module.clone();
        let mut rest = parts;
        while let Some((first, after)) = rest.split_first() {
            match first.as_str() {
                "super" => _ = module.pop(),
                "self" => {}
                _ => break,
            }
            rest = after;
        }
        // `self` at the end of braces names what stands before them.
        let rest: Vec<String> = rest.iter().filter(|part| *part != "self").cloned().collect();
        if matches!(parts[0].as_str(), "super" | "self") {
            return [vec!["crate".to_owned()], module, rest].concat();
        }
        rest
    }
}
