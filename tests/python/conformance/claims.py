"""Which operations the engine claims: those it does not answer with 501. Each of the others must be refused by name."""

import datetime

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from asking import CLIENTS
from rows import MODELS

READING = ("Get", "List", "Describe", "Filter", "Invoke", "Test")


def made_up(shape):
    """A value of this shape with its required members only, which names nothing that is there."""
    kind = shape.type_name
    if kind == "structure":
        return {name: made_up(shape.members[name]) for name in shape.required_members}
    if kind == "list":
        return [made_up(shape.member)]
    values = {
        "map": {}, "blob": b"", "boolean": True, "integer": 1, "long": 1, "float": 1.0, "double": 1.0,
        "timestamp": datetime.datetime(2026, 1, 1),
    }
    return values.get(kind, shape.enum[0] if getattr(shape, "enum", None) else "made-up")


def find():
    """The claimed operations, and what is wrong with the refusals of the others."""
    claimed, wrong = set(), []
    for service, client in CLIENTS.items():
        for name in MODELS[service].operation_names:
            shape = MODELS[service].operation_model(name).input_shape
            try:
                getattr(client, xform_name(name))(**(made_up(shape) if shape else {}))
            except ClientError as error:
                got = error.response
                if got["ResponseMetadata"]["HTTPStatusCode"] == 501:
                    text = got["Error"].get("Message", "")
                    # CloudWatch's codes come in their older, shorter form, too.
                    if got["Error"]["Code"].removesuffix("Exception") != "NotImplemented" or f"'{name}'" not in text:
                        wrong.append(f"the refusal of {service}.{name} does not name it: {got['Error']}")
                    continue
            except BotoCoreError as error:
                wrong.append(f"{service}.{name}: {error}")
                continue
            claimed.add(f"{service}.{name}")
    client = CLIENTS["logs"]
    for group in client.describe_log_groups()["logGroups"]:
        client.delete_log_group(logGroupName=group["logGroupName"])
    return claimed, wrong


def changes(operation):
    """Whether an operation is one that changes something."""
    return not operation.split(".")[1].startswith(READING) and operation != "logs.StartLiveTail"
