//! The weights of an alias: a second version and its share, as a slider and as a number.

use tui_textarea::Key;

use super::{Action, field::Field};
use crate::domain::release::{Additional, Alias};

/// The shares in percent that a canary deployment goes through.
pub const STEPS: [u32; 6] = [1, 5, 10, 25, 50, 100];

/// What may be typed.
pub const RULE: &str = "a number from 0 to 100, with two decimals at most";

/// The weights being set.
#[derive(Debug)]
pub struct Weights {
    /// Function name.
    pub function: String,
    /// The alias as it is.
    pub alias: Alias,
    /// The versions that can be the additional one, newest first, each with what one should know of it.
    pub others: Vec<(String, String)>,
    /// What one should know of the version that the alias points to.
    pub note: String,
    /// The additional version: its place among the others.
    pub chosen: usize,
    /// Its share in percent, as typed.
    pub field: Field,
    /// Whether the next character that is typed replaces the number.
    pub fresh: bool,
    /// What is wrong with it.
    pub problem: Option<String>,
}

impl Weights {
    /// The weights as they are. `others` must not be empty.
    pub fn new(function: String, alias: Alias, note: String, others: Vec<(String, String)>) -> Self {
        let (chosen, share) = match &alias.additional {
            Some(additional) => (
                others.iter().position(|(version, _)| *version == additional.version).unwrap_or_default(),
                hundredths_of(additional.weight),
            ),
            None => (0, 0),
        };
        let mut weights = Self {
            function,
            alias,
            others,
            note,
            chosen,
            field: Field::default(),
            fresh: true,
            problem: None,
        };
        weights.set(share);
        weights
    }

    /// The additional version.
    pub fn version(&self) -> &str {
        self.others.get(self.chosen).map_or("", |(version, _)| version.as_str())
    }

    /// Its share in hundredths of a percent; none where no number is typed.
    pub fn share(&self) -> Option<u32> {
        hundredths(self.field.text()).ok()
    }

    /// The alias as it is to be.
    ///
    /// # Errors
    /// What is wrong with the number.
    pub fn wanted(&self) -> Result<Alias, String> {
        let share = hundredths(self.field.text())?;
        let mut after = self.alias.clone();
        after.additional = None;
        match share {
            0 => {}
            10_000 => self.version().clone_into(&mut after.version),
            share => {
                let weight = f64::from(share) / 10_000.0;
                after.additional = Some(Additional { version: self.version().to_owned(), weight });
            }
        }
        Ok(after)
    }

    fn set(&mut self, share: u32) {
        self.field.set(&percent(share));
        self.fresh = true;
        self.problem = None;
    }

    pub(super) fn handle(&mut self, action: &Action) {
        let share = self.share().unwrap_or_default();
        match action {
            Action::Right => self.set((share + 100).min(10_000)),
            Action::Left => self.set(share.saturating_sub(100)),
            Action::Up => {
                let next = STEPS.iter().map(|step| step * 100).find(|step| *step > share);
                self.set(next.unwrap_or(10_000));
            }
            Action::Down => {
                let before = STEPS.iter().rev().map(|step| step * 100).find(|step| *step < share);
                self.set(before.unwrap_or(0));
            }
            Action::NextTab if !self.others.is_empty() => {
                self.chosen = (self.chosen + 1) % self.others.len();
            }
            Action::Text(input) => {
                let plain = matches!(input.key, Key::Char(_)) && !input.ctrl && !input.alt;
                if plain && !matches!(input.key, Key::Char('0'..='9' | '.' | ',')) {
                    return;
                }
                if self.fresh && plain {
                    self.field.set("");
                }
                if self.field.input(input.clone()) {
                    self.typed();
                }
            }
            Action::Paste(text) => {
                self.field.set("");
                self.field.paste(text.reveal());
                self.typed();
            }
            _ => {}
        }
    }

    fn typed(&mut self) {
        self.fresh = false;
        self.problem = hundredths(self.field.text()).err();
    }
}

/// Hundredths of a percent as percent: `12.5`.
pub fn percent(share: u32) -> String {
    let text = format!("{}.{:02}", share / 100, share % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn hundredths_of(weight: f64) -> u32 {
    // Between 0 and 10,000, whatever came.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped")]
    let share = (weight * 10_000.0).round().clamp(0.0, 10_000.0) as u32;
    share
}

/// Reads a percentage exactly: no binary fractions on the way.
fn hundredths(text: &str) -> Result<u32, String> {
    let text = text.trim().trim_end_matches('%').trim_end().replace(',', ".");
    let problem = || Err(format!("this is not {RULE}"));
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && part.is_empty()) || !digits(whole) || !digits(part) {
        return problem();
    }
    if part.trim_end_matches('0').len() > 2 || whole.trim_start_matches('0').len() > 3 {
        return problem();
    }
    let number = |text: &str| if text.is_empty() { Ok(0) } else { text.parse::<u32>() };
    let part = format!("{:0<2}", part.get(..2).unwrap_or(part));
    match (number(whole.trim_start_matches('0')), number(&part)) {
        (Ok(whole), Ok(part)) if whole * 100 + part <= 10_000 => Ok(whole * 100 + part),
        _ => problem(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("0", Some(0))]
    #[case("10", Some(1000))]
    #[case("99.99", Some(9999))]
    #[case("100", Some(10_000))]
    #[case("100.0", Some(10_000))]
    #[case("100.01", None)]
    #[case("101", None)]
    #[case("2,5", Some(250))]
    #[case(".5", Some(50))]
    #[case("5.", Some(500))]
    #[case("007 %", Some(700))]
    #[case("0.125", None)]
    #[case("0.120", Some(12))]
    #[case("1e1", None)]
    #[case("-1", None)]
    #[case("", None)]
    #[case(".", None)]
    #[case("1.2.3", None)]
    #[case("99999999999999999999", None)]
    fn percentages_are_read_exactly(#[case] text: &str, #[case] expected: Option<u32>) {
        assert_eq!(hundredths(text).ok(), expected);
    }

    fn weights(additional: Option<(&str, f64)>) -> Weights {
        let alias = Alias {
            name: "live".into(),
            version: "7".into(),
            additional: additional.map(|(version, weight)| Additional { version: version.into(), weight }),
            ..Alias::default()
        };
        let others = ["9", "8"].map(|version| (version.to_owned(), String::new())).into();
        Weights::new("f".into(), alias, String::new(), others)
    }

    #[test]
    fn it_begins_as_it_is() {
        assert_eq!((weights(None).version(), weights(None).field.text()), ("9", "0"));
        let now = weights(Some(("8", 0.125)));
        assert_eq!((now.version(), now.field.text()), ("8", "12.5"));
        assert_eq!(now.wanted().as_ref(), Ok(&now.alias));
    }

    #[test]
    fn the_slider_steps_and_turns_nowhere() {
        let mut weights = weights(None);
        let mut seen = Vec::new();
        for _ in 0..7 {
            weights.handle(&Action::Up);
            seen.push(weights.field.text().to_owned());
        }
        assert_eq!(seen, ["1", "5", "10", "25", "50", "100", "100"]);
        weights.handle(&Action::Right);
        assert_eq!(weights.field.text(), "100");
        weights.handle(&Action::Left);
        weights.handle(&Action::Down);
        assert_eq!(weights.field.text(), "50");
        for _ in 0..9 {
            weights.handle(&Action::Down);
        }
        weights.handle(&Action::Left);
        assert_eq!(weights.field.text(), "0");
    }

    #[test]
    fn nothing_and_everything_need_no_second_version() {
        let mut weights = weights(Some(("8", 0.1)));
        weights.field.set("0");
        let alias = weights.wanted().unwrap();
        assert_eq!((alias.version.as_str(), alias.additional), ("7", None));
        weights.field.set("100");
        let alias = weights.wanted().unwrap();
        assert_eq!((alias.version.as_str(), alias.additional), ("8", None));
        weights.handle(&Action::NextTab);
        weights.field.set("7");
        let additional = weights.wanted().unwrap().additional;
        assert_eq!(additional, Some(Additional { version: "9".into(), weight: 0.07 }));
    }
}
