//! The Versions tab: versions and aliases in one picture.

use crate::{
    app::{Action, Remote, layout::Area, list::Cursor},
    domain::{
        function::Function,
        release::{Alias, LATEST, Releases},
    },
};

/// What a prompt of this tab asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The description of a version to be published.
    Description,
    /// The name of an alias that is to point to a version.
    AliasName(String),
}

/// What a picker of this tab picks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The version that an alias is to point to.
    Target(String),
}

impl Pick {
    /// What is picked, as a title.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Target(_) => "Point the alias to",
        }
    }
}

/// A part of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// The aliases, on top.
    Aliases,
    /// `$LATEST` and the versions.
    Versions,
}

/// The tab's part of the state.
#[derive(Debug, Default)]
pub struct VersionsPane {
    /// The selected row: aliases first, then versions; and the topmost line on the screen.
    pub cursor: Cursor,
    /// Versions and aliases.
    pub releases: Remote<Releases>,
    /// Where the cursor goes once the versions are there.
    pub jump: Option<Section>,
    /// Whether a rollback was asked for before the versions and the journal were there. Another key drops it.
    pub waiting: bool,
    /// Why the journal could not be read.
    pub journal_problem: Option<String>,
}

/// What is selected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Selected<'a> {
    /// An alias.
    Alias(&'a Alias),
    /// `$LATEST` or a version.
    Version(&'a Function),
}

/// A line of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// The columns of the aliases.
    AliasHeading,
    /// There is none.
    NoAlias,
    /// The alias of that place.
    Alias(usize),
    /// Nothing.
    Gap,
    /// The columns of the versions.
    VersionHeading,
    /// The version of that place.
    Version(usize),
    /// How `$LATEST` differs from the newest version.
    Drift,
}

/// How the tab is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// How many there are, whether they are being read.
    pub status: Area,
    /// The lines.
    pub list: Area,
    /// All that is known of what is selected; absent where there is no room.
    pub detail: Option<Area>,
}

/// Divides the tab's content.
pub fn layout(content: Area) -> Layout {
    let below = match content.rows {
        40.. => 10,
        14.. => 6,
        _ => 0,
    };
    let list = content.rows.saturating_sub(1 + below);
    let row = content.row.saturating_add(1);
    Layout {
        status: Area { rows: content.rows.min(1), ..content },
        list: Area { row, rows: list, ..content },
        detail: (below > 0).then(|| Area { row: row.saturating_add(list), rows: below, ..content }),
    }
}

impl VersionsPane {
    /// The lines of the picture.
    pub fn lines(&self) -> Vec<Line> {
        let Some(releases) = &self.releases.value else { return Vec::new() };
        let mut lines = Vec::with_capacity(releases.aliases.len() + releases.versions.len() + 5);
        if releases.aliases.is_empty() {
            lines.push(Line::NoAlias);
        } else {
            lines.push(Line::AliasHeading);
            lines.extend((0..releases.aliases.len()).map(Line::Alias));
        }
        lines.extend([Line::Gap, Line::VersionHeading]);
        for (at, version) in releases.versions.iter().enumerate() {
            lines.push(Line::Version(at));
            if version.version.as_deref() == Some(LATEST) {
                lines.push(Line::Drift);
            }
        }
        lines
    }

    /// How many rows can be selected.
    pub fn rows(&self) -> usize {
        self.releases.value.as_ref().map_or(0, |releases| releases.aliases.len() + releases.versions.len())
    }

    /// What is selected.
    pub fn selected(&self) -> Option<Selected<'_>> {
        let releases = self.releases.value.as_ref()?;
        match self.cursor.at.checked_sub(releases.aliases.len()) {
            None => releases.aliases.get(self.cursor.at).map(Selected::Alias),
            Some(at) => releases.versions.get(at).map(Selected::Version),
        }
    }

    /// Whether a line is the selected row's.
    pub fn is_selected(&self, line: Line) -> bool {
        self.row_of(line) == Some(self.cursor.at)
    }

    fn row_of(&self, line: Line) -> Option<usize> {
        let aliases = self.releases.value.as_ref()?.aliases.len();
        match line {
            Line::Alias(at) => Some(at),
            Line::Version(at) => Some(aliases + at),
            // It belongs to $LATEST.
            Line::Drift => Some(aliases),
            _ => None,
        }
    }

    /// The topmost line on a screen of `height` lines: as little is scrolled as it takes to see the selected row, and
    /// its heading where it is the first below it.
    pub fn top(&self, lines: &[Line], height: usize) -> usize {
        let own = |line: &Line| self.row_of(*line) == Some(self.cursor.at);
        let (Some(mut first), Some(last)) = (lines.iter().position(own), lines.iter().rposition(own)) else {
            return 0;
        };
        let row = first;
        let headings = |line: &Line| self.row_of(*line).is_none();
        while first > 0 && headings(&lines[first - 1]) {
            first -= 1;
        }
        if last + 1 - first > height {
            first = row;
        }
        let lowest = (last + 1).saturating_sub(height).min(first);
        let top = self.cursor.top.clamp(lowest, first);
        top.min(lines.len().saturating_sub(height)).max(lowest)
    }

    /// Selects a row.
    pub(in crate::app) fn select(&mut self, row: usize, height: usize) {
        self.cursor.at = row.min(self.rows().saturating_sub(1));
        self.cursor.top = self.top(&self.lines(), height);
    }

    /// Moves, where the action is a movement.
    pub(in crate::app) fn handle(&mut self, action: &Action, height: usize) -> bool {
        let mut cursor = self.cursor;
        if !cursor.handle(action, self.rows(), height) {
            return false;
        }
        self.select(cursor.at, height);
        true
    }

    /// The row at a line of the screen, where there is one.
    pub(in crate::app) fn row_at(&self, nth: usize, height: usize) -> Option<usize> {
        let lines = self.lines();
        let line = lines.get(self.top(&lines, height) + nth)?;
        self.row_of(*line)
    }

    /// Goes to the first row of a section, now and once what is being read is there.
    pub(in crate::app) fn jump_to(&mut self, section: Section, height: usize) {
        self.jump = Some(section);
        let aliases = self.releases.value.as_ref().map_or(0, |releases| releases.aliases.len());
        self.select(if section == Section::Aliases { 0 } else { aliases }, height);
        if self.releases.pending.is_none() {
            self.jump = None;
        }
    }

    /// Puts the cursor back where it was: on the alias or version of that name, whatever came or went.
    pub(in crate::app) fn settle(&mut self, was: Option<(bool, String)>, height: usize) {
        if let Some(section) = self.jump.take() {
            self.jump_to(section, height);
            return;
        }
        let Some(releases) = &self.releases.value else { return };
        let aliases = releases.aliases.len();
        let found = was.and_then(|(is_alias, name)| {
            if is_alias {
                releases.aliases.iter().position(|alias| alias.name == name)
            } else {
                let same = |version: &Function| version.version.as_deref() == Some(&*name);
                releases.versions.iter().position(same).map(|at| aliases + at)
            }
        });
        self.select(found.unwrap_or(self.cursor.at), height);
    }

    /// What is selected, by its name; whether it is an alias.
    pub(in crate::app) fn key(&self) -> Option<(bool, String)> {
        Some(match self.selected()? {
            Selected::Alias(alias) => (true, alias.name.clone()),
            Selected::Version(version) => (false, version.version.clone()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Ticket;

    fn pane(aliases: usize, versions: usize) -> VersionsPane {
        let mut pane = VersionsPane::default();
        let version = |number: usize| Function {
            version: Some(if number == versions { "$LATEST".into() } else { number.to_string() }),
            ..Function::default()
        };
        let releases = Releases {
            versions: (1..=versions).rev().map(version).collect(),
            aliases: (0..aliases)
                .map(|number| Alias { name: format!("a{number}"), version: "1".into(), ..Alias::default() })
                .collect(),
            provisioned: Ok(Vec::new()),
        };
        pane.releases.ask(Ticket::default());
        pane.releases.receive(Ticket::default(), Ok(releases), jiff::Timestamp::UNIX_EPOCH);
        pane
    }

    #[test]
    fn the_selected_row_is_always_on_the_screen() {
        for (aliases, versions) in [(0, 0), (0, 1), (1, 1), (3, 60), (60, 3)] {
            for height in [0, 1, 2, 3, 5, 13, 200] {
                let mut pane = pane(aliases, versions);
                let moves = [Action::Bottom, Action::Top, Action::PageDown, Action::PageDown, Action::Up];
                for action in moves.into_iter().chain(std::iter::repeat_n(Action::Down, 70)) {
                    assert!(pane.handle(&action, height));
                    let lines = pane.lines();
                    let top = pane.top(&lines, height);
                    assert_eq!(top, pane.cursor.top);
                    let shown = lines.iter().skip(top).take(height.max(1));
                    let seen = shown.into_iter().any(|line| pane.is_selected(*line));
                    assert!(seen || pane.rows() == 0, "{aliases} {versions} {height} {action:?} {pane:?}");
                }
            }
        }
    }

    #[test]
    fn headings_show_with_the_first_row_below_them() {
        let mut pane = pane(2, 60);
        pane.handle(&Action::Bottom, 10);
        pane.handle(&Action::Top, 10);
        assert_eq!(pane.top(&pane.lines(), 10), 0);
        // No row is where a heading is, and $LATEST takes two lines.
        assert_eq!(
            [0, 1, 3, 4, 5, 6, 7].map(|nth| pane.row_at(nth, 10)),
            [None, Some(0), None, None, Some(2), Some(2), Some(3)]
        );
    }
}
