//! Every format, on a sheet that has what breaks formats.

use rstest::rstest;
use unicode_width::UnicodeWidthStr;

use super::table::shorten;
use super::*;
use crate::model::Health;

fn sheet() -> Sheet {
    let mut cpu = SheetColumn::shown("cpu", "CPU", 4, 2, 3);
    cpu.right = true;
    Sheet {
        columns: vec![
            SheetColumn::data("kind"),
            SheetColumn::shown("health", "HEALTH", 8, 0, 0),
            SheetColumn::shown("reason", "REASON", 10, 9, 5),
            SheetColumn::shown("name", "NAME", 8, 1, 1),
            SheetColumn::shown("tasks", "TASKS", 5, 2, 2),
            cpu,
            SheetColumn::shown("empty", "EMPTY", 5, 2, 4),
            SheetColumn::data("since"),
        ],
        rows: vec![
            vec![
                Value::text("ecs-service"),
                Value::Health(Health::Failed),
                Value::text("stopped: \"exit\", 1 | 2"),
                Value::text("bäckend 日本"),
                Value::Count { have: 0, want: 2 },
                Value::Percent(5.4),
                Value::None,
                Value::Instant("2026-11-21T09:00:00Z".parse().unwrap()),
            ],
            vec![
                Value::text("ecs-service"),
                Value::Health(Health::Ok),
                Value::None,
                Value::text("web"),
                Value::Count { have: 2, want: 2 },
                Value::Percent(50.0),
                Value::None,
                Value::None,
            ],
        ],
    }
}

fn written(format: Format, width: Option<usize>) -> (String, LeftOut) {
    let mut out = Vec::new();
    let paper = Paper { width, colour: false, now: "2026-11-21T10:00:00Z".parse().unwrap() };
    let left_out = sheet().write(format, paper, &mut out).unwrap();
    (String::from_utf8(out).unwrap(), left_out)
}

#[test]
fn a_table_is_aligned_whatever_the_characters() {
    let (text, left_out) = written(Format::Table, None);
    assert_eq!(
        text,
        "HEALTH  NAME          TASKS  CPU  REASON\n\
         failed  bäckend 日本  0/2     5%  stopped: \"exit\", 1 | 2\n\
         ok      web           2/2    50%\n"
    );
    assert_eq!(left_out, LeftOut::default());
}

#[test]
fn a_table_shortens_before_it_leaves_out() {
    let (text, left_out) = written(Format::Table, Some(48));
    assert!(text.lines().all(|line| line.width() <= 48), "{text}");
    assert!(text.contains("stopped: \"exi…") && text.contains("bäckend 日本"), "{text}");
    assert_eq!(left_out, LeftOut::default());
}

#[test]
fn a_narrow_table_says_which_columns_are_left_out() {
    let (text, left_out) = written(Format::Table, Some(25));
    assert!(text.lines().all(|line| line.width() <= 25), "{text}");
    assert_eq!(left_out.columns, ["REASON", "CPU"]);
    assert!(text.starts_with("HEALTH  NAME"), "{text}");
}

#[test]
fn a_table_colours_health_alone() {
    let mut out = Vec::new();
    let paper = Paper { width: None, colour: true, now: Timestamp::UNIX_EPOCH };
    sheet().write(Format::Table, paper, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("\u{1b}[31mfailed\u{1b}[0m  bäckend"), "{text:?}");
    assert_eq!(text.matches('\u{1b}').count(), 4);
}

#[test]
fn json_is_one_array_with_every_column() {
    let (text, _) = written(Format::Json, Some(10));
    let rows: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["kind"], "ecs-service");
    assert_eq!(rows[0]["health"], "failed");
    assert_eq!(rows[0]["tasks"], serde_json::json!({ "have": 0, "want": 2 }));
    assert_eq!(rows[0]["since"], "2026-11-21T09:00:00Z");
    assert!(rows[1]["reason"].is_null());
}

#[test]
fn an_empty_sheet_is_an_empty_array_or_nothing() {
    let empty = Sheet { rows: Vec::new(), ..sheet() };
    let paper = Paper { width: None, colour: false, now: Timestamp::UNIX_EPOCH };
    for (format, expected) in [(Format::Json, "[]\n"), (Format::Table, "")] {
        let mut out = Vec::new();
        empty.write(format, paper, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}

#[test]
fn csv_quotes_what_needs_it() {
    let (text, _) = written(Format::Csv, None);
    assert_eq!(
        text,
        "kind,health,reason,name,tasks,cpu,empty,since\n\
         ecs-service,failed,\"stopped: \"\"exit\"\", 1 | 2\",bäckend 日本,0/2,5.4,,2026-11-21T09:00:00Z\n\
         ecs-service,ok,,web,2/2,50.0,,\n"
    );
}

/// A reader that has gone away.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[rstest]
#[case(Format::Table)]
#[case(Format::Json)]
#[case(Format::Csv)]
#[case(Format::Markdown)]
fn a_closed_pipe_is_known_as_one(#[case] format: Format) {
    let paper = Paper { width: None, colour: false, now: Timestamp::UNIX_EPOCH };
    let error = sheet().write(format, paper, &mut Closed).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn markdown_escapes_its_own_characters() {
    let (text, _) = written(Format::Markdown, None);
    assert!(text.starts_with("| HEALTH | NAME | TASKS | CPU | EMPTY | REASON |\n| --- | --- | --- | ---: |"), "{text}");
    assert!(text.contains("stopped: \"exit\", 1 \\| 2 |"), "{text}");
}

#[rstest]
#[case("short", 5, "short")]
#[case("longer", 5, "long…")]
#[case("日本語", 5, "日本…")]
#[case("日本語", 4, "日…")]
#[case("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…")]
fn shortens_between_characters(#[case] text: &str, #[case] width: usize, #[case] expected: &str) {
    assert_eq!(shorten(text, width), expected);
}
