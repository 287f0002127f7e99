//! One function: its tabs and what each of them shows.

pub mod configuration;
pub mod environment;
pub mod overview;
pub mod test;
pub mod versions;

use jiff::Timestamp;

use self::{
    configuration::ConfigurationPane, environment::EnvironmentPane, test::TestPane, versions::VersionsPane,
};
use super::{Context, Lead, Remote, draft::Draft, list::Cursor, logs::LogsPane};
use crate::domain::function::{Details, State};

/// The tabs in their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Every field of the configuration.
    #[default]
    Overview,
    /// Environment variables.
    Environment,
    /// Settings that can be changed.
    Configuration,
    /// Versions and aliases.
    Versions,
    /// Send an event, read the answer.
    Test,
    /// The log, followed.
    Logs,
    /// Metrics.
    Monitor,
    /// What invokes it.
    Triggers,
    /// Who may.
    Access,
}

impl Tab {
    /// All tabs, as they are numbered from 1.
    pub const ALL: [Self; 9] = [
        Self::Overview,
        Self::Environment,
        Self::Configuration,
        Self::Versions,
        Self::Test,
        Self::Logs,
        Self::Monitor,
        Self::Triggers,
        Self::Access,
    ];

    /// Its name.
    pub fn label(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Environment => "Environment",
            Self::Configuration => "Configuration",
            Self::Versions => "Versions",
            Self::Test => "Test",
            Self::Logs => "Logs",
            Self::Monitor => "Monitor",
            Self::Triggers => "Triggers",
            Self::Access => "Access",
        }
    }

    /// Its number, from 1.
    pub fn number(self) -> usize {
        Self::ALL.iter().position(|tab| *tab == self).unwrap_or_default() + 1
    }

    /// What a tab that is not built yet will hold, and where to find it meanwhile.
    pub fn planned(self) -> Option<&'static str> {
        match self {
            Self::Monitor => Some(
                "Invocations, errors, throttles and durations of the last hours will be drawn here. Until then the \
                 Logs tab shows each invocation's REPORT line.",
            ),
            Self::Triggers => {
                Some("Event source mappings, function URL and other triggers will be listed here.")
            }
            Self::Access => Some("The execution role and the resource policy will be explained here."),
            Self::Overview
            | Self::Environment
            | Self::Configuration
            | Self::Versions
            | Self::Test
            | Self::Logs => None,
        }
    }

    pub(super) fn step(self, by: usize) -> Self {
        Self::ALL[(self.number() - 1 + by) % Self::ALL.len()]
    }

    pub(super) fn nth(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }
}

/// A function that is open.
#[derive(Debug)]
pub struct View {
    /// Function name.
    pub name: String,
    /// Its ARN, as the list told it.
    pub arn: Option<String>,
    /// The tab in front.
    pub tab: Tab,
    /// All that GetFunction tells.
    pub details: Remote<Details>,
    /// Scroll position of the Overview.
    pub overview: Cursor,
    /// The Environment tab.
    pub environment: EnvironmentPane,
    /// The Configuration tab.
    pub configuration: ConfigurationPane,
    /// The Versions tab.
    pub versions: VersionsPane,
    /// The Test tab.
    pub test: TestPane,
    /// The Logs tab.
    pub logs: LogsPane,
}

impl View {
    /// A view of a function of which nothing more is known yet. Its test starts from `event`.
    pub fn new(name: String, arn: Option<String>, event: Option<&str>) -> Self {
        Self {
            test: TestPane::new(event.unwrap_or(test::FIRST_EVENT)),
            name,
            arn,
            tab: Tab::default(),
            details: Remote::default(),
            overview: Cursor::default(),
            environment: EnvironmentPane::default(),
            configuration: ConfigurationPane::default(),
            versions: VersionsPane::default(),
            logs: LogsPane::default(),
        }
    }

    pub(super) fn contexts(&self, lead: Option<Lead>) -> Vec<Context> {
        match self.tab {
            Tab::Test if self.test.editing => vec![Context::Editor],
            Tab::Logs => self.logs.contexts(lead, &[Context::Function, Context::Global]),
            Tab::Environment if self.environment.editing.is_some() => vec![Context::Field],
            Tab::Environment if self.environment.filter.is_some() => vec![Context::VariableFilter],
            Tab::Configuration if self.configuration.editing.is_some() => vec![Context::Field],
            tab => {
                let inner = match tab {
                    Tab::Environment => Context::Environment,
                    Tab::Configuration => Context::Configuration,
                    Tab::Versions => Context::Versions,
                    Tab::Test => Context::Test,
                    _ => Context::Details,
                };
                vec![inner, Context::Function, Context::Global]
            }
        }
    }

    pub(super) fn wake_at(&self, now: Timestamp) -> Option<Timestamp> {
        let masked = self.environment.revealed.as_ref().map(|(_, until)| *until);
        let clock = (self.tab == Tab::Logs).then(|| self.logs.clock_at(now)).flatten();
        masked.into_iter().chain(self.logs.wake_at(now)).chain(clock).chain(self.test.wake_at()).min()
    }

    /// Whether there are edits that were not saved.
    pub fn is_unsaved(&self) -> bool {
        self.environment.draft.as_ref().is_some_and(Draft::is_changed)
            || self.configuration.draft.as_ref().is_some_and(Draft::is_changed)
    }

    /// Whether a change of the function is under way, so that it is worth reading it again.
    pub(super) fn is_settling(&self) -> bool {
        self.details.value.as_ref().is_some_and(|details| State::is_settling(&details.configuration.state))
    }
}
