//! The start screen: what was looked for, and what can be done.

use ratatui::buffer::Buffer;

use super::{
    Theme,
    paint::{Row, note},
};
use crate::app::{
    App, StartChoice,
    layout::{self, Size},
};

const LOOKED_FOR: &str = "Looked for: access keys in the environment (AWS_ACCESS_KEY_ID), a profile (AWS_PROFILE, or \
                          [default] in ~/.aws/config and ~/.aws/credentials), a web identity, a container's or an \
                          instance's role.";

pub(super) fn draw(app: &App, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let areas = layout::frame(size);
    Row::new(buffer, areas.title, 0).skip(1).put("Not connected", theme.title);
    let body = areas.body;
    let mut nth = usize::from(body.rows > 8);
    let session = &app.session;
    if let Some(error) = &session.error {
        nth = note(buffer, body, nth, &[("✗ No connection", theme.error), (&error.message, theme.text)]);
        if let Some(hint) = &error.hint {
            nth = note(buffer, body, nth, &[(hint, theme.accent)]);
        }
    } else {
        nth = note(
            buffer,
            body,
            nth,
            &[("○ No AWS credentials were found", theme.title), (LOOKED_FOR, theme.dim)],
        );
        if session.connecting.is_some() {
            let waiting =
                "The instance metadata service is still being asked; if it answers, this goes on by itself.";
            nth = note(buffer, body, nth, &[(waiting, theme.dim)]);
        }
    }
    if usize::from(body.rows) > nth + 2 * StartChoice::ALL.len() {
        nth += 1;
    }
    for (index, choice) in StartChoice::ALL.into_iter().enumerate() {
        let (label, text) = describe(choice);
        let selected = index == app.start_choice;
        let mut row = Row::new(buffer, body, nth + index);
        row.skip(1).put(if selected { "> " } else { "  " }, theme.accent);
        let style = if selected { theme.selected } else { theme.text };
        row.put(label, style).skip(26usize.saturating_sub(label.len()));
        row.put_whole(text, theme.dim);
    }
    let below = nth + StartChoice::ALL.len() + 1;
    note(buffer, body, below, &[("r tries again, : takes a command, q quits.", theme.dim)]);
}

fn describe(choice: StartChoice) -> (&'static str, &'static str) {
    match choice {
        StartChoice::Local => ("Start the local engine", "real functions on this machine, no account needed"),
        StartChoice::Profile => ("Choose a profile", "of ~/.aws/config"),
        StartChoice::Endpoint => ("Connect to an endpoint", "LocalStack, moto, or another engine's URL"),
    }
}
