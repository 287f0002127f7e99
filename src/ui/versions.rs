//! The Versions tab: versions and aliases in one picture.

use ratatui::{buffer::Buffer, style::Style};

use super::{
    Theme, functions,
    paint::{Align, Row, note},
};
use crate::{
    app::{
        App,
        function::{
            View,
            versions::{self, Line, Selected, VersionsPane},
        },
        layout::Area,
        review::Phase,
    },
    domain::{
        format,
        function::Function,
        release::{Alias, LATEST, Provisioned, Releases, percent, short_hash},
        text::width,
    },
};

pub(super) fn draw(app: &App, view: &View, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let pane = &view.versions;
    let Some(releases) = &pane.releases.value else {
        match &pane.releases.error {
            Some(error) if pane.releases.pending.is_none() => {
                functions::problem(error, theme, buffer, area);
            }
            _ => {
                let text = format!("Reading the versions and aliases of {}…", view.name);
                let wish = waiting(pane).unwrap_or_default();
                note(buffer, area, 1, &[(&text, theme.dim), (wish, theme.warning)]);
            }
        }
        return;
    };
    let areas = versions::layout(area);
    status(app, view, releases, theme, Row::new(buffer, areas.status, 0));
    let lines = pane.lines();
    let height = usize::from(areas.list.rows);
    let top = pane.top(&lines, height);
    let columns = Columns::new(releases, usize::from(areas.list.columns));
    for (nth, line) in lines.iter().skip(top).take(height).enumerate() {
        let mut row = Row::new(buffer, areas.list, nth);
        let selected = pane.is_selected(*line);
        match line {
            Line::Gap => {}
            Line::NoAlias => {
                row.skip(3).put("No aliases: + makes one of a version.", theme.dim);
            }
            Line::AliasHeading => columns.alias_heading(theme, row),
            Line::Alias(at) => columns.alias(releases, &releases.aliases[*at], selected, theme, row),
            Line::VersionHeading => columns.version_heading(theme, row),
            Line::Version(at) => {
                columns.version(app, releases, &releases.versions[*at], selected, theme, row);
            }
            Line::Drift => drift(releases, theme, row),
        }
    }
    if let Some(area) = areas.detail {
        detail(app, pane, releases, theme, buffer, area);
    }
}

fn waiting(pane: &VersionsPane) -> Option<&'static str> {
    pane.waiting.then_some("! rollback: waits for the versions and the journal; another key drops it")
}

/// How many there are, and whether this is what is there now.
fn status(app: &App, view: &View, releases: &Releases, theme: &Theme, mut row: Row) {
    let pane = &view.versions;
    if let Some(text) = waiting(pane) {
        row.skip(1).put(text, theme.warning);
        return;
    }
    let count =
        |number: usize, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
    let published = releases.published().count();
    let text = format!(
        "{}, {}",
        count(releases.aliases.len(), "alias", "aliases"),
        count(published, "version", "versions")
    );
    row.skip(1).put(&text, theme.title).skip(2);
    if let Some(writing) = app.writing(&view.name) {
        let doing = match writing.phase {
            Phase::Sending => "◐ a change is being sent…",
            Phase::Settling => "◐ a change is settling…",
            Phase::Checking => "◐ looking whether a change was done…",
            Phase::Rereading => "◐ reading again…",
        };
        row.put(doing, theme.warning);
    } else if pane.releases.pending.is_some() {
        row.put("reading…", theme.warning);
    } else if pane.releases.error.is_some() {
        let at = pane.releases.loaded_at.map(|at| format::clock(at, &app.zone())).unwrap_or_default();
        row.put(&format!("✗ not refreshed, this is of {at}"), theme.error);
    }
}

/// Whether publishing does anything.
fn drift(releases: &Releases, theme: &Theme, mut row: Row) {
    row.skip(5);
    match releases.drift() {
        None => _ = row.put("not published yet: p makes the first version", theme.dim),
        Some(drift) if drift.is_none() => {
            let text = format!("= the code and configuration of {}: nothing to publish", drift.version);
            row.put(&text, theme.dim);
        }
        Some(drift) => {
            let text = format!("~ differs from {}: {}", drift.version, drift.words());
            row.put(&text, theme.warning);
        }
    }
}

/// What an alias serves of a version: `live 10 %`.
fn users(releases: &Releases, version: &str) -> String {
    let of = |alias: &Alias| {
        let share = alias.share(version)?;
        Some(match alias.additional {
            Some(_) => format!("{} {} %", alias.name, percent(share)),
            None => alias.name.clone(),
        })
    };
    releases.aliases.iter().filter_map(of).collect::<Vec<_>>().join(", ")
}

/// Provisioned concurrency in few words: `5 ready`, `2 of 5`.
fn provisioned(one: &Provisioned) -> String {
    match one.status.as_str() {
        "READY" => format!("{} ready", one.requested),
        "IN_PROGRESS" => format!("{} of {}", one.available, one.requested),
        other => format!("{} {}", one.requested, other.to_lowercase()),
    }
}

/// What a cell says of a qualifier's provisioned concurrency.
fn provisioned_cell(releases: &Releases, qualifier: &str) -> String {
    match &releases.provisioned {
        Err(_) => "?".into(),
        Ok(_) => releases.provisioned_for(qualifier).map(provisioned).unwrap_or_default(),
    }
}

/// A bar of so many cells that shows two shares; neither of them vanishes.
pub(super) fn bar(share: f64, cells: usize) -> (String, String) {
    // From 0 to `cells`, whatever came.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "it is clamped"
    )]
    let mut full = (share * cells as f64).round().clamp(0.0, cells as f64) as usize;
    if share > 0.0 && share < 1.0 && cells > 1 {
        full = full.clamp(1, cells - 1);
    }
    ("█".repeat(full), "░".repeat(cells - full))
}

/// The widths of the columns. What does not fit beside a readable description is left out; the detail has it.
struct Columns {
    name: usize,
    target: usize,
    bar: usize,
    provisioned: usize,
    version: usize,
    users: usize,
    changed: usize,
    code: usize,
    size: usize,
    runtime: usize,
    version_provisioned: usize,
    whole_code: bool,
}

/// Columns in front of each row: a margin and the mark of the selected one.
const MARK: usize = 3;

/// The columns that a description keeps before another column is left out.
const DESCRIPTION: usize = 16;

impl Columns {
    /// The widths hold for all rows, so that nothing moves sideways while one scrolls; and they are known without
    /// looking at each row, for there may be thousands.
    fn new(releases: &Releases, columns: usize) -> Self {
        let widest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or_default();
        let aliases = &releases.aliases;
        let bar = match columns {
            _ if aliases.iter().all(|alias| alias.additional.is_none()) => 0,
            120.. => 20,
            60.. => 10,
            _ => 0,
        };
        let name = widest(&mut aliases.iter().map(|alias| width(&alias.name)));
        let target = widest(&mut aliases.iter().map(|alias| target_width(alias, bar)));
        let cells = widest(&mut aliases.iter().map(|alias| width(&provisioned_cell(releases, &alias.name))));
        let served = aliases.iter().flat_map(|alias| {
            let additional = alias.additional.as_ref().map(|one| one.version.as_str());
            std::iter::once(alias.version.as_str()).chain(additional)
        });
        let numbers = releases.versions.iter().map(|version| version.version.as_deref().map_or(0, width));
        let version = widest(&mut numbers.clone()).clamp(7, 12);
        let newest = releases.newest().and_then(|newest| newest.version.as_deref()).map_or(0, width);
        let whole_code = columns >= 120;
        let of_versions = releases.provisioned.iter().flatten();
        let of_versions = of_versions.filter(|one| releases.alias(&one.qualifier).is_none());
        let mut this = Self {
            name: name.clamp(5, (columns / 4).max(5)),
            target: target.clamp(9, (columns / 2).max(9)),
            bar,
            provisioned: if cells > 0 { cells.max(11) } else { 0 },
            version,
            users: widest(&mut served.map(|version| width(&users(releases, version)))),
            changed: 8,
            // `same as 12`, and the hash before it where there is room.
            code: 8 + newest + if whole_code { 9 } else { 0 },
            size: 6,
            runtime: widest(
                &mut releases.versions.iter().map(|version| version.runtime.as_deref().map_or(5, width)),
            ),
            version_provisioned: match widest(&mut of_versions.map(|one| width(&provisioned(one)))) {
                0 => 0,
                cells => cells.max(11),
            },
            whole_code,
        };
        this.users = if this.users == 0 { 0 } else { this.users.clamp(7, (columns / 4).max(7)) };
        this.runtime = if this.runtime == 0 { 0 } else { this.runtime.clamp(7, 16) };
        let taken = |this: &Self| {
            let cells = [
                this.version,
                this.users,
                this.changed,
                this.code,
                this.size,
                this.runtime,
                this.version_provisioned,
            ];
            MARK + cells.into_iter().filter(|cell| *cell > 0).map(|cell| cell + 2).sum::<usize>()
        };
        let drop: [fn(&mut Self); 5] = [
            |this| this.runtime = 0,
            |this| this.size = 0,
            |this| this.version_provisioned = 0,
            |this| this.code = 0,
            |this| this.changed = 0,
        ];
        for drop in drop {
            if taken(&this) + DESCRIPTION <= columns {
                break;
            }
            drop(&mut this);
        }
        this
    }

    fn alias_heading(&self, theme: &Theme, mut row: Row) {
        row.skip(MARK).cell("ALIAS", self.name, Align::Left, theme.dim);
        row.cell("POINTS TO", self.target, Align::Left, theme.dim);
        if self.provisioned > 0 {
            row.cell("PROVISIONED", self.provisioned, Align::Left, theme.dim);
        }
        row.put("DESCRIPTION", theme.dim);
    }

    fn alias(&self, releases: &Releases, alias: &Alias, selected: bool, theme: &Theme, mut row: Row) {
        let style = mark(selected, theme, &mut row);
        row.cell(&alias.name, self.name, Align::Left, style);
        let before = row.room();
        target(alias, self.bar, self.target, theme, &mut row);
        let used = before - row.room();
        row.skip((self.target + 2).saturating_sub(used));
        if self.provisioned > 0 {
            let text = provisioned_cell(releases, &alias.name);
            row.cell(&text, self.provisioned, Align::Left, theme.text);
        }
        row.put(&alias.description, theme.dim);
    }

    fn version_heading(&self, theme: &Theme, mut row: Row) {
        row.skip(MARK).cell("VERSION", self.version, Align::Left, theme.dim);
        for (columns, text) in
            [(self.users, "ALIASES"), (self.changed, "CHANGED"), (self.code, "CODE"), (self.size, "SIZE")]
        {
            if columns > 0 {
                let align = if text == "SIZE" { Align::Right } else { Align::Left };
                row.cell(text, columns, align, theme.dim);
            }
        }
        for (columns, text) in [(self.runtime, "RUNTIME"), (self.version_provisioned, "PROVISIONED")] {
            if columns > 0 {
                row.cell(text, columns, Align::Left, theme.dim);
            }
        }
        row.put("DESCRIPTION", theme.dim);
    }

    fn version(
        &self,
        app: &App,
        releases: &Releases,
        version: &Function,
        selected: bool,
        theme: &Theme,
        mut row: Row,
    ) {
        let number = version.version.as_deref().unwrap_or_default();
        let style = mark(selected, theme, &mut row);
        row.cell(number, self.version, Align::Left, style);
        if self.users > 0 {
            row.cell(&users(releases, number), self.users, Align::Left, theme.accent);
        }
        if self.changed > 0 {
            row.cell(&age(app, version), self.changed, Align::Left, theme.text);
        }
        if self.code > 0 {
            let same = releases.same_code(version).is_some();
            let style = if same { theme.dim } else { theme.text };
            row.cell(&code(releases, version, self.whole_code), self.code, Align::Left, style);
        }
        if self.size > 0 {
            row.cell(&size(version), self.size, Align::Right, theme.text);
        }
        if self.runtime > 0 {
            let runtime = version.runtime.as_deref().unwrap_or("image");
            row.cell(runtime, self.runtime, Align::Left, theme.text);
        }
        if self.version_provisioned > 0 {
            let text = provisioned_cell(releases, number);
            row.cell(&text, self.version_provisioned, Align::Left, theme.text);
        }
        row.put(version.description.as_deref().unwrap_or_default(), theme.dim);
    }
}

fn mark(selected: bool, theme: &Theme, row: &mut Row) -> Style {
    row.skip(1).put(if selected { "> " } else { "  " }, theme.accent);
    if selected { theme.selected } else { theme.text }
}

/// The columns of `7 90 % ████░ 10 % 8`.
fn target_width(alias: &Alias, bar: usize) -> usize {
    match alias.additional {
        Some(_) if bar > 0 => width(&alias.target()) + bar,
        _ => width(&alias.target()),
    }
}

/// Where an alias points: a number, or two with their shares as a bar between them.
fn target(alias: &Alias, bar: usize, columns: usize, theme: &Theme, row: &mut Row) {
    let Some(additional) = alias.additional.as_ref().filter(|_| target_width(alias, bar) <= columns) else {
        row.cell(&alias.target(), columns, Align::Left, theme.text).back(2);
        return;
    };
    if bar == 0 {
        row.put(&alias.target(), theme.text);
        return;
    }
    let (main, second) = self::bar(1.0 - additional.weight, bar);
    row.put(&alias.version, theme.text).put(&format!(" {} % ", percent(1.0 - additional.weight)), theme.dim);
    row.put(&main, theme.accent).put(&second, theme.warning);
    row.put(&format!(" {} % ", percent(additional.weight)), theme.dim).put(&additional.version, theme.text);
}

fn age(app: &App, version: &Function) -> String {
    let then = version.last_modified.as_deref().and_then(format::parse_last_modified);
    then.map(|then| format::age(app.now, then)).unwrap_or_default()
}

fn size(version: &Function) -> String {
    // An image's size is not told.
    if version.code_size == 0 { "-".into() } else { format::bytes(version.code_size) }
}

/// The hash, or the older version that has the same code.
fn code(releases: &Releases, version: &Function, whole: bool) -> String {
    let hash = version.code_sha256.as_deref().map(short_hash).unwrap_or_default();
    match releases.same_code(version) {
        Some(same) if whole => format!("{hash} same as {same}"),
        Some(same) => format!("same as {same}"),
        None => hash.to_owned(),
    }
}

/// Everything about the selected row.
fn detail(
    app: &App,
    pane: &VersionsPane,
    releases: &Releases,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Area,
) {
    let Some(selected) = pane.selected() else {
        Row::new(buffer, area, 0).rule("─", theme.dim);
        return;
    };
    let (title, name, texts) = match selected {
        Selected::Alias(alias) => {
            (format!("Alias {}", alias.name), alias.name.as_str(), alias_texts(app, releases, alias))
        }
        Selected::Version(version) => {
            let number = version.version.as_deref().unwrap_or_default();
            let title = if number == LATEST { LATEST.to_owned() } else { format!("Version {number}") };
            (title, number, version_texts(app, releases, version))
        }
    };
    Row::new(buffer, area, 0).put("── ", theme.dim).put(&title, theme.title).skip(1).rule("─", theme.dim);
    let (provisioned, style) = match &releases.provisioned {
        Err(problem) => (format!("Provisioned concurrency is not known: {problem}"), theme.warning),
        Ok(_) => match releases.provisioned_for(name) {
            None => (String::new(), theme.text),
            Some(one) => {
                let reason = one.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
                let text = format!(
                    "Provisioned concurrency: {} of {} can serve, {}{reason}",
                    one.available,
                    one.requested,
                    one.status.to_lowercase().replace('_', " ")
                );
                (text, if one.status == "FAILED" { theme.error } else { theme.text })
            }
        },
    };
    let paragraphs: Vec<(&str, Style)> = texts
        .iter()
        .map(|text| (text.as_str(), theme.text))
        .chain([(provisioned.as_str(), style)])
        .filter(|(text, _)| !text.is_empty())
        .collect();
    note(buffer, area, 1, &paragraphs);
}

fn alias_texts(app: &App, releases: &Releases, alias: &Alias) -> Vec<String> {
    let targets = [Some(&alias.version), alias.additional.as_ref().map(|one| &one.version)];
    let mut texts: Vec<String> = targets
        .into_iter()
        .flatten()
        .map(|number| {
            let share = alias.share(number).filter(|_| alias.additional.is_some());
            let share = share.map(|share| format!("{} % to ", percent(share))).unwrap_or_default();
            match releases.version(number) {
                Some(version) => format!("{share}{number}: {}", facts(app, releases, version)),
                None => format!("{share}{number}, which is not listed"),
            }
        })
        .collect();
    texts.push(alias.description.clone());
    texts
}

fn version_texts(app: &App, releases: &Releases, version: &Function) -> Vec<String> {
    let number = version.version.as_deref().unwrap_or_default();
    let users = users(releases, number);
    let mut texts = vec![facts(app, releases, version)];
    if !users.is_empty() {
        texts.push(format!("Used by {users}"));
    }
    texts.push(version.description.clone().unwrap_or_default());
    texts
}

/// `2h ago, python3.13, arm64, 1.2MB, code 47DEQpj8 (same as 6)`.
fn facts(app: &App, releases: &Releases, version: &Function) -> String {
    let mut parts = vec![age(app, version)];
    parts.push(version.runtime.clone().unwrap_or_else(|| "container image".into()));
    parts.push(version.architectures.join(", "));
    if version.code_size > 0 {
        parts.push(format::bytes(version.code_size));
    }
    if let Some(hash) = version.code_sha256.as_deref() {
        let same = releases.same_code(version).map(|same| format!(" (same as {same})")).unwrap_or_default();
        parts.push(format!("code {}{same}", short_hash(hash)));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_shows_even_the_smallest_share() {
        let cells = |share: f64| {
            let (main, second) = bar(share, 10);
            (main.chars().count(), second.chars().count())
        };
        assert_eq!(cells(0.9), (9, 1));
        assert_eq!(cells(0.999), (9, 1));
        assert_eq!(cells(0.001), (1, 9));
        assert_eq!(cells(0.0), (0, 10));
        assert_eq!(cells(1.0), (10, 0));
        assert_eq!(cells(f64::NAN), (0, 10));
        assert_eq!(bar(0.5, 0), (String::new(), String::new()));
    }
}
