//! Function URLs over HTTP: a listener on loopback for each, the request as the function's event (payload format 2.0),
//! and its response as the answer, whole or streamed.
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>
//!
//! A URL is `http://127.0.0.1:PORT/` and not `<id>.lambda-url.<region>.on.aws`, as AWS has it: that name leads to AWS,
//! and of the names below `localhost` some resolvers take all to loopback and others none, so that a URL would work in
//! a browser and fail in a program beside it. An address with a port of its own works everywhere. The id is kept all the
//! same: functions see it as `apiId`.
//!
//! - `doors`: the listeners, one for each URL
//! - `event`: the request as an event
//! - `response`: what the function gave, as an answer
//! - `streamed`: the same while it is still being written
//! - `cors`: what web pages of other origins are told

use std::{sync::Arc, time::SystemTime};

use bytes::Bytes;
use hyper::{
    Request,
    body::Incoming,
    header::{HOST, ORIGIN},
    http::request::Parts,
};
use serde_json::{Value, json};

use super::{
    auth::Credentials,
    exec::Event,
    http::{self, Answer, Reply},
    lambda::{
        Lambda,
        operations::{self, SYNC_LIMIT},
        urls::{Auth, UrlView},
    },
};

mod cors;
mod doors;
mod event;
mod response;
mod streamed;

pub(super) use doors::{Doors, listen};

/// What a listener leads to.
#[derive(Clone, Debug)]
pub(super) struct Site {
    pub function: String,
    /// An alias.
    pub qualifier: Option<String>,
    pub port: u16,
}

/// How the service refuses whoever has not signed where a signature is asked for.
const FORBIDDEN: &str = "Forbidden";
/// How it refuses whomever the resource policy does not allow.
const NOT_ALLOWED: &str = "Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html";

/// Answers a request at the URL with this id. `request_id` is the invocation's id, too.
async fn answer(
    lambda: &Arc<Lambda>,
    site: &Site,
    id: &str,
    request: Request<Incoming>,
    request_id: &str,
) -> Reply {
    let (head, body) = request.into_parts();
    // A name that somebody else makes resolve to loopback would let a page of theirs read the answers.
    let host = head.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !http::is_loopback(host) {
        return refuse(Some("The Host header must name a loopback address.")).into();
    }
    // As with AWS's addresses that lead nowhere.
    let Some(UrlView { config, allowed }) = lambda.url_view(site, id) else { return refuse(None).into() };
    let origin = head.headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    let finish = |reply: Reply| match &config.cors {
        Some(cors) => cors::apply(cors, origin, reply),
        None => reply,
    };
    if let Some(cors) = &config.cors
        && cors::is_preflight(&head)
    {
        return cors::preflight(cors, &head).into();
    }
    let body = match http::read(body, SYNC_LIMIT).await {
        Ok(body) => body,
        Err(http::Unread::TooLarge) => return finish(too_large().into()),
        Err(http::Unread::Broken) => return Answer::empty(400).into(),
    };
    let (place, credentials) = lambda.url_identity();
    let signed = config.auth_type == Auth::Iam;
    if signed && !is_signed(credentials, &head, &body) {
        return finish(refuse(Some(FORBIDDEN)).into());
    }
    if !allowed {
        return finish(refuse(Some(NOT_ALLOWED)).into());
    }
    let caller = signed.then(|| caller(&place.account_id, place.partition, &credentials.access_key_id));
    let about = event::About {
        id,
        port: site.port,
        request_id,
        account_id: signed.then_some(place.account_id.as_str()),
        caller,
        now: SystemTime::now(),
    };
    let payload = event::event(&head, &body, about).to_string();
    if payload.len() > SYNC_LIMIT {
        return finish(too_large().into());
    }
    let event = Event::new(request_id, payload);
    finish(if config.streams() {
        stream(lambda, site, event).await
    } else {
        whole(lambda, site, event).await
    })
}

async fn whole(lambda: &Arc<Lambda>, site: &Site, event: Event) -> Reply {
    let outcome = match lambda.call_url(site, event).await {
        Ok(outcome) => outcome,
        Err(error) => return error.answer().into(),
    };
    if outcome.function_error.is_some() {
        return response::failed().into();
    }
    response::answer(&outcome.payload)
        .unwrap_or_else(|why| {
            tracing::debug!(function = site.function, why, "no response for a function URL");
            response::failed()
        })
        .into()
}

async fn stream(lambda: &Arc<Lambda>, site: &Site, event: Event) -> Reply {
    match lambda.call_url_streaming(site, event).await {
        Ok(streaming) => streamed::reply(streaming).await,
        Err(error) => error.answer().into(),
    }
}

/// Whether the engine's key has signed the request for this service. What exactly is wrong with it is not told.
fn is_signed(credentials: &Credentials, head: &Parts, body: &Bytes) -> bool {
    credentials.authorize(&head.headers).is_ok_and(|authorization| {
        let now = SystemTime::now();
        let verified =
            credentials.verify(&authorization, head.method.as_str(), &head.uri, &head.headers, body, now);
        authorization.service() == "lambda" && verified.is_ok()
    })
}

/// Who calls, as GetCallerIdentity says it.
fn caller(account_id: &str, partition: &str, access_key: &str) -> Value {
    let user = format!("AIDALAMBDECK{account_id}");
    json!({ "iam": {
        "accessKey": access_key,
        "accountId": account_id,
        "callerId": user,
        "cognitoIdentity": null,
        "principalOrgId": null,
        "userArn": format!("arn:{partition}:iam::{account_id}:user/lambdeck"),
        "userId": user,
    } })
}

fn refuse(message: Option<&str>) -> Answer {
    Answer::json(403, &json!({ "Message": message })).with_header("x-amzn-errortype", "AccessDeniedException")
}

/// The event counts, and not the body alone: base64 makes it a third larger.
fn too_large() -> Answer {
    operations::too_large("Invoke", SYNC_LIMIT)
}
