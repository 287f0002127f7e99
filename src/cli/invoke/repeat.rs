//! `--repeat`: the same request many times, and what came of them.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    time::{Duration, Instant},
};

use serde::Serialize;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Ended;
use crate::{
    cli::{
        args::{Agreement, Invoke, Output as Form},
        change::{account_of, confirm},
        failure::{DENIED, FUNCTION_ERROR, Failure, OUTCOME_UNKNOWN},
        signals::{self, Signal},
        terminal::{self, Output, Progress, Table},
    },
    cloud::{
        self, Session,
        repeat::{Step, Why},
    },
    domain::{
        cost, format,
        invocation::{Ending, Request},
        name::FunctionRef,
        place::Place,
        repeat::{Plan, Samples, Tally},
        text::sanitise,
    },
};

/// Between two lines that say how far it is.
const PACE: Duration = Duration::from_millis(200);

/// Steps that wait to be counted.
const QUEUE: usize = 256;

/// What ctrl-c is as an exit code.
const INTERRUPTED: u8 = 130;

/// Sends the request as often as asked for, once somebody agreed where that is needed.
///
/// # Errors
/// It was not agreed to: nothing was sent. Then what the worst of them came to, see [`ending`].
pub(super) async fn run(
    times: u32,
    arguments: &Invoke,
    session: Session,
    request: Request,
    mut ended: Ended,
) -> Result<u8, Failure> {
    let plan = Plan::new(times, arguments.concurrency).map_err(Failure::usage)?;
    if session.spec().read_only {
        return Err(Failure::new(DENIED, "this session is read-only: nothing was sent")
            .with_hint("start without --read-only, and without read_only in the configuration file"));
    }
    let around = tokio::select! {
        biased;
        around = Around::look(&session, &arguments.function) => around,
        Signal(code) = &mut ended => return Ok(code),
    };
    tokio::select! {
        biased;
        agreed = agree(plan, arguments, &session, &request, &around) => agreed?,
        Signal(code) = &mut ended => {
            // The question's line is not at its end.
            terminal::note("");
            return Err(Failure::new(code, "stopped before an answer: nothing was sent"));
        }
    }
    let started = Instant::now();
    // An emulator has no price.
    let priced = session.endpoint().is_none();
    let run = Run::of(session, request.clone(), plan, ended).await;
    let cost = around.architecture.as_deref().filter(|_| priced).and_then(|of| run.tally.cost(of));
    match arguments.output {
        Form::Json => {
            let mut output = Output::stdout();
            output.json(&Whole::new(&run, &request, cost, started.elapsed()))?;
            output.flush()?;
        }
        Form::Text => table(&run, &request, cost, started.elapsed())?,
    }
    ending(&run, &request)
}

/// What is around the function, as far as it has to be known.
struct Around {
    place: Place,
    architecture: Option<String>,
}

impl Around {
    /// Reads no more than is needed: the account where what is protected may hang on it, the architecture where the
    /// cost does. What can't be read is left open: it is the invocation that has to be allowed.
    async fn look(session: &Session, function: &FunctionRef) -> Self {
        let protected = &session.spec().protected;
        let by_account = !protected.accounts.is_empty() || !protected.profiles.is_empty();
        let identity =
            async { if by_account { Box::pin(session.identity()).await.ok()?.account } else { None } };
        let details = async {
            let wanted = by_account || session.endpoint().is_none();
            let name = function.function_name();
            let read = Box::pin(session.get_function(&name, function.qualifier.as_deref()));
            if wanted { read.await.ok() } else { None }
        };
        let (account, details) = tokio::join!(identity, details);
        let configuration = details.map(|details| details.configuration);
        let of_arn = configuration.as_ref().and_then(|configuration| account_of(&configuration.arn));
        let mut place = session.place();
        place.account = place.account.or(account).or(of_arn);
        // Managed instances are billed otherwise.
        let priced = configuration.filter(|configuration| configuration.capacity_provider_arn.is_none());
        let architecture = priced.and_then(|configuration| configuration.architectures.into_iter().next());
        Self { place, architecture }
    }

    /// Whether it takes a typed name; also where the function's own account, as its ARN has it, is another one.
    fn is_protected(&self, session: &Session, function: &FunctionRef) -> bool {
        let account = function.account.clone().or_else(|| self.place.account.clone());
        let of_function = Place { account, ..self.place.clone() };
        let protected = &session.spec().protected;
        [&self.place, &of_function].iter().any(|place| protected.covers(place, &function.name))
    }
}

async fn agree(
    plan: Plan,
    arguments: &Invoke,
    session: &Session,
    request: &Request,
    around: &Around,
) -> Result<(), Failure> {
    let protected = around.is_protected(session, &arguments.function);
    if !protected && !plan.needs_consent() && arguments.confirm.is_none() {
        return Ok(());
    }
    let word = if protected { "  PROD" } else { "" };
    let text = format!(
        "{}  {}{word}: {} invocations, {} at once",
        request.target(),
        around.place,
        plan.times,
        plan.at_once
    );
    terminal::note(&sanitise(&text));
    let agreement = Agreement { yes: arguments.yes, confirm: arguments.confirm.clone() };
    confirm::consent("this series", &arguments.function.name, protected, &agreement).await?;
    Ok(())
}

/// A series under way, then ended.
struct Run {
    tally: Tally,
    why: Option<Why>,
    /// The first one that AWS did not answer.
    first: Option<cloud::Error>,
    /// The signal that stopped it, as an exit code.
    signal: Option<u8>,
}

impl Run {
    /// Sends them. The first ctrl-c lets those on their way come to their end; any other signal leaves them.
    async fn of(session: Session, request: Request, plan: Plan, mut ended: Ended) -> Self {
        let stop = CancellationToken::new();
        let (sender, mut steps) = mpsc::channel(QUEUE);
        let repeating = {
            let stop = stop.clone();
            tokio::spawn(async move { session.repeat(&request, plan, &stop, sender).await })
        };
        let mut run = Self { tally: Tally::new(plan), why: None, first: None, signal: None };
        let mut progress = Progress::new();
        let mut pace = tokio::time::interval(PACE);
        loop {
            tokio::select! {
                biased;
                Signal(code) = &mut ended => {
                    // Before anything is said: the next one may come at once.
                    ended = Box::pin(signals::ended());
                    progress.clear();
                    stop.cancel();
                    // What has been told already counts.
                    while let Ok(news) = steps.try_recv() {
                        run.take(&news);
                    }
                    if run.signal.replace(code).is_some() || code != INTERRUPTED {
                        return run;
                    }
                    let count = run.tally.on_their_way();
                    terminal::note(&format!(
                        "stopping: {count} on their way are waited for; ctrl-c again leaves them"
                    ));
                }
                _ = pace.tick(), if progress.is_seen() => progress.show(&run.progress()),
                news = steps.recv() => match news {
                    Some(news) => run.take(&news),
                    None => break,
                },
            }
        }
        progress.clear();
        run.why = repeating.await.ok();
        run
    }

    fn take(&mut self, step: &Step) {
        step.count(&mut self.tally);
        if let Step::Ended(_, Some(error)) = step
            && self.first.is_none()
        {
            self.first = Some(error.clone());
        }
    }

    fn progress(&self) -> String {
        let tally = &self.tally;
        let mut line = format!("{} of {}", tally.ended, tally.plan.times);
        let bad = tally.ended - tally.good();
        if bad > 0 {
            let _ = write!(line, ", {bad} not OK");
        }
        if let Some(median) = tally.round_trips.percentile(50) {
            let _ = write!(line, ", p50 {}", format::duration_ms(median));
        }
        line
    }

    fn function_errors(&self) -> u32 {
        self.tally.function_errors().map(|(_, count)| count).sum()
    }

    /// Those that may have run without anybody knowing how they ended.
    fn unknown(&self) -> u32 {
        self.tally.count_of(&Ending::Unknown) + self.tally.on_their_way()
    }
}

/// Words for an ending, with what tells it from others of its kind.
fn word(ending: &Ending) -> String {
    match ending {
        Ending::FunctionError(code) => format!("{} ({})", ending.word(), sanitise(code)),
        _ => ending.word().to_owned(),
    }
}

/// What came of them, on stderr.
fn table(run: &Run, request: &Request, cost: Option<f64>, elapsed: Duration) -> Result<(), Failure> {
    let tally = &run.tally;
    let mut output = Output::stderr();
    let took = format::duration_ms(elapsed.as_secs_f64() * 1000.0);
    let text = format!("{}: {} of {} ended in {took}", request.target(), tally.ended, tally.plan.times);
    output.line(&sanitise(&text))?;
    let mut endings = Table::new(&["ENDED", ">COUNT"]);
    for (ending, count) in tally.endings() {
        if *ending == Ending::Throttled {
            for (reason, count) in tally.throttles() {
                endings.row(vec![format!("{} ({})", ending.word(), sanitise(reason)), count.to_string()]);
            }
        } else {
            endings.row(vec![word(ending), count.to_string()]);
        }
    }
    if tally.on_their_way() > 0 {
        endings.row(vec!["NOT WAITED FOR".into(), tally.on_their_way().to_string()]);
    }
    endings.write(&mut output)?;
    let mut times = Table::new(&["TIME", ">P50", ">P95", ">MAX"]);
    for (name, samples) in [("duration", &tally.durations), ("round trip", &tally.round_trips)] {
        if samples.count() > 0 {
            let figures = [samples.percentile(50), samples.percentile(95), samples.max()];
            let figures = figures.into_iter().flatten().map(format::duration_ms);
            times.row(std::iter::once(name.to_owned()).chain(figures).collect());
        }
    }
    if tally.round_trips.count() > 0 {
        times.write(&mut output)?;
    }
    if tally.measured > 0 {
        let about = cost.map(|cost| format!(", about {}", cost::usd(cost))).unwrap_or_default();
        output.line(&format!("cold starts {}, billed {} ms{about}", tally.cold_starts, tally.billed_ms))?;
    }
    output.flush()
}

/// The exit code of all of them: of a signal, else 7 where one failed, else 8 where one is unknown, else that of the
/// first that did not go through.
fn ending(run: &Run, request: &Request) -> Result<u8, Failure> {
    let (tally, target) = (&run.tally, request.target());
    if let Some(code) = run.signal {
        let left = match tally.on_their_way() {
            0 => String::new(),
            count => format!("; {count} of them were not waited for, outcome unknown"),
        };
        let text = format!("stopped: {} of {} were sent{left}", tally.begun, tally.plan.times);
        return Err(Failure::new(code, text));
    }
    let ended = tally.ended;
    let mut failure = if run.function_errors() > 0 {
        let text = format!("{target} failed {} of {ended} times", run.function_errors());
        Failure::new(FUNCTION_ERROR, text)
    } else if run.unknown() > 0 {
        let text = format!("{target}: {} of {ended} may have run, outcome unknown", run.unknown());
        Failure::new(OUTCOME_UNKNOWN, text).with_hint("look at its logs before sending it again")
    } else if let Some(first) = &run.first {
        let text = format!("{target}: {} of {ended} did not go through", ended - tally.good());
        Failure { message: text, ..Failure::from(first.clone()) }
    } else {
        return Ok(0);
    };
    // Why it ended early stands before what all of them came to.
    match (&run.why, &run.first) {
        (Some(Why::Pointless(error)), _) => {
            failure.message =
                format!("stopped, for it is no use to go on: {}", Failure::from(error.clone()).message);
            failure.hint.clone_from(&error.hint);
        }
        (_, Some(first)) => {
            let first = Failure::from(first.clone());
            failure.message = format!("{}; the first: {}", failure.message, first.message);
        }
        _ => {}
    }
    Err(failure)
}

/// `--output json`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Whole<'a> {
    function_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    qualifier: Option<&'a str>,
    times: u32,
    concurrency: u32,
    /// Requests that were begun, and those that ended.
    begun: u32,
    ended: u32,
    /// By ending: `Ok`, `FunctionError`, `Throttled`, ...
    endings: BTreeMap<&'static str, u32>,
    function_errors: BTreeMap<&'a str, u32>,
    throttle_reasons: BTreeMap<&'a str, u32>,
    cold_starts: u32,
    duration_ms: Quantiles,
    round_trip_ms: Quantiles,
    billed_duration_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_cost_usd: Option<f64>,
    /// Why not all were sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<String>,
    elapsed_ms: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Quantiles {
    p50: Option<f64>,
    p95: Option<f64>,
    max: Option<f64>,
}

impl Quantiles {
    fn of(samples: &Samples) -> Self {
        Self { p50: samples.percentile(50), p95: samples.percentile(95), max: samples.max() }
    }
}

impl<'a> Whole<'a> {
    fn new(run: &'a Run, request: &'a Request, cost: Option<f64>, elapsed: Duration) -> Self {
        let tally = &run.tally;
        let mut endings = BTreeMap::new();
        for (ending, count) in tally.endings() {
            *endings.entry(name(ending)).or_default() += count;
        }
        let stopped = match (&run.why, run.signal) {
            (Some(Why::Pointless(error)), _) => Some(error.message.clone()),
            (_, Some(_)) => Some("a signal".to_owned()),
            _ => None,
        };
        Self {
            function_name: &request.function,
            qualifier: request.qualifier.as_deref(),
            times: tally.plan.times,
            concurrency: tally.plan.at_once,
            begun: tally.begun,
            ended: tally.ended,
            endings,
            function_errors: tally.function_errors().collect(),
            throttle_reasons: tally.throttles().collect(),
            cold_starts: tally.cold_starts,
            duration_ms: Quantiles::of(&tally.durations),
            round_trip_ms: Quantiles::of(&tally.round_trips),
            billed_duration_ms: tally.billed_ms,
            estimated_cost_usd: cost,
            stopped,
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// The name of an ending in JSON.
fn name(ending: &Ending) -> &'static str {
    match ending {
        Ending::Ok => "Ok",
        Ending::Queued => "Queued",
        Ending::Allowed => "Allowed",
        Ending::FunctionError(_) => "FunctionError",
        Ending::Throttled => "Throttled",
        Ending::Denied => "Denied",
        Ending::NotFound => "NotFound",
        Ending::Refused => "Refused",
        Ending::NotSent => "NotSent",
        Ending::Unknown => "Unknown",
    }
}
