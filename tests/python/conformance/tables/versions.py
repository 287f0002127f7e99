"""Versions, aliases and their revisions."""

from asking import BOOTSTRAP, archive
from rows import CONFLICT, INVALID, MISSING, STALE, Table, longest, no, not_found, pattern, row, violation, yes
from tables.functions import ID, NEW, STALE_TEXT, STANDING

ALIAS = "AliasArn Description FunctionVersion Name RevisionId"
NUMBERS = ("Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length "
           "greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]")
ZERO_TO_ONE = ("Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value "
               "greater than or equal to 0.0, Member must not be null]")
WEIGHTS = "routingConfig.additionalVersionWeights"


def weights(**to):
    return {"RoutingConfig": {"AdditionalVersionWeights": {key.strip("_"): value for key, value in to.items()}}}


def alias(answer, **more):
    return row("CreateAlias", {"FunctionName": "many", "Name": "custom", "FunctionVersion": "1", **more}, answer)


VERSIONS = Table(
    "versions",
    row("PublishVersion", {"FunctionName": "many", "Description": "first"},
        yes(201, {"FunctionArn": "<fn>many:1", "Version": "1", "Description": "first", "State": "Active",
                  "LastUpdateStatus": "Successful", "RevisionId": ID}, only=STANDING + "LastUpdateStatus",
            keep={"sha": "CodeSha256", "one": "RevisionId"}),
        row("GetFunctionConfiguration", {"FunctionName": "many:1"},
            yes(200, {"FunctionArn": "<fn>many:1", "Version": "1", "Description": "first", "RevisionId": "<one>"},
                only=STANDING + "LastUpdateStatus"))),
    row("PublishVersion", {"FunctionName": "many", "Description": "not taken"},
        yes(201, {"Version": "1", "Description": "first", "RevisionId": "<one>"})),
    row("UpdateFunctionConfiguration", {"FunctionName": "many", "Timeout": 4}, yes(200, {"FunctionArn": "<fn>many"})),
    row("GetFunctionConfiguration", {"FunctionName": "many", "Qualifier": "1"}, yes(200, {"Timeout": 3, "RevisionId": "<one>"})),
    row("PublishVersion", {"FunctionName": "many", "CodeSha256": "somenonexistentsha256"},
        no(400, INVALID, "CodeSHA256 (somenonexistentsha256) is different from current CodeSHA256 in $LATEST (<sha>). Please try "
                         "again with the CodeSHA256 in $LATEST.")),
    row("PublishVersion", {"FunctionName": "many", "RevisionId": "none"}, no(412, STALE, STALE_TEXT)),
    row("PublishVersion", {"FunctionName": "many", "CodeSha256": "<sha>"},
        yes(201, {"Version": "2", "FunctionArn": "<fn>many:2", "Description": "", "Timeout": 4})),
    row("ListVersionsByFunction", {"FunctionName": "many"},
        yes(200, {"Versions.#": 3, "Versions.0.FunctionArn": "<fn>many:$LATEST", "Versions.0.Version": "$LATEST",
                  "Versions.1.FunctionArn": "<fn>many:1", "Versions.2.FunctionArn": "<fn>many:2"}, only="Versions",
            lacks="Versions.0.State Versions.1.State Versions.1.LastUpdateStatus Versions.1.RuntimeVersionConfig")),
    row("ListVersionsByFunction", {"FunctionName": "many", "MaxItems": 1},
        yes(200, {"Versions.#": 1}, only="Versions NextMarker", keep={"marker": "NextMarker"})),
    row("ListVersionsByFunction", {"FunctionName": "many", "Marker": "<marker>"},
        yes(200, {"Versions.#": 2, "Versions.0.Version": "1"}, only="Versions")),
    row("UpdateFunctionCode", {"FunctionName": "many", "ZipFile": archive(BOOTSTRAP + "#"), "Publish": True},
        yes(200, {"FunctionArn": "<fn>many:3", "Version": "3", "State": "Pending", "StateReasonCode": "Creating",
                  "StateReason": "The function is being created."}, only=STANDING + "StateReason StateReasonCode"),
        row("GetFunction", {"FunctionName": "many", "Qualifier": "3"},
            yes(200, {"Configuration.State": "Active", "Configuration.LastUpdateStatus": "Successful"}))),
    row("DeleteFunction", {"FunctionName": "many", "Qualifier": "3"}, yes(204),
        row("GetFunction", {"FunctionName": "many:3"}, not_found("<fn>many:3"))),
    row("DeleteFunction", {"FunctionName": "many", "Qualifier": "1221"}, yes(204)),
    row("CreateFunction", {"FunctionName": "born", "Publish": True, **NEW},
        yes(201, {"FunctionArn": "<fn>born", "Version": "1", "State": "Pending"}, only=STANDING + "StateReason StateReasonCode"),
        row("ListVersionsByFunction", {"FunctionName": "born"}, yes(200, {"Versions.#": 2, "Versions.1.Version": "1"}))),
    row("PublishVersion", {"FunctionName": "born"}, yes(201, {"FunctionArn": "<fn>born:1", "Version": "1", "State": "Active"})),
    row("DeleteFunction", {"FunctionName": "born"}, yes(204)),
    row("GetFunction", {"FunctionName": "born", "Qualifier": "1"}, not_found("<fn>born:1")),
    functions=["many"],
)

ALIASES = Table(
    "aliases",
    row("PublishVersion", {"FunctionName": "many"}, yes(201, {"Version": "1"})),
    row("UpdateFunctionConfiguration", {"FunctionName": "many", "Timeout": 4}, yes(200)),
    row("PublishVersion", {"FunctionName": "many"}, yes(201, {"Version": "2"})),
    alias(yes(201, {"AliasArn": "<fn>many:custom", "Name": "custom", "FunctionVersion": "1", "Description": "d",
                    "RevisionId": ID}, only=ALIAS, keep={"made": "RevisionId"}), Description="d",
          ),
    row("GetAlias", {"FunctionName": "many", "Name": "custom"},
        yes(200, {"AliasArn": "<fn>many:custom", "RevisionId": "<made>", "Description": "d"}, only=ALIAS)),
    alias(no(409, CONFLICT, "Alias already exists: <fn>many:custom")),
    alias(yes(201, {"FunctionVersion": "$LATEST", "Description": ""}, only=ALIAS), Name="latest", FunctionVersion="$LATEST"),
    alias(yes(201, only=ALIAS), Name="plain", **weights()),
    alias(yes(201, {"RoutingConfig": {"AdditionalVersionWeights": {"2": 0.5}}}, only=ALIAS + " RoutingConfig"), Name="routed",
          **weights(_2=0.5)),
    alias(not_found("<fn>none:1"), FunctionName="none"),
    alias(not_found("<fn>many:10"), Name="other", FunctionVersion="10"),
    alias(not_found("<fn>many:10"), Name="other", **weights(_10=0.5)),
    alias(no(400, INVALID, "Invalid function version 1. Function version 1 is already included in routing configuration."),
          Name="other", **weights(_1=0.5)),
    alias(no(400, INVALID, "Number of items in AdditionalVersionWeights cannot be greater than 1"), Name="other",
          **weights(_1=0.5, _2=0.5)),
    alias(no(400, INVALID, "$LATEST is not supported for an alias pointing to more than 1 version", Type=None), Name="other",
          FunctionVersion="$LATEST", **weights(_1=0.5)),
    alias(violation("{2=2.0}", WEIGHTS, ZERO_TO_ONE), Name="other", **weights(_2=2.0)),
    alias(violation("{2=-1.0}", WEIGHTS, ZERO_TO_ONE), Name="other", **weights(_2=-1.0)),
    alias(violation("{$LATEST=0.5}", WEIGHTS, NUMBERS), Name="other",
          RoutingConfig={"AdditionalVersionWeights": {"$LATEST": 0.5}}),
    alias(violation("2024", "name", pattern("(?!^[0-9]+$)([a-zA-Z0-9-_]+)")), Name="2024"),
    alias(yes(201, {"AliasArn": "<fn>many:2024-01-02"}), Name="2024-01-02"),
    alias(violation("n" * 129, "name", longest(128)), Name="n" * 129),
    alias(violation("none", "functionVersion", pattern()), Name="other", FunctionVersion="none"),
    row("GetAlias", {"FunctionName": "many", "Name": "none"}, no(404, MISSING, "Cannot find alias arn: <fn>many:none")),
    row("GetAlias", {"FunctionName": "none", "Name": "none"}, no(404, MISSING)),
    row("UpdateAlias", {"FunctionName": "many", "Name": "none", "FunctionVersion": "1"},
        no(404, MISSING, "Alias not found: <fn>many:none")),
    row("UpdateAlias", {"FunctionName": "many", "Name": "custom", "RevisionId": "none"}, no(412, STALE, STALE_TEXT)),
    row("UpdateAlias", {"FunctionName": "many", "Name": "custom", "FunctionVersion": "10"}, not_found("<fn>many:10")),
    row("UpdateAlias", {"FunctionName": "many", "Name": "custom", "FunctionVersion": "2", "RevisionId": "<made>"},
        yes(200, {"FunctionVersion": "2", "Description": "d"}, only=ALIAS),
        row("GetFunctionConfiguration", {"FunctionName": "many:custom"},
            yes(200, {"Version": "2", "FunctionArn": "<fn>many:custom"}))),
    row("GetFunction", {"FunctionName": "many", "Qualifier": "custom"},
        yes(200, {"Configuration.FunctionArn": "<fn>many:custom", "Configuration.Version": "2"})),
    row("DeleteFunction", {"FunctionName": "many", "Qualifier": "2"},
        no(409, CONFLICT, "Unable to delete version because the following aliases reference it: [custom, routed]")),
    row("ListAliases", {"FunctionName": "many", "FunctionVersion": "2"},
        yes(200, {"Aliases.#": 1, "Aliases.0.Name": "custom"}, only="Aliases")),
    row("ListAliases", {"FunctionName": "many", "MaxItems": 2}, yes(200, {"Aliases.#": 2}, only="Aliases NextMarker")),
    row("DeleteAlias", {"FunctionName": "many", "Name": "custom"}, yes(204),
        row("GetAlias", {"FunctionName": "many", "Name": "custom"}, no(404, MISSING, "Cannot find alias arn: <fn>many:custom"))),
    row("DeleteAlias", {"FunctionName": "many", "Name": "non-existent"}, yes(204)),
    row("CreateAlias", {"FunctionName": "many", "Name": "again", "FunctionVersion": "1"}, yes(201),
        row("ListAliases", {"FunctionName": "many"}, yes(200, {"Aliases.0.Name": "2024-01-02", "Aliases.1.Name": "again"}))),
    functions=["many"],
)

TABLES = [VERSIONS, ALIASES]
