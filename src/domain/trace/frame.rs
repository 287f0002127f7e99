//! One frame of a stack in the forms of the runtimes, and whose code it is.

use serde_json::Value;

use super::{Frame, FunctionError};
use crate::domain::text;

/// The most columns of a frame that are kept.
const LONGEST: usize = 1000;

/// The endings of files on the Java machine, whose stacks give the files' names only.
const JVM: [&str; 5] = ["java", "kt", "scala", "groovy", "clj"];

fn ending(file: &str) -> &str {
    file.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// What was found in a frame's text.
#[derive(Default)]
struct Parts<'a> {
    function: Option<&'a str>,
    file: Option<&'a str>,
    line: Option<u32>,
    code: Option<&'a str>,
}

/// Reads one item of a stack; `None` for an empty one.
pub(super) fn read(value: &Value) -> Option<Frame> {
    match value {
        Value::String(text) => {
            let text = text.trim();
            let first = text.lines().next()?.trim();
            Some(frame(first, &parts(text)))
        }
        // Go: {"path": .., "line": .., "label": ..}
        Value::Object(object) => {
            let word = |key: &str| object.get(key).and_then(Value::as_str).filter(|word| !word.is_empty());
            let (function, file) = (word("label"), word("path"));
            let line = object.get("line").and_then(number);
            Some(placed(&Parts { function, file, line, code: None }))
        }
        // Python before 3.7: [file, line, function, code]
        Value::Array(items) => {
            let word = |at: usize| items.get(at).and_then(Value::as_str).filter(|word| !word.is_empty());
            let line = items.get(1).and_then(number);
            Some(placed(&Parts { function: word(2), file: word(0), line, code: word(3) }))
        }
        Value::Null => None,
        other => Some(frame(&other.to_string(), &Parts::default())),
    }
}

fn number(value: &Value) -> Option<u32> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    u32::try_from(number).ok()
}

/// A frame that came in parts: its text is put together.
fn placed(parts: &Parts<'_>) -> Frame {
    let function = parts.function.unwrap_or("?");
    let file = parts.file.unwrap_or("?");
    let text = match parts.line {
        Some(line) => format!("{function} ({file}:{line})"),
        None => format!("{function} ({file})"),
    };
    frame(&text, parts)
}

fn frame(text: &str, parts: &Parts<'_>) -> Frame {
    let clean = |text: &str| text::fit(&text::sanitise(text), LONGEST).into_owned();
    Frame {
        text: clean(text),
        function: parts.function.map(clean),
        file: parts.file.map(clean),
        line: parts.line,
        own: false,
        code: parts.code.map(|code| clean(code.trim())).filter(|code| !code.is_empty()),
    }
}

fn parts(text: &str) -> Parts<'_> {
    if text.starts_with("File \"") {
        return python(text).unwrap_or_default();
    }
    let text = text.lines().next().unwrap_or_default().trim_end();
    let (called, at) = text.strip_prefix("at ").map_or((text, false), |called| (called, true));
    ruby(text)
        .or_else(|| dotnet_place(called))
        .or_else(|| java(called))
        .or_else(|| node(called, at))
        .or_else(|| dotnet(called, at))
        .unwrap_or_default()
}

/// `File "/var/task/app.py", line 3, in handler` and the source line below; a syntax error has `Line 3` without a
/// function.
fn python(text: &str) -> Option<Parts<'_>> {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let (file, place) = first.strip_prefix("File \"")?.split_once('"')?;
    let place = place.trim_start_matches([',', ' ']);
    let place = place.strip_prefix("line ").or_else(|| place.strip_prefix("Line "))?;
    let (line, function) =
        place.split_once(", in ").map_or((place, None), |(line, name)| (line, Some(name.trim())));
    Some(Parts { function, file: Some(file), line: line.trim().parse().ok(), code: rest.lines().next() })
}

/// ``/var/task/function.rb:3:in `first'``, since 3.4 `in 'Array#first'`.
fn ruby(text: &str) -> Option<Parts<'_>> {
    let (place, function) = text.split_once(":in ")?;
    let (file, line) = place.rsplit_once(':')?;
    let line = line.parse().ok()?;
    let function = function.trim_matches(['`', '\'']);
    Some(Parts { function: Some(function), file: Some(file), line: Some(line), code: None })
}

/// `Ns.Class.Method(String input) in /src/Function.cs:line 21`
fn dotnet_place(called: &str) -> Option<Parts<'_>> {
    let (method, place) = called.rsplit_once(") in ")?;
    let (file, line) = place.rsplit_once(":line ")?;
    let function = method.split('(').next();
    Some(Parts { function, file: Some(file), line: line.trim().parse().ok(), code: None })
}

/// `com.acme.Handler.handle(Handler.java:12)`, with a module or loader before it: `java.base/java.lang...`
fn java(called: &str) -> Option<Parts<'_>> {
    let (function, place) = called.strip_suffix(')')?.split_once('(')?;
    if function.contains(' ') {
        return None;
    }
    let (file, line) = place.split_once(':').map_or((place, None), |(file, line)| (file, line.parse().ok()));
    let known = JVM.contains(&ending(file));
    let unknown = matches!(place, "Native Method" | "Unknown Source" | "<generated>");
    (known || unknown).then_some(Parts {
        function: Some(function),
        file: known.then_some(file),
        line,
        code: None,
    })
}

/// `Object.handler (/var/task/index.js:3:11)`, `/var/task/index.js:3:11`, `async Promise.all (index 0)`.
fn node(called: &str, at: bool) -> Option<Parts<'_>> {
    let (function, place) = match called.strip_suffix(')').and_then(|called| called.split_once(" (")) {
        Some((function, place)) => (Some(function), place),
        None => (None, called),
    };
    // What `eval` runs names its own place last.
    let place = place.rsplit(", ").next().unwrap_or(place);
    let mut ends = place.rsplitn(3, ':');
    let (column, line, file) = (ends.next(), ends.next(), ends.next());
    let parts = match (file, line.and_then(|line| line.parse().ok()), column.map(str::parse::<u32>)) {
        (Some(file), Some(line), Some(Ok(_))) => {
            let file = file.strip_prefix("file://").unwrap_or(file);
            Parts { function, file: Some(file), line: Some(line), code: None }
        }
        _ if at && function.is_some() => Parts { function, ..Parts::default() },
        _ => return None,
    };
    let function = parts.function.map(|name| name.strip_prefix("async ").unwrap_or(name));
    Some(Parts { function, ..parts })
}

/// `System.Activator.CreateInstance(Type type)`
fn dotnet(called: &str, at: bool) -> Option<Parts<'_>> {
    let (function, _) = called.strip_suffix(')')?.split_once('(')?;
    at.then_some(Parts { function: Some(function), ..Parts::default() })
}

/// Marks the user's own frames of an error and its causes.
///
/// By path: what is under `root` and no dependency. Where nothing is under it, as in a container image that keeps its
/// code elsewhere, whatever is neither a dependency nor the runtime's. Java, .NET and Go give no such paths: there the
/// packages of the language, of AWS and of well-known libraries are told by their names.
pub(super) fn mark_own(error: &mut FunctionError, root: &str) {
    let root = root.trim_end_matches('/');
    let anywhere = !any_under(error, root);
    mark(error, root, anywhere);
}

fn under<'a>(file: &'a str, root: &str) -> Option<&'a str> {
    file.strip_prefix(root)?.strip_prefix('/')
}

fn any_under(error: &FunctionError, root: &str) -> bool {
    let here = |frame: &Frame| frame.file.as_deref().is_some_and(|file| under(file, root).is_some());
    error.frames.iter().any(here) || error.causes.iter().any(|cause| any_under(cause, root))
}

fn mark(error: &mut FunctionError, root: &str, anywhere: bool) {
    for frame in &mut error.frames {
        frame.own = is_own(frame, root, anywhere);
    }
    for cause in &mut error.causes {
        mark(cause, root, anywhere);
    }
}

fn is_own(frame: &Frame, root: &str, anywhere: bool) -> bool {
    let Some(file) = frame.file.as_deref() else {
        return frame.function.as_deref().is_some_and(|name| !is_system_package(name) && is_qualified(name));
    };
    let ending = ending(file);
    if ["cs", "fs", "vb"].contains(&ending) || JVM.contains(&ending) {
        return frame.function.as_deref().is_some_and(|name| !is_system_package(name));
    }
    if ending == "go" {
        return !is_go_dependency(file);
    }
    match under(file, root) {
        Some(below) => !is_dependency(&format!("/{below}")),
        None if file.starts_with("webpack:") => !is_dependency(file),
        None => anywhere && is_path(file) && !is_dependency(file) && !is_system_path(file),
    }
}

/// `Ns.Class.Method`: a frame without a place that still names whose it is.
fn is_qualified(name: &str) -> bool {
    name.matches('.').count() >= 2 && !name.contains([' ', '<', '/'])
}

/// Not `node:events`, `<anonymous>` and the like.
fn is_path(file: &str) -> bool {
    file.contains('/')
        && !file.starts_with(['<', '['])
        && !file.split('/').next().unwrap_or_default().contains(':')
}

fn is_dependency(path: &str) -> bool {
    const FOLDERS: [&str; 6] =
        ["/node_modules/", "/site-packages/", "/dist-packages/", "/vendor/", "/gems/", "/.yarn/"];
    FOLDERS.iter().any(|folder| path.contains(folder))
}

fn is_system_path(path: &str) -> bool {
    const ROOTS: [&str; 7] = ["/var/runtime", "/var/lang", "/opt", "/usr", "/lib", "/rustc", "internal"];
    ROOTS.iter().any(|root| under(path, root).is_some()) || path.contains("/lib/python")
}

fn is_system_package(name: &str) -> bool {
    const PACKAGES: [&str; 27] = [
        "java.",
        "javax.",
        "jakarta.",
        "jdk.",
        "sun.",
        "com.sun.",
        "lambdainternal.",
        "com.amazonaws.",
        "software.amazon.",
        "kotlin.",
        "kotlinx.",
        "scala.",
        "groovy.",
        "clojure.",
        "org.apache.",
        "org.springframework.",
        "com.fasterxml.",
        "com.google.",
        "io.netty.",
        "io.micronaut.",
        "io.quarkus.",
        "reactor.",
        "System.",
        "Microsoft.",
        "Amazon.",
        "Newtonsoft.",
        "lambda_method",
    ];
    // `java.base/java.lang..`, `app//com.acme..`
    let name = name.rsplit('/').next().unwrap_or(name);
    PACKAGES.iter().any(|package| name.starts_with(package))
}

/// aws-lambda-go cuts paths down to the module: dependencies keep their version (`github.com/x/y@v1.2.3/..`), the
/// standard library begins with its package.
fn is_go_dependency(path: &str) -> bool {
    const STANDARD: [&str; 30] = [
        "bufio", "bytes", "context", "crypto", "database", "encoding", "errors", "fmt", "hash", "html",
        "internal", "io", "iter", "log", "maps", "math", "mime", "net", "os", "path", "reflect", "regexp",
        "runtime", "slices", "sort", "strconv", "strings", "sync", "text", "time",
    ];
    let first = path.split('/').next().unwrap_or_default();
    path.contains("@v")
        || path.contains("aws-lambda-go")
        || path.contains("/vendor/")
        || path.contains("/usr/local/go/")
        || STANDARD.contains(&first)
}
