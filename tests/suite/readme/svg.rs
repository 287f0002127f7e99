//! A screen as an SVG picture: its cells as they would be on a dark terminal.

use std::fmt::Write as _;

use lambdeck::domain::text::width;
use ratatui::{
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};

/// Columns and rows of the picture are this wide and high.
const CELL: (f64, f64) = (8.4, 19.0);
/// Empty room around the screen.
const MARGIN: f64 = 18.0;
const BACKGROUND: &str = "#1b1e24";
const FOREGROUND: &str = "#d5d9e0";
/// The sixteen colours of the terminal.
const ANSI: [(Color, &str); 16] = [
    (Color::Black, "#3b4048"),
    (Color::Red, "#ef7a85"),
    (Color::Green, "#98c87a"),
    (Color::Yellow, "#e6c07b"),
    (Color::Blue, "#61afef"),
    (Color::Magenta, "#c792ea"),
    (Color::Cyan, "#5fc8d7"),
    (Color::Gray, "#abb2bf"),
    (Color::DarkGray, "#6b7280"),
    (Color::LightRed, "#ff8f9a"),
    (Color::LightGreen, "#b5e890"),
    (Color::LightYellow, "#ffd98f"),
    (Color::LightBlue, "#7cc4ff"),
    (Color::LightMagenta, "#ddb0ff"),
    (Color::LightCyan, "#7fe5f2"),
    (Color::White, "#ffffff"),
];

/// What cells of one run share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    foreground: &'static str,
    background: &'static str,
    bold: bool,
    dim: bool,
}

impl Look {
    fn of(cell: &Cell) -> Self {
        let (mut foreground, mut background) = (colour(cell.fg, FOREGROUND), colour(cell.bg, BACKGROUND));
        if cell.modifier.contains(Modifier::REVERSED) {
            std::mem::swap(&mut foreground, &mut background);
        }
        Self {
            foreground,
            background,
            bold: cell.modifier.contains(Modifier::BOLD),
            dim: cell.modifier.contains(Modifier::DIM),
        }
    }
}

/// # Panics
/// For a colour that is none of the sixteen: lambdeck uses no other.
fn colour(colour: Color, default: &'static str) -> &'static str {
    if colour == Color::Reset {
        return default;
    }
    let found = ANSI.iter().find(|(name, _)| *name == colour);
    found.unwrap_or_else(|| panic!("{colour:?} is none of the sixteen colours")).1
}

/// The picture of a screen. `title` is read to who does not see it.
pub fn svg(buffer: &Buffer, title: &str) -> String {
    let columns = usize::from(buffer.area.width);
    let inside = (f64::from(buffer.area.width) * CELL.0, f64::from(buffer.area.height) * CELL.1);
    let (wide, high) = (inside.0 + 2.0 * MARGIN, inside.1 + 2.0 * MARGIN);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide:.0}\" height=\"{high:.0}\" \
         viewBox=\"0 0 {wide:.1} {high:.1}\" role=\"img\">\n<title>{}</title>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"10\" fill=\"{BACKGROUND}\"/>\n\
         <g font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" \
         font-size=\"14\" xml:space=\"preserve\">\n",
        escaped(title)
    );
    for (row, cells) in buffer.content.chunks(columns).enumerate() {
        for run in runs(cells) {
            run.write(row, &mut text);
        }
    }
    text.push_str("</g>\n</svg>\n");
    text
}

struct Run {
    column: usize,
    columns: usize,
    text: String,
    look: Look,
}

/// Neighbours that look the same, without the blanks around them. Two blanks end a run, so that each column of a table
/// begins where it does in a terminal, whatever the font makes of the text before it.
fn runs(cells: &[Cell]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut column = 0;
    while let Some(cell) = cells.get(column) {
        let columns = width(cell.symbol()).max(1);
        let look = Look::of(cell);
        match runs.last_mut() {
            Some(run)
                if run.look == look
                    && run.column + run.columns == column
                    && (look.background != BACKGROUND
                        || !(run.text.ends_with(' ') && cell.symbol() == " ")) =>
            {
                run.text.push_str(cell.symbol());
                run.columns += columns;
            }
            _ => runs.push(Run { column, columns, text: cell.symbol().to_owned(), look }),
        }
        column += columns;
    }
    for run in &mut runs {
        if run.look.background == BACKGROUND {
            let blanks = run.text.len() - run.text.trim_start().len();
            let trimmed = run.text.trim().to_owned();
            run.columns -= run.text.len() - trimmed.len();
            run.column += blanks;
            run.text = trimmed;
        }
    }
    runs.retain(|run| !run.text.is_empty());
    runs
}

impl Run {
    #[allow(clippy::cast_precision_loss, reason = "a screen has no 2^52 columns")]
    fn write(&self, row: usize, out: &mut String) {
        let (x, y) = (MARGIN + self.column as f64 * CELL.0, MARGIN + row as f64 * CELL.1);
        let length = self.columns as f64 * CELL.0;
        let look = self.look;
        if look.background != BACKGROUND {
            let _ = writeln!(
                out,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{length:.1}\" height=\"{:.1}\" fill=\"{}\"/>",
                CELL.1, look.background
            );
        }
        if self.text.trim().is_empty() {
            return;
        }
        if self.text == "│" {
            // A font's own leaves a gap between the rows.
            let _ = writeln!(
                out,
                "<rect x=\"{:.1}\" y=\"{y:.1}\" width=\"1\" height=\"{:.1}\" fill=\"{}\" fill-opacity=\"0.6\"/>",
                x + CELL.0 / 2.0,
                CELL.1,
                look.foreground
            );
            return;
        }
        let bold = if look.bold { " font-weight=\"700\"" } else { "" };
        let dim = if look.dim { " fill-opacity=\"0.6\"" } else { "" };
        let _ = writeln!(
            out,
            "<text x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{length:.1}\" fill=\"{}\"{bold}{dim}>{}</text>",
            y + CELL.1 * 0.74,
            look.foreground,
            escaped(&self.text)
        );
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn columns_stay_and_styles_are_told() {
        let mut buffer = Buffer::with_lines(["ab  c<日", "       "]);
        buffer.set_style(ratatui::layout::Rect::new(0, 0, 2, 1), Style::new().cyan().bold());
        buffer.set_style(ratatui::layout::Rect::new(0, 1, 2, 1), Style::new().reversed());
        let picture = svg(&buffer, "a & b");
        assert!(picture.contains("<title>a &amp; b</title>"));
        assert!(
            picture.contains("textLength=\"16.8\" fill=\"#5fc8d7\" font-weight=\"700\">ab</text>"),
            "{picture}"
        );
        assert!(picture.contains("<text x=\"51.6\""), "{picture}");
        assert!(picture.contains("textLength=\"33.6\" fill=\"#d5d9e0\">c&lt;日</text>"), "{picture}");
        assert!(picture.contains("width=\"16.8\" height=\"19.0\" fill=\"#d5d9e0\"/>"), "{picture}");
        assert_eq!(picture.matches("<text").count(), 2);
    }
}
