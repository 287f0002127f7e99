"""Every limit that a client can see, one line each: asked at n-1, n and n+1.

What is taken must show in the answer, and a function that was made for it goes again; what is refused must be refused
in AWS's words.
"""

import base64
import copy
import json
import re

from botocore import xform_name
from botocore.exceptions import ClientError

from asking import ACCOUNT, ARN, CLIENTS, REGION, ROLE, archive, awslambda, create, logs
from rows import ABSENT, FAILURES, INVALID, SKIPPED, find, full, least, longest, loose, most

CODE = {"Runtime": "provided.al2023", "Handler": "x", "Role": ROLE, "Code": {"ZipFile": archive()}}
KINESIS = f"arn:aws:kinesis:{REGION}:{ACCOUNT['Account']}:stream/s"
SQS = f"arn:aws:sqs:{REGION}:{ACCOUNT['Account']}:q"
# What is left for `edge` above the floor that must stay unreserved: another function reserves the rest of the account's.
LEFT = 4
FLOOR = 10
# What else a request needs. `edge` is there, with version 1 and provisioned concurrency on none.
BESIDE = {
    "CreateFunction": {"FunctionName": "limit", **CODE},
    "UpdateFunctionConfiguration": {"FunctionName": "edge"},
    "PublishVersion": {"FunctionName": "edge"},
    "CreateAlias": {"FunctionName": "edge", "Name": "limit", "FunctionVersion": "1"},
    "PutFunctionConcurrency": {"FunctionName": "edge"},
    "PutProvisionedConcurrencyConfig": {"FunctionName": "edge", "Qualifier": "1"},
    "PutFunctionEventInvokeConfig": {"FunctionName": "edge"},
    "TagResource": {"Resource": ARN + "edge"},
    "Invoke": {"FunctionName": "edge"},
    "ListVersionsByFunction": {"FunctionName": "edge"},
    "ListAliases": {"FunctionName": "edge"},
    "ListProvisionedConcurrencyConfigs": {"FunctionName": "edge"},
    "ListFunctionEventInvokeConfigs": {"FunctionName": "edge"},
    "CreateEventSourceMapping": {"FunctionName": "edge", "EventSourceArn": KINESIS, "StartingPosition": "LATEST"},
    "CreateFunctionUrlConfig": {"FunctionName": "edge", "AuthType": "NONE"},
    "logs.CreateLogStream": {"logGroupName": "edge"},
    "logs.PutRetentionPolicy": {"logGroupName": "edge"},
    "logs.FilterLogEvents": {"logGroupName": "edge"},
    "logs.GetLogEvents": {"logGroupName": "edge", "logStreamName": "edge"},
    "logs.DescribeLogStreams": {"logGroupName": "edge"},
}
# What undoes a request that was taken.
UNDO = {
    "CreateFunction": lambda asked, got: awslambda.delete_function(FunctionName=asked["FunctionName"]),
    "CreateAlias": lambda asked, got: awslambda.delete_alias(FunctionName="edge", Name=asked["Name"]),
    "PutFunctionConcurrency": lambda asked, got: awslambda.delete_function_concurrency(FunctionName="edge"),
    "PutProvisionedConcurrencyConfig":
        lambda asked, got: awslambda.delete_provisioned_concurrency_config(FunctionName="edge", Qualifier="1"),
    "TagResource": lambda asked, got: awslambda.untag_resource(Resource=ARN + "edge", TagKeys=list(asked["Tags"])),
    "CreateEventSourceMapping": lambda asked, got: awslambda.delete_event_source_mapping(UUID=got["UUID"]),
    "CreateFunctionUrlConfig": lambda asked, got: awslambda.delete_function_url_config(FunctionName="edge"),
    "logs.CreateLogGroup": lambda asked, got: logs.delete_log_group(logGroupName=asked["logGroupName"]),
    "logs.CreateLogStream":
        lambda asked, got: logs.delete_log_stream(logGroupName="edge", logStreamName=asked["logStreamName"]),
}

WORD = lambda n: "n" * n
LOG_NAME = lambda n: "g" * n
SPACED = lambda n: ("d " * n)[:n - 1] + "d" if n else ""
SUBNETS = lambda n: {"SubnetIds": [f"subnet-{i}" for i in range(n)], "SecurityGroupIds": ["sg-1"]}
GROUPS = lambda n: {"SubnetIds": ["subnet-1"], "SecurityGroupIds": [f"sg-{i}" for i in range(n)]}
TAGS = lambda n: {f"k{i}": "v" for i in range(n)}
VARIABLES = lambda n: {"AA": "v" * (n - 9)}
ESCAPED = lambda n: {"AA": '"' + "v" * (n - 11)}
QUOTED = lambda n: b'"' + b"x" * (n - 2) + b'"'
KEY = lambda n: {"K" * n: "v"}
TAG_KEY = lambda n: {"k" * n: "v"}
TAG_VALUE = lambda n: {"key": "v" * n}


def whole_request(n):
    """Variables that make a request of UpdateFunctionConfiguration n bytes long: `é` is six bytes in it and one character."""
    body = lambda text: len(json.dumps({"Environment": {"Variables": {"AA": text}}}))
    wide = "é" * 600
    return {"AA": wide + "v" * (n - body(wide))}


def client_context(n):
    """JSON in base64, which comes in fours: no text fits n exactly, so it is as long as can be below, or above."""
    text = n // 4 * 3 if n <= 3583 else -(-n // 4) * 3
    return base64.b64encode(b"{" + b" " * (text - 2) + b"}").decode()


def at(member, rule):
    return "ValidationException", f"1 validation error detected: Value '...' at '{member}' failed to satisfy constraint: {rule}"


def member_of(path):
    return ".".join(part[0].lower() + part[1:] for part in path.split("."))


LIMITS = []


def number(operations, path, low, high, step=1, above=None, below=None, member=None):
    """A number from `low` to `high`."""
    member = member or member_of(path)
    for operation in operations.split():
        taken = [low, low + step, high - step, high]
        refused = [(low - step, below or at(member, least("...")))]
        refused += [] if above is False else [(high + step, above or at(member, most("...")))]
        LIMITS.append((operation, path, taken, [(n, *refusal) for n, refusal in refused], True))


def size(operations, path, make, high, above, low=None, below=None, shown=True):
    """What `make` makes of `low` to `high`. `shown`: whether it is in the answer under the same path."""
    for operation in operations.split():
        taken = [make(n) for n in ([low, low + 1] if low is not None else []) + ([high - 1, high] if high else [])]
        refused = ([(make(high + 1), *above)] if high else []) + ([(make(low - 1), *below)] if below else [])
        LIMITS.append((operation, path, taken, refused, shown))


MAKING = "CreateFunction UpdateFunctionConfiguration"
MANY = "Lambda was unable to configure your environment variables because the environment variables you have provided "
TOO_MANY_TAGS = (INVALID, "Number of tags exceeds resource tag limit.")
TAG_RULE = "Map {} must satisfy constraint: [Member must have length less than or equal to {}, Member must have length..."
NO_RESERVATION = (INVALID, "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below "
                  "its minimum value of [...].")
NO_PROVISION = (INVALID, "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below "
                              "its minimum value of [...].")
SYNCHRONOUS, ASYNCHRONOUS = (
    ("RequestTooLargeException", f"Request must be smaller than {n} bytes for the {operation} operation")
    for n, operation in ((6291456, "InvokeFunction"), (1048576, "InvokeFunction")))

number(MAKING, "Timeout", 1, 900)
number(MAKING, "MemorySize", 128, 10240, above=(INVALID, "'MemorySize' value failed to satisfy constraint: " + most(10240)))
number(MAKING, "EphemeralStorage.Size", 512, 10240)
size(MAKING, "Description", SPACED, 256, at("description", longest(256)), low=0)
size(MAKING, "Handler", WORD, 128, at("handler", longest(128)), low=1)
size("CreateFunction", "FunctionName", WORD, 64, (INVALID, "1 validation error detected: Value '...' at 'functionName' failed to "
                                                           "satisfy constraint: " + longest(64)), low=1)
size(MAKING, "LoggingConfig.LogGroup", WORD, 512, at("loggingConfig.logGroup", longest(512)), low=1)
size(MAKING, "VpcConfig", SUBNETS, 16, at("vpcConfig.subnetIds", longest(16)), low=1, shown=False)
size(MAKING, "VpcConfig", GROUPS, 5, at("vpcConfig.securityGroupIds", longest(5)), low=1, shown=False)
size(MAKING, "Environment.Variables", VARIABLES, 4096, (INVALID, MANY + "exceeded the 4KB limit. String measured: {...}"))
size(MAKING, "Environment.Variables", ESCAPED, 4096, (INVALID, MANY + "exceeded the 4KB limit. String measured: {...}"))
size(MAKING, "Environment.Variables", KEY, None, None, low=2, below=("ValidationException", "1 validation error detected: Value at "
     "'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: [...]"))
size("CreateFunction TagResource", "Tags", TAGS, 50, TOO_MANY_TAGS, low=1, shown=False)
size("CreateFunction TagResource", "Tags", TAG_KEY, 128, at("tags", TAG_RULE.format("keys", 128)), low=1, shown=False,
     below=at("tags", TAG_RULE.format("keys", 128)))
size("CreateFunction TagResource", "Tags", TAG_VALUE, 256, at("tags", TAG_RULE.format("value", 256)), low=0, shown=False)
size("PublishVersion", "Description", SPACED, 256, at("description", longest(256)), low=0, shown=False)
size("CreateAlias", "Description", SPACED, 256, at("description", longest(256)), low=0)
size("CreateAlias", "Name", WORD, 128, at("name", longest(128)), low=1)
number("CreateAlias", "RoutingConfig.AdditionalVersionWeights.2", 0.0, 1.0, step=0.01,
       above=at("routingConfig.additionalVersionWeights", "Map value must satisfy constraint: [...]"),
       below=at("routingConfig.additionalVersionWeights", "Map value must satisfy constraint: [...]"))
number("PutFunctionConcurrency", "ReservedConcurrentExecutions", 0, LEFT, above=NO_RESERVATION)
number("PutProvisionedConcurrencyConfig", "ProvisionedConcurrentExecutions", 1, LEFT, above=NO_PROVISION)
number("PutFunctionEventInvokeConfig", "MaximumRetryAttempts", 0, 2)
number("PutFunctionEventInvokeConfig", "MaximumEventAgeInSeconds", 60, 21600)
number("ListFunctions ListVersionsByFunction ListAliases ListEventSourceMappings", "MaxItems", 1, 10000)
number("ListProvisionedConcurrencyConfigs ListFunctionEventInvokeConfigs ListLayers", "MaxItems", 1, 50)
number("CreateEventSourceMapping", "BatchSize", 1, 10000)
number("CreateEventSourceMapping", "MaximumBatchingWindowInSeconds", 0, 300)
number("CreateEventSourceMapping", "ParallelizationFactor", 1, 10)
number("CreateEventSourceMapping", "MaximumRetryAttempts", -1, 10000)
number("CreateEventSourceMapping", "MaximumRecordAgeInSeconds", 60, 604800, below=(None, None))
number("CreateEventSourceMapping", "ScalingConfig.MaximumConcurrency", 2, 1000)
number("CreateFunctionUrlConfig", "Cors.MaxAge", 0, 86400)
size("Invoke", "Payload", QUOTED, 6291456, SYNCHRONOUS, shown=False)
size("Invoke", "Payload:Event", QUOTED, 1048576, ASYNCHRONOUS, shown=False)
size("Invoke", "ClientContext", client_context, 3583, ("InvalidRequestContentException", "Client context must be no more than 3583 "
                                                                                     "bytes."), shown=False)
size("Invoke", "TenantId", WORD, 256, at("tenantId", longest(256)), low=1, shown=False,
     below=at("tenantId", "Member must have length greater than or equal to 1..."))
size("UpdateFunctionConfiguration", "Environment.Variables", whole_request, 5120, ("RequestEntityTooLargeException",
     "Request must be smaller than 5120 bytes for the UpdateFunctionConfiguration operation"))
size("logs.CreateLogGroup", "logGroupName", LOG_NAME, 512, ("InvalidParameterException", "Invalid LogGroup or LogStream, both must have "
                                                        "length less than or equal to 512."), low=1)
size("logs.CreateLogStream", "logStreamName", LOG_NAME, 512, ("InvalidParameterException", "Invalid LogGroup or LogStream, both must have "
                                                          "length less than or equal to 512."), low=1)
number("logs.FilterLogEvents", "limit", 1, 10000, above=("InvalidParameterException", "..."), below=("InvalidParameterException", "..."))
number("logs.GetLogEvents", "limit", 1, 10000, above=("InvalidParameterException", "..."), below=("InvalidParameterException", "..."))
number("logs.DescribeLogGroups logs.DescribeLogStreams", "limit", 1, 50, above=("InvalidParameterException", "..."),
       below=("InvalidParameterException", "..."))


def asked(operation, path, value):
    arguments = copy.deepcopy(BESIDE.get(operation, {}))
    path, _, kind = path.partition(":")
    if kind:
        arguments["InvocationType"] = kind
    if path == "ScalingConfig.MaximumConcurrency":
        arguments = {"FunctionName": "edge", "EventSourceArn": SQS}
    if path == "TenantId":
        arguments = {"FunctionName": "tenants"}
    *outer, last = path.split(".")
    inner = arguments
    for part in outer:
        inner = inner.setdefault(part, {})
    inner[last] = value
    return arguments


def run(claimed):
    """Asks them all; the number of requests."""
    create("edge")
    awslambda.publish_version(FunctionName="edge")
    awslambda.update_function_configuration(FunctionName="edge", Timeout=7)
    awslambda.publish_version(FunctionName="edge")
    account = awslambda.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    create("rest")
    create("tenants", TenancyConfig={"TenantIsolationMode": "PER_TENANT"})
    awslambda.put_function_concurrency(FunctionName="rest", ReservedConcurrentExecutions=account - FLOOR - LEFT)
    logs.create_log_group(logGroupName="edge")
    logs.create_log_stream(logGroupName="edge", logStreamName="edge")
    count = 0
    for operation, path, taken, refused, shown in LIMITS:
        if full(operation) not in claimed:
            SKIPPED.append(full(operation))
            continue
        service, name = full(operation).split(".")
        call = getattr(CLIENTS[service], xform_name(name))
        count += len(taken) + len(refused)
        for value in taken:
            what = f"limit of {operation} {path} at {str(value)[:40]}"
            arguments = asked(operation, path, value)
            try:
                got = call(**arguments)
            except ClientError as error:
                FAILURES.append(f"{what}: refused, AWS takes it: {str(error)[:300]}")
                continue
            there = find(got, path)
            if shown and there is not ABSENT and there != value:
                FAILURES.append(f"{what}: the answer shows {there!r}")
            if shown and there is ABSENT and operation in ("CreateFunction", "UpdateFunctionConfiguration"):
                FAILURES.append(f"{what}: the answer does not show it")
            UNDO.get(operation, lambda *_: None)(arguments, got)
        for value, code, message in refused:
            what = f"limit of {operation} {path} at {str(value)[:40]}"
            arguments = asked(operation, path, value)
            try:
                got = call(**arguments)
            except ClientError as error:
                found, text = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
                if code is not None and (found != code or not re.fullmatch(loose(message), text, re.S)):
                    FAILURES.append(f"{what}: {found}: {text[:300]}\n    AWS says {code}: {message}")
                continue
            FAILURES.append(f"{what}: taken, AWS refuses it")
            UNDO.get(operation, lambda *_: None)(arguments, got)
    awslambda.delete_function(FunctionName="edge")
    awslambda.delete_function(FunctionName="rest")
    awslambda.delete_function(FunctionName="tenants")
    logs.delete_log_group(logGroupName="edge")
    return count
