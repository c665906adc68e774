//! Log lines on standard output: for people, or an object for each line.

use std::io::{self, Write};

use regex::Regex;
use serde_json::json;

use crate::model::{Level, LogLine, LogSource};

/// How lines are printed.
pub(super) struct Printer<'a> {
    /// Where the lines come from.
    pub(super) sources: &'a [LogSource],
    /// Only lines that match.
    pub(super) grep: Option<&'a Regex>,
    /// An object for each line.
    pub(super) json: bool,
    /// Whether warnings and errors are coloured.
    pub(super) colour: bool,
}

impl Printer<'_> {
    /// Prints the lines that match.
    pub(super) fn lines(&self, lines: &[LogLine], out: &mut dyn Write) -> io::Result<()> {
        for line in lines.iter().filter(|line| self.grep.is_none_or(|grep| grep.is_match(&line.text))) {
            self.line(line, out)?;
        }
        // Whoever reads a pipe wants each batch when it comes.
        out.flush()
    }

    fn line(&self, line: &LogLine, out: &mut dyn Write) -> io::Result<()> {
        let Some(source) = self.sources.get(usize::from(line.source)) else { return Ok(()) };
        let at = line.at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ");
        if self.json {
            let object = json!({
                "at": at.to_string(),
                "environment": &*source.scope.environment,
                "region": &*source.scope.region,
                "group": &**source.name(),
                "source": &*source.label,
                "writer": line.writer.as_deref(),
                "level": level(line.level),
                "message": &*line.text,
            });
            return writeln!(out, "{object}");
        }
        let several = self.sources.iter().any(|other| other.scope.environment != source.scope.environment);
        let environment = if several { format!("{} ", source.scope.environment) } else { String::new() };
        let label = if self.sources.len() > 1 { format!("{} ", source.label) } else { String::new() };
        let writer = line.writer.as_ref().map(|writer| format!("{writer} ")).unwrap_or_default();
        let (on, off) = match line.level {
            Level::Error if self.colour => ("\u{1b}[31m", "\u{1b}[0m"),
            Level::Warn if self.colour => ("\u{1b}[33m", "\u{1b}[0m"),
            _ => ("", ""),
        };
        writeln!(out, "{at} {environment}{label}{writer}{on}{}{off}", line.text)
    }
}

/// The level as programs read it.
const fn level(level: Level) -> Option<&'static str> {
    match level {
        Level::None => None,
        Level::Debug => Some("debug"),
        Level::Info => Some("info"),
        Level::Warn => Some("warn"),
        Level::Error => Some("error"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Scope;

    fn source(environment: &str, label: &str) -> LogSource {
        LogSource::group(Scope::new(environment, "eu-west-1"), format!("/ecs/{label}"), None, label)
    }

    fn line(source: u16, level: Level, text: &str) -> LogLine {
        LogLine {
            at: "2026-11-21T09:00:00.5Z".parse().unwrap(),
            source,
            writer: None,
            level,
            late: false,
            key: 0,
            text: text.into(),
        }
    }

    fn printed(sources: &[LogSource], grep: Option<&str>, json: bool, colour: bool) -> String {
        let grep = grep.map(|re| Regex::new(re).unwrap());
        let lines = [line(0, Level::Info, "ready"), line(1, Level::Error, "boom")];
        let mut out = Vec::new();
        Printer { sources, grep: grep.as_ref(), json, colour }.lines(&lines, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_says_only_what_is_not_clear_without_it() {
        let one = [source("a", "web")];
        assert_eq!(printed(&one, None, false, false), "2026-11-21T09:00:00.500Z ready\n");
        let two = [source("a", "web"), source("a", "api")];
        assert!(printed(&two, None, false, false).ends_with("Z api boom\n"));
        let far = [source("a", "web"), source("b", "web")];
        assert!(printed(&far, None, false, true).ends_with("Z b web \u{1b}[31mboom\u{1b}[0m\n"));
    }

    #[test]
    fn only_matching_lines_are_printed() {
        let two = [source("a", "web"), source("a", "api")];
        assert_eq!(printed(&two, Some("^rea"), false, false).lines().count(), 1);
        assert_eq!(printed(&two, Some("nothing"), false, false), "");
    }

    #[test]
    fn json_is_an_object_for_each_line() {
        let printed = printed(&[source("a", "web"), source("b", "api")], None, true, true);
        let lines: Vec<serde_json::Value> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((&lines[1]["environment"], &lines[1]["level"]), (&json!("b"), &json!("error")));
        assert_eq!((&lines[0]["group"], &lines[0]["at"]), (&json!("/ecs/web"), &json!("2026-11-21T09:00:00.500Z")));
    }
}
