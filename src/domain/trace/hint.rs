//! What Lambda's own errors mean. From AWS's documentation of the runtimes and of troubleshooting.

pub(super) fn hint(error_type: &str, message: &str) -> Option<&'static str> {
    by_message(message).or_else(|| by_type(error_type, message))
}

/// What the message tells better than the type.
fn by_message(message: &str) -> Option<&'static str> {
    let says = |words: &str| message.contains(words);
    Some(if says("exec format error") {
        "the executable is built for another architecture than the function's: build it for the one, or change the other"
    } else if says("/bootstrap") && says("permission denied") {
        "bootstrap is not executable: set its mode to 755 before it is zipped"
    } else if says("Couldn't find valid bootstrap") {
        "the package has no executable named bootstrap at its top, which an OS-only runtime starts"
    } else if says("is not authorized to perform") {
        "the function's execution role lacks a permission (or a policy denies it): add the action to the role"
    } else if says("cannot open shared object file") || says("invalid ELF header") || says("GLIBC_") {
        "a native library is missing or built for another system: build the dependencies for Amazon Linux and the function's architecture"
    } else {
        return None;
    })
}

fn by_type(error_type: &str, message: &str) -> Option<&'static str> {
    let says = |words: &str| message.contains(words);
    Some(match error_type {
        "Sandbox.Timedout" => TIMED_OUT,
        "" if says("Task timed out after") => TIMED_OUT,
        "Runtime.OutOfMemory" | "java.lang.OutOfMemoryError" => {
            "it ran out of memory: raise the memory setting, or hold less at once"
        }
        "Runtime.ExitError" if says("signal: killed") => {
            "the process was killed, mostly for using more memory than configured: compare Max Memory Used with Memory Size"
        }
        "Runtime.ExitError" if says("segmentation fault") => {
            "native code crashed: check that native libraries fit the runtime and the architecture"
        }
        "Runtime.ExitError" | "Runtime.NodejsExit" => {
            "the process ended instead of answering: an exit in the code, a panic, or a crash at start; its last words are in the log"
        }
        "Runtime.ImportModuleError" => {
            "the handler's module, or something it imports, is not in the package: check the Handler setting and that dependencies are packed"
        }
        "Runtime.HandlerNotFound" => {
            "the module has no such handler: the Handler setting is FILE.FUNCTION, and the function has to be exported"
        }
        "Runtime.MalformedHandlerName" => "the Handler setting has the wrong form: it is FILE.FUNCTION",
        "Runtime.UserCodeSyntaxError" => {
            "the code can't be parsed: a syntax error, or syntax newer than the runtime"
        }
        "Runtime.CallbackHandlerDeprecated" => {
            "this version of Node.js takes no handler with a callback: make the handler async"
        }
        "Runtime.UnhandledPromiseRejection" => {
            "a promise was rejected and nothing caught it: await it, or catch it"
        }
        "Runtime.MarshalError" => {
            "what the handler returned can't be written as JSON: return dicts, lists, texts and numbers only"
        }
        "Runtime.UnmarshalError" => "the event can't be read by the runtime: it has to be JSON",
        "Function.ResponseSizeTooLarge" => {
            "the response is over 6 MB: stream it, or put it into S3 and return its address"
        }
        "Runtime.InvalidEntrypoint" => {
            "the container can't be started: check ENTRYPOINT, CMD and that they are there and executable"
        }
        "Runtime.InvalidWorkingDir" => "the container's WORKDIR is not there",
        "Runtime.BeforeCheckpointError" | "Runtime.AfterRestoreError" => {
            "a SnapStart hook of the function failed: its error is in the log"
        }
        "java.lang.ClassNotFoundException" | "java.lang.NoClassDefFoundError" => {
            "a class is not in the package: check the Handler setting and that dependencies are packed"
        }
        "java.lang.UnsupportedClassVersionError" => {
            "the classes are compiled for a newer Java than the runtime's: set the compiler's release"
        }
        _ if error_type.starts_with("Extension.") => {
            "an extension failed, not the function's own code: check the layers, and the extension's lines in the log"
        }
        _ => return None,
    })
}

const TIMED_OUT: &str = "it was stopped at the function's timeout: raise the timeout, or find in the log what it waited for (network, VPC, locks)";
