//! The last pass over a frame: whatever was drawn, no cell carries a control character or more than one bounded
//! grapheme cluster, and no wide character is cut in half.
//!
//! Texts were neutralised when they came in. This is the net below: a terminal obeys what a cell carries.

use ratatui::buffer::Buffer;
use unicode_segmentation::UnicodeSegmentation;

use super::theme;
use crate::domain::text::{sanitise, width};

/// Cleans a frame. With `ascii` everything else is replaced too.
pub(super) fn guard(buffer: &mut Buffer, ascii: bool) {
    let columns = usize::from(buffer.area.width).max(1);
    for at in 0..buffer.content.len() {
        let symbol = buffer.content[at].symbol();
        if let [b' '..=b'~'] = symbol.as_bytes() {
            continue;
        }
        if !is_clean(symbol) {
            buffer.content[at].set_symbol("?");
            continue;
        }
        let wide = width(symbol) > 1;
        if wide {
            // The cell behind is covered by it. Where something else was drawn there, that wins.
            let behind = (at + 1) % columns != 0 && buffer.content[at + 1].symbol() == " ";
            if !behind {
                buffer.content[at].set_symbol(" ");
                continue;
            }
        }
        if ascii {
            let replaced = theme::ascii(buffer.content[at].symbol());
            buffer.content[at].set_symbol(replaced);
        }
    }
}

/// One grapheme cluster of one or two columns that the sanitiser has nothing against.
fn is_clean(symbol: &str) -> bool {
    matches!(width(symbol), 1 | 2)
        && symbol.graphemes(true).nth(1).is_none()
        && matches!(sanitise(symbol), std::borrow::Cow::Borrowed(_))
}

#[cfg(test)]
mod tests {
    use ratatui::{buffer::Cell, layout::Rect};

    use super::*;

    fn cleaned(symbols: &[&str], ascii: bool) -> Vec<String> {
        let width = u16::try_from(symbols.len()).unwrap();
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, 1));
        for (cell, symbol) in buffer.content.iter_mut().zip(symbols) {
            cell.set_symbol(symbol);
        }
        guard(&mut buffer, ascii);
        buffer.content.iter().map(|cell: &Cell| cell.symbol().to_owned()).collect()
    }

    #[test]
    fn nothing_that_a_terminal_obeys_gets_through() {
        let long = format!("e{}", "\u{301}".repeat(5000));
        for bad in ["\u{1b}", "\u{1b}[2J", "\u{9b}", "\n", "\u{202e}", "\u{200b}", "ab", "", &long] {
            assert_eq!(cleaned(&[bad, "x"], false), ["?", "x"], "{bad:?}");
        }
    }

    #[test]
    fn good_cells_stay() {
        assert_eq!(
            cleaned(&["a", "é", "e\u{301}", "●", "世", " "], false),
            ["a", "é", "e\u{301}", "●", "世", " "]
        );
    }

    #[test]
    fn half_a_wide_character_is_removed() {
        assert_eq!(cleaned(&["世", "│"], false), [" ", "│"]);
        assert_eq!(cleaned(&["a", "世"], false), ["a", " "]);
    }

    #[test]
    fn ascii_is_ascii() {
        let cells = cleaned(&["●", "✗", "│", "…", "世", " ", "é", "a"], true);
        assert_eq!(cells, ["*", "x", "|", "~", "?", " ", "?", "a"]);
    }
}
