//! Colours and shapes. Only the terminal's own sixteen colours are used, so that they follow the user's theme, and no
//! colour says anything that a word or a shape does not say too.

use ratatui::style::{Color, Modifier, Style};

use super::json::Part;
use crate::{app::logs::sources::COLOURS, domain::function::Health};

/// How things look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Whether everything that is not ASCII is replaced by something that is.
    pub ascii: bool,
    /// Plain text.
    pub text: Style,
    /// What is less important: labels, units, rules.
    pub dim: Style,
    /// Titles.
    pub title: Style,
    /// What is selected, what can be pressed.
    pub accent: Style,
    /// The selected row.
    pub selected: Style,
    /// A label that must not be overlooked: the endpoint, a read-only session.
    pub badge: Style,
    /// The cursor in a text field.
    pub cursor: Style,
    /// It went well.
    pub good: Style,
    /// It is on its way, or wants attention.
    pub warning: Style,
    /// It failed.
    pub error: Style,
    /// JSON: a key.
    pub key: Style,
    /// JSON: a text.
    pub string: Style,
    /// JSON: a number or a word.
    pub literal: Style,
    /// Log: what a filter found.
    pub found: Style,
    /// Log: what is marked without hiding anything.
    pub marked: Style,
    /// Log: the sources, told apart by their labels and by these.
    pub sources: [Style; COLOURS],
}

const PLAIN: Style = Style::new();

impl Theme {
    /// The names of the themes.
    pub const NAMES: [&str; 2] = ["default", "mono"];

    /// With colours.
    pub const DEFAULT: Self = Self {
        ascii: false,
        text: PLAIN,
        dim: PLAIN.add_modifier(Modifier::DIM),
        title: PLAIN.add_modifier(Modifier::BOLD),
        accent: PLAIN.fg(Color::Cyan),
        selected: PLAIN.fg(Color::Cyan).add_modifier(Modifier::BOLD),
        badge: PLAIN.add_modifier(Modifier::REVERSED),
        cursor: PLAIN.add_modifier(Modifier::REVERSED),
        good: PLAIN.fg(Color::Green),
        warning: PLAIN.fg(Color::Yellow),
        error: PLAIN.fg(Color::Red).add_modifier(Modifier::BOLD),
        key: PLAIN.fg(Color::Cyan),
        string: PLAIN.fg(Color::Green),
        literal: PLAIN.fg(Color::Yellow),
        found: PLAIN.add_modifier(Modifier::REVERSED),
        marked: PLAIN.fg(Color::Magenta).add_modifier(Modifier::UNDERLINED.union(Modifier::BOLD)),
        sources: [
            PLAIN.fg(Color::Cyan),
            PLAIN.fg(Color::Magenta),
            PLAIN.fg(Color::Green),
            PLAIN.fg(Color::LightBlue),
            PLAIN.fg(Color::LightMagenta),
            PLAIN.fg(Color::LightCyan),
        ],
    };

    /// Without colours, as `NO_COLOR` asks for.
    pub const MONO: Self = Self {
        accent: PLAIN.add_modifier(Modifier::BOLD),
        selected: PLAIN.add_modifier(Modifier::BOLD),
        good: PLAIN,
        warning: PLAIN.add_modifier(Modifier::BOLD),
        error: PLAIN.add_modifier(Modifier::BOLD),
        key: PLAIN.add_modifier(Modifier::BOLD),
        string: PLAIN,
        literal: PLAIN,
        marked: PLAIN.add_modifier(Modifier::UNDERLINED.union(Modifier::BOLD)),
        sources: [PLAIN; COLOURS],
        ..Self::DEFAULT
    };

    /// The theme of that name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "default" => Some(Self::DEFAULT),
            "mono" => Some(Self::MONO),
            _ => None,
        }
    }

    /// The same look in ASCII, for a terminal that does not show UTF-8.
    #[must_use]
    pub fn with_ascii(self, ascii: bool) -> Self {
        Self { ascii, ..self }
    }

    /// The style of a part of JSON.
    pub(super) fn json(&self, part: Part) -> Style {
        match part {
            Part::Key => self.key,
            Part::String => self.string,
            Part::Literal => self.literal,
            Part::Mark => self.dim,
            Part::Plain => self.text,
        }
    }

    /// The style of a source of a log.
    pub(super) fn source(&self, colour: usize) -> Style {
        self.sources[colour % self.sources.len()]
    }

    /// The style and the shape of a state; its word goes with them.
    pub(super) fn health(&self, health: Health) -> (Style, &'static str) {
        match health {
            Health::Good => (self.good, "●"),
            Health::Changing => (self.warning, "◐"),
            Health::Bad => (self.error, "✗"),
            Health::Idle => (self.dim, "○"),
            Health::Unknown => (self.warning, "?"),
        }
    }
}

impl Default for Theme {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Whether a locale is one of UTF-8: the first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set and not empty decides,
/// as POSIX has it. Without any of them the locale is `C`, which is ASCII.
pub fn is_utf8(locale: [Option<&str>; 3]) -> bool {
    locale.into_iter().flatten().find(|value| !value.is_empty()).is_some_and(|value| {
        let value = value.to_ascii_lowercase();
        value.contains("utf-8") || value.contains("utf8")
    })
}

/// The ASCII character that stands for a cell's symbol.
pub(super) fn ascii(symbol: &str) -> &'static str {
    match symbol {
        "●" | "•" | "◆" => "*",
        "◐" | "…" => "~",
        "✗" => "x",
        "○" => "o",
        "↻" => "@",
        "→" | "⟩" | "▸" => ">",
        "↑" | "▲" => "^",
        "↓" | "▾" => "v",
        "█" | "≠" | "▇" => "#",
        "▓" => "%",
        "━" | "▅" | "▆" => "=",
        "▂" => "_",
        "░" | "▁" => ".",
        "│" => "|",
        "─" | "–" | "▃" | "▄" => "-",
        "┌" | "┐" | "└" | "┘" | "├" | "┤" | "┬" | "┴" => "+",
        "⟨" | "←" => "<",
        _ => "?",
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case([None, None, Some("en_US.UTF-8")], true)]
    #[case([Some("C.utf8"), None, Some("C")], true)]
    #[case([Some("C"), None, Some("en_US.UTF-8")], false)]
    #[case([Some(""), Some("de_DE.UTF-8"), None], true)]
    #[case([None, None, Some("de_DE.ISO-8859-1")], false)]
    #[case([None, None, None], false)]
    fn the_locale_decides(#[case] locale: [Option<&str>; 3], #[case] expected: bool) {
        assert_eq!(is_utf8(locale), expected);
    }

    #[test]
    fn every_name_has_a_theme_and_mono_has_no_colour() {
        assert!(Theme::NAMES.iter().all(|name| Theme::named(name).is_some()));
        assert_eq!(Theme::named("neon"), None);
        let mono = format!("{:?}", Theme::MONO);
        for colour in ["Cyan", "Green", "Yellow", "Red", "Blue", "Magenta"] {
            assert!(!mono.contains(&format!("Color::{colour}")) && !mono.contains(colour), "{colour}");
        }
        assert!(format!("{:?}", Theme::DEFAULT).to_lowercase().contains("cyan"));
    }
}
