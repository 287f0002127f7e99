"""Looks at every answer that comes in and compares it with botocore's service model.

Of a good answer: the status, the content type, each member known, of its type and its enum, nothing null, required
members there, timestamps in their wire format, members of the head not in the body. Of a refusal: a code, a request id.
`FAULTS` has what was found, `ANSWERED` which operations answered well.
"""

import datetime
import json
import re
from collections import Counter

from botocore.eventstream import EventStream
from botocore.parsers import RpcV2CBORParser
from botocore.response import StreamingBody

FAULTS = []
ANSWERED = Counter()

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CONTENT = {"rest-json": "application/json", "json": "application/x-amz-json-{jsonVersion}",
           "smithy-rpc-v2-cbor": "application/cbor"}
# What a parser would turn into the right type, whatever it was.
SCALARS = {"string", "integer", "long", "float", "double", "boolean"}
HEAD = {"header", "headers", "statusCode"}
TYPES = {
    "structure": dict, "list": list, "map": dict, "string": str, "character": str, "integer": int, "long": int,
    "float": (int, float), "double": (int, float), "boolean": bool, "timestamp": datetime.datetime,
    "blob": (bytes, StreamingBody),
}
# What AWS answers although its model does not have it.
BEYOND_THE_MODEL = {("LastUpdateStatusReasonCode", "Creating")}
# Nothing at all where a function has no such configuration, whatever is required.
MAY_BE_EMPTY = {"GetFunctionCodeSigningConfig"}
# Documented as null where the runtime is not chosen by hand.
MAY_BE_NULL = {"GetRuntimeManagementConfig.RuntimeVersionArn", "PutRuntimeManagementConfig.RuntimeVersionArn"}
EMPTY_BODY = (b"", b"{}", b"\xa0", b"\xbf\xff")


def watch(client):
    client.meta.events.register("after-call", look)


def look(http_response, parsed, model, **_):
    operation = f"{model.service_model.service_name}.{model.name}"
    fault = lambda text: FAULTS.append(f"{operation}: {text}")
    headers, status = http_response.headers, http_response.status_code
    if not UUID.fullmatch(headers.get("x-amzn-requestid", "")):
        fault(f"x-amzn-requestid is {headers.get('x-amzn-requestid')!r}")
    if status >= 300:
        if not parsed.get("Error", {}).get("Code"):
            fault(f"a refusal without a code: {status} {http_response.content[:200]!r}")
        return
    ANSWERED[operation] += 1
    protocol, shape = model.service_model.resolved_protocol, model.output_shape
    at_head = {name for name, member in shape.members.items() if member.serialization.get("location") in HEAD} if shape else set()
    wanted = model.http.get("responseCode", 200)
    if status != wanted and not any(shape.members[name].serialization["location"] == "statusCode" for name in at_head):
        fault(f"status {status}, the model says {wanted}")
    if shape is None:
        if http_response.content not in EMPTY_BODY:
            fault(f"a body where there is none: {http_response.content[:100]!r}")
        return
    check(shape, {k: v for k, v in parsed.items() if k != "ResponseMetadata"}, model.name, fault)
    payload = shape.serialization.get("payload")
    if model.has_event_stream_output or model.has_streaming_output or payload:
        return
    content = http_response.content
    if not content:
        if len(shape.members) > len(at_head) and protocol != "rest-json":
            fault("no body")
        return
    kind = headers.get("content-type", "")
    if kind.split(";")[0] != CONTENT[protocol].format(**model.service_model.metadata):
        fault(f"content type {kind!r}")
    if protocol == "smithy-rpc-v2-cbor":
        reader = RpcV2CBORParser()
        raw = reader.parse_data_item(reader.get_peekable_stream_from_bytes(content))
    else:
        raw = json.loads(content)
    check_raw(shape, raw, model.name, fault, protocol, at_head)


def check(shape, value, at, fault):
    """The parsed value against its shape."""
    kind = shape.type_name
    if isinstance(value, EventStream):
        return
    if not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        fault(f"{at} is {type(value).__name__}, the model says {kind}")
        return
    if kind == "structure":
        empty = not value and at in MAY_BE_EMPTY
        for name in set() if empty else set(shape.required_members) - set(value):
            fault(f"{at}.{name} is required and absent")
        for name, member in value.items():
            if name not in shape.members:
                fault(f"{at}.{name} is not in the model")
            else:
                check(shape.members[name], member, f"{at}.{name}", fault)
    elif kind == "list":
        for n, item in enumerate(value):
            check(shape.member, item, f"{at}.{n}", fault)
    elif kind == "map":
        for key, item in value.items():
            check(shape.key, key, f"{at}.{key}", fault)
            check(shape.value, item, f"{at}.{key}", fault)
    elif kind == "string" and shape.enum and value not in shape.enum and (at.split(".")[-1], value) not in BEYOND_THE_MODEL:
        fault(f"{at} is {value!r}, none of {shape.enum}")
    elif kind in ("integer", "long"):
        low, high = shape.metadata.get("min", value), shape.metadata.get("max", value)
        if not low <= value <= high:
            fault(f"{at} is {value}, outside {low}-{high}")


def check_raw(shape, value, at, fault, protocol, at_head=()):
    """The body as it came against the shape: what a parser would pass over."""
    kind = shape.type_name
    if value is None and at not in MAY_BE_NULL:
        fault(f"{at} is null instead of absent")
    elif value is None:
        pass
    elif kind == "structure":
        members = {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}
        for key, item in value.items():
            name, member = members.get(key, (None, None))
            if name is None:
                fault(f"{at}.{key} is in the body and not in the model")
            elif name in at_head:
                fault(f"{at}.{key} is in the body instead of the head")
            else:
                check_raw(member, item, f"{at}.{key}", fault, protocol)
    elif kind == "list":
        for n, item in enumerate(value):
            check_raw(shape.member, item, f"{at}.{n}", fault, protocol)
    elif kind == "map":
        for key, item in value.items():
            check_raw(shape.value, item, f"{at}.{key}", fault, protocol)
    elif kind in SCALARS and (not isinstance(value, TYPES[kind]) or isinstance(value, bool) != (kind == "boolean")):
        fault(f"{at} is {value!r} in the body, the model says {kind}")
    elif kind == "timestamp" and protocol != "smithy-rpc-v2-cbor":
        form = shape.serialization.get("timestampFormat", "unixTimestamp")
        fits = isinstance(value, (int, float)) if form == "unixTimestamp" else isinstance(value, str)
        if not fits or isinstance(value, bool):
            fault(f"{at} is {value!r} and not of the form {form}")

