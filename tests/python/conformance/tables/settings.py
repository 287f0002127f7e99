"""What stands beside a function: concurrency, settings of asynchronous invocations, tags, the account."""

import re

from rows import ANY, CONFLICT, INVALID, MISSING, MODEL, Table, least, most, no, not_found, pattern, row, violation, yes

FUNCTIONS_ONLY = ("This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
                  "Please specify either a function name or an unqualified function ARN.")
MISMATCH = "The derived qualifier from the function name does not match the specified qualifier."
VOID = {"OnSuccess": {}, "OnFailure": {}}


def reserve(count, answer, name="set"):
    return row("PutFunctionConcurrency", {"FunctionName": name, "ReservedConcurrentExecutions": count}, answer)


CONCURRENCY = Table(
    "reserved concurrency",
    row("GetAccountSettings", {},
        yes(200, {"AccountLimit.TotalCodeSize": 80530636800, "AccountLimit.CodeSizeUnzipped": 262144000,
                  "AccountLimit.CodeSizeZipped": 52428800, "AccountLimit.ConcurrentExecutions": ANY,
                  "AccountUsage.FunctionCount": 1}, only="AccountLimit AccountUsage",
            keep={"free": "AccountLimit.UnreservedConcurrentExecutions"})),
    row("GetFunctionConcurrency", {"FunctionName": "set"}, yes(200, only="")),
    row("PutFunctionConcurrency", {"FunctionName": "set", "ReservedConcurrentExecutions": 1},
        yes(200, {"ReservedConcurrentExecutions": 1}, only="ReservedConcurrentExecutions"),
        row("GetFunctionConcurrency", {"FunctionName": "set"}, yes(200, {"ReservedConcurrentExecutions": 1}))),
    row("GetFunction", {"FunctionName": "set"},
        yes(200, {"Concurrency": {"ReservedConcurrentExecutions": 1}}, only="Code Concurrency Configuration")),
    reserve(0, yes(200, {"ReservedConcurrentExecutions": 0})),
    row("Invoke", {"FunctionName": "set"},
        no(429, "TooManyRequestsException", "Rate Exceeded.", Reason="ReservedFunctionConcurrentInvocationLimitExceeded")),
    row("DeleteFunctionConcurrency", {"FunctionName": "set"}, yes(204),
        row("GetFunctionConcurrency", {"FunctionName": "set"}, yes(200, only=""))),
    row("DeleteFunctionConcurrency", {"FunctionName": "set"}, yes(204)),
    reserve(1, no(400, INVALID, FUNCTIONS_ONLY), "<fn>set:$LATEST"),
    reserve(-1, violation(-1, "reservedConcurrentExecutions", least(0))),
    reserve(None, no(400, MODEL, "1 validation error detected: Value null at 'reservedConcurrentExecutions' failed to satisfy "
                                 "constraint: Member must not be null")),
    reserve(100000, no(400, INVALID, "Specified ReservedConcurrentExecutions for function decreases account's "
                                     "UnreservedConcurrentExecution below its minimum value of [...].", Type=None)),
    row("GetFunctionConcurrency", {"FunctionName": "none"}, no(404, MISSING)),
    functions=["set"],
)


def provision(qualifier, answer, count=1, then=None):
    return row("PutProvisionedConcurrencyConfig",
               {"FunctionName": "set", "Qualifier": qualifier, "ProvisionedConcurrentExecutions": count}, answer, then)


def provisioned(operation, qualifier, answer):
    return row(f"{operation}ProvisionedConcurrencyConfig", {"FunctionName": "set", "Qualifier": qualifier}, answer)


IN_PROGRESS = yes(202, {
    "AllocatedProvisionedConcurrentExecutions": 0, "AvailableProvisionedConcurrentExecutions": 0, "Status": "IN_PROGRESS",
    "RequestedProvisionedConcurrentExecutions": 1, "LastModified": re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+0000"),
}, only="AllocatedProvisionedConcurrentExecutions AvailableProvisionedConcurrentExecutions Status LastModified "
        "RequestedProvisionedConcurrentExecutions")
NO_CONFIG = no(404, "ProvisionedConcurrencyConfigNotFoundException", "No Provisioned Concurrency Config found for this function")

PROVISIONED = Table(
    "provisioned concurrency",
    row("PublishVersion", {"FunctionName": "set"}, yes(201)),
    row("CreateAlias", {"FunctionName": "set", "Name": "live", "FunctionVersion": "1"}, yes(201)),
    provisioned("Get", "1", NO_CONFIG),
    provision("live", IN_PROGRESS, 1, provisioned("Get", "live", yes(200, {"RequestedProvisionedConcurrentExecutions": 1}))),
    provision("1", no(409, CONFLICT, "Version is pointed by a Provisioned Concurrency alias")),
    row("ListProvisionedConcurrencyConfigs", {"FunctionName": "set"},
        yes(200, {"ProvisionedConcurrencyConfigs.#": 1, "ProvisionedConcurrencyConfigs.0.FunctionArn": "<fn>set:live"},
            only="ProvisionedConcurrencyConfigs")),
    row("DeleteAlias", {"FunctionName": "set", "Name": "live"}, yes(204)),
    provisioned("Get", "live", no(404, MISSING, "Cannot find alias arn: <fn>set:live")),
    provision("1", IN_PROGRESS),
    row("CreateAlias", {"FunctionName": "set", "Name": "live", "FunctionVersion": "1"}, yes(201)),
    provision("live", no(409, CONFLICT, "Alias can't be used for Provisioned Concurrency configuration on an already "
                                        "Provisioned version")),
    provisioned("Delete", "1", yes(204)),
    row("DeleteProvisionedConcurrencyConfig", {"FunctionName": "set", "Qualifier": "1"}, yes(204),
        provisioned("Get", "1", NO_CONFIG)),
    row("ListProvisionedConcurrencyConfigs", {"FunctionName": "set"}, yes(200, {"ProvisionedConcurrencyConfigs": []})),
    provision("1", no(400, INVALID, "Specified ConcurrentExecutions for function is greater than account's unreserved "
                                    "concurrency [...].", Type=None), 100000),
    provision("$LATEST", no(400, INVALID, "Provisioned Concurrency Configs cannot be applied to unpublished function versions.")),
    provisioned("Get", "$LATEST", no(400, INVALID, "The function resource provided must be an alias or a published version.")),
    provision("1", violation(0, "provisionedConcurrentExecutions", least(1)), 0),
    provision("7", not_found("<fn>set:7")),
    provision("none", no(404, MISSING, "Cannot find alias arn: <fn>set:none")),
    functions=["set"],
)


def put(answer, **more):
    return row("PutFunctionEventInvokeConfig", {"FunctionName": "set", **more}, answer)


def config(arn, **more):
    return yes(200, {"FunctionArn": arn, "DestinationConfig": VOID, **more},
               only=" ".join(["FunctionArn", "DestinationConfig", "LastModified", *more]))


def without(arn):
    return no(404, MISSING, f"The function {arn} doesn't have an EventInvokeConfig")


GONE = no(404, MISSING, "The function doesn't exist.")
EVENT_INVOKE = Table(
    "event invoke config",
    row("PublishVersion", {"FunctionName": "set"}, yes(201)),
    row("CreateAlias", {"FunctionName": "set", "Name": "live", "FunctionVersion": "1"}, yes(201)),
    put(config("<fn>set:$LATEST", MaximumRetryAttempts=0), MaximumRetryAttempts=0),
    put(config("<fn>set:$LATEST", MaximumEventAgeInSeconds=60), MaximumEventAgeInSeconds=60),
    row("UpdateFunctionEventInvokeConfig", {"FunctionName": "set", "MaximumRetryAttempts": 1},
        config("<fn>set:$LATEST", MaximumRetryAttempts=1, MaximumEventAgeInSeconds=60),
        row("GetFunctionEventInvokeConfig", {"FunctionName": "set:$LATEST"},
            config("<fn>set:$LATEST", MaximumRetryAttempts=1, MaximumEventAgeInSeconds=60))),
    row("UpdateFunctionEventInvokeConfig", {"FunctionName": "set", "MaximumEventAgeInSeconds": 60},
        config("<fn>set:$LATEST", MaximumRetryAttempts=1, MaximumEventAgeInSeconds=60)),
    put(config("<fn>set:$LATEST"), DestinationConfig={"OnFailure": {}}),
    put(config("<fn>set:$LATEST"), DestinationConfig={"OnSuccess": {}}),
    row("GetFunctionEventInvokeConfig", {"FunctionName": "set", "Qualifier": "1"}, without("<fn>set:1")),
    row("PutFunctionEventInvokeConfig", {"FunctionName": "set:1", "MaximumEventAgeInSeconds": 120},
        config("<fn>set:1", MaximumEventAgeInSeconds=120),
        row("GetFunctionEventInvokeConfig", {"FunctionName": "set", "Qualifier": "1"},
            config("<fn>set:1", MaximumEventAgeInSeconds=120))),
    *(put(config("<fn>set:live", MaximumRetryAttempts=1), MaximumRetryAttempts=1, **named) for named in (
        {"Qualifier": "live"}, {"FunctionName": "set:live"}, {"FunctionName": "set:live", "Qualifier": "live"},
        {"FunctionName": "<fn>set:live"}, {"FunctionName": "<fn>set:live", "Qualifier": "live"})),
    row("ListFunctionEventInvokeConfigs", {"FunctionName": "set"},
        yes(200, {"FunctionEventInvokeConfigs.#": 3, "FunctionEventInvokeConfigs.0.FunctionArn": "<fn>set:$LATEST"},
            only="FunctionEventInvokeConfigs")),
    put(no(400, INVALID, "You must specify at least one of error handling or destination setting.")),
    put(GONE, FunctionName="none", MaximumRetryAttempts=0),
    put(GONE, FunctionName="<fn>none", MaximumRetryAttempts=0),
    put(GONE, Qualifier="doesnotexist", MaximumRetryAttempts=0),
    *(put(no(400, INVALID, MISMATCH), MaximumRetryAttempts=1, FunctionName=name, Qualifier=qualifier) for name, qualifier in (
        ("set:1", "$LATEST"), ("set:$LATEST", "1"), ("set:live", "other"), ("<fn>set:live", "other"))),
    put(no(400, INVALID, "You can't specify the function as a destination for itself."),
        DestinationConfig={"OnSuccess": {"Destination": "<fn>set"}}),
    put(no(400, INVALID, "The destination ARN <fn>doesnotexist is invalid."),
        DestinationConfig={"OnSuccess": {"Destination": "<fn>doesnotexist"}}),
    put(no(400, INVALID, "The provided destination config DestinationConfig(onSuccess=OnSuccess(destination=arn:aws:iam:<region>:"
                         "<account>:function:set), onFailure=null) is invalid."),
        DestinationConfig={"OnSuccess": {"Destination": "arn:aws:iam:<region>:<account>:function:set"}}),
    put(violation("arn:aws:_-/!lambda:<region>:<account>:function:set", "destinationConfig.onFailure.destination", pattern()),
        DestinationConfig={"OnFailure": {"Destination": "arn:aws:_-/!lambda:<region>:<account>:function:set"}}),
    put(yes(200, {"DestinationConfig": {"OnSuccess": {"Destination": "<fn>other"}, "OnFailure": {}}},
            only="FunctionArn DestinationConfig LastModified"),
        DestinationConfig={"OnSuccess": {"Destination": "<fn>other"}}),
    put(violation(3, "maximumRetryAttempts", most(2)), MaximumRetryAttempts=3),
    put(violation(21601, "maximumEventAgeInSeconds", most(21600)), MaximumEventAgeInSeconds=21601),
    row("UpdateFunctionEventInvokeConfig", {"FunctionName": "none", "MaximumRetryAttempts": 0}, GONE),
    row("DeleteFunctionEventInvokeConfig", {"FunctionName": "set"}, yes(204),
        row("GetFunctionEventInvokeConfig", {"FunctionName": "set"}, without("<fn>set:$LATEST"))),
    row("DeleteFunctionEventInvokeConfig", {"FunctionName": "set"}, without("<fn>set:$LATEST")),
    row("DeleteFunctionEventInvokeConfig", {"FunctionName": "none"}, without("<fn>none:$LATEST")),
    row("GetFunctionEventInvokeConfig", {"FunctionName": "none"}, without("<fn>none:$LATEST")),
    row("UpdateFunctionEventInvokeConfig", {"FunctionName": "set", "MaximumRetryAttempts": 0}, without("<fn>set:$LATEST")),
    row("DeleteFunctionEventInvokeConfig", {"FunctionName": "set", "Qualifier": "1"}, yes(204)),
    row("DeleteFunctionEventInvokeConfig", {"FunctionName": "set:live"}, yes(204)),
    row("ListFunctionEventInvokeConfigs", {"FunctionName": "set"}, yes(200, {"FunctionEventInvokeConfigs": []})),
    row("ListFunctionEventInvokeConfigs", {"FunctionName": "none"}, GONE),
    functions=["set", "other"],
)

TAGS = Table(
    "tags",
    row("ListTags", {"Resource": "<fn>set"}, yes(200, {"Tags": {}}, only="Tags")),
    row("GetFunctionConfiguration", {"FunctionName": "set"}, yes(200, keep={"before": "RevisionId"})),
    row("TagResource", {"Resource": "<fn>set", "Tags": {"A": "tag-a"}}, yes(204),
        row("ListTags", {"Resource": "<fn>set"}, yes(200, {"Tags": {"A": "tag-a"}}))),
    row("TagResource", {"Resource": "<fn>set", "Tags": {"B": "tag-b", "C": "tag-c"}}, yes(204)),
    row("TagResource", {"Resource": "<fn>set", "Tags": {"C": "tag-c-new", "D": "tag-d"}}, yes(204),
        row("GetFunction", {"FunctionName": "set"},
            yes(200, {"Tags": {"A": "tag-a", "B": "tag-b", "C": "tag-c-new", "D": "tag-d"}}, only="Code Configuration Tags"))),
    row("UntagResource", {"Resource": "<fn>set", "TagKeys": ["A"]}, yes(204),
        row("ListTags", {"Resource": "<fn>set"}, yes(200, {"Tags": {"B": "tag-b", "C": "tag-c-new", "D": "tag-d"}}))),
    row("UntagResource", {"Resource": "<fn>set", "TagKeys": ["B", "C"]}, yes(204)),
    row("UntagResource", {"Resource": "<fn>set", "TagKeys": ["none"]}, yes(204),
        row("ListTags", {"Resource": "<fn>set"}, yes(200, {"Tags": {"D": "tag-d"}}))),
    row("UntagResource", {"Resource": "<fn>set", "TagKeys": ["D", "none"]}, yes(204),
        row("GetFunction", {"FunctionName": "set"}, yes(200, only="Code Configuration"))),
    row("TagResource", {"Resource": "<fn>set", "Tags": {}},
        no(400, INVALID, "An error occurred and the request cannot be processed.")),
    row("UntagResource", {"Resource": "<fn>set", "TagKeys": []},
        no(400, MODEL, "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be "
                       "null")),
    row("TagResource", {"Resource": "<fn>doesnotexist", "Tags": {"A": "a"}}, not_found("<fn>doesnotexist")),
    row("UntagResource", {"Resource": "<fn>doesnotexist", "TagKeys": ["A"]}, not_found("<fn>doesnotexist")),
    row("ListTags", {"Resource": "<fn>doesnotexist"}, not_found("<fn>doesnotexist")),
    row("TagResource", {"Resource": "arn:aws:something", "Tags": {"A": "a"}},
        violation("arn:aws:something", "resource", pattern("arn:(aws[a-zA-Z-]*):lambda:..."))),
    row("TagResource", {"Resource": "<fn>set:v1", "Tags": {"A": "a"}},
        no(400, INVALID, "Tags on function aliases and versions are not supported. Please specify a function ARN.")),
    row("TagResource", {"Resource": "<fn>set", "Tags": {f"{n}_key": "v" for n in range(51)}},
        no(400, INVALID, "Number of tags exceeds resource tag limit.")),
    row("TagResource", {"Resource": "<fn>set", "Tags": {f"{n}_key": "v" for n in range(50)}}, yes(204),
        row("ListTags", {"Resource": "<fn>set"}, yes(200, {"Tags.#": 50}))),
    row("TagResource", {"Resource": "<fn>set", "Tags": {"51_key": "v"}},
        no(400, INVALID, "Number of tags exceeds resource tag limit.")),
    row("TagResource", {"Resource": "<fn>set", "Tags": {"0_key": "other"}}, yes(204)),
    functions=["set"],
)


def logging(config, wanted):
    return row("UpdateFunctionConfiguration", {"FunctionName": "set", "LoggingConfig": config}, yes(200, {"LoggingConfig": wanted}),
               row("GetFunctionConfiguration", {"FunctionName": "set"}, yes(200, {"LoggingConfig": wanted})))


TEXT = {"LogFormat": "Text", "LogGroup": "/aws/lambda/set"}
JSON = {"LogFormat": "JSON", "LogGroup": "/aws/lambda/set", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"}
LOGGING = Table(
    "logging config",
    row("GetFunctionConfiguration", {"FunctionName": "set"}, yes(200, {"LoggingConfig": TEXT})),
    logging({"LogFormat": "JSON"}, JSON),
    logging({"ApplicationLogLevel": "DEBUG"}, {**JSON, "ApplicationLogLevel": "DEBUG"}),
    logging({"SystemLogLevel": "WARN"}, {**JSON, "ApplicationLogLevel": "DEBUG", "SystemLogLevel": "WARN"}),
    logging({"LogGroup": "mine"}, {**JSON, "ApplicationLogLevel": "DEBUG", "SystemLogLevel": "WARN", "LogGroup": "mine"}),
    logging({"LogFormat": "Text"}, {"LogFormat": "Text", "LogGroup": "mine"}),
    functions=["set"],
)

TABLES = [CONCURRENCY, PROVISIONED, EVENT_INVOKE, TAGS, LOGGING]
