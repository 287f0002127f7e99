//! The form's lines, put together from what was read and what is being edited.

use std::borrow::Cow;

use jiff::{Timestamp, tz::TimeZone};

use super::{ConfigurationPane, EventPart, Group, Key, LATEST, Line, Look, Row, runtime_note};
use crate::domain::{
    function::{Details, Function},
    limits,
    release::{EventInvoke, Provisioned},
    runtimes,
    settings::{Setting, Settings, lines as lines_of},
    text::sanitise,
};

pub(super) fn lines(pane: &ConfigurationPane, details: &Details, now: Timestamp) -> Vec<Line> {
    let settings = Settings::of(&details.configuration);
    let mut form = Form { pane, details, settings, now, lines: Vec::new(), group: Group::General };
    form.general();
    form.code();
    form.network();
    form.logs();
    form.concurrency();
    form.asynchronous();
    form.tags();
    form.lines
}

/// The form as it is put together.
struct Form<'a> {
    pane: &'a ConfigurationPane,
    details: &'a Details,
    settings: Settings,
    now: Timestamp,
    lines: Vec<Line>,
    group: Group,
}

impl Form<'_> {
    fn begin(&mut self, group: Group) {
        self.group = group;
        self.lines.push(Line::Group(group));
    }

    fn row(
        &mut self,
        key: Key,
        label: impl Into<String>,
        value: impl Into<String>,
        look: Look,
        rule: impl Into<Cow<'static, str>>,
    ) {
        let row = Row {
            group: self.group,
            key,
            label: label.into(),
            value: sanitise(&value.into()).into_owned(),
            look,
            rule: rule.into(),
        };
        self.lines.push(Line::Row(row));
    }

    fn fixed(&mut self, label: &'static str, value: Option<String>, why: &'static str) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.row(Key::Fixed(label), label, value, Look::Dim, why);
        }
    }

    fn unread(&mut self, label: &'static str, problem: &str) {
        let look = if self.pane.extras.value.is_none() { Look::Dim } else { Look::Bad };
        self.row(Key::Unread(self.group), label, problem, look, "r reads it again");
    }

    fn settings(&mut self, settings: &[Setting]) {
        for setting in settings {
            self.setting(*setting);
        }
    }

    fn setting(&mut self, setting: Setting) {
        let Some(now) = self.settings.get(setting).map(str::to_owned) else { return };
        let mine = self.pane.text(self.details, setting).unwrap_or_default();
        let shown =
            |text: &str| if text.is_empty() { unset(setting).to_owned() } else { self.shown(setting, text) };
        let (value, look) = if mine != now {
            let noted = if setting == Setting::Runtime { now.clone() } else { shown(&now) };
            (format!("{noted} → {}", shown(&mine)), Look::Changed)
        } else if now.is_empty() {
            (shown(&now), Look::Dim)
        } else if setting == Setting::Runtime && self.status(&now).is_deprecated() {
            (shown(&now), Look::Warning)
        } else {
            (shown(&now), Look::Plain)
        };
        self.row(Key::Setting(setting), setting.label(), value, look, setting.rule());
    }

    fn shown(&self, setting: Setting, text: &str) -> String {
        match (setting, setting.unit()) {
            (Setting::Runtime, _) => match runtime_note(self.status(text)) {
                Some(note) => format!("{text} ({note})"),
                None => text.to_owned(),
            },
            (_, Some(unit)) => format!("{text} {unit}"),
            _ => lines_of(text).collect::<Vec<_>>().join(", "),
        }
    }

    fn status(&self, runtime: &str) -> runtimes::Status {
        runtimes::status(runtime, self.now.to_zoned(TimeZone::UTC).date())
    }

    fn function(&self) -> &Function {
        &self.details.configuration
    }

    fn general(&mut self) {
        self.begin(Group::General);
        self.settings(&[Setting::Description, Setting::Memory, Setting::Timeout, Setting::EphemeralStorage]);
        let state = &self.function().state;
        let update = state.last_update_status.as_deref().filter(|update| *update != "Successful");
        let why = state.last_update_status_reason.as_deref().or(state.reason.as_deref());
        let parts = [Some(state.word()), update.map(|_| why).unwrap_or_default()];
        let text = parts.into_iter().flatten().collect::<Vec<_>>().join(": ");
        self.fixed("State", Some(text), "Lambda's own");
    }

    fn code(&mut self) {
        self.begin(Group::Code);
        let function = self.function();
        let package = function.package_type.clone();
        let architectures = function.architectures.join(", ");
        let snap_start = function.snap_start.as_ref().and_then(|snap| snap.optimization_status.clone());
        self.fixed("Package type", package, "fixed when the function was created");
        self.settings(&[Setting::Runtime, Setting::Handler, Setting::Layers]);
        let image = self.details.image_uri.clone();
        self.fixed("Image", image, BY_CODE);
        self.settings(&[Setting::ImageEntryPoint, Setting::ImageCommand, Setting::ImageWorkingDirectory]);
        self.fixed("Architecture", Some(architectures), BY_CODE);
        self.settings(&[Setting::SnapStart]);
        self.fixed("SnapStart status", snap_start, "Lambda's own; it is on for published versions only");
        let version = self.function().runtime_version_arn.clone();
        self.fixed("Runtime version", version, "Lambda updates it (runtime management)");
    }

    fn network(&mut self) {
        self.begin(Group::Network);
        self.settings(&[Setting::Role, Setting::KmsKey]);
        let vpc = self.function().vpc.as_ref().map(|vpc| vpc.vpc_id.clone());
        self.fixed("VPC", vpc, "follows from the subnets");
        self.settings(&[Setting::Subnets, Setting::SecurityGroups, Setting::Ipv6, Setting::FileSystems]);
        let tenancy = self.function().tenant_isolation_mode.clone();
        self.fixed("Tenant isolation", tenancy, "fixed when the function was created");
        let provider = self.function().capacity_provider_arn.clone();
        self.fixed("Capacity provider", provider, "not changed from here");
    }

    fn logs(&mut self) {
        self.begin(Group::Logs);
        self.settings(&[
            Setting::LogFormat,
            Setting::ApplicationLogLevel,
            Setting::SystemLogLevel,
            Setting::LogGroup,
            Setting::Tracing,
            Setting::DeadLetter,
        ]);
    }

    fn concurrency(&mut self) {
        self.begin(Group::Concurrency);
        let rule = "a number, or nothing for unreserved; K stops it, or restores what was there";
        let label = "Reserved";
        match self.details.reserved_concurrency {
            Some(0) => {
                let text = "0: every invocation is throttled";
                self.row(Key::Reserved, label, text, Look::Bad, rule);
            }
            Some(count) => self.row(Key::Reserved, label, count.to_string(), Look::Plain, rule),
            None => self.row(Key::Reserved, label, "none: it shares what is unreserved", Look::Dim, rule),
        }
        match self.pane.extra(|extras| &extras.account) {
            Ok(account) => {
                let text = format!("{} unreserved of {}", account.unreserved, account.limit);
                self.fixed(
                    "Account",
                    Some(text),
                    "of all functions together; Service Quotas raises the limit",
                );
            }
            Err(problem) => {
                let look = if self.pane.extras.value.is_none() { Look::Dim } else { Look::Bad };
                self.row(Key::Fixed("Account"), "Account", problem, look, "r reads it again");
            }
        }
        match self.pane.provisioned() {
            Err(problem) => self.unread("Provisioned", &problem),
            Ok([]) => {
                let text = "none: + adds it for a version or an alias";
                self.row(Key::NoProvisioned, "Provisioned", text, Look::Dim, PROVISIONED_RULE);
            }
            Ok(provisioned) => {
                for one in provisioned {
                    let (text, look) = provisioned_text(one);
                    let label = format!("Provisioned {}", one.qualifier);
                    let rule = format!("{}: {PROVISIONED_RULE}", one.qualifier);
                    self.row(Key::Provisioned(one.qualifier.clone()), label, text, look, rule);
                }
            }
        }
    }

    fn asynchronous(&mut self) {
        self.begin(Group::Asynchronous);
        let configured = match self.pane.event_invoke() {
            Ok(configured) => configured,
            Err(problem) => return self.unread("Settings", &problem),
        };
        let of = |qualifier: &str| configured.iter().find(|(of, _)| of == qualifier).map(|(_, it)| it);
        self.events(LATEST, of(LATEST).unwrap_or(&EventInvoke::default()));
        for (qualifier, settings) in configured.iter().filter(|(qualifier, _)| qualifier != LATEST) {
            self.events(qualifier, settings);
        }
    }

    fn events(&mut self, qualifier: &str, settings: &EventInvoke) {
        let prefix = if qualifier == LATEST { String::new() } else { format!("{qualifier}: ") };
        let mut row = |part: EventPart, value: String, set: bool| {
            let look = if set { Look::Plain } else { Look::Dim };
            let label = match (prefix.is_empty(), part.label()) {
                (true, label) => label.to_owned(),
                (false, label) => format!("{prefix}{}", label.to_lowercase()),
            };
            self.row(Key::Event(qualifier.to_owned(), part), label, value, look, part.rule());
        };
        let retries = settings.maximum_retry_attempts;
        let text = retries.map_or_else(|| "2 (default)".to_owned(), |retries| retries.to_string());
        row(EventPart::Retries, text, retries.is_some());
        let age = settings.maximum_event_age_s;
        let text = age.map_or_else(|| "21600 s (default)".to_owned(), |age| format!("{age} s"));
        row(EventPart::Age, text, age.is_some());
        for (part, arn) in
            [(EventPart::OnSuccess, &settings.on_success), (EventPart::OnFailure, &settings.on_failure)]
        {
            row(part, arn.clone().unwrap_or_else(|| "no destination".into()), arn.is_some());
        }
    }

    fn tags(&mut self) {
        self.begin(Group::Tags);
        if let Some(error) = &self.details.tags_error {
            let text = format!("could not be read: {error}");
            self.row(Key::Unread(Group::Tags), "Tags", text, Look::Bad, "r reads them again");
            return;
        }
        if self.details.tags.is_empty() {
            self.row(Key::NoTags, "Tags", "none: + adds one", Look::Dim, TAG_RULE);
        }
        for (key, value) in &self.details.tags {
            let (look, rule) = if limits::is_aws_tag(key) {
                (Look::Dim, "AWS's own: nobody else changes it")
            } else {
                (Look::Plain, TAG_RULE)
            };
            let shown = if value.is_empty() { "(empty)".to_owned() } else { value.clone() };
            self.row(Key::Tag(key.clone()), sanitise(key), shown, look, rule);
        }
    }
}

const BY_CODE: &str = "comes with the code: a deployment changes it (UpdateFunctionCode)";
const TAG_RULE: &str = "key up to 128 characters, value up to 256; 50 tags; + adds, ctrl-d removes";
const PROVISIONED_RULE: &str = "1 or more; it comes out of what is reserved; + adds, ctrl-d removes";

fn provisioned_text(one: &Provisioned) -> (String, Look) {
    let look = match one.status.as_str() {
        "READY" => Look::Plain,
        "FAILED" => Look::Bad,
        _ => Look::Warning,
    };
    let reason = one.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    (format!("{} requested, {} available, {}{reason}", one.requested, one.available, one.status), look)
}

/// What stands where a setting is empty.
fn unset(setting: Setting) -> &'static str {
    match setting {
        Setting::KmsKey => "the one that AWS manages",
        Setting::Subnets | Setting::SecurityGroups => "none: no VPC",
        Setting::ApplicationLogLevel | Setting::SystemLogLevel => "none: with the JSON format only",
        Setting::ImageEntryPoint | Setting::ImageCommand | Setting::ImageWorkingDirectory => {
            "the image's own"
        }
        _ => "none",
    }
}
