//! Cross-origin requests, as the URL's `Cors` allows them: the service answers preflights itself and sets the headers of
//! every answer, in place of the function's own. Without `Cors` they are the function's business alone.
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-cors>

use hyper::{
    HeaderMap, Method,
    header::{ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderName, ORIGIN},
    http::request::Parts,
};

use crate::local::{
    http::{Answer, Reply},
    lambda::urls::Cors,
};

/// What all the headers of an answer begin with.
const HEADERS: &str = "access-control-";

/// Whether a browser asks what it may send.
pub(super) fn is_preflight(head: &Parts) -> bool {
    head.method == Method::OPTIONS
        && head.headers.contains_key(ORIGIN)
        && head.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to a preflight. To an origin that is not allowed it says nothing, which a browser takes for no.
pub(super) fn preflight(cors: &Cors, head: &Parts) -> Answer {
    let answer = Answer::empty(200);
    let Some(origin) = allowed(cors, text(&head.headers, &ORIGIN)) else { return vary(answer) };
    let mut answer = for_origin(cors, origin, answer);
    let lists = [
        ("access-control-allow-methods", &cors.allow_methods, ACCESS_CONTROL_REQUEST_METHOD),
        ("access-control-allow-headers", &cors.allow_headers, ACCESS_CONTROL_REQUEST_HEADERS),
    ];
    for (name, list, wanted) in lists {
        // A wildcard means nothing to a browser that sends credentials: it is told what it asked for.
        let value = match list {
            Some(list) if list.iter().any(|item| item == "*") => {
                text(&head.headers, &wanted).map(str::to_owned)
            }
            Some(list) if !list.is_empty() => Some(list.join(",")),
            _ => None,
        };
        if let Some(value) = value {
            answer = answer.with_header(name, value);
        }
    }
    match cors.max_age {
        Some(seconds) => answer.with_header("access-control-max-age", seconds.to_string()),
        None => answer,
    }
}

/// The reply to a request from this origin, if it came from a page.
pub(super) fn apply(cors: &Cors, origin: Option<&str>, reply: Reply) -> Reply {
    let set = |mut answer: Answer| {
        answer.headers.retain(|(name, _)| !name.starts_with(HEADERS));
        let Some(origin) = allowed(cors, origin) else { return vary(answer) };
        let answer = for_origin(cors, origin, answer);
        match &cors.expose_headers {
            Some(list) if !list.is_empty() => {
                answer.with_header("access-control-expose-headers", list.join(","))
            }
            _ => answer,
        }
    };
    match reply {
        Reply::Whole(answer) => Reply::Whole(set(answer)),
        Reply::Streamed(head, pieces) => Reply::Streamed(set(head), pieces),
    }
}

/// The origin, where it is allowed.
fn allowed<'a>(cors: &Cors, origin: Option<&'a str>) -> Option<&'a str> {
    let origin = origin?;
    let listed = |item: &String| item == "*" || item.eq_ignore_ascii_case(origin);
    cors.allow_origins.iter().flatten().any(listed).then_some(origin)
}

fn for_origin(cors: &Cors, origin: &str, answer: Answer) -> Answer {
    let answer = vary(answer).with_header("access-control-allow-origin", origin);
    if cors.allow_credentials == Some(true) {
        return answer.with_header("access-control-allow-credentials", "true");
    }
    answer
}

/// What is kept of the answer is for this origin only.
fn vary(answer: Answer) -> Answer {
    answer.with_header("vary", "Origin")
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn cors() -> Cors {
        let list = |items: &[&str]| Some(items.iter().map(|&item| item.to_owned()).collect());
        Cors {
            allow_credentials: Some(true),
            allow_headers: list(&["*"]),
            allow_methods: list(&["GET", "PUT"]),
            allow_origins: list(&["https://good.example", "http://localhost:3000"]),
            expose_headers: list(&["date", "x-a"]),
            max_age: Some(60),
        }
    }

    fn ask(cors: &Cors, origin: &str) -> Vec<(String, String)> {
        let request = Request::options("/")
            .header("origin", origin)
            .header("access-control-request-method", "PUT")
            .header("access-control-request-headers", "x-b,x-c");
        let (head, ()) = request.body(()).unwrap().into_parts();
        assert!(is_preflight(&head));
        let answer = preflight(cors, &head);
        assert_eq!((answer.status, answer.body.len()), (200, 0));
        answer.headers
    }

    fn owned(headers: &[(&str, &str)]) -> Vec<(String, String)> {
        headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn a_preflight_is_told_what_is_configured() {
        let told = owned(&[
            ("vary", "Origin"),
            ("access-control-allow-origin", "https://good.example"),
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-methods", "GET,PUT"),
            ("access-control-allow-headers", "x-b,x-c"),
            ("access-control-max-age", "60"),
        ]);
        assert_eq!(ask(&cors(), "https://good.example"), told);
        for foreign in ["https://evil.example", "https://good.example.evil", "null", "http://localhost:30000"]
        {
            assert_eq!(ask(&cors(), foreign), owned(&[("vary", "Origin")]), "{foreign}");
        }
        let wildcard = Cors { allow_origins: Some(vec!["*".into()]), ..Cors::default() };
        let origin = ("access-control-allow-origin", "https://any.example");
        assert_eq!(ask(&wildcard, "https://any.example"), owned(&[("vary", "Origin"), origin]));
        let (plain, ()) = Request::options("/").header("origin", "x").body(()).unwrap().into_parts();
        assert!(!is_preflight(&plain));
    }

    #[test]
    fn the_functions_own_headers_do_not_count() {
        let reply =
            || Answer::empty(200).with_header("access-control-allow-origin", "*").with_header("x-a", "1");
        let headers = |origin| match apply(&cors(), origin, reply().into()) {
            Reply::Whole(answer) => answer.headers,
            Reply::Streamed(head, _) => head.headers,
        };
        let told = owned(&[
            ("x-a", "1"),
            ("vary", "Origin"),
            ("access-control-allow-origin", "http://localhost:3000"),
            ("access-control-allow-credentials", "true"),
            ("access-control-expose-headers", "date,x-a"),
        ]);
        assert_eq!(headers(Some("http://localhost:3000")), told);
        let silent = owned(&[("x-a", "1"), ("vary", "Origin")]);
        assert_eq!(headers(Some("https://evil.example")), silent);
        assert_eq!(headers(None), silent);
    }
}
