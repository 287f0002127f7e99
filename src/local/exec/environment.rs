//! One execution environment: a task that owns a process and gives it one event after the other.

use std::{
    io,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{StatusCode, header::HeaderValue};
use serde::Serialize;
use tempfile::TempDir;
use tokio::{
    sync::{mpsc, oneshot},
    time::MissedTickBehavior,
};

use super::{
    Event, FunctionSpec, Outcome,
    end::{End, timed_out},
    executor::{Lease, Shared},
    layers::Opt,
    memory,
    platform::{Log, Report, Status, now_ms},
    process::{self, Output, Process},
    runtime_api::{self, Answer, Body, Call, Reply, RuntimeApi},
    runtimes::{self, Unrunnable},
    stream::{Last, Reader, Response},
    variables::{self, Place},
};
use crate::local::metrics::Running as Measured;

/// What the init phase may take; then it is done again as part of the event, within the function's time-out.
/// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>
const INIT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long after a process's end its last response may still be on its way.
const LAST_CALL: Duration = Duration::from_millis(20);

/// An event on its way to an environment.
pub(super) struct Job {
    pub(super) event: Event,
    /// As invoked: its ARN may name an alias.
    pub(super) spec: Arc<FunctionSpec>,
    /// Who reads the response while it is streamed.
    pub(super) reader: Option<Reader>,
    pub(super) reply: oneshot::Sender<Outcome>,
    pub(super) running: Measured,
    pub(super) lease: Lease,
}

/// An environment. Its process starts with the first event.
pub(super) struct Environment {
    id: u64,
    shared: Arc<Shared>,
    spec: Arc<FunctionSpec>,
    /// Whether it is initialised before its first event, and stays.
    provisioned: bool,
    log: Log,
    /// Stays when the process is replaced, as `/tmp` does on AWS.
    tmp: Option<TempDir>,
    /// The layers, likewise.
    opt: Option<Opt>,
    running: Option<Running>,
    /// The id of the last event.
    last: String,
}

struct Running {
    process: Process,
    output: Output,
    api: RuntimeApi,
    /// The runtime's request for its next event.
    ready: Option<Reply>,
    /// The most memory that was seen in use, in kB.
    peak: u64,
    /// When that was last looked at.
    looked: Option<Instant>,
}

impl Environment {
    pub(super) fn new(
        id: u64,
        shared: Arc<Shared>,
        spec: Arc<FunctionSpec>,
        provisioned: bool,
        tenant_id: Option<String>,
    ) -> Self {
        let store = Arc::clone(&shared.options.logs);
        let log = Log::new(store, &spec, initialization_type(provisioned), tenant_id);
        Self { id, shared, spec, provisioned, log, tmp: None, opt: None, running: None, last: String::new() }
    }

    /// Initialises, and works until it is no longer wanted or the engine stops. `provision` is what it belongs to.
    pub(super) async fn run_provisioned(mut self, provision: u64) {
        let shared = Arc::clone(&self.shared);
        let initialised = async {
            // It fails only when the semaphore is closed, which nobody does.
            let _turn = shared.inits.acquire().await.ok()?;
            self.start("init", INIT_TIMEOUT).await.ok()
        };
        let initialised = tokio::select! {
            biased;
            () = shared.stop.cancelled() => None,
            initialised = initialised => initialised,
        };
        match shared.admit(&self.spec, self.id, provision, initialised.is_some()) {
            Some(jobs) => self.run(jobs).await,
            None => self.stop().await,
        }
    }

    /// Works until it is retired, has been idle for long, or the engine stops.
    pub(super) async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let stop = self.shared.stop.clone();
        loop {
            if self.provisioned && self.running.is_none() {
                // The last event cost it its process. Where this fails, the next event tries again.
                tokio::select! {
                    biased;
                    () = stop.cancelled() => break,
                    _ = self.start("init", INIT_TIMEOUT) => {}
                }
            }
            let job = tokio::select! {
                biased;
                () = stop.cancelled() => None,
                job = jobs.recv() => job,
                () = tokio::time::sleep(self.shared.idle_after), if !self.provisioned => {
                    // If it is no longer in the pool, an event is on its way.
                    if self.shared.forget(&self.spec.name, self.id) { None } else { jobs.recv().await }
                }
                () = self.rest() => None,
            };
            let Some(Job { event, spec, reader, reply, running, lease }) = job else { break };
            let mut response = Response::new(reader);
            let outcome = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                outcome = self.handle(&event, &spec, &mut response) => outcome,
            };
            drop(response);
            self.last = event.request_id;
            // Before its place is free, and before anybody knows that it is over.
            running.ended(outcome.duration, outcome.function_error.is_some());
            lease.give_back();
            let _ = reply.send(outcome);
        }
        self.stop().await;
    }

    /// Looks after the process between events. It never ends, and may be dropped at any time.
    async fn rest(&mut self) {
        loop {
            let Some(running) = &mut self.running else { return std::future::pending().await };
            tokio::select! {
                (call, reply) = running.api.call() => running.refuse_or_keep(call, reply, &self.last),
                () = running.output.readable() => self.log.write(running.output.drain()),
                _ = running.process.exit() => {
                    self.log.write(running.output.rest());
                    self.running = None;
                }
            }
        }
    }

    /// One event, from beginning to end.
    async fn handle(&mut self, event: &Event, spec: &FunctionSpec, response: &mut Response) -> Outcome {
        let limit = Duration::from_secs(spec.timeout_s.into());
        if self.running.as_mut().is_some_and(|running| running.process.has_ended()) {
            self.stop().await;
        }
        self.log.begin();
        let mut init = None;
        let mut begun = Instant::now();
        let mut end = None;
        if self.running.is_none() {
            match self.start("init", INIT_TIMEOUT).await {
                Ok(took) => init = Some(took),
                Err(End::Unrunnable(why)) => end = Some(End::Unrunnable(why)),
                Err(_) => {
                    self.log.begin();
                    begun = Instant::now();
                    end = self.start("invoke", limit).await.err();
                }
            }
            if init.is_some() {
                self.log.begin();
                begun = Instant::now();
            }
        }
        if let Some(note) = &event.note {
            self.log.note(note);
        }
        self.log.start(&event.request_id, &spec.version);
        let mut end = match end {
            Some(end) => end,
            None => self.serve(event, spec, response, begun + limit).await,
        };
        if let End::Undelivered(_) = end {
            // It ended between two events; the event is still whole.
            self.stop().await;
            end = match self.start("invoke", limit).await {
                Ok(_) => self.serve(event, spec, response, begun + limit).await,
                Err(end) => end,
            };
        }
        let took = if matches!(end, End::TimedOut) { limit } else { begun.elapsed() };
        let broke_off = response.broke_off(&end);
        self.conclude(event, spec, end, took, init, broke_off).await
    }

    /// Starts the process and waits until it asks for an event; how long that took.
    async fn start(&mut self, phase: &str, limit: Duration) -> Result<Duration, End> {
        let version = runtimes::runtime_version(&self.spec.runtime);
        if phase == "init" {
            let arn = runtimes::runtime_version_arn(&self.shared.options.region, &self.spec.runtime);
            self.log.init_start(&version, &arn);
        }
        let mut begun = Instant::now();
        let launched = self.launch(phase, &mut begun).await;
        let result = match launched {
            Ok(running) => {
                self.running = Some(running);
                self.await_ready(begun + limit).await
            }
            Err(why) => Err(End::Unrunnable(why)),
        };
        let took = begun.elapsed();
        let Err(end) = result else {
            self.log.init_report(took, phase, &Status::Success);
            return Ok(took);
        };
        self.stop().await;
        self.log.init_report(took, phase, &end.status(true));
        Err(end)
    }

    async fn launch(&mut self, phase: &str, begun: &mut Instant) -> Result<Running, Unrunnable> {
        self.spec.code.ready().await.map_err(|error| Unrunnable::new(error.to_string()))?;
        if self.opt.is_none() && !self.spec.layers.is_empty() {
            for layer in &self.spec.layers {
                layer.ready().await.map_err(|error| Unrunnable::new(error.to_string()))?;
            }
            let made = self.shared.opts.of(&self.spec.layers).await;
            self.opt = Some(made.map_err(|error| {
                Unrunnable::new(format!("The local engine could not put the layers together: {error}"))
            })?);
        }
        let opt = self.opt.as_ref().and_then(Opt::path);
        let (launch, note) = self.shared.runtimes.launch(&self.spec, opt).await?;
        if phase == "init" {
            note.iter().chain(&self.layer_notes()).for_each(|note| self.log.note(note));
        }
        // Finding the interpreter is the engine's time, not the function's.
        *begun = Instant::now();
        let failed = |error: &io::Error| {
            Unrunnable::new(format!("fork/exec {}: {}", launch.program.display(), reason(error)))
        };
        let api = RuntimeApi::start().await.map_err(|error| failed(&error))?;
        let tmp = match &self.tmp {
            Some(tmp) => tmp,
            None => self.tmp.insert(new_tmp(&self.shared.options.root).map_err(|error| failed(&error))?),
        };
        let place = Place {
            region: &self.shared.options.region,
            stream: self.log.stream(),
            tmp: tmp.path(),
            runtime_api: api.address.to_string(),
            initialization_type: initialization_type(self.provisioned),
            runtime: self.shared.runtimes.folder(),
            opt,
            interpreter: launch.interpreter.as_deref(),
        };
        let variables = variables::variables(&self.spec, &place);
        let (process, output) =
            Process::start(&launch, &self.spec.code.path, variables).await.map_err(|error| failed(&error))?;
        self.shared.ledger.add(process.id());
        Ok(Running { process, output, api, ready: None, peak: 0, looked: None })
    }

    /// What is different here from AWS with the function's layers.
    fn layer_notes(&self) -> Vec<String> {
        let Some(opt) = &self.opt else { return Vec::new() };
        let mut notes = Vec::new();
        let extensions = opt.extensions();
        if !extensions.is_empty() {
            let names = extensions.join(", ");
            notes.push(format!(
                "lambdeck: extensions of layers are not run by the local engine; this function has: {names}"
            ));
        }
        let variables = variables::naming_opt(&self.spec);
        if let (false, Some(path)) = (variables.is_empty(), opt.path()) {
            notes.push(format!(
                "lambdeck: there is no /opt here, which is named by: {}. The layers are in {}",
                variables.join(", "),
                path.display()
            ));
        }
        notes
    }

    async fn await_ready(&mut self, deadline: Instant) -> Result<Duration, End> {
        let Some(running) = &mut self.running else { return Err(End::Exited(String::new())) };
        let mut tick = memory_tick();
        loop {
            tokio::select! {
                biased;
                (call, reply) = running.api.call() => match call {
                    Call::Next => {
                        running.ready = Some(reply);
                        self.log.write(running.output.drain());
                        return Ok(Duration::ZERO);
                    }
                    Call::InitError { error_type, body } => {
                        self.log.write(running.output.rest());
                        let _ = reply.send(runtime_api::accepted());
                        return Err(End::Error { error_type, body, in_init: true });
                    }
                    Call::Response { .. } | Call::Error { .. } => {
                        let _ = reply.send(runtime_api::unknown_request());
                    }
                },
                () = running.output.readable() => self.log.write(running.output.drain()),
                status = running.process.exit() => return Err(End::Exited(process::describe(status))),
                () = tokio::time::sleep_until(deadline.into()) => return Err(End::TimedOut),
                _ = tick.tick() => {
                    if running.over(self.spec.memory_mb) {
                        return Err(End::OutOfMemory);
                    }
                }
            }
        }
    }

    /// Hands the event to the process and waits for what comes of it.
    async fn serve(
        &mut self,
        event: &Event,
        spec: &FunctionSpec,
        response: &mut Response,
        deadline: Instant,
    ) -> End {
        let Some(running) = &mut self.running else { return End::Undelivered(String::new()) };
        let mut delivered = false;
        let mut tick = memory_tick();
        let timeout = tokio::time::sleep_until(deadline.into());
        tokio::pin!(timeout);
        loop {
            if let Some(ready) = running.ready.take_if(|_| !delivered) {
                // When the runtime has hung up, it will ask again.
                delivered = ready.send(next(event, spec, deadline)).is_ok();
            }
            // The clock first: a function that never stops writing has no more time than others.
            let end = tokio::select! {
                biased;
                () = &mut timeout => return End::TimedOut,
                _ = tick.tick() => {
                    if running.over(spec.memory_mb) {
                        return End::OutOfMemory;
                    }
                    None
                }
                (call, reply) = running.api.call() => {
                    if delivered {
                        running.settle(call, reply, &event.request_id, response, &mut self.log)
                    } else {
                        running.refuse_or_keep(call, reply, &self.last);
                        None
                    }
                }
                step = response.step(), if response.has_begun() => match step {
                    Some(last) => Some(running.finish(last, response, &mut self.log).await),
                    None => None,
                },
                () = running.output.readable() => {
                    self.log.write(running.output.drain());
                    None
                }
                status = running.process.exit() => {
                    let why = process::describe(status);
                    if !delivered {
                        return End::Undelivered(why);
                    }
                    return running.after_exit(why, event, response, deadline, &mut self.log).await;
                }
            };
            if let Some(end) = end {
                return if running.over_at_the_end(spec.memory_mb) { End::OutOfMemory } else { end };
            }
        }
    }

    /// Stops the process if the end calls for it, closes the log and words the outcome.
    async fn conclude(
        &mut self,
        event: &Event,
        spec: &FunctionSpec,
        end: End,
        took: Duration,
        init: Option<Duration>,
        broke_off: Option<String>,
    ) -> Outcome {
        let peak = self.running.as_ref().map_or(0, |running| running.peak);
        if end.is_fatal() {
            self.stop().await;
        }
        let id = &event.request_id;
        match &end {
            End::TimedOut => self.log.timed_out(id, &timed_out(spec)),
            End::OutOfMemory | End::Exited(_) | End::Undelivered(_) | End::Unrunnable(_) => {
                self.log.fault(format!("RequestId: {id} Error: {}\n{}", end.message(spec), end.error_type()));
            }
            End::Response(_) | End::TooLarge | End::Truncated | End::Error { .. } => {}
        }
        self.log.report(&Report {
            request_id: id,
            took,
            init,
            memory_mb: spec.memory_mb,
            // The kill comes a moment late; on AWS there is no more than the function has.
            used_mb: (peak > 0).then(|| peak.div_ceil(1024).min(spec.memory_mb.into())),
            status: end.status(false),
        });
        let log_tail = self.log.tail();
        let function_error = (!matches!(end, End::Response(_))).then_some("Unhandled");
        let payload = match end {
            End::Response(body) | End::Error { body, .. } => body,
            End::TooLarge => error_object(&end.error_type(), &end.message(spec)),
            _ => error_object(&end.error_type(), &format!("RequestId: {id} Error: {}", end.message(spec))),
        };
        Outcome { payload, function_error, broke_off, log_tail, duration: took }
    }

    /// Kills the process, if there is one, and logs what it had left to say.
    async fn stop(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.process.kill().await;
            self.log.write(running.output.rest());
        }
    }
}

impl Running {
    /// A call while the process has no event.
    fn refuse_or_keep(&mut self, call: Call, reply: Reply, last: &str) {
        let answer = match call {
            Call::Next => {
                if let Some(older) = self.ready.replace(reply) {
                    let _ = older.send(runtime_api::not_allowed("Ready", "Ready"));
                }
                return;
            }
            Call::InitError { .. } => runtime_api::not_allowed("Ready", "InitError"),
            Call::Response { request_id, .. } if request_id == last => {
                runtime_api::not_allowed("Ready", "InvocationResponse")
            }
            Call::Error { request_id, .. } if request_id == last => {
                runtime_api::not_allowed("Ready", "InvocationErrorResponse")
            }
            Call::Response { .. } | Call::Error { .. } => runtime_api::unknown_request(),
        };
        let _ = reply.send(answer);
    }

    /// A call while the process has an event; the event's end, if that is what it is. All that was written before it is in
    /// the log then.
    fn settle(
        &mut self,
        call: Call,
        reply: Reply,
        current: &str,
        response: &mut Response,
        log: &mut Log,
    ) -> Option<End> {
        let (answer, end) = match call {
            // Its response has ended or broken off, which is known in a moment: the two come on different connections.
            Call::Next if response.has_begun() => {
                if let Some(older) = self.ready.replace(reply) {
                    let _ = older.send(runtime_api::not_allowed("Ready", "Ready"));
                }
                return None;
            }
            Call::Next => (runtime_api::not_allowed("Running", "Ready"), None),
            Call::InitError { .. } => (runtime_api::not_allowed("Running", "InitError"), None),
            Call::Response { request_id, .. } | Call::Error { request_id, .. } if request_id != current => {
                (runtime_api::unknown_request(), None)
            }
            Call::Response { .. } if response.has_begun() => {
                (runtime_api::not_allowed("InvocationResponse", "InvocationResponse"), None)
            }
            Call::Error { .. } if response.has_begun() => {
                (runtime_api::not_allowed("InvocationResponse", "InvocationErrorResponse"), None)
            }
            Call::Response { body: Body::Streamed(pieces, content_type), .. } => {
                response.begin(pieces, content_type, reply);
                return None;
            }
            Call::Response { body: Body::Whole(body), .. } => {
                (runtime_api::accepted(), Some(End::Response(body)))
            }
            Call::Response { body: Body::TooLarge, .. } => (runtime_api::too_large(), Some(End::TooLarge)),
            Call::Error { error_type, body, .. } => {
                (runtime_api::accepted(), Some(End::Error { error_type, body, in_init: false }))
            }
        };
        if end.is_some() {
            log.write(self.output.rest());
        }
        let _ = reply.send(answer);
        end
    }

    /// The end of a streamed response. All that was written before it is in the log then.
    async fn finish(&mut self, last: Last, response: &mut Response, log: &mut Log) -> End {
        let end = match last {
            Last::End(end) => end,
            // A process that ends is often seen to hang up first.
            Last::Broken => match tokio::time::timeout(LAST_CALL, self.process.exit()).await {
                Ok(status) => End::Exited(process::describe(status)),
                Err(_) => End::Truncated,
            },
        };
        log.write(self.output.rest());
        response.answer(&end);
        end
    }

    /// What comes of an event whose process has ended, and why. It may have answered and ended without waiting for our
    /// thanks.
    async fn after_exit(
        &mut self,
        why: String,
        event: &Event,
        response: &mut Response,
        deadline: Instant,
        log: &mut Log,
    ) -> End {
        while !response.has_begun() {
            let Ok((call, reply)) = tokio::time::timeout(LAST_CALL, self.api.call()).await else {
                return End::Exited(why);
            };
            if let Some(end) = self.settle(call, reply, &event.request_id, response, log) {
                return end;
            }
        }
        // What it has streamed is on its way here, as fast as the reader takes it.
        loop {
            match tokio::time::timeout_at(deadline.into(), response.step()).await {
                Ok(None) => {}
                Ok(Some(Last::End(end))) => {
                    log.write(self.output.rest());
                    return end;
                }
                Ok(Some(Last::Broken)) | Err(_) => return End::Exited(why),
            }
        }
    }

    /// Whether the group uses more memory than the function has.
    fn over(&mut self, memory_mb: u32) -> bool {
        self.note_memory(self.process.id().and_then(memory::of_group), memory_mb)
    }

    /// As [`Running::over`], at the end of an event, where it must be quick: only the process is looked at.
    fn over_at_the_end(&mut self, memory_mb: u32) -> bool {
        if self.looked.is_some_and(|looked| looked.elapsed() < memory::FRESH) {
            return false;
        }
        self.note_memory(self.process.id().and_then(memory::of_process), memory_mb)
    }

    fn note_memory(&mut self, used: Option<u64>, memory_mb: u32) -> bool {
        self.looked = Some(Instant::now());
        self.peak = self.peak.max(used.unwrap_or(0));
        self.peak > u64::from(memory_mb) * 1024
    }
}

impl Output {
    /// All that is left, the line without an end included.
    fn rest(&mut self) -> Vec<String> {
        let mut lines = self.drain();
        lines.extend(self.flush());
        lines
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorObject<'a> {
    error_type: &'a str,
    error_message: &'a str,
}

fn error_object(error_type: &str, error_message: &str) -> Bytes {
    serde_json::to_vec(&ErrorObject { error_type, error_message }).unwrap_or_default().into()
}

/// The answer that carries an event.
fn next(event: &Event, spec: &FunctionSpec, deadline: Instant) -> Answer {
    let left =
        i64::try_from(deadline.saturating_duration_since(Instant::now()).as_millis()).unwrap_or(i64::MAX);
    let mut answer = Answer::new(Full::new(event.payload.clone()));
    *answer.status_mut() = StatusCode::OK;
    let headers = answer.headers_mut();
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            headers.insert(name, value);
        }
    };
    set("content-type", "application/json");
    set("lambda-runtime-aws-request-id", &event.request_id);
    set("lambda-runtime-deadline-ms", &now_ms().saturating_add(left).to_string());
    set("lambda-runtime-invoked-function-arn", &spec.arn);
    set("lambda-runtime-trace-id", &trace_id());
    if let Some(context) = &event.client_context {
        set("lambda-runtime-client-context", &one_line(context));
    }
    if let Some(tenant_id) = &event.tenant_id {
        set("lambda-runtime-aws-tenant-id", tenant_id);
    }
    answer
}

/// A header can't hold line breaks, which JSON allows between its tokens only.
fn one_line(json: &str) -> String {
    json.replace(['\r', '\n'], " ")
}

/// An X-Ray trace header of an unsampled trace.
fn trace_id() -> String {
    let random = uuid::Uuid::new_v4().simple().to_string();
    let parent = uuid::Uuid::new_v4().simple().to_string();
    format!("Root=1-{:08x}-{};Parent={};Sampled=0", now_ms() / 1000, &random[..24], &parent[..16])
}

/// `AWS_LAMBDA_INITIALIZATION_TYPE`.
fn initialization_type(provisioned: bool) -> &'static str {
    if provisioned { "provisioned-concurrency" } else { "on-demand" }
}

fn new_tmp(root: &Path) -> io::Result<TempDir> {
    tempfile::Builder::new().prefix("tmp-").tempdir_in(root)
}

fn memory_tick() -> tokio::time::Interval {
    let mut tick = tokio::time::interval_at(tokio::time::Instant::now() + memory::TICK, memory::TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick
}

/// `permission denied`, without the number.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    text.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_id_has_the_form_of_x_ray() {
        let id = trace_id();
        let form =
            regex::Regex::new("^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$").unwrap();
        assert!(form.is_match(&id), "{id}");
    }
}
