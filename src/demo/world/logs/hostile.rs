//! Log lines that mean no good: escape sequences, letters that run the other way, characters of odd widths, secrets.
//! The keys are the examples of the AWS documentation: they open nothing.

use jiff::Timestamp;

use crate::demo::world::dice::Dice;

/// One such line.
pub(super) fn say(at: Timestamp, dice: &mut Dice) -> String {
    match dice.between(0, 7) {
        0 => format!(
            "{at:.3} INFO  \u{1b}[31;1mcolours\u{1b}[0m from a library that did not ask whether this is a terminal"
        ),
        1 => format!("{at:.3} WARN  title \u{1b}]0;prod is fine\u{7} and a clear \u{1b}[2J\u{1b}[H of the screen"),
        2 => format!("{at:.3} INFO  参加者「佐藤 美咲」がコースに登録しました 🎓👩‍💻 ✅ e\u{301}tudiant Zoë"),
        3 => format!("{at:.3} INFO  user name \u{202e}nimda\u{202c} and الطالب محمد سجل الدخول then שלום עולם"),
        4 => format!(
            "{at:.3} DEBUG config dump aws_access_key_id=AKIAIOSFODNN7EXAMPLE aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
        ),
        5 => format!("{at:.3} INFO  progress 10%\rprogress 55%\rprogress 100%\u{8}\u{8}\u{0} done"),
        6 => format!(
            "{at:.3} DEBUG Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJleGFtcGxlIn0.c2lnbmF0dXJl for noor.haddad@example.com from 203.0.113.{}",
            dice.between(2, 250)
        ),
        _ => format!(
            "{at:.3} INFO  a\u{200b}zero\u{200d}width\u{feff} line\twith\ttabs and Z\u{351}\u{36b}a\u{33f}l\u{489}go {}",
            dice.between(1, 99)
        ),
    }
}
