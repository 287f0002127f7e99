"""Invoke, in its three types, and InvokeWithResponseStream."""

import base64
import json
import re

from rows import ANY, INVALID, Table, enum, no, not_found, row, violation, yes

FAILING = {"Environment": {"Variables": {"FAIL": "1"}}}
NO_JSON = "Could not parse request body into json: Could not parse payload into json: "
AT = "\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {}, column: {}]"
VALID = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


def broken(payload, what, column, line=1):
    return row("Invoke", {"FunctionName": "run", "Payload": payload},
               no(400, "InvalidRequestContentException", NO_JSON + what + AT.format(line, column)))


def context(value):
    return base64.b64encode(json.dumps(value).encode()).decode()


TABLES = [Table(
    "invoking",
    row("Invoke", {"FunctionName": "run", "Payload": b'{"a": [1]}'},
        yes(200, {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload.event": {"a": [1]}, "Payload.arn": "<fn>run"},
            only="StatusCode ExecutedVersion Payload")),
    row("Invoke", {"FunctionName": "<fn>run:$LATEST"}, yes(200, {"Payload.event": {}, "Payload.arn": "<fn>run:$LATEST"})),
    row("Invoke", {"FunctionName": "run", "LogType": "Tail"},
        yes(200, {"LogResult": re.compile("[A-Za-z0-9+/]+=*")}, only="StatusCode ExecutedVersion Payload LogResult")),
    row("Invoke", {"FunctionName": "run", "InvocationType": "DryRun"},
        yes(204, {"StatusCode": 204, "Payload": ""}, only="StatusCode Payload")),
    row("Invoke", {"FunctionName": "run", "InvocationType": "Event", "Payload": b"{}"},
        yes(202, {"StatusCode": 202, "Payload": ""}, only="StatusCode Payload")),
    row("InvokeAsync", {"FunctionName": "run", "InvokeArgs": b"{}"}, yes(202, {"Status": 202}, only="Status")),
    row("InvokeAsync", {"FunctionName": "none", "InvokeArgs": b"{}"}, not_found("<fn>none:$LATEST")),
    row("Invoke", {"FunctionName": "run", "Payload": b"null"}, yes(200, {"Payload.event": None})),
    row("Invoke", {"FunctionName": "run", "Payload": b"1"}, yes(200, {"Payload.event": 1})),
    row("Invoke", {"FunctionName": "run", "Payload": '"ä☃"'.encode()}, yes(200, {"Payload.event": "ä☃"})),
    row("Invoke", {"FunctionName": "run", "ClientContext": context({"custom": {"a": "b"}})}, yes(200)),
    row("Invoke", {"FunctionName": "failing"},
        yes(200, {"StatusCode": 200, "FunctionError": "Unhandled", "Payload.errorType": "Oops",
                  "Payload.errorMessage": "it fails"}, only="StatusCode FunctionError ExecutedVersion Payload")),
    row("Invoke", {"FunctionName": "failing", "InvocationType": "DryRun"}, yes(204, lacks="FunctionError")),
    broken(b"n\x87r", "Invalid UTF-8 start byte 0x87", 3),
    broken(b"\x99\xeb,j", "Unexpected character ((CTRL-CHAR, code 153)): expected a valid value " + VALID, 1),
    broken(b"{", "Unexpected end-of-input...", "..."),
    broken(b"hello", "Unrecognized token 'hello': was expecting " + VALID, "..."),
    row("Invoke", {"FunctionName": "run", "InvocationType": "No"},
        violation("No", "invocationType", enum("Event", "RequestResponse", "DryRun"))),
    row("Invoke", {"FunctionName": "run", "LogType": "All"}, violation("All", "logType", enum("None", "Tail"))),
    row("Invoke", {"FunctionName": "run", "ClientContext": "e30"}, no(400, "InvalidRequestContentException")),
    row("Invoke", {"FunctionName": "run", "TenantId": "blue"},
        no(400, INVALID, "The invoked function is not enabled with tenancy configuration. Remove the tenant ID from your request "
                         "and try again.")),
    row("Invoke", {"FunctionName": "none"}, not_found("<fn>none:$LATEST")),
    row("Invoke", {"FunctionName": "none", "InvocationType": "Event"}, not_found("<fn>none:$LATEST")),
    row("Invoke", {"FunctionName": "none", "InvocationType": "DryRun"}, not_found("<fn>none:$LATEST")),
    row("InvokeWithResponseStream", {"FunctionName": "run", "Payload": b"[1]"},
        yes(200, {"StatusCode": 200, "ExecutedVersion": "$LATEST", "EventStream.0.PayloadChunk.Payload": ANY})),
    row("InvokeWithResponseStream", {"FunctionName": "failing"},
        yes(200, {"EventStream.#": 1, "EventStream.0.InvokeComplete.ErrorCode": "Unhandled"})),
    row("InvokeWithResponseStream", {"FunctionName": "run", "InvocationType": "Event"},
        violation("Event", "invocationType", enum("RequestResponse", "DryRun"))),
    row("InvokeWithResponseStream", {"FunctionName": "none"}, not_found("<fn>none:$LATEST")),
    functions=["run", "failing"], failing=FAILING,
)]
