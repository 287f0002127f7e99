//! What holds for every screen: sizes, colours, secrets.

use lambdeck::{
    app::{Msg, layout::Size},
    cloud::Spec,
    ui::{self, Theme},
};
use ratatui::{Terminal, backend::TestBackend, buffer::Buffer, crossterm::event::KeyCode, style::Color};

use super::{
    answer as answers, bulk, compare, events,
    fixtures::*,
    history, invocations,
    logs::{logs, some_events},
};

/// The style of the first cell of a text on the screen.
pub(super) fn style_of(buffer: &Buffer, wanted: &str) -> ratatui::style::Style {
    let columns = usize::from(buffer.area.width);
    for (y, row) in buffer.content.chunks(columns).enumerate() {
        for x in 0..columns {
            let ahead: String =
                row[x..].iter().take(wanted.chars().count()).map(ratatui::buffer::Cell::symbol).collect();
            if ahead == wanted {
                return buffer.content[y * columns + x].style();
            }
        }
    }
    panic!("{wanted:?} is not on the screen:\n{}", text(buffer));
}

#[test]
fn states_and_errors_have_colours_beside_their_words() {
    let mut screen = Screen::listed();
    let buffer = screen.buffer(120, 30, &Theme::DEFAULT);
    let foreground = |wanted: &str| style_of(&buffer, wanted).fg;
    assert_eq!(foreground("● Active"), Some(Color::Green));
    assert_eq!(foreground("◐ Updating"), Some(Color::Yellow));
    assert_eq!(foreground("✗ Failed"), Some(Color::Red));
    assert_eq!(foreground("○ Inactive"), Some(Color::Reset));
    assert_eq!(foreground("python3.8 !"), Some(Color::Yellow));
    assert_eq!(foreground("checkout-api"), Some(Color::Cyan));
    assert_eq!(foreground("checkout-worker"), Some(Color::Reset));

    let (mut screen, ticket) = Screen::connected();
    screen.send(Msg::FunctionsFailed(ticket, expired()));
    let buffer = screen.buffer(120, 30, &Theme::DEFAULT);
    assert_eq!(style_of(&buffer, "✗ could not list").fg, Some(Color::Red));
    assert_eq!(style_of(&buffer, "✗ error:").fg, Some(Color::Red));
}

/// All that there is to draw.
fn all_screens() -> Vec<Screen> {
    let mut screens = vec![Screen::new(prod()), Screen::connected().0, Screen::listed()];
    let mut add = |mut screen: Screen, keys: &str| {
        screen.keys(keys);
        screens.push(screen);
    };
    add(Screen::listed(), "/check");
    add(Screen::listed(), "/ zzz");
    add(Screen::listed(), "?");
    add(Screen::listed(), ":p");
    for tab in '1'..='9' {
        add(Screen::opened(), &tab.to_string());
    }
    add(Screen::opened(), "Ex");
    add(Screen::long_value(), "Ejjx");
    add(Screen::opened(), "ie\u{202e}世");
    add(Screen::opened(), "d");
    for keys in ["", "w", "/x", "!", "kk"] {
        let (mut screen, ticket) = logs();
        screen.send(Msg::Tail(ticket, some_events()));
        add(screen, keys);
    }
    for command in ["profile", "region", "messages"] {
        let mut screen = Screen::listed();
        screen.keys(&format!(":{command}"));
        screen.key(KeyCode::Enter);
        screens.push(screen);
    }
    for result in [Ok(Box::new(lambdeck::domain::invocation::Reply::read(answer()))), Err(expired())] {
        let mut screen = Screen::opened();
        let ticket = invoked(&mut screen);
        screen.send(Msg::Invoked(ticket, result));
        screens.push(screen);
    }
    let mut running = Screen::opened();
    invoked(&mut running);
    running.key(KeyCode::Char('q'));
    screens.push(running);
    let mut start = Screen::new(Spec::default());
    start.send(Msg::NoCredentials(1));
    screens.push(start);
    screens.extend(super::configuration::screens());
    screens.extend(answers::all());
    screens.extend(bulk::all());
    screens.extend(compare::all());
    screens.extend(events::all());
    screens.extend(history::all());
    screens.extend(super::log_sources::screens());
    screens.extend(invocations::all());
    screens.extend(super::logs::all());
    screens.extend(super::repeat::all());
    screens.extend(super::versions::all());
    screens
}

#[test]
fn every_screen_draws_at_every_size() {
    let rows = [1, 2, 5, 6, 7, 8, 9, 10, 11, 13, 16, 24, 60];
    let sizes = rows
        .into_iter()
        .flat_map(|rows| [1, 2, 23, 24, 25, 31, 33, 57, 80, 99, 131].map(|columns| (columns, rows)))
        .chain([(500, 200), (500, 1), (1, 200), (130, 6), (24, 200)]);
    let mut screens = all_screens();
    for (columns, rows) in sizes {
        for screen in &mut screens {
            let buffer = screen.buffer(columns, rows, &Theme::DEFAULT);
            assert_eq!((buffer.area.width, buffer.area.height), (columns, rows));
        }
    }
}

#[test]
fn a_frame_of_another_size_than_the_state_knows_does_no_harm() {
    // The terminal may have been resized between the last message and the frame.
    for screen in &mut all_screens() {
        for known in [(1, 1), (200, 60)] {
            screen.send(Msg::Resize(Size { columns: known.0, rows: known.1 }));
            for (columns, rows) in [(1, 1), (24, 6), (80, 24), (200, 60)] {
                let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
                terminal.draw(|frame| ui::draw(&screen.app, &Theme::MONO, frame)).unwrap();
            }
        }
    }
}

#[test]
fn too_small_says_so() {
    let mut screen = Screen::listed();
    assert!(screen.text(23, 6).contains("too small"));
    assert!(screen.text(40, 5).contains("40x5"));
    assert!(!screen.text(24, 6).contains("too small"));
}

#[test]
fn ascii_and_mono_themes_keep_their_promise() {
    for screen in &mut all_screens() {
        let buffer = screen.buffer(100, 30, &Theme::MONO.with_ascii(true));
        for cell in &buffer.content {
            assert!(cell.symbol().is_ascii(), "{}", cell.symbol());
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{}", cell.symbol());
        }
    }
}

#[test]
fn colours_are_the_terminals_own() {
    for screen in &mut all_screens() {
        for cell in &screen.buffer(100, 30, &Theme::DEFAULT).content {
            for colour in [cell.fg, cell.bg] {
                assert!(!matches!(colour, Color::Rgb(..) | Color::Indexed(_)), "{colour:?}");
            }
        }
    }
}

#[test]
fn no_screen_shows_a_value_unasked() {
    for screen in &mut all_screens() {
        let revealed = screen.app.function.as_ref().is_some_and(|view| view.environment.revealed.is_some());
        let shown = screen.text(200, 60);
        assert!(revealed || !shown.contains(CANARY), "{shown}");
    }
}
