use ciborium::Value as Cbor;
use serde_json::json;

use super::*;

/// 2027-01-15T12:00:00Z.
const NOON: i64 = 1_800_014_400;

fn context() -> Context {
    Context { account_id: "123456789012".into(), now_ms: (NOON + 3600) * 1000 }
}

/// Two minutes of a function that was invoked through an alias, and one of another.
fn recorder() -> Recorder {
    let recorder = Recorder::default();
    let minute = |n: i64| u32::try_from(NOON / 60 + n).unwrap();
    for ms in [10, 20, 30] {
        recorder.put(minute(0), ("f", Some("live"), "1"), ms, ms == 30);
    }
    recorder.put(minute(2), ("f", None, "$LATEST"), 40, false);
    recorder.put(minute(2), ("g<&>", None, "$LATEST"), 50, true);
    recorder
}

fn call(headers: &[(&'static str, &str)], path: &str) -> Option<Call> {
    let headers = headers.iter().map(|(name, value)| {
        (hyper::header::HeaderName::from_static(name), hyper::header::HeaderValue::from_str(value).unwrap())
    });
    Call::of(&Method::POST, path, &headers.collect())
}

fn cbor(operation: &str) -> Call {
    let path = format!("/service/GraniteServiceVersion20100801/operation/{operation}");
    call(&[("smithy-protocol", "rpc-v2-cbor")], &path).unwrap()
}

fn json(operation: &str) -> Call {
    let target = format!("GraniteServiceVersion20100801.{operation}");
    call(&[("x-amz-target", &target), ("content-type", "application/x-amz-json-1.0")], "/").unwrap()
}

fn ask(call: &Call, body: &[u8]) -> Answer {
    call.answer(&recorder(), body, &context(), "the-id")
}

fn ask_json(operation: &str, input: &Value) -> (u16, Value) {
    let answer = ask(&json(operation), input.to_string().as_bytes());
    (answer.status, serde_json::from_slice(&answer.body).unwrap())
}

#[track_caller]
fn good(operation: &str, input: &Value) -> Value {
    let (status, body) = ask_json(operation, input);
    assert_eq!(status, 200, "{body}");
    body
}

#[track_caller]
fn refused(operation: &str, input: &Value, exception: &str, message: &str) {
    let (status, body) = ask_json(operation, input);
    assert_eq!(
        (status, &body),
        (400, &json!({ "__type": format!("com.amazonaws.cloudwatch#{exception}"), "message": message }))
    );
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn text(answer: &Answer) -> &str {
    std::str::from_utf8(&answer.body).unwrap()
}

fn query(id: &str, name: &str, stat: &str) -> Value {
    json!({ "Id": id, "MetricStat": {
        "Metric": { "Namespace": "AWS/Lambda", "MetricName": name }, "Period": 60, "Stat": stat,
    } })
}

fn data(queries: &[Value]) -> Value {
    json!({ "MetricDataQueries": queries, "StartTime": NOON, "EndTime": NOON + 600, "ScanBy": "TimestampAscending" })
}

#[test]
fn a_request_for_cloudwatch_is_told_by_its_head() {
    let service = "/service/GraniteServiceVersion20100801/operation/X";
    assert_eq!(call(&[], service), None, "without the protocol's header");
    assert_eq!(call(&[("smithy-protocol", "rpc-v2-cbor")], "/service/Other/operation/X"), None);
    assert_eq!(call(&[("smithy-protocol", "rpc-v2-cbor")], &format!("{service}/Y")), None);
    assert_eq!(call(&[("x-amz-target", "Logs_20140328.X")], "/"), None);
    assert_eq!(cbor("X").operation, "X");
    assert_eq!(json("X").operation, "X");
}

#[test]
fn metric_statistics_over_the_query_protocol() {
    let body = "Action=GetMetricStatistics&Version=2010-08-01&Namespace=AWS%2FLambda&MetricName=Duration\
        &Dimensions.member.1.Name=FunctionName&Dimensions.member.1.Value=f&StartTime=2027-01-15T12%3A00%3A30Z\
        &EndTime=2027-01-15T12%3A10%3A00Z&Period=300&Statistics.member.1=Sum&Statistics.member.2=SampleCount";
    let answer = ask(&Call::query(), body.as_bytes());
    assert_eq!((answer.status, header(&answer, "content-type")), (200, Some("text/xml")));
    assert_eq!(
        text(&answer),
        "<GetMetricStatisticsResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\">\
         <GetMetricStatisticsResult><Label>Duration</Label><Datapoints><member>\
         <Timestamp>2027-01-15T12:00:00Z</Timestamp><SampleCount>4.0</SampleCount><Sum>100.0</Sum>\
         <Unit>Milliseconds</Unit></member></Datapoints></GetMetricStatisticsResult>\
         <ResponseMetadata><RequestId>the-id</RequestId></ResponseMetadata></GetMetricStatisticsResponse>"
    );
    let extended = body.replace("&Statistics.member.1=Sum&Statistics.member.2=SampleCount", "")
        + "&ExtendedStatistics.member.1=p100&Period=300";
    let answer = ask(&Call::query(), extended.as_bytes());
    let map = "<ExtendedStatistics><entry><key>p100</key><value>40.0</value></entry></ExtendedStatistics>";
    assert!(text(&answer).contains(map), "{}", text(&answer));
}

#[test]
fn more_than_nine_members_of_a_list_keep_their_order() {
    let mut body =
        "Action=GetMetricData&Version=2010-08-01&StartTime=1800014400&EndTime=1800015000".to_owned();
    for n in (1..=12).rev() {
        use std::fmt::Write as _;
        let _ = write!(
            body,
            "&MetricDataQueries.member.{n}.Id=m{n}&MetricDataQueries.member.{n}.Expression=e0*{n}"
        );
    }
    body += "&MetricDataQueries.member.13.Id=e0&MetricDataQueries.member.13.MetricStat.Stat=Sum\
        &MetricDataQueries.member.13.MetricStat.Period=60&MetricDataQueries.member.13.ReturnData=false\
        &MetricDataQueries.member.13.MetricStat.Metric.Namespace=AWS/Lambda\
        &MetricDataQueries.member.13.MetricStat.Metric.MetricName=Invocations";
    let answer = ask(&Call::query(), body.as_bytes());
    let ids: Vec<_> =
        text(&answer).split("<Id>").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
    assert_eq!(ids, (1..=12).map(|n| format!("m{n}")).collect::<Vec<_>>(), "{}", text(&answer));
}

#[test]
fn the_query_protocol_escapes_and_refuses_in_xml() {
    let list = b"Action=ListMetrics&Version=2010-08-01&MetricName=Errors&Dimensions.member.1.Name=Resource";
    let answer = ask(&Call::query(), list);
    assert!(text(&answer).contains("<Value>g&lt;&amp;&gt;</Value>"), "{}", text(&answer));
    let answer = ask(&Call::query(), b"Action=GetMetricStatistics&Version=2010-08-01&Namespace=A");
    assert_eq!(answer.status, 400);
    assert_eq!(
        text(&answer),
        "<ErrorResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><Error><Type>Sender</Type>\
         <Code>MissingParameter</Code><Message>The parameter MetricName is required.</Message></Error>\
         <RequestId>the-id</RequestId></ErrorResponse>"
    );
    for (body, code) in [
        ("Version=2010-08-01", "MissingAction"),
        ("Action=ListMetrics", "InvalidAction"),
        ("Action=ListMetrics&Version=2011-06-15", "InvalidAction"),
        ("Action=ListMetrics&Version=2010-08-01&A..B=1", "MalformedQueryString"),
        ("Action=ListMetrics&Version=2010-08-01&Dimensions=x", "SerializationException"),
    ] {
        let answer = ask(&Call::query(), body.as_bytes());
        assert!(text(&answer).contains(&format!("<Code>{code}</Code>")), "{}", text(&answer));
    }
    let answer = ask(&Call::query(), b"Action=PutMetricData&Version=2010-08-01");
    assert_eq!(answer.status, 501);
    assert!(text(&answer).contains("<Message>The local engine has no operation 'PutMetricData'.</Message>"));
}

#[test]
fn metric_data_over_cbor() {
    let entry = |name: &str, value: Cbor| (Cbor::Text(name.into()), value);
    let text = |text: &str| Cbor::Text(text.into());
    let time = |seconds: f64| Cbor::Tag(1, Box::new(Cbor::Float(seconds)));
    let metric = Cbor::Map(vec![
        entry("Namespace", text("AWS/Lambda")),
        entry("MetricName", text("Invocations")),
        entry(
            "Dimensions",
            Cbor::Array(vec![
                Cbor::Map(vec![entry("Name", text("Resource")), entry("Value", text("f:live"))]),
                Cbor::Map(vec![entry("Name", text("FunctionName")), entry("Value", text("f"))]),
            ]),
        ),
    ]);
    let stat = Cbor::Map(vec![
        entry("Metric", metric),
        entry("Period", Cbor::Integer(60.into())),
        entry("Stat", text("Sum")),
    ]);
    let input = Cbor::Map(vec![
        entry(
            "MetricDataQueries",
            Cbor::Array(vec![Cbor::Map(vec![
                entry("Id", text("m1")),
                entry("MetricStat", stat),
                entry("ReturnData", Cbor::Bool(true)),
            ])]),
        ),
        entry("StartTime", time(1_800_014_400.5)),
        entry("EndTime", Cbor::Tag(1, Box::new(Cbor::Integer((NOON + 60).into())))),
        entry("NextToken", Cbor::Null),
    ]);
    let mut body = Vec::new();
    ciborium::into_writer(&input, &mut body).unwrap();
    let answer = ask(&cbor("GetMetricData"), &body);
    assert_eq!(answer.status, 200);
    assert_eq!(header(&answer, "content-type"), Some("application/cbor"));
    assert_eq!(header(&answer, "smithy-protocol"), Some("rpc-v2-cbor"));
    let read: Cbor = ciborium::from_reader(&answer.body[..]).unwrap();
    let result = Cbor::Map(vec![
        entry("Id", text("m1")),
        entry("Label", text("Invocations")),
        entry("Timestamps", Cbor::Array(vec![Cbor::Tag(1, Box::new(Cbor::Integer(NOON.into())))])),
        entry("Values", Cbor::Array(vec![Cbor::Float(3.0)])),
        entry("StatusCode", text("Complete")),
    ]);
    let expected = vec![
        entry("MetricDataResults", Cbor::Array(vec![result])),
        entry("Messages", Cbor::Array(Vec::new())),
    ];
    assert_eq!(read, Cbor::Map(expected));

    let answer = ask(&cbor("GetMetricData"), b"");
    assert_eq!(header(&answer, "x-amzn-query-error"), Some("MissingParameter;Sender"));
    let read: Cbor = ciborium::from_reader(&answer.body[..]).unwrap();
    let expected = vec![
        entry("__type", text("com.amazonaws.cloudwatch#MissingRequiredParameterException")),
        entry("message", text("The parameter MetricDataQueries is required.")),
    ];
    assert_eq!((answer.status, read), (400, Cbor::Map(expected)));
    // No structure, a byte string, something after the structure, a key that is no text, a number that is none.
    for wrong in [&b"\x01"[..], b"\xa1aA\x41x", b"\xa0\xa0", b"\xa1\x01\x01", b"\xa1aA\xf9\x7e\x00", b"\xff"]
    {
        let answer = ask(&cbor("ListMetrics"), wrong);
        assert_eq!(header(&answer, "x-amzn-errortype"), Some("SerializationException"), "{wrong:?}");
    }
    assert_eq!(ask(&cbor("PutMetricData"), b"\xa0").status, 501);
}

#[test]
fn metric_data_is_calculated_and_ordered() {
    let rate = json!({ "Id": "rate", "Expression": "100 * errors / invocations", "Label": "Error rate" });
    let hidden = |mut query: Value| {
        query["ReturnData"] = json!(false);
        query
    };
    let queries = [
        rate,
        hidden(query("errors", "Errors", "Sum")),
        query("invocations", "Invocations", "Sum"),
        query("slow", "Duration", "p50"),
        query("none", "Throttles", "Sum"),
    ];
    let body = good("GetMetricData", &data(&queries));
    let results = body["MetricDataResults"].as_array().unwrap();
    let short: Vec<_> =
        results.iter().map(|it| json!([it["Id"], it["Label"], it["Timestamps"], it["Values"]])).collect();
    let times = [NOON, NOON + 120];
    assert_eq!(
        json!(short),
        json!([
            ["rate", "Error rate", times, [100.0 / 3.0, 50.0]],
            ["invocations", "Invocations", times, [3.0, 2.0]],
            ["slow", "Duration", times, [results[2]["Values"][0], results[2]["Values"][1]]],
            ["none", "Throttles", times, [0.0, 0.0]],
        ])
    );
    assert!((results[2]["Values"][0].as_f64().unwrap() - 20.0).abs() < 0.2);
    let mut descending = data(&[query("m", "Invocations", "Sum")]);
    descending.as_object_mut().unwrap().remove("ScanBy");
    assert_eq!(good("GetMetricData", &descending)["MetricDataResults"][0]["Values"], json!([2.0, 3.0]));
}

#[test]
fn metric_data_comes_in_pages() {
    for scan in ["TimestampAscending", "TimestampDescending"] {
        let queries =
            [query("a", "Invocations", "Sum"), query("none", "Nothing", "Sum"), query("b", "Errors", "Sum")];
        let mut input = data(&queries);
        input["ScanBy"] = json!(scan);
        let whole = good("GetMetricData", &input)["MetricDataResults"].clone();
        for most in 1..=5 {
            input["MaxDatapoints"] = json!(most);
            input["NextToken"] = json!(null);
            let mut gathered = json!([[], [], []]);
            for round in 0.. {
                assert!(round < 10);
                let page = good("GetMetricData", &input);
                let mut count = 0;
                for result in page["MetricDataResults"].as_array().unwrap() {
                    let at = ["a", "none", "b"].iter().position(|id| result["Id"] == *id).unwrap();
                    let values = result["Values"].as_array().unwrap();
                    count += values.len();
                    gathered[at].as_array_mut().unwrap().extend(values.iter().cloned());
                }
                assert!(count <= most, "{page}");
                match page.get("NextToken") {
                    Some(token) => input["NextToken"] = token.clone(),
                    None => break,
                }
            }
            let values: Vec<_> = whole.as_array().unwrap().iter().map(|it| it["Values"].clone()).collect();
            assert_eq!(gathered, json!(values), "{scan}, {most} at a time");
        }
    }
    let mut input = data(&[query("a", "Invocations", "Sum")]);
    input["NextToken"] = json!("x");
    refused("GetMetricData", &input, "InvalidNextToken", "The next token specified is invalid.");
}

#[test]
fn metric_data_that_is_not_in_order_is_refused() {
    let refused = |queries: &[Value], message: &str| {
        refused("GetMetricData", &data(queries), "ValidationException", message);
    };
    let good = query("m", "Errors", "Sum");
    let expression = |text: &str| [good.clone(), json!({ "Id": "e", "Expression": text })];
    refused(
        &[json!({ "Id": "1m", "Expression": "1" })],
        "The value 1m for parameter MetricDataQueries.member.1.Id is not matching the expected pattern \
         ^[a-z][a-zA-Z0-9_]*$.",
    );
    refused(
        &[good.clone(), good.clone()],
        "The values for parameter id in MetricDataQueries are not unique.",
    );
    refused(&[json!({ "Id": "m" })], "The parameter MetricDataQueries.member.1.MetricStat is required.\n");
    refused(
        &[query("m", "Errors", "p101")],
        "The value p101 for parameter MetricDataQueries.member.1.MetricStat.Stat is not supported.",
    );
    refused(
        &expression("SEARCH('{AWS/Lambda,FunctionName}', 'Sum', 60)"),
        "Error in expression 'e': the local engine has no function SEARCH.",
    );
    refused(&expression("m + x"), "Error in expression 'e': there is no query with the id 'x'.");
    refused(&expression("e + 1"), "Error in expression 'e': 'e' is calculated of itself.");
    refused(
        &expression("SUM(m)"),
        "Error in expression 'e': it comes to a number: what is returned must be a time series.",
    );
    let many: Vec<_> = (0..501).map(|n| query(&format!("m{n}"), "Errors", "Sum")).collect();
    refused(&many, "The collection MetricDataQueries must not have a size greater than 500.");
    assert_eq!(ask_json("GetMetricData", &data(&many[..500])).0, 200);
    let mut period = good.clone();
    period["MetricStat"]["Period"] = json!(61);
    refused(
        &[period],
        "The value 61 for parameter MetricDataQueries.member.1.MetricStat.Period is invalid. It must be 1, 5, 10, 20, \
         30 or a multiple of 60.",
    );
    let mut backwards = data(std::slice::from_ref(&good));
    backwards["EndTime"] = json!(NOON - 1);
    let message = "The parameter EndTime must be greater than StartTime.";
    super::tests::refused("GetMetricData", &backwards, "ValidationException", message);
    let mut most = data(&[good]);
    most["MaxDatapoints"] = json!(100_801);
    let message = "The value 100801 for parameter MaxDatapoints is invalid. It must be between 1 and 100800.";
    super::tests::refused("GetMetricData", &most, "ValidationException", message);
}

#[test]
fn statistics_that_are_not_in_order_are_refused() {
    let input = |change: Value| {
        let mut input = json!({
            "Namespace": "AWS/Lambda", "MetricName": "Errors", "StartTime": NOON, "EndTime": NOON + 60, "Period": 60,
            "Statistics": ["Sum"],
        });
        for (name, value) in change.as_object().unwrap() {
            input[name] = value.clone();
        }
        input
    };
    let refused = |change: Value, exception: &str, message: &str| {
        refused("GetMetricStatistics", &input(change), exception, message);
    };
    let combination = "InvalidParameterCombinationException";
    refused(
        json!({ "EndTime": NOON + 1441 * 60 }),
        combination,
        "You have requested up to 1,441 datapoints, which exceeds the limit of 1,440. You may reduce the datapoints \
         requested by increasing Period, or decreasing the time range.",
    );
    assert_eq!(ask_json("GetMetricStatistics", &input(json!({ "EndTime": NOON + 1440 * 60 }))).0, 200);
    refused(json!({ "Statistics": [] }), combination, "Must specify either Statistics or ExtendedStatistics");
    refused(
        json!({ "ExtendedStatistics": ["p99"] }),
        combination,
        "Must specify either Statistics or ExtendedStatistics, but not both",
    );
    refused(
        json!({ "EndTime": NOON }),
        "InvalidParameterValueException",
        "The parameter StartTime must be less than the parameter EndTime.",
    );
    for missing in ["Namespace", "MetricName", "StartTime", "EndTime", "Period"] {
        let message = format!("The parameter {missing} is required.");
        refused(json!({ missing: null }), "MissingRequiredParameterException", &message);
    }
    refused(
        json!({ "Period": "often" }),
        "SerializationException",
        "A member of the request has the wrong type.",
    );
    let elsewhere = |change: Value| good("GetMetricStatistics", &input(change))["Datapoints"].clone();
    assert_eq!(elsewhere(json!({ "Namespace": "AWS/S3" })), json!([]));
    assert_eq!(elsewhere(json!({ "Unit": "Seconds" })), json!([]));
    assert_eq!(elsewhere(json!({ "Unit": "Count" }))[0]["Sum"], json!(1.0));
}

#[test]
fn metrics_are_listed_with_their_dimensions() {
    let list = |input: &Value| {
        let body = good("ListMetrics", input);
        let short = |metric: &Value| {
            let values = metric["Dimensions"].as_array().unwrap().iter();
            let values: Vec<_> = values.map(|it| it["Value"].as_str().unwrap().to_owned()).collect();
            format!("{} {}", metric["MetricName"].as_str().unwrap(), values.join("/"))
        };
        body["Metrics"].as_array().unwrap().iter().map(short).collect::<Vec<_>>()
    };
    assert_eq!(
        list(&json!({ "Namespace": "AWS/Lambda", "MetricName": "Errors" })),
        [
            "Errors ",
            "Errors f",
            "Errors g<&>",
            "Errors f/f",
            "Errors f/f:live",
            "Errors g<&>/g<&>",
            "Errors f/f:live/1"
        ]
    );
    assert_eq!(list(&json!({})).len(), 4 * 7, "Duration, Errors, Invocations, Throttles");
    let filtered = |filters: Value| list(&json!({ "MetricName": "Errors", "Dimensions": filters }));
    assert_eq!(
        filtered(json!([{ "Name": "FunctionName", "Value": "f" }, { "Name": "Resource" }])),
        ["Errors f/f", "Errors f/f:live", "Errors f/f:live/1"]
    );
    assert_eq!(filtered(json!([{ "Name": "InstanceId" }])), [""; 0]);
    for nothing in [
        json!({ "Namespace": "AWS/S3" }),
        json!({ "MetricName": "errors" }),
        json!({ "OwningAccount": "210987654321" }),
    ] {
        assert_eq!(list(&nothing), [""; 0], "{nothing}");
    }
    let recent = json!({ "RecentlyActive": "PT3H" });
    assert_eq!(list(&recent).len(), 28);
    let later = Context { now_ms: (NOON + 4 * 3600) * 1000, ..context() };
    let answer = json("ListMetrics").answer(&recorder(), recent.to_string().as_bytes(), &later, "id");
    assert_eq!(text(&answer), r#"{"Metrics":[]}"#);
    let linked = good("ListMetrics", &json!({ "MetricName": "Errors", "IncludeLinkedAccounts": true }));
    assert_eq!(linked["OwningAccounts"], json!(vec!["123456789012"; 7]));
}

#[test]
fn metrics_are_listed_by_five_hundred() {
    let recorder = Recorder::default();
    let minute = u32::try_from(NOON / 60).unwrap();
    for n in 0..200 {
        recorder.put(minute, (&format!("f{n}"), None, "$LATEST"), 1, false);
    }
    let (mut input, mut seen, mut pages) = (json!({ "Namespace": "AWS/Lambda" }), Vec::new(), Vec::new());
    loop {
        let answer = json("ListMetrics").answer(&recorder, input.to_string().as_bytes(), &context(), "id");
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        let metrics = body["Metrics"].as_array().unwrap();
        pages.push(metrics.len());
        seen.extend(metrics.iter().map(Value::to_string));
        match body.get("NextToken") {
            Some(token) => input["NextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!(pages, [500, 500, 500, 104], "four metrics of 200 functions twice and of the account");
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 1604);
    let wrong = json!({ "NextToken": "x" });
    refused(
        "ListMetrics",
        &wrong,
        "InvalidParameterValueException",
        "Request parameter NextToken is invalid",
    );
}
