//! The Lambda API.

use std::time::{Duration, Instant};

use aws_sdk_lambda::{
    primitives::Blob,
    types::{InvocationType as SdkInvocationType, LogType},
};

use super::{Error, Session, convert, session::Patient};
use crate::domain::{
    function::{Details, Function, State, Summary},
    invocation::{Answer, Mode, Request},
    report::find_report,
    secret::Secret,
    text::sanitise,
};

/// One page of ListFunctions.
#[derive(Debug)]
pub struct Page<T> {
    /// Its functions.
    pub items: Vec<T>,
    /// Where the next page begins; none after the last.
    pub next: Option<String>,
}

impl Session {
    /// One page of functions, as rows of a list.
    ///
    /// # Errors
    /// As every read.
    pub async fn list_functions(&self, marker: Option<String>) -> Result<Page<Summary>, Error> {
        let mut names = convert::Interner::default();
        self.functions_page(marker, |function| convert::summary(function, &mut names)).await
    }

    /// One page of functions with their whole configuration.
    ///
    /// # Errors
    /// As every read.
    pub async fn list_configurations(&self, marker: Option<String>) -> Result<Page<Function>, Error> {
        self.functions_page(marker, convert::function).await
    }

    async fn functions_page<T>(
        &self,
        marker: Option<String>,
        mut convert: impl FnMut(&aws_sdk_lambda::types::FunctionConfiguration) -> T,
    ) -> Result<Page<T>, Error> {
        let answer = self
            .lambda()
            .list_functions()
            .set_marker(marker)
            .send()
            .await
            .map_err(|error| self.read_error("list functions", &error))?;
        Ok(Page {
            items: answer.functions().iter().map(&mut convert).collect(),
            next: answer.next_marker().filter(|marker| !marker.is_empty()).map(str::to_owned),
        })
    }

    /// Everything that GetFunction tells.
    ///
    /// # Errors
    /// As every read; [`super::Kind::NotFound`] where there is no such function or qualifier.
    pub async fn get_function(&self, name: &str, qualifier: Option<&str>) -> Result<Details, Error> {
        let answer = self
            .lambda()
            .get_function()
            .function_name(name)
            .set_qualifier(qualifier.map(str::to_owned))
            .send()
            .await
            .map_err(|error| self.read_error(&format!("read the function {name}"), &error))?;
        Ok(convert::details(&answer))
    }

    /// A function's state. Waits for the control plane's budget; GetFunction has a rate of its own at AWS (100/s),
    /// unlike GetFunctionConfiguration, which shares 15/s with all others.
    ///
    /// # Errors
    /// As every read.
    pub async fn function_state(&self, name: &str) -> Result<State, Error> {
        self.states().acquire().await;
        Ok(self.get_function(name, None).await?.configuration.state)
    }

    /// A function as it is now, read within the control plane's budget: for watching a change, and for plans.
    ///
    /// # Errors
    /// As every read.
    pub async fn observe(&self, name: &str) -> Result<Details, Error> {
        self.control_plane().acquire().await;
        self.get_function(name, None).await
    }

    /// Sends one invocation: exactly one request, never retried.
    ///
    /// # Errors
    /// [`super::Kind::OutcomeUnknown`] where it left and no answer came. A function that failed is no error here:
    /// its [`Answer`] says so.
    pub async fn invoke(&self, request: &Request) -> Result<Answer, Error> {
        // The service ends a function at its time-out: 30 s on top of that is for the way.
        let limit = Duration::from_secs(u64::from(request.timeout_s.unwrap_or(900)) + 30);
        let patient = Patient::of(limit);
        let started = Instant::now();
        let answer = self
            .lambda()
            .invoke()
            .function_name(&request.function)
            .set_qualifier(request.qualifier.clone())
            .invocation_type(match request.mode {
                Mode::RequestResponse | Mode::ResponseStream => SdkInvocationType::RequestResponse,
                Mode::Event => SdkInvocationType::Event,
                Mode::DryRun => SdkInvocationType::DryRun,
            })
            .set_log_type(request.mode.responds().then_some(LogType::Tail))
            .payload(Blob::new(request.payload.reveal().as_bytes()))
            .customize()
            .config_override(
                aws_sdk_lambda::config::Config::builder()
                    .retry_config(patient.retry)
                    .timeout_config(patient.timeout)
                    .stalled_stream_protection(patient.stalled),
            )
            .send()
            .await
            .map_err(|error| {
                let error = self.invoke_error(&format!("invoke {}", request.function), &error);
                without_payload(error, &request.payload)
            })?;
        let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let log_tail = convert::log_tail(answer.log_result());
        Ok(Answer {
            status: u16::try_from(answer.status_code()).unwrap_or_default(),
            function_error: answer.function_error().map(|error| sanitise(error).into_owned()),
            executed_version: answer.executed_version().map(|version| sanitise(version).into_owned()),
            report: find_report(&log_tail),
            request_id: aws_sdk_lambda::operation::RequestId::request_id(&answer)
                .map(|id| sanitise(id).into_owned()),
            payload: answer.payload.map(Blob::into_inner).unwrap_or_default(),
            log_tail,
            elapsed_ms,
            ..Answer::default()
        })
    }
}

/// Lambda quotes what it can't parse.
fn without_payload(mut error: Error, payload: &Secret) -> Error {
    if let Some(quote) = error.message.find("[Source:") {
        error.message.truncate(quote);
        error.message.push_str("...");
    }
    let shown = sanitise(payload.reveal());
    if shown.len() > 2 {
        error.message = error.message.replace(&*shown, "...");
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::Kind;

    #[test]
    fn an_error_does_not_quote_the_payload() {
        let payload = Secret::new(r#"{"token":"hunter2"}"#);
        for message in [
            r#"could not parse: [Source: (byte[])"{"token":"hunter2"}"; line: 1]"#,
            r#"could not parse {"token":"hunter2"}: no"#,
        ] {
            let error = without_payload(Error::new(Kind::Invalid, message), &payload);
            assert!(!error.message.contains("hunter2"), "{}", error.message);
            assert!(error.message.starts_with("could not parse"));
        }
    }
}
