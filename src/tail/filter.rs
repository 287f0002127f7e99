//! Which rows are shown.

use std::{
    ops::Range,
    sync::{Arc, LazyLock},
};

use regex::bytes::Regex;

use crate::domain::log_query::{Line, Query, QueryError};

/// What a layer of a filter does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only what matches is shown.
    Include,
    /// What matches is not shown.
    Exclude,
    /// What matches is marked, and nothing hidden.
    Highlight,
}

/// One of the queries that a filter is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// What it does.
    pub kind: Kind,
    /// What it looks for.
    pub query: Arc<Query>,
}

/// Says whether a row is shown: where it matches each of the layers that include and none of those that exclude.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    layers: Vec<Layer>,
    errors_only: bool,
    /// Log groups whose rows are not shown.
    muted: Vec<String>,
}

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is shown.
    Shown,
    /// It is not what is looked for.
    Hidden,
    /// It is what is not to be seen.
    Excluded,
}

impl Fate {
    /// That of a row which continues another one: the other's, unless that is merely not what is looked for.
    pub(super) fn after(self, head: Option<Self>) -> Self {
        match head {
            None | Some(Self::Hidden) => self,
            Some(fate) => fate,
        }
    }
}

impl Filter {
    /// Everything.
    pub fn all() -> Self {
        Self::default()
    }

    /// What these layers leave. Empty queries do nothing.
    pub fn new(layers: impl IntoIterator<Item = Layer>) -> Self {
        let layers = layers.into_iter().filter(|layer| !layer.query.is_empty()).collect();
        Self { layers, ..Self::default() }
    }

    /// What matches a query, as it is typed.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn query(text: &str) -> Result<Self, QueryError> {
        Ok(Self::new([Layer { kind: Kind::Include, query: Arc::new(Query::parse(text)?) }]))
    }

    /// The same, for messages that tell of an error only ([`is_error`]).
    #[must_use]
    pub fn errors_only(mut self, errors_only: bool) -> Self {
        self.errors_only = errors_only;
        self
    }

    /// The same, without the rows of these log groups.
    #[must_use]
    pub fn without_groups(mut self, muted: Vec<String>) -> Self {
        self.muted = muted;
        self
    }

    /// The same, to be asked about one request's own lines: that they must name it is left out.
    #[must_use]
    pub fn within_request(mut self, id: &str) -> Self {
        for layer in &mut self.layers {
            if layer.kind == Kind::Include && layer.query.request_id() == Some(id) {
                layer.query = Arc::new(layer.query.within_request(id));
            }
        }
        self.layers.retain(|layer| !layer.query.is_empty());
        self
    }

    /// Whether everything is shown.
    pub fn is_all(&self) -> bool {
        !self.errors_only && self.muted.is_empty() && self.hiding().next().is_none()
    }

    fn hiding(&self) -> impl Iterator<Item = &Layer> {
        self.layers.iter().filter(|layer| layer.kind != Kind::Highlight)
    }

    /// Whether the message and the marks are all it takes to tell ([`Filter::fate_of_message`]).
    pub(super) fn is_of_message(&self) -> bool {
        self.muted.is_empty() && self.hiding().all(|layer| layer.query.is_of_message())
    }

    /// Whether a row is shown, by itself.
    pub fn matches(&self, line: &Line<'_>) -> bool {
        self.fate(line) == Fate::Shown
    }

    /// What becomes of a row, by itself.
    pub(super) fn fate(&self, line: &Line<'_>) -> Fate {
        if self.muted.iter().any(|group| group == line.group) {
            return Fate::Excluded;
        }
        self.judge(line.error, |query| query.matches(line))
    }

    /// What becomes of a row, by itself, where [`Filter::is_of_message`].
    pub(super) fn fate_of_message(&self, message: &[u8], error: bool) -> Fate {
        self.judge(error, |query| query.matches_message(message))
    }

    fn judge(&self, error: bool, matches: impl Fn(&Query) -> bool) -> Fate {
        let of_kind = |kind: Kind| {
            self.layers.iter().filter(move |layer| layer.kind == kind).map(|layer| &*layer.query)
        };
        if of_kind(Kind::Exclude).any(&matches) {
            Fate::Excluded
        } else if self.errors_only && !error || !of_kind(Kind::Include).all(matches) {
            Fate::Hidden
        } else {
            Fate::Shown
        }
    }

    /// Whether there is something to be marked.
    pub fn has_highlights(&self) -> bool {
        self.layers.iter().any(|layer| layer.kind == Kind::Highlight)
    }

    /// Whether a row has something that is marked without hiding others.
    pub fn is_marked(&self, line: &Line<'_>) -> bool {
        self.layers.iter().any(|layer| layer.kind == Kind::Highlight && layer.query.matches(line))
    }

    /// The parts of a message that the layers match, as byte ranges in order, each with its layer's kind.
    pub fn highlights(&self, message: &str) -> Vec<(Range<usize>, Kind)> {
        let shown = self.layers.iter().filter(|layer| layer.kind != Kind::Exclude);
        let mut found: Vec<_> = shown
            .flat_map(|layer| layer.query.highlights(message).into_iter().map(|range| (range, layer.kind)))
            .collect();
        found.sort_by_key(|(range, _)| (range.start, range.end));
        found
    }

    /// The one request that is asked for.
    pub fn request_id(&self) -> Option<&str> {
        self.layers
            .iter()
            .filter(|layer| layer.kind == Kind::Include)
            .find_map(|layer| layer.query.request_id())
    }
}

/// Whether a message tells of an error: a level of ERROR or worse (in text or JSON), a Python traceback, an
/// invocation that timed out, failed or crashed.
pub fn is_error(message: &str) -> bool {
    tells_of_error(message.as_bytes())
}

fn tells_of_error(message: &[u8]) -> bool {
    // `None` never happens: the expressions are constants, and tests compile them.
    static HINT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(HINTS).ok());
    static ERROR: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&ERRORS.join("|")).ok());
    let matches = |regex: &Option<Regex>| regex.as_ref().is_some_and(|regex| regex.is_match(message));
    matches(&HINT) && matches(&ERROR)
}

/// Literals, one of which is in all that [`ERRORS`] matches. A search for literals takes a small part of the time, and
/// most lines hold none.
const HINTS: &str = "ERROR|FATAL|CRITICAL|SEVERE|PANIC|EMERGENCY|ALERT|[Ee]rror|[Ff]atal|[Cc]ritical|[Ss]evere\
    |[Pp]anic|[Ee]mergency|[Aa]lert|Traceback|timed out|Runtime|timeout|failure|Uncaught|Unhandled";

const ERRORS: [&str; 9] = [
    // A level as a word of its own: `[ERROR]`, `\tERROR\t`, `ERROR:`; not `ERROR_COUNT=0`.
    r"(?:^|[\s\[(|>])(?:ERROR|FATAL|CRITICAL|SEVERE|PANIC|EMERGENCY|ALERT)(?:$|[\s\])|:<])",
    r#""(?:level|severity|log_level|levelname|lvl)"\s*:\s*"(?:ERROR|FATAL|CRITICAL|SEVERE|PANIC|EMERGENCY|ALERT)""#,
    r#""(?:level|severity|log_level|levelname|lvl)"\s*:\s*"(?:[Ee]rror|[Ff]atal|[Cc]ritical|[Ss]evere|[Pp]anic|[Ee]mergency|[Aa]lert)""#,
    r"Traceback \(most recent call last\)|Task timed out after \d",
    r"Runtime exited|Runtime\.(?:ExitError|OutOfMemory|ImportModuleError|HandlerNotFound|UserCodeSyntaxError)",
    r"\tStatus: (?:error|timeout)",
    r#""status"\s*:\s*"(?:error|timeout|failure)""#,
    r#""errorType"\s*:\s*""#,
    r"(?:Uncaught|Unhandled) (?:Exception|exception|Promise|error)",
];
