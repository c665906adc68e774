//! Output of a program elsewhere as plain text: what could set a title, reach the clipboard or move the cursor is left out. It comes
//! in pieces, which end anywhere: in a sequence, in a character.

use super::text::is_hidden;

/// Where a piece has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// In text.
    #[default]
    Text,
    /// After an escape character.
    Escape,
    /// In an escape sequence of several characters, before the last.
    Sequence,
    /// In a control sequence.
    Control,
    /// In a string, such as a title.
    Words,
}

/// Makes plain text of pieces of output.
#[derive(Debug, Default)]
pub struct Plain {
    place: Place,
    /// The beginning of a character that is not whole yet.
    cut: Vec<u8>,
}

impl Plain {
    /// The text of the next piece: line breaks and tabs, and nothing else that controls a terminal.
    pub fn of(&mut self, piece: &[u8]) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.cut);
        bytes.extend_from_slice(piece);
        let mut plain = String::with_capacity(bytes.len());
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            for c in chunk.valid().chars() {
                if self.shows(c) {
                    plain.push(c);
                }
            }
            let broken = std::str::from_utf8(chunk.invalid()).err();
            match broken.map(|error| error.error_len()) {
                Some(None) if chunks.peek().is_none() => self.cut = chunk.invalid().to_vec(),
                Some(_) if self.place == Place::Text => plain.push(char::REPLACEMENT_CHARACTER),
                _ => {}
            }
        }
        plain.into_bytes()
    }

    /// Takes a character; whether it is one to show.
    fn shows(&mut self, c: char) -> bool {
        let begins = match c {
            // In a string it is the end of it, too.
            '\u{1b}' => Some(Place::Escape),
            // The one-character forms of what begins a control sequence or a string.
            '\u{9b}' => Some(Place::Control),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => Some(Place::Words),
            // A line break ends whatever it stands in: a string without an end must not swallow all that is printed afterwards.
            '\n' => Some(Place::Text),
            _ => None,
        };
        if let Some(place) = begins {
            self.place = place;
            return c == '\n';
        }
        let (place, shows) = match (self.place, c) {
            (Place::Text, c) => (Place::Text, c == '\t' || !(c.is_control() || is_hidden(c))),
            (Place::Words, '\u{7}' | '\u{9c}' | '\u{18}' | '\u{1a}') => (Place::Text, false),
            (Place::Escape, ']' | 'P' | 'X' | '^' | '_') | (Place::Words, _) => (Place::Words, false),
            (Place::Escape, '[') | (Place::Control, '\u{20}'..='\u{3f}') => (Place::Control, false),
            (Place::Escape | Place::Sequence, '\u{20}'..='\u{2f}') => (Place::Sequence, false),
            (Place::Escape | Place::Sequence | Place::Control, _) => (Place::Text, false),
        };
        self.place = place;
        shows
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a\tb\r\nc\n", "a\tb\nc\n")]
    #[case("\u{1b}[1;31mred\u{1b}[0m", "red")]
    #[case("\u{1b}]0;a title\u{7}text", "text")]
    #[case("\u{1b}]52;c;aGk=\u{1b}\\text", "text")]
    #[case("\u{9d}52;c;aGk=\u{9c}text", "text")]
    #[case("\u{1b}]0;no end\nthe next line", "\nthe next line")]
    #[case("\u{1b}P1$r\u{1b}\\text\u{1b}(Bmore\u{1b}cend", "textmoreend")]
    #[case("50%\r60%\u{8}\u{0}", "50%60%")]
    #[case("gr\u{fc}n \u{202e}\u{20ac}", "gr\u{fc}n \u{20ac}")]
    fn controls_are_left_out_wherever_a_piece_ends(#[case] output: &str, #[case] expected: &str) {
        for size in 1..=output.len() {
            let mut plain = Plain::default();
            let shown: Vec<u8> = output.as_bytes().chunks(size).flat_map(|piece| plain.of(piece)).collect();
            assert_eq!(String::from_utf8(shown).unwrap(), expected, "in pieces of {size}");
        }
    }

    #[test]
    fn what_is_no_text_stands_for_itself() {
        let mut plain = Plain::default();
        assert_eq!(plain.of(b"a\xff\x9bb"), "a\u{fffd}\u{fffd}b".as_bytes());
        assert_eq!(plain.of(b"\xe2\x82"), b"");
        assert_eq!(plain.of(b"x"), "\u{fffd}x".as_bytes());
    }
}
