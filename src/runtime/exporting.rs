//! Writing rows of a log to a file.

use std::io::{self, Write};

use tokio::sync::mpsc;

use super::executor::send;
use crate::{
    app::{
        Msg, Ticket,
        logs::export::{Form, LogExport},
    },
    disk::{SaveError, export},
    domain::text::sanitise,
};

/// Writes rows on a thread that may block, and tells where they are; or why they are not.
pub(super) async fn export(
    ticket: Ticket,
    rows: LogExport,
    path: String,
    overwrite: bool,
    messages: mpsc::Sender<Msg>,
) {
    let written = tokio::task::spawn_blocking(move || write(&rows, &path, overwrite)).await;
    // What that thread stumbled over may be a part of a message.
    let written = written.unwrap_or_else(|_| Err(SaveError::Failed("the events can't be written".into())));
    send(&messages, Msg::LogsExported(ticket, written)).await;
}

fn write(rows: &LogExport, path: &str, overwrite: bool) -> Result<String, SaveError> {
    let (path, events) = export::write(path, overwrite, |out| write_rows(rows, out))?;
    let count = if events == 1 { "1 event".to_owned() } else { format!("{events} events") };
    let form = match rows.form {
        Form::Text => "text",
        Form::Ndjson => "NDJSON",
    };
    Ok(format!("{count} written to {} as {form}", sanitise(&path.to_string_lossy())))
}

fn write_rows(rows: &LogExport, out: &mut dyn Write) -> io::Result<usize> {
    let (mut line, mut events) = (String::new(), 0);
    for row in rows.rows.rows() {
        line.clear();
        rows.write(&row, &mut line);
        out.write_all(line.as_bytes())?;
        events += 1;
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::Value;

    use super::*;
    use crate::{
        domain::log_event::LogEvent,
        tail::{Arrival, Filter, Store, View},
    };

    fn rows(form: Form, messages: &[&str]) -> LogExport {
        let mut store = Store::default();
        for (nth, message) in (0_i64..).zip(messages) {
            let event = LogEvent {
                group: "/aws/lambda/checkout".into(),
                stream: "s".into(),
                id: nth.to_string(),
                timestamp: 1_795_183_402_000 + nth,
                ingestion_time: 1_795_183_402_500,
                message: (*message).into(),
            };
            let _ = store.insert(&Arrival::new(event, None));
        }
        let mut view = View::new(&store, Filter::query("done").unwrap());
        view.scan(&store, usize::MAX);
        let labels = vec![("/aws/lambda/checkout".to_owned(), "checkout".to_owned())];
        LogExport { form, rows: view.snapshot(&store), labels }
    }

    #[tokio::test]
    async fn rows_become_a_file_and_the_message_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let (messages, mut told) = mpsc::channel(4);
        let some = ["first done\n", "left out", "second\x1b[2J\nis done"];
        for (form, name, count) in [(Form::Text, "a.log", 3), (Form::Ndjson, "a.ndjson", 2)] {
            let path = folder.path().join(name).to_str().unwrap().to_owned();
            export(Ticket::default(), rows(form, &some), path.clone(), false, messages.clone()).await;
            let Some(Msg::LogsExported(_, Ok(said))) = told.recv().await else { panic!("{name}") };
            assert!(said.starts_with(&format!("2 events written to {path} as ")), "{said}");
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.lines().count() == count && !text.contains('\x1b'), "{text}");
            if form == Form::Ndjson {
                let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
                assert_eq!(last["message"], some[2]);
                assert_eq!(last["timestamp"], 1_795_183_402_002_i64);
            } else {
                assert!(text.starts_with("2026-11-20T14:03:22.000Z\tcheckout\tfirst done\n"), "{text}");
            }
            // Once more: it is there.
            export(Ticket::default(), rows(form, &some[..1]), path.clone(), false, messages.clone()).await;
            assert!(matches!(told.recv().await, Some(Msg::LogsExported(_, Err(SaveError::Exists(_))))));
            export(Ticket::default(), rows(form, &some[..1]), path, true, messages.clone()).await;
            let Some(Msg::LogsExported(_, Ok(said))) = told.recv().await else { panic!("{name}") };
            assert!(said.starts_with("1 event written to "), "{said}");
        }
    }
}
