use proptest::prelude::*;
use rstest::rstest;

use super::*;

/// Function, file, line and whether it is one's own, of each frame.
fn places(error: &FunctionError) -> Vec<(&str, &str, u32, bool)> {
    let places = error.frames.iter().map(|frame| {
        let function = frame.function.as_deref().unwrap_or("-");
        (function, frame.file.as_deref().unwrap_or("-"), frame.line.unwrap_or(0), frame.own)
    });
    places.collect()
}

fn read_text(json: &str) -> FunctionError {
    read(json.as_bytes()).unwrap()
}

#[test]
fn python() {
    let error = read_text(
        r#"{"errorMessage": "'sku'", "errorType": "KeyError", "requestId": "8b1f0f0c-7a8c-4c53-8d0b-2d9a9d3f6b1e",
        "stackTrace": [
          "  File \"/var/task/app.py\", line 7, in handler\n    return price(event[\"sku\"])\n",
          "  File \"/var/task/site-packages/shop/price.py\", line 40, in price\n    raise KeyError(sku)\n",
          "  File \"/var/runtime/botocore/client.py\", line 535, in _api_call\n    return self._make(operation)\n           ^^^^^^^^^^^^\n",
          "  File \"/var/task/lib/cart.py\", line 3, in <lambda>\n",
          "  File \"<frozen importlib._bootstrap>\", line 241, in _call\n",
          "  [Previous line repeated 975 more times]\n"
        ]}"#,
    );
    assert_eq!((error.error_type.as_str(), error.message.as_str()), ("KeyError", "'sku'"));
    assert_eq!(error.request_id.as_deref(), Some("8b1f0f0c-7a8c-4c53-8d0b-2d9a9d3f6b1e"));
    assert_eq!(
        places(&error),
        [
            ("handler", "/var/task/app.py", 7, true),
            ("price", "/var/task/site-packages/shop/price.py", 40, false),
            ("_api_call", "/var/runtime/botocore/client.py", 535, false),
            ("<lambda>", "/var/task/lib/cart.py", 3, true),
            ("_call", "<frozen importlib._bootstrap>", 241, false),
            ("-", "-", 0, false),
        ]
    );
    assert_eq!(error.frames[0].text, r#"File "/var/task/app.py", line 7, in handler"#);
    assert_eq!(error.frames[0].code.as_deref(), Some(r#"return price(event["sku"])"#));
    assert_eq!(error.frames[2].code.as_deref(), Some("return self._make(operation)"));
    assert_eq!(error.frames[3].code, None);
    assert_eq!(error.frames[5].text, "[Previous line repeated 975 more times]");
    let lines: Vec<Option<u32>> = error.own_first().iter().map(|frame| frame.line).collect();
    assert_eq!(lines, [Some(7), Some(3), Some(40), Some(535), Some(241), None]);
}

#[test]
fn python_syntax_error_and_the_old_arrays() {
    let error = read_text(
        r#"{"errorMessage":"Syntax error in module 'app': invalid syntax (app.py, line 3)",
        "errorType":"Runtime.UserCodeSyntaxError","requestId":"","stackTrace":["  File \"/var/task/app.py\" Line 3\n    def (\n"]}"#,
    );
    assert_eq!(places(&error), [("-", "/var/task/app.py", 3, true)]);
    assert_eq!(error.frames[0].code.as_deref(), Some("def ("));
    assert_eq!(error.request_id, None);
    let old = read_text(
        r#"{"errorMessage":"x","errorType":"Exception","stackTrace":[["/var/task/app.py",3,"handler","raise Exception('x')"],["/usr/lib64/python2.7/json/decoder.py",366,"decode",""],[]]}"#,
    );
    assert_eq!(
        places(&old),
        [
            ("handler", "/var/task/app.py", 3, true),
            ("decode", "/usr/lib64/python2.7/json/decoder.py", 366, false),
            ("-", "-", 0, false)
        ]
    );
    assert_eq!(old.frames[0].text, "handler (/var/task/app.py:3)");
    assert_eq!(old.frames[0].code.as_deref(), Some("raise Exception('x')"));
}

#[test]
fn node() {
    let error = read_text(
        r#"{"errorType":"TypeError","errorMessage":"Cannot read\nproperties of undefined","trace":[
        "TypeError: Cannot read",
        "properties of undefined",
        "    at Object.handler [as h] (/var/task/index.js:3:11)",
        "    at async run (file:///var/task/dist/run.mjs:10:5)",
        "    at /var/task/lib/a (copy).js:1:2",
        "    at new Pool (/var/task/node_modules/pg/pool.js:9:1)",
        "    at Array.map (<anonymous>)",
        "    at async Promise.all (index 0)",
        "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
        "    at Runtime.handleOnceNonStreaming (file:///var/runtime/index.mjs:1173:29)",
        "    at eval (eval at build (/var/task/x.js:1:1), <anonymous>:7:3)",
        "    at wrapper (/opt/nodejs/layer.js:2:2)"]}"#,
    );
    assert_eq!(
        places(&error),
        [
            ("Object.handler [as h]", "/var/task/index.js", 3, true),
            ("run", "/var/task/dist/run.mjs", 10, true),
            ("-", "/var/task/lib/a (copy).js", 1, true),
            ("new Pool", "/var/task/node_modules/pg/pool.js", 9, false),
            ("Array.map", "-", 0, false),
            ("Promise.all", "-", 0, false),
            ("process.processTicksAndRejections", "node:internal/process/task_queues", 95, false),
            ("Runtime.handleOnceNonStreaming", "/var/runtime/index.mjs", 1173, false),
            ("eval", "<anonymous>", 7, false),
            ("wrapper", "/opt/nodejs/layer.js", 2, false),
        ]
    );
    assert_eq!(error.message, "Cannot read\nproperties of undefined");
    assert_eq!(error.frames[0].text, "at Object.handler [as h] (/var/task/index.js:3:11)");
    assert_eq!(error.own_first()[3].function.as_deref(), Some("new Pool"));
}

#[test]
fn node_rejection_with_its_reason_and_the_oldest_shape() {
    let error = read_text(
        r#"{"errorType":"Runtime.UnhandledPromiseRejection","errorMessage":"Error: x","reason":{"errorType":"Error",
        "errorMessage":"x","trace":["Error: x","    at f (/var/task/i.js:1:7)"]},"promise":{},
        "trace":["Runtime.UnhandledPromiseRejection: Error: x","    at process.<anonymous> (file:///var/runtime/index.mjs:1276:17)"]}"#,
    );
    assert_eq!(error.causes.len(), 1);
    assert_eq!(places(&error.causes[0]), [("f", "/var/task/i.js", 1, true)]);
    assert_eq!(places(&error), [("process.<anonymous>", "/var/runtime/index.mjs", 1276, false)]);
    assert!(error.hint().unwrap().contains("promise"));
    let old = read_text(
        r#"{"errorMessage":"x","errorType":"Error","stackTrace":["exports.handler (/var/task/index.js:3:11)"]}"#,
    );
    assert_eq!(places(&old), [("exports.handler", "/var/task/index.js", 3, true)]);
    // Nothing of a stack that is not told by the message gets lost.
    let odd = read_text(
        r#"{"errorMessage":"x","errorType":"E","trace":["E: x","/var/task/index.js:3","  foo(","  ^"]}"#,
    );
    let texts: Vec<&str> = odd.frames.iter().map(|frame| frame.text.as_str()).collect();
    assert_eq!(texts, ["/var/task/index.js:3", "foo(", "^"]);
}

#[test]
fn java_with_causes() {
    let error = read_text(
        r#"{"errorMessage":"no price","errorType":"com.acme.PriceException","stackTrace":[
        "com.acme.Handler.handleRequest(Handler.java:12)","app//com.acme.Kt.run(Kt.kt:5)",
        "java.base/jdk.internal.reflect.DirectMethodHandleAccessor.invoke(Unknown Source)",
        "lambdainternal.EventHandlerLoader$PojoHandlerAsStreamHandler.handleRequest(EventHandlerLoader.java:199)",
        "com.amazonaws.services.lambda.runtime.api.client.AWSLambda.main(AWSLambda.java:10)",
        "java.lang.Thread.sleep(Native Method)"],
        "cause":{"errorMessage":null,"errorType":"java.lang.NullPointerException","stackTrace":["com.acme.Price.of(Price.java:3)"],
          "cause":{"errorMessage":"deep","errorType":"java.io.IOException","stackTrace":[]}}}"#,
    );
    assert_eq!(
        places(&error),
        [
            ("com.acme.Handler.handleRequest", "Handler.java", 12, true),
            ("app//com.acme.Kt.run", "Kt.kt", 5, true),
            ("java.base/jdk.internal.reflect.DirectMethodHandleAccessor.invoke", "-", 0, false),
            (
                "lambdainternal.EventHandlerLoader$PojoHandlerAsStreamHandler.handleRequest",
                "EventHandlerLoader.java",
                199,
                false
            ),
            ("com.amazonaws.services.lambda.runtime.api.client.AWSLambda.main", "AWSLambda.java", 10, false),
            ("java.lang.Thread.sleep", "-", 0, false),
        ]
    );
    assert_eq!(error.causes[0].message, "");
    assert_eq!(places(&error.causes[0]), [("com.acme.Price.of", "Price.java", 3, true)]);
    assert_eq!(error.causes[0].causes[0].message, "deep");
}

#[test]
fn dotnet() {
    let error = read_text(
        r#"{"errorType":"AggregateException","errorMessage":"two","stackTrace":[
        "at Shop.Function.Handle(String input, ILambdaContext context) in /src/Shop/Function.cs:line 21",
        "at Shop.Function.<>c__DisplayClass0_0.<Handle>b__0()",
        "at Shop.Price.Of(Int32 sku)",
        "at System.Activator.CreateInstance(Type type)",
        "at lambda_method(Closure , Stream , Stream , LambdaContextInternal )"],
        "cause":{"errorType":"A","errorMessage":"a"},
        "causes":[{"errorType":"A","errorMessage":"a"},{"errorType":"B","errorMessage":"b"}]}"#,
    );
    assert_eq!(
        places(&error),
        [
            ("Shop.Function.Handle", "/src/Shop/Function.cs", 21, true),
            ("Shop.Function.<>c__DisplayClass0_0.<Handle>b__0", "-", 0, false),
            ("Shop.Price.Of", "-", 0, true),
            ("System.Activator.CreateInstance", "-", 0, false),
            ("lambda_method", "-", 0, false),
        ]
    );
    let causes: Vec<&str> = error.causes.iter().map(|cause| cause.error_type.as_str()).collect();
    assert_eq!(causes, ["A", "B"]);
}

#[test]
fn ruby_go_and_rust() {
    let ruby = read_text(
        r#"{"errorMessage":"no implicit conversion","errorType":"Function<TypeError>","stackTrace":[
        "/var/task/function.rb:3:in `first'","/var/task/vendor/bundle/ruby/3.3.0/gems/rack/x.rb:9:in 'Rack::X#call'",
        "/var/lang/lib/ruby/3.4.0/set.rb:1:in 'Set#add'","<internal:array>:52:in 'Array#each'"]}"#,
    );
    assert_eq!(
        places(&ruby),
        [
            ("first", "/var/task/function.rb", 3, true),
            ("Rack::X#call", "/var/task/vendor/bundle/ruby/3.3.0/gems/rack/x.rb", 9, false),
            ("Set#add", "/var/lang/lib/ruby/3.4.0/set.rb", 1, false),
            ("Array#each", "<internal:array>", 52, false),
        ]
    );
    let go = read_text(
        r#"{"errorMessage":"boom","errorType":"errorString","stackTrace":[
        {"path":"github.com/aws/aws-lambda-go@v1.47.0/lambda/errors.go","line":39,"label":"lambdaPanicResponse"},
        {"path":"runtime/panic.go","line":770,"label":"gopanic"},
        {"path":"app/main.go","line":14,"label":"handler"},
        {"path":"me/app/internal/price/price.go","line":3,"label":"Of"}]}"#,
    );
    assert_eq!(
        places(&go),
        [
            ("lambdaPanicResponse", "github.com/aws/aws-lambda-go@v1.47.0/lambda/errors.go", 39, false),
            ("gopanic", "runtime/panic.go", 770, false),
            ("handler", "app/main.go", 14, true),
            ("Of", "me/app/internal/price/price.go", 3, true),
        ]
    );
    assert_eq!(go.frames[2].text, "handler (app/main.go:14)");
    let rust = read_text(r#"{"errorType":"&alloc::string::String","errorMessage":"something"}"#);
    assert_eq!((rust.error_type.as_str(), rust.frames.len()), ("&alloc::string::String", 0));
}

#[rstest]
#[case(
    r#"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: 8b1f0f0c-7a8c-4c53-8d0b-2d9a9d3f6b1e Error: Task timed out after 3.00 seconds"}"#,
    "Task timed out after 3.00 seconds", "timeout")]
#[case(
    r#"{"errorMessage":"2020-06-09T15:02:26.150Z 8b1f0f0c-7a8c-4c53-8d0b-2d9a9d3f6b1e Task timed out after 3.00 seconds"}"#,
    "Task timed out after 3.00 seconds", "timeout")]
#[case(
    r#"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: 8b1f0f0c-7a8c-4c53-8d0b-2d9a9d3f6b1e Error: Runtime exited with error: signal: killed"}"#,
    "Runtime exited with error: signal: killed", "memory")]
fn lambdas_own_errors(#[case] json: &str, #[case] message: &str, #[case] word: &str) {
    let error = read_text(json);
    assert_eq!(error.message, message);
    assert_eq!(error.request_id.as_deref(), Some("8b1f0f0c-7a8c-4c53-8d0b-2d9a9d3f6b1e"));
    assert!(error.hint().unwrap().contains(word));
}

#[rstest]
#[case("Runtime.ImportModuleError", "Unable to import module 'app': No module named 'x'", "Handler setting")]
#[case("Runtime.ImportModuleError", "libfoo.so: cannot open shared object file", "native library")]
#[case("Runtime.HandlerNotFound", "index.handler is undefined or not exported", "exported")]
#[case("Runtime.OutOfMemory", "", "memory")]
#[case("Runtime.ExitError", "Runtime exited with error: exit status 2", "last words")]
#[case(
    "Runtime.ExitError",
    "Runtime exited with error: signal: segmentation fault (core dumped)",
    "native code"
)]
#[case("Function.ResponseSizeTooLarge", "Response payload size exceeded", "6 MB")]
#[case("Runtime.UserCodeSyntaxError", "SyntaxError", "syntax")]
#[case("Runtime.InvalidEntrypoint", "fork/exec /var/task/bootstrap: exec format error", "architecture")]
#[case("Runtime.InvalidEntrypoint", "fork/exec /var/task/bootstrap: permission denied", "755")]
#[case("Extension.Crash", "exit status 1", "extension")]
#[case("ClientError", "User: arn:aws:sts::1:role is not authorized to perform: s3:GetObject", "role")]
fn hints(#[case] error_type: &str, #[case] message: &str, #[case] word: &str) {
    let error =
        FunctionError { error_type: error_type.into(), message: message.into(), ..FunctionError::default() };
    let hint = error.hint().unwrap();
    assert!(hint.contains(word) && !hint.contains('\n'), "{hint}");
}

#[test]
fn ones_own_errors_have_no_hint() {
    assert_eq!(read_text(r#"{"errorType":"KeyError","errorMessage":"'sku'"}"#).hint(), None);
    assert_eq!(
        read_text(r#"{"errorType":"MyTimeout","errorMessage":"Task timed out after 3 s"}"#).hint(),
        None
    );
}

#[test]
fn code_that_is_not_under_the_root() {
    let json = r#"{"errorType":"E","errorMessage":"m","trace":["    at h (/function/index.js:1:1)",
        "    at l (/function/node_modules/x/i.js:2:2)","    at r (/var/runtime/index.mjs:3:3)","    at n (node:events:1:1)"]}"#;
    let own = |error: &FunctionError| error.frames.iter().map(|frame| frame.own).collect::<Vec<_>>();
    assert_eq!(own(&read_text(json)), [true, false, false, false]);
    assert_eq!(own(&read_in(json.as_bytes(), "/function/").unwrap()), [true, false, false, false]);
    // The local engine's samples, and code that webpack put together.
    let sample = r#"{"errorType":"E","stackTrace":["checkout::discount (src/local/samples/checkout.rs:9:5)",
        "a (webpack:///./src/a.ts:1:2)","b (webpack:///./node_modules/b/b.js:1:2)","c (internal/x.js:1:1)"]}"#;
    assert_eq!(own(&read_text(sample)), [true, true, false, false]);
    // As soon as something is under the root, nothing else is.
    let both = json.replace("/var/runtime/", "/var/task/");
    assert_eq!(own(&read_text(&both)), [false, false, true, false]);
    assert_eq!(
        own(&read_text(&json.replace("/function/index", "/var/taskforce/index"))),
        [true, false, false, false]
    );
}

#[rstest]
#[case("")]
#[case("null")]
#[case("\"boom\"")]
#[case("[1]")]
#[case("{}")]
#[case(r#"{"message":"x"}"#)]
#[case("not json")]
fn what_is_no_error_object(#[case] payload: &str) {
    assert_eq!(read(payload.as_bytes()), None);
}

#[test]
fn texts_are_sanitised_and_debug_tells_none() {
    let error = read_text(
        r#"{"errorType":"E\u001b[31m","errorMessage":"line\n\u202esecret\u0007","requestId":"\u001b]0;x\u0007",
        "stackTrace":["  File \"/var/task/\u001b[2J.py\", line 1, in \u001b\n    \u001b[2J","at f\u001b (/var/task/\u001b.js:1:1)",
          {"path":"\u001b","line":1,"label":"\u001b"},["\u001b",1,"\u001b","\u001b"],"",null,7,true],
        "cause":{"errorType":"\u001b","errorMessage":"\u001b"}}"#,
    );
    assert_eq!(error.message, "line\n⟨U+202E⟩secret␇");
    assert_eq!(error.frames.len(), 6);
    let mut texts = vec![error.error_type.clone(), error.message.clone(), error.causes[0].message.clone()];
    texts.extend(error.request_id.clone());
    for frame in &error.frames {
        texts.push(frame.text.clone());
        texts.extend([&frame.function, &frame.file, &frame.code].into_iter().flatten().cloned());
    }
    assert!(texts.iter().all(|text| !text.contains('\u{1b}') && !text.contains('\u{7}')));
    assert!(!format!("{error:?} {:?}", error.frames).contains("secret"));
}

#[test]
fn hostile_sizes_are_bounded() {
    let frames = vec![r#""    at f (/var/task/i.js:1:1)""#; 200_000].join(",");
    let error = read_text(&format!(r#"{{"errorType":"E","errorMessage":"m","trace":[{frames}]}}"#));
    assert_eq!((error.frames.len(), error.frames[1000].text.as_str()), (1001, "… 199000 more"));
    let long = format!(r#"{{"errorType":"E","errorMessage":"m","trace":["at {}"]}}"#, "x".repeat(1_000_000));
    assert!(read_text(&long).frames[0].text.len() < 5000);
    let mut nested = r#"{"errorType":"E"}"#.to_owned();
    for _ in 0..40 {
        nested = format!(r#"{{"errorType":"E","cause":{nested}}}"#);
    }
    let mut error = &read_text(&nested);
    let mut depth = 0;
    while let Some(cause) = error.causes.first() {
        (error, depth) = (cause, depth + 1);
    }
    assert_eq!(depth, MOST_CAUSES);
    let deep = format!(r#"{{"errorType":"E","cause":{}1{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(read(deep.as_bytes()), None);
    assert_eq!(read(b"{\"errorType\":\"\xff\"}").unwrap().error_type, "\u{fffd}");
}

proptest! {
    #[test]
    fn any_frame_is_read(text in "(at |File \"|)[a-z/.:() \",0-9ä\n`']{0,40}", message in "[a-z: \n]{0,10}") {
        let json = serde_json::json!({"errorMessage": message, "stackTrace": [text]}).to_string();
        let error = read(json.as_bytes()).unwrap();
        prop_assert!(error.frames.len() <= 1);
        let _ = (error.own_first(), error.hint());
    }
}
