//! The table of invocations that a log tells of.

use jiff::Timestamp;

use crate::{
    app::{
        Action, App, Effect, Ticket,
        logs::invocations::{self, InvocationsPane},
        messages::Severity,
        overlay::{Item, Overlay, Picker, PickerKind},
    },
    domain::{log_export::plain, shell::quoted, text::sanitise},
    tail::{Folded, invocations::Invocation},
};

/// What can be copied of an invocation.
const REQUEST_ID: &str = "request id";
const TRACE_ID: &str = "X-Ray trace id";
const REPORT: &str = "REPORT line";
const AWS: &str = "aws command";

impl App {
    /// The rows of the table that are on the screen.
    fn table_height(&self) -> usize {
        usize::from(invocations::divide(self.size).rows.rows)
    }

    /// The next second of an invocation that runs on the screen.
    pub(in crate::app) fn invocations_clock(&self) -> Option<Timestamp> {
        self.log()?.invocations_clock(self.now, self.table_height())
    }

    /// Handles a key where the table is on the screen or leads there; none where it means nothing to it.
    pub(super) fn act_on_log_invocations(&mut self, action: &Action) -> Option<Vec<Effect>> {
        let (now, lines, height) = (self.now, self.log_height(), self.table_height());
        let pane = self.log_mut()?;
        if pane.filters.takes_text() {
            return None;
        }
        let Some(table) = pane.table_mut() else {
            match action {
                Action::Back | Action::Invocations if pane.is_opened() => pane.leave_opened(lines),
                Action::Invocations => pane.open_invocations(lines),
                _ => return None,
            }
            return Some(Vec::new());
        };
        if table.handle(action, height) {
            return Some(Vec::new());
        }
        match action {
            Action::Open => pane.open_selected(now, lines),
            Action::Back | Action::Invocations => pane.close_invocations(),
            Action::CopyLine => {
                let id = table.selected().map(|invocation| plain(invocation.id).into_owned());
                return Some(self.copy_text("the request id", id));
            }
            Action::CopyAs => {
                self.pick_copy_of_selected();
            }
            Action::Click(column, row) | Action::DoubleClick(column, row) => {
                let rows = invocations::divide(self.size).rows;
                let is_row = rows.contains(*column, *row);
                let pane = self.log_mut()?;
                if is_row
                    && pane.table_mut()?.click(usize::from(row - rows.row), height)
                    && matches!(action, Action::DoubleClick(..))
                {
                    pane.open_selected(now, lines);
                }
            }
            _ => return None,
        }
        Some(Vec::new())
    }

    /// Brings the tables up to date, and has the rows read that are to be read for them.
    pub(super) fn fold_logs(&mut self) -> Vec<Effect> {
        let (now, height, epoch) = (self.now, self.table_height(), self.session.epoch);
        let tickets = &mut self.tickets;
        let panes = self.logs.iter_mut().chain(self.function.as_mut().map(|view| &mut view.logs));
        let effects = panes.filter_map(|pane| {
            let scan = pane.settle_invocations(now, height)?;
            *tickets += 1;
            let ticket = Ticket { epoch, number: *tickets };
            pane.fold_asked(ticket);
            Some(Effect::FoldLogs(ticket, Box::new(scan)))
        });
        effects.collect()
    }

    /// Rows were read for a table.
    pub(super) fn logs_folded(&mut self, ticket: Ticket, folded: Folded) {
        if let Some(pane) = self.all_logs().find(|pane| pane.awaits_fold(ticket)) {
            pane.folded(folded);
        }
    }

    fn selected_invocation(&self) -> Option<Invocation<'_>> {
        self.log()?.table().and_then(InvocationsPane::selected)
    }

    /// Asks what is to be copied of the selected invocation.
    fn pick_copy_of_selected(&mut self) {
        let Some(invocation) = self.selected_invocation() else { return };
        let id = invocation.id.to_owned();
        let mut items = vec![(REQUEST_ID, sanitise(&id).into_owned())];
        items.extend(invocation.trace_id.map(|trace| (TRACE_ID, sanitise(trace).into_owned())));
        items.extend(invocation.report.map(|_| (REPORT, "as it was written".to_owned())));
        items.push((AWS, "reads its lines again".to_owned()));
        let items = items.into_iter().map(|(name, note)| Item { name: name.into(), note }).collect();
        self.lay_over(Overlay::Picker(Picker::new(PickerKind::LogInvocation(id), items)));
    }

    /// Copies something of the invocation of a request.
    pub(super) fn log_invocation_picked(&mut self, id: &str, chosen: &str) -> Vec<Effect> {
        let place = self.place();
        let copied = self.log().and_then(|pane| {
            let table = pane.table()?;
            let invocation = table.fold.get(table.fold.find(id)?)?;
            match chosen {
                REQUEST_ID => Some(invocation.id.to_owned()),
                TRACE_ID => invocation.trace_id.map(str::to_owned),
                REPORT => {
                    let at = pane.store.position(&invocation.report?).ok()?;
                    Some(pane.store.get(at)?.message.trim_end().to_owned())
                }
                AWS => {
                    let place = place.as_ref()?;
                    let options = [
                        ("--region", Some(place.region.as_str())),
                        ("--profile", place.profile.as_deref()),
                        ("--endpoint-url", place.endpoint.as_deref()),
                    ];
                    Some(command(&invocation, &options))
                }
                _ => None,
            }
        });
        if copied.is_none() {
            self.say(Severity::Info, format!("{chosen}: it is not there any more"));
        }
        self.copy_text(&format!("the {chosen}"), copied.map(|text| plain(&text).into_owned()))
    }
}

/// The `aws` command (version 2) that reads the lines of an invocation's environment from its first line to its end.
fn command(invocation: &Invocation, options: &[(&str, Option<&str>)]) -> String {
    let from = invocation.first.timestamp_ms().min(invocation.at_ms());
    let to = invocation.ended_ms.map(|end| end.saturating_add(1).to_string());
    let mut command = format!(
        "aws logs filter-log-events --log-group-name {} --log-stream-names {} --start-time {from}",
        quoted(invocation.group),
        quoted(invocation.stream)
    );
    for (name, value) in [("--end-time", to.as_deref())].iter().chain(options) {
        if let Some(value) = value {
            command.extend([" ", name, " ", &quoted(value)]);
        }
    }
    command
}
