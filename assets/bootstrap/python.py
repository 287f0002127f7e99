"""Serves a Python function of lambdeck's local engine through the Lambda Runtime API.

Standard library only. When the function brings AWS's own client, awslambdaric, along, that one does the work.
What a function sees and logs is meant to be what it sees and logs on AWS: the context object, the error objects, the
format of log lines in both log formats.
"""

import importlib
import json
import logging
import os
import socket
import sys
import time

API = "/2018-06-01/runtime"
JSON_LOGS = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
# Runtimes since 3.12 leave characters as they are.
ENSURE_ASCII = os.environ.get("AWS_EXECUTION_ENV", "") in {
    "AWS_Lambda_python3." + minor for minor in ("6", "7", "8", "9", "10", "11")
}

request_id = None
tenant_id = None


class Fault(Exception):
    """A failure that the runtime itself finds."""

    def __init__(self, kind, message, trace=None):
        super().__init__(message)
        self.kind = "Runtime." + kind
        self.message = message
        self.trace = trace


# --- The Runtime API


class Api:
    """One connection that is kept open. A lost one means that the engine is gone, and so is our purpose."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.address = address
        try:
            self.socket = socket.create_connection((host, int(port)))
        except OSError:
            os._exit(1)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.socket.makefile("rb")

    def call(self, method, path, body=b"", headers=()):
        head = [
            f"{method} {API}/{path} HTTP/1.1",
            f"Host: {self.address}",
            f"Content-Length: {len(body)}",
            *(f"{name}: {value}" for name, value in headers),
        ]
        try:
            self.socket.sendall("\r\n".join(head).encode("latin-1", "replace") + b"\r\n\r\n" + body)
            return self.read()
        except OSError:
            os._exit(1)

    def read(self):
        if not self.reader.readline():
            os._exit(1)
        headers = {}
        while True:
            line = self.reader.readline().decode("utf-8", "replace").strip()
            if not line:
                break
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return headers, self.reader.read(int(headers.get("content-length", 0)))


# --- What a function gets


class Fields:
    """An object with some of a dictionary's members as attributes; those that are missing are None."""

    def __init__(self, source, names):
        self._names = names
        for name in names:
            setattr(self, name, source.get(name))

    def __repr__(self):
        fields = ",".join(f"{name}={getattr(self, name)}" for name in self._names)
        return f"{type(self).__name__}([{fields}])"


class Client(Fields):
    def __init__(self, source):
        names = ["installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"]
        super().__init__(source, names)


class ClientContext(Fields):
    def __init__(self, source):
        super().__init__(source, ["custom", "env", "client"])
        if isinstance(self.client, dict):
            self.client = Client(self.client)


class CognitoIdentity(Fields):
    def __init__(self, source):
        self._names = ["cognito_identity_id", "cognito_identity_pool_id"]
        self.cognito_identity_id = source.get("cognitoIdentityId")
        self.cognito_identity_pool_id = source.get("cognitoIdentityPoolId")


class LambdaContext:
    def __init__(self, headers):
        def parsed(name, what):
            try:
                return json.loads(headers[name]) if headers.get(name) else None
            except ValueError as error:
                raise Fault("LambdaContextUnmarshalError", f"Unable to parse {what} JSON: {error}")

        env = os.environ.get
        self.aws_request_id = headers.get("lambda-runtime-aws-request-id")
        self.log_group_name = env("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = env("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = env("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = env("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        client = parsed("lambda-runtime-client-context", "Client Context")
        self.client_context = ClientContext(client) if isinstance(client, dict) else None
        self.identity = CognitoIdentity(parsed("lambda-runtime-cognito-identity", "Cognito Identity") or {})
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        self._deadline_ms = int(headers.get("lambda-runtime-deadline-ms", 0))

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))

    def __repr__(self):
        fields = ",".join(f"{name}={value}" for name, value in vars(self).items() if not name.startswith("_"))
        return f"LambdaContext([{fields}])"


def load(handler):
    """The function that a handler like `folder/module.function` names."""
    try:
        module_name, function_name = handler.rsplit(".", 1)
    except ValueError as error:
        raise Fault("MalformedHandlerName", f"Bad handler '{handler}': {error}")
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault("BuiltInModuleConflict", f"Cannot use built-in module {module_name} as a handler module")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Fault("ImportModuleError", f"Unable to import module '{module_name}': {error}")
    except SyntaxError as error:
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        raise Fault("UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}", trace)
    try:
        return getattr(module, function_name)
    except AttributeError:
        raise Fault("HandlerNotFound", f"Handler '{function_name}' missing on module '{module_name}'")


def unmarshal(body):
    try:
        return json.loads(body)
    except ValueError as error:
        raise Fault("UnmarshalError", f"Unable to unmarshal input: {error}")


def marshal(response):
    """The response's bytes and their content type."""
    if isinstance(response, bytes):
        return response, "application/unknown"
    try:
        return encode(response).encode("utf-8"), "application/json"
    except Exception as error:
        raise Fault("MarshalError", f"Unable to marshal response: {error}")


def encode(value):
    return json.dumps(value, ensure_ascii=ENSURE_ASCII, default=plain)


def plain(value):
    # Looked up and not imported: who has a Decimal has the module.
    decimal = sys.modules.get("decimal")
    if decimal and isinstance(value, decimal.Decimal):
        whole = value.is_finite() and value == value.to_integral_value()
        return int(value) if whole else float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


# --- Errors and logs


def error_of(exception):
    """The error object of an exception, without the frames of this file that lead to the function's own."""
    if isinstance(exception, Fault):
        return error_object(exception.message, exception.kind, exception.trace)
    import traceback

    frames = traceback.extract_tb(exception.__traceback__)
    while frames and frames[0].filename == __file__:
        frames = frames[1:]
    # As tuples: without the markers under the line that newer Pythons add, and AWS's client does not.
    frames = [(frame.filename, frame.lineno, frame.name, frame.line) for frame in frames]
    return error_object(str(exception), type(exception).__name__, traceback.format_list(frames))


def error_object(message, kind, trace):
    return {"errorMessage": message, "errorType": kind, "requestId": request_id or "", "stackTrace": trace or []}


def log_error(error):
    if JSON_LOGS:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        write(encode({"timestamp": stamp, "level": "ERROR", **error}))
        return
    lines = [f"[ERROR] {error['errorType']}: {error['errorMessage']}", "Traceback (most recent call last):"]
    for element in error["stackTrace"]:
        for line in element.splitlines() or [""]:
            text = line.lstrip(" ")
            # Kept apart from the line's beginning by spaces that nobody trims.
            lines.append("\u00a0" * (len(line) - len(text)) + text)
    write("\n".join(lines))


def write(text):
    """One message, one event: line feeds would cut it."""
    sys.stdout.write(text.rstrip("\n").replace("\n", "\r") + "\n")
    sys.stdout.flush()


class LogHandler(logging.Handler):
    def emit(self, record):
        record.aws_request_id = request_id or ""
        record.tenant_id = tenant_id
        write(self.format(record))


class JsonFormatter(logging.Formatter):
    own = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "aws_request_id", "tenant_id"}

    def format(self, record):
        fault = record.exc_info if record.exc_info and record.exc_info[0] else None
        is_object = isinstance(record.msg, dict) and not record.args
        line = {
            "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"),
            "level": record.levelname,
            "message": record.msg if is_object else record.getMessage(),
            "logger": record.name,
            "requestId": record.aws_request_id,
        }
        if fault:
            import traceback

            line["stackTrace"] = traceback.format_tb(fault[2])
            line["errorType"] = fault[0].__name__
            line["errorMessage"] = str(fault[1])
            line["location"] = f"{record.pathname}:{record.funcName}:{record.lineno}"
        if record.tenant_id is not None:
            line["tenantId"] = record.tenant_id
        line.update((name, value) for name, value in vars(record).items() if name not in self.own and name not in line)
        return json.dumps(line, ensure_ascii=False, default=str)


def set_up_logging():
    logging.Formatter.converter = time.gmtime
    handler = LogHandler()
    if JSON_LOGS:
        handler.setFormatter(JsonFormatter())
    else:
        text = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
        handler.setFormatter(logging.Formatter(text, "%Y-%m-%dT%H:%M:%S"))
    root = logging.getLogger()
    root.addHandler(handler)
    level = {"TRACE": "DEBUG", "FATAL": "CRITICAL"}.get(*[os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()] * 2)
    if level in ("DEBUG", "INFO", "WARN", "WARNING", "ERROR", "CRITICAL"):
        root.setLevel(level)


# --- The loop


def official_client(task_root):
    """The entry point of awslambdaric, when the function has it and this Python can load it."""
    if not os.path.isdir(os.path.join(task_root, "awslambdaric")):
        return None
    try:
        import runtime_client  # noqa: F401  (its native half)
        from awslambdaric.__main__ import main as entry

        return entry
    except ImportError as error:
        write(f"lambdeck: the function's awslambdaric can't be loaded ({error}): serving it without")
        return None


def serve(api, handler):
    global request_id, tenant_id
    while True:
        headers, body = api.call("GET", "invocation/next")
        request_id = headers.get("lambda-runtime-aws-request-id")
        tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        os.environ["_X_AMZN_TRACE_ID"] = headers.get("lambda-runtime-trace-id", "")
        try:
            context = LambdaContext(headers)
            answer, content_type = marshal(handler(unmarshal(body), context))
        except Exception as exception:
            error = error_of(exception)
            log_error(error)
            answer, content_type = encode(error).encode("utf-8", "replace"), "application/json"
            path, extra = "error", [("Lambda-Runtime-Function-Error-Type", one_line(error["errorType"]))]
        else:
            path, extra = "response", []
        flush()
        api.call("POST", f"invocation/{request_id}/{path}", answer, [("Content-Type", content_type), *extra])


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass  # The function has replaced or closed it.


def one_line(text):
    return " ".join(text.split())


def layer_folders():
    """Where modules of layers are, /opt on AWS. As there, a PYTHONPATH of the function's own takes their place."""
    opt = os.environ.pop("_LAMBDECK_OPT", None)
    if not opt or "PYTHONPATH" in os.environ:
        return []
    version = os.environ["AWS_EXECUTION_ENV"].rpartition("python")[2]
    return [f"{opt}/python/lib/python{version}/site-packages", f"{opt}/python"]


def forget_coercion():
    """Takes away the LC_CTYPE that Python sets itself where the machine does not have the locale of LANG."""
    try:
        with open("/proc/self/environ", "rb") as file:
            given = any(line.startswith(b"LC_CTYPE=") for line in file.read().split(b"\0"))
    except OSError:
        return
    if not given:
        os.environ.pop("LC_CTYPE", None)


def main():
    forget_coercion()
    task_root = os.environ["LAMBDA_TASK_ROOT"]
    sys.path[:1] = [task_root, *layer_folders()]
    handler_name = os.environ["_HANDLER"]
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", line_buffering=True)
    entry = official_client(task_root)
    if entry:
        entry(["bootstrap", handler_name])
        return
    set_up_logging()
    api = Api(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        handler = load(handler_name)
    except Exception as exception:
        error = error_of(exception)
        log_error(error)
        extra = [("Lambda-Runtime-Function-Error-Type", one_line(error["errorType"]))]
        api.call("POST", "init/error", encode(error).encode("utf-8", "replace"), extra)
        sys.exit(1)
    serve(api, handler)
