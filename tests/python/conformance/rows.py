"""The table's machinery: a row is a request and what AWS answers to it.

In requests and expectations `<fn>` stands for the ARN of a function up to its name, `<account>`, `<region>` and `<role>`
for those, and `<word>` for what an earlier row has kept under that word. In messages `...` stands for anything.
"""

import json
import re
import time

import botocore.session
from botocore import xform_name
from botocore.exceptions import ClientError

from asking import ACCOUNT, ARN, CLIENTS, REGION, ROLE, create

MODELS = {name: botocore.session.get_session().get_service_model(name) for name in CLIENTS}
ANY = object()

INVALID = "InvalidParameterValueException"
MODEL = "ValidationException"
MISSING = "ResourceNotFoundException"
CONFLICT = "ResourceConflictException"
STALE = "PreconditionFailedException"

FAILURES, SKIPPED = [], []
# The operations that a row got a good answer from, and those whose effect another request has shown.
DRIVEN, SHOWN = set(), set()
ROWS = 0


def yes(status=None, has=None, lacks="", only=None, keep=None, late=False):
    """A good answer: its status, some of its members by path, members it lacks, or all of its members.

    `late`: what takes its time, such as a query; asked again until it is so.
    """
    return {"status": status, "has": has or {}, "lacks": lacks.split(), "only": only if only is None else set(only.split()),
            "keep": keep or {}, "late": late}


def no(status, code, message=None, **members):
    """A refusal. Lambda's have a `Type`, `User`, but where AWS leaves it out: then it is None here."""
    typed = code not in (MODEL, "AccessDeniedException") and "Type" not in members
    return {"status": status, "code": code, "message": message, "members": {"Type": "User", **members} if typed else members}


def violation(value, member, rule):
    """The refusal of one member by the service model."""
    return no(400, MODEL, f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {rule}")


def least(n):
    return f"Member must have value greater than or equal to {n}"


def most(n):
    return f"Member must have value less than or equal to {n}"


def longest(n):
    return f"Member must have length less than or equal to {n}"


def enum(*words):
    return f"Member must satisfy enum value set: [{', '.join(words)}]"


def pattern(text="..."):
    return f"Member must satisfy regular expression pattern: {text}"


def not_found(arn):
    return no(404, MISSING, f"Function not found: {arn}")


def row(operation, arguments, answer, then=None):
    """`then` is a row that shows what this one did."""
    return operation, arguments, answer, then


class Table:
    """Rows in their order, and the functions they ask about, which are made before and deleted after."""

    def __init__(self, name, *rows, functions=(), **creation):
        self.name, self.rows, self.functions, self.creation = name, rows, functions, creation

    def run(self, claimed):
        for name in self.functions:
            create(name, **self.creation.get(name, {}))
            CLIENTS["lambda"].get_function(FunctionName=name)
        kept = {}
        for number, (operation, arguments, answer, then) in enumerate(self.rows, 1):
            try:
                ask(f"{self.name} {number}", operation, arguments, answer, claimed, kept)
                if then:
                    ask(f"{self.name} {number}, then", *then[:3], claimed, kept)
                    SHOWN.add(full(operation))
            except Skip as skip:
                SKIPPED.append(skip.operation)
            except Failure as failure:
                FAILURES.append(str(failure))
        for name in self.functions:
            CLIENTS["lambda"].delete_function(FunctionName=name)


class Failure(Exception):
    pass


class Skip(Exception):
    def __init__(self, operation):
        self.operation = operation


def full(operation):
    return operation if "." in operation else f"lambda.{operation}"


def ask(place, operation, arguments, answer, claimed, kept):
    global ROWS
    name = full(operation)
    if claimed is not None and name not in claimed:
        raise Skip(name)
    service, short = name.split(".")
    arguments = fill(arguments, kept, name)
    ROWS += 1
    what = f"{place}: {operation}({brief(arguments)})"
    deadline = time.monotonic() + 20
    while True:
        try:
            got = getattr(CLIENTS[service], xform_name(short))(**arguments)
        except ClientError as error:
            compare_refusal(what, error.response, answer, kept, name)
            return
        if "code" in answer:
            raise Failure(f"{what}: answered well, AWS refuses with {answer['status']} {answer['code']}")
        DRIVEN.add(name)
        try:
            compare(what, got, answer, kept, name)
            return
        except Failure:
            if not answer["late"] or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def compare_refusal(what, got, answer, kept, name):
    status, code = got["ResponseMetadata"]["HTTPStatusCode"], got["Error"]["Code"]
    text = got["Error"].get("Message")
    if status != answer["status"] or answer.get("code") not in (code, ANY):
        wanted = f"{answer['status']} {answer['code']}" if "code" in answer else "a good answer"
        raise Failure(f"{what}: {status} {code}: {text}\n    AWS gives {wanted}")
    message = fill(answer["message"], kept, name)
    if message is not None and not re.fullmatch(loose(message), text or "", re.S):
        raise Failure(f"{what}: says     {text}\n    AWS says {message}")
    typed = got.get("Type")
    if name.startswith("lambda.") and typed != answer["members"].get("Type"):
        raise Failure(f"{what}: Type is {typed!r}, with AWS {answer['members'].get('Type')!r}")
    for member, wanted in answer["members"].items():
        if member != "Type" and got.get(member) != wanted:
            raise Failure(f"{what}: {member} is {got.get(member)!r}, with AWS {wanted!r}")


def compare(what, got, answer, kept, name):
    status = got.pop("ResponseMetadata")["HTTPStatusCode"]
    if answer["status"] not in (None, status):
        raise Failure(f"{what}: status {status}, with AWS {answer['status']}")
    if "Payload" in got:
        body = got["Payload"].read()
        got["Payload"] = json.loads(body) if body[:1] in (b"{", b"[", b'"') or body == b"null" else body.decode()
    if "EventStream" in got:
        got["EventStream"] = list(got["EventStream"])
    if "responseStream" in got:
        # It would go on for three hours.
        stream, got["responseStream"] = got["responseStream"], []
        got["responseStream"].append(next(iter(stream)))
        stream.close()
    for path, wanted in fill(answer["has"], kept, name).items():
        value = find(got, path)
        if not fits(value, wanted):
            raise Failure(f"{what}: {path} is {value!r}, with AWS {wanted!r}")
    for path in answer["lacks"]:
        if find(got, path) is not ABSENT:
            raise Failure(f"{what}: {path} is {find(got, path)!r}, absent with AWS")
    if answer["only"] is not None and set(got) != answer["only"]:
        raise Failure(f"{what}: members not as with AWS: {sorted(set(got) ^ answer['only'])}")
    for word, path in answer["keep"].items():
        kept[word] = find(got, path)


ABSENT = type("Absent", (), {"__repr__": lambda self: "absent"})()


def find(value, path):
    """`A.0.B`: member, item, member. `#` is a length."""
    for part in path.split("."):
        if part == "#" and isinstance(value, (list, dict)):
            value = len(value)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, dict) and part in value:
            value = value[part]
        else:
            return ABSENT
    return value


def fits(value, wanted):
    if wanted is ANY:
        return value is not ABSENT
    if isinstance(wanted, re.Pattern):
        return isinstance(value, str) and wanted.fullmatch(value) is not None
    return value == wanted


def fill(value, kept, name):
    if isinstance(value, dict):
        return {key: fill(item, kept, name) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [fill(item, kept, name) for item in value]
    if not isinstance(value, str):
        return value
    known = {"fn": ARN, "account": ACCOUNT["Account"], "region": REGION, "role": ROLE, **kept}

    def word(found):
        if found[1] not in known:
            raise Skip(name)
        return str(known[found[1]])

    whole = re.fullmatch(r"<([a-z_]+)>", value)
    if whole and whole[1] in known:
        return known[whole[1]]
    return re.sub(r"<([a-z_]+)>", word, value)


def loose(message):
    return ".*".join(re.escape(part) for part in message.split("..."))


def brief(arguments):
    text = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
    return text if len(text) < 160 else text[:100] + "..." + text[-50:]
