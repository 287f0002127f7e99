"""Layers, policies, function URLs, event source mappings, code signing, runtimes, recursion, metrics."""

import datetime
import re

from asking import archive
from rows import (
    ANY, CONFLICT, INVALID, MISSING, MODEL, STALE, Table, enum, no, not_found, pattern, row, violation, yes,
)
from tables.functions import ID, STALE_TEXT

LAYER = "arn:aws:lambda:<region>:<account>:layer:"
ISO = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d.*")
DUPLICATE = ("The statement id (s1) provided already exists. Please provide a new statement id, or remove the existing "
             "statement.")
NO_POLICY = no(404, MISSING, "The resource you requested does not exist.")


def publish(answer, then=None, **more):
    return row("PublishLayerVersion", {"LayerName": "lib", "Content": {"ZipFile": archive()}, **more}, answer, then)


def layer_policy(operation, answer, then=None, **more):
    return row(operation, {"LayerName": "lib", "VersionNumber": 1, **more}, answer, then)


def share(answer, then=None, **more):
    statement = {"StatementId": "s1", "Action": "lambda:GetLayerVersion", "Principal": "*"}
    return layer_policy("AddLayerVersionPermission", answer, then, **{**statement, **more})


STALE_LAYER = no(412, STALE, "The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to "
                             "retrieve the latest Revision Id")
PUBLISHED = "Content LayerArn LayerVersionArn Description CreatedDate Version"


def no_layer(name):
    return no(404, MISSING, f"Layer version {LAYER}{name} does not exist.")


LAYERS = Table(
    "layers",
    publish(yes(201, {"LayerArn": LAYER + "lib", "LayerVersionArn": LAYER + "lib:1", "Version": 1, "Description": "",
                      "CreatedDate": ISO, "Content.CodeSize": len(archive()), "Content.CodeSha256": ANY,
                      "Content.Location": ANY}, only=PUBLISHED),
            row("GetLayerVersion", {"LayerName": "lib", "VersionNumber": 1},
                yes(200, {"LayerVersionArn": LAYER + "lib:1", "Version": 1, "Content.CodeSize": len(archive())}))),
    publish(yes(201, {"Version": 2, "Description": "d", "CompatibleRuntimes": ["provided.al2023"],
                      "CompatibleArchitectures": ["x86_64"], "LicenseInfo": "MIT"},
                only=PUBLISHED + " CompatibleRuntimes CompatibleArchitectures LicenseInfo"),
            Description="d", CompatibleRuntimes=["provided.al2023"], CompatibleArchitectures=["x86_64"], LicenseInfo="MIT"),
    row("GetLayerVersionByArn", {"Arn": LAYER + "lib:2"}, yes(200, {"LayerVersionArn": LAYER + "lib:2", "LicenseInfo": "MIT"})),
    row("ListLayerVersions", {"LayerName": "lib"},
        yes(200, {"LayerVersions.#": 2, "LayerVersions.0.Version": 2, "LayerVersions.1.Version": 1})),
    row("ListLayerVersions", {"LayerName": "none"}, yes(200, {"LayerVersions": []})),
    row("ListLayers", {}, yes(200, {"Layers.#": 1, "Layers.0.LayerName": "lib", "Layers.0.LayerArn": LAYER + "lib",
                                    "Layers.0.LatestMatchingVersion.Version": 2})),
    row("GetLayerVersion", {"LayerName": "lib", "VersionNumber": 9}, no(404, MISSING)),
    share(yes(201, {"Statement": re.compile('.*"Sid":"s1".*'), "RevisionId": ID}, only="Statement RevisionId",
              keep={"layer_revision": "RevisionId"}),
          layer_policy("GetLayerVersionPolicy", yes(200, {"Policy": re.compile('.*"Sid":"s1".*'),
                                                          "RevisionId": "<layer_revision>"}, only="Policy RevisionId"))),
    share(no(409, CONFLICT, DUPLICATE)),
    share(violation("*", "action", pattern("lambda:GetLayerVersion")), Action="*"),
    share(STALE_LAYER, StatementId="s2", RevisionId="wrong"),
    share(no_layer("none:1"), LayerName="none"),
    share(no_layer("lib:9"), VersionNumber=9),
    layer_policy("GetLayerVersionPolicy", no(404, MISSING, "No policy is associated with the given resource."), VersionNumber=2),
    layer_policy("GetLayerVersionPolicy", no_layer("none:1"), LayerName="none"),
    layer_policy("RemoveLayerVersionPermission", no(404, MISSING, "Statement doesnotexist is not found in resource policy."),
                 StatementId="doesnotexist"),
    layer_policy("RemoveLayerVersionPermission", STALE_LAYER, StatementId="s1", RevisionId="wrong"),
    layer_policy("RemoveLayerVersionPermission", no_layer("lib:9"), StatementId="s1", VersionNumber=9),
    layer_policy("RemoveLayerVersionPermission", yes(204),
                 layer_policy("GetLayerVersionPolicy", no(404, MISSING)), StatementId="s1", RevisionId="<layer_revision>"),
    row("UpdateFunctionConfiguration", {"FunctionName": "stacked", "Layers": [LAYER + "lib:1", LAYER + "lib:2"]},
        no(400, INVALID, "Two different versions of the same layer are not allowed to be referenced in the same function. "
                         f"{LAYER}lib:1 and {LAYER}lib:2 are versions of the same layer.")),
    row("UpdateFunctionConfiguration", {"FunctionName": "stacked", "Layers": [LAYER + "lib:9"]},
        no(400, INVALID, f"Layer version {LAYER}lib:9 does not exist.")),
    row("DeleteLayerVersion", {"LayerName": "lib", "VersionNumber": 2}, yes(204),
        row("ListLayerVersions", {"LayerName": "lib"}, yes(200, {"LayerVersions.#": 1}))),
    row("DeleteLayerVersion", {"LayerName": "lib", "VersionNumber": 9}, yes(204)),
    row("DeleteLayerVersion", {"LayerName": "lib", "VersionNumber": 1}, yes(204)),
    functions=["stacked"],
)


def allow(answer, then=None, **more):
    return row("AddPermission", {"FunctionName": "shared", "StatementId": "s1", "Action": "lambda:InvokeFunction",
                                 "Principal": "s3.amazonaws.com", **more}, answer, then)


def forbid(answer, then=None, **more):
    return row("RemovePermission", {"FunctionName": "shared", "StatementId": "s1", **more}, answer, then)


def policy(answer, **more):
    return row("GetPolicy", {"FunctionName": "shared", **more}, answer)


POLICIES = Table(
    "policies",
    policy(NO_POLICY),
    policy(NO_POLICY, FunctionName="none"),
    forbid(no(404, MISSING, "No policy is associated with the given resource.")),
    allow(yes(201, {"Statement": re.compile('.*"Sid":"s1".*"Service":"s3.amazonaws.com".*|.*"Service":"s3.amazonaws.com".*"Sid":"s1".*')},
              only="Statement"),
          policy(yes(200, {"Policy": re.compile('.*"Id":"default".*'), "RevisionId": ID}, only="Policy RevisionId",
                     keep={"policy_revision": "RevisionId"}))),
    row("GetFunctionConfiguration", {"FunctionName": "shared"}, yes(200, {"RevisionId": "<policy_revision>"})),
    allow(no(409, CONFLICT, DUPLICATE)),
    allow(no(412, STALE, STALE_TEXT), StatementId="s2", RevisionId="wrong"),
    allow(not_found("<fn>none"), FunctionName="none"),
    allow(not_found("<fn>shared:42"), Qualifier="42"),
    allow(no(404, MISSING, "Cannot find alias arn: <fn>shared:alias-doesnotexist"), Qualifier="alias-doesnotexist"),
    allow(not_found("<fn>shared:valid-with-$-but-doesnotexist"), Qualifier="valid-with-$-but-doesnotexist"),
    allow(no(400, INVALID, "We currently do not support adding policies for $LATEST."), Qualifier="$LATEST"),
    allow(no(400, INVALID, "The derived qualifier from the function name does not match the specified qualifier."),
          FunctionName="shared:alias-doesnotexist", Qualifier="42"),
    allow(violation("invalid-qualifier-with-?-char", "qualifier", pattern()), Qualifier="invalid-qualifier-with-?-char"),
    allow(violation("example.com", "statementId", pattern("([a-zA-Z0-9-_]+)")), StatementId="example.com"),
    allow(no(400, INVALID, "The provided principal was invalid. Please check the principal and try again."),
          StatementId="s2", Principal="invalid.nonaws.com"),
    policy(NO_POLICY, Qualifier="42"),
    forbid(no(412, STALE, STALE_TEXT), RevisionId="wrong"),
    forbid(no(404, MISSING, "No policy found for: <fn>none"), FunctionName="none"),
    forbid(no(404, MISSING, "Cannot find alias arn: <fn>shared:alias-doesnotexist"), Qualifier="alias-doesnotexist"),
    forbid(yes(204), policy(NO_POLICY), RevisionId="<policy_revision>"),
    functions=["shared"],
)


def url(operation, answer, then=None, **more):
    return row(f"{operation}FunctionUrlConfig", {"FunctionName": "open", **more}, answer, then)


URL = "FunctionUrl FunctionArn AuthType CreationTime"
NO_URL = no(404, MISSING, "The resource you requested does not exist.")
URLS = Table(
    "function URLs",
    row("PublishVersion", {"FunctionName": "open"}, yes(201)),
    row("CreateAlias", {"FunctionName": "open", "Name": "live", "FunctionVersion": "1"}, yes(201)),
    url("Get", NO_URL),
    url("Get", NO_URL, FunctionName="none"),
    url("Create", yes(201, {"FunctionArn": "<fn>open", "AuthType": "NONE", "FunctionUrl": re.compile("http.*/"),
                            "CreationTime": ISO}),
        url("Get", yes(200, {"FunctionArn": "<fn>open", "AuthType": "NONE", "InvokeMode": "BUFFERED"},
                       only=URL + " InvokeMode LastModifiedTime")), AuthType="NONE"),
    url("Create", no(409, CONFLICT, "Failed to create function url config for [functionArn = <fn>open]. Error message:  "
                                    "FunctionUrlConfig exists for this Lambda function"), AuthType="NONE"),
    url("Create", violation("OPEN", "authType", "Member must satisfy enum value set: [...]"), AuthType="OPEN"),
    url("Create", violation("UNKNOWN", "invokeMode", "Member must satisfy enum value set: [...]"), AuthType="NONE",
        InvokeMode="UNKNOWN"),
    url("Create", yes(201, {"FunctionArn": "<fn>open:live"}), AuthType="NONE", Qualifier="live"),
    row("ListFunctionUrlConfigs", {"FunctionName": "open"},
        yes(200, {"FunctionUrlConfigs.#": 2, "FunctionUrlConfigs.0.FunctionArn": "<fn>open",
                  "FunctionUrlConfigs.1.FunctionArn": "<fn>open:live"}, only="FunctionUrlConfigs")),
    row("ListFunctionUrlConfigs", {"FunctionName": "none"}, no(404, MISSING, "Function does not exist")),
    url("Update", yes(200, {"AuthType": "AWS_IAM", "LastModifiedTime": ISO}),
        url("Get", yes(200, {"AuthType": "AWS_IAM"})), AuthType="AWS_IAM"),
    url("Update", no(404, MISSING), FunctionName="none", AuthType="NONE"),
    url("Delete", yes(204), url("Get", NO_URL)),
    url("Get", yes(200, {"FunctionArn": "<fn>open:live"}), Qualifier="live"),
    url("Delete", NO_URL),
    url("Delete", yes(204), Qualifier="live"),
    row("ListFunctionUrlConfigs", {"FunctionName": "open"}, yes(200, {"FunctionUrlConfigs": []})),
    functions=["open"],
)

STREAM = "arn:aws:kinesis:<region>:<account>:stream/s"


def mapping(answer, then=None, **more):
    return row("CreateEventSourceMapping", {"FunctionName": "fed", "EventSourceArn": STREAM, "StartingPosition": "LATEST", **more},
               answer, then)


MAPPED = ("BatchSize BisectBatchOnFunctionError DestinationConfig EventSourceArn EventSourceMappingArn FunctionArn "
          "FunctionResponseTypes LastModified LastProcessingResult MaximumBatchingWindowInSeconds MaximumRecordAgeInSeconds "
          "MaximumRetryAttempts ParallelizationFactor StartingPosition State StateTransitionReason TumblingWindowInSeconds UUID")
MAPPINGS = Table(
    "event source mappings",
    row("ListEventSourceMappings", {}, yes(200, {"EventSourceMappings": []}, only="EventSourceMappings")),
    mapping(yes(202, {"FunctionArn": "<fn>fed", "EventSourceArn": STREAM, "State": "Creating", "BatchSize": 100, "UUID": ID,
                      "MaximumRecordAgeInSeconds": -1, "MaximumRetryAttempts": -1, "ParallelizationFactor": 1,
                      "StartingPosition": "LATEST", "FunctionResponseTypes": [], "DestinationConfig": {"OnFailure": {}},
                      "BisectBatchOnFunctionError": False, "MaximumBatchingWindowInSeconds": 0, "TumblingWindowInSeconds": 0},
                only=MAPPED, keep={"mapping": "UUID"}),
            row("GetEventSourceMapping", {"UUID": "<mapping>"}, yes(200, {"UUID": "<mapping>", "FunctionArn": "<fn>fed"}))),
    mapping(no(409, CONFLICT)),
    mapping(no(400, INVALID, "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member "
                             "must not be null."), EventSourceArn=STREAM + "2", StartingPosition=None),
    mapping(violation("invalid", "startingPosition", enum("LATEST", "AT_TIMESTAMP", "TRIM_HORIZON")),
            EventSourceArn=STREAM + "2", StartingPosition="invalid"),
    row("ListEventSourceMappings", {"FunctionName": "fed"}, yes(200, {"EventSourceMappings.#": 1})),
    row("UpdateEventSourceMapping", {"UUID": "<mapping>", "BatchSize": 7}, yes(202, {"BatchSize": 7}),
        row("GetEventSourceMapping", {"UUID": "<mapping>"}, yes(200, {"BatchSize": 7}))),
    row("DeleteEventSourceMapping", {"UUID": "<mapping>"}, yes(202, {"State": "Deleting", "UUID": "<mapping>"}),
        row("ListEventSourceMappings", {}, yes(200, {"EventSourceMappings": []}, late=True))),
    row("GetEventSourceMapping", {"UUID": "00000000-0000-0000-0000-000000000000"}, no(404, MISSING)),
    functions=["fed"],
)

PROFILE = {"SigningProfileVersionArns": ["arn:aws:signer:<region>:<account>:/signing-profiles/test"]}
UNKNOWN_CONFIG = "arn:aws:lambda:<region>:<account>:code-signing-config:csc-" + "0" * 17
NO_SIGNING = no(404, MISSING, f"The Lambda code signing configuration {UNKNOWN_CONFIG} can not be found.", Type=None)
NO_SIGNING_PUT = no(404, "CodeSigningConfigNotFoundException", "The code signing configuration cannot be found. Check that the "
                    f"provided configuration is not deleted: {UNKNOWN_CONFIG}.")


def signing(operation, answer, then=None, config="<config>", **more):
    return row(f"{operation}CodeSigningConfig", {"CodeSigningConfigArn": config, **more}, answer, then)


def signed(operation, answer, then=None, name="signed", **more):
    return row(f"{operation}FunctionCodeSigningConfig", {"FunctionName": name, **more}, answer, then)


SIGNING = Table(
    "code signing",
    row("CreateCodeSigningConfig", {"Description": "d", "AllowedPublishers": PROFILE,
                                    "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Enforce"}},
        yes(201, {"CodeSigningConfig.AllowedPublishers": PROFILE, "CodeSigningConfig.Description": "d",
                  "CodeSigningConfig.CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Enforce"},
                  "CodeSigningConfig.#": 6}, keep={"config": "CodeSigningConfig.CodeSigningConfigArn"}),
        signing("Get", yes(200, {"CodeSigningConfig.CodeSigningConfigArn": "<config>"}))),
    signing("Update", yes(200, {"CodeSigningConfig.CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Warn"}}),
            signing("Get", yes(200, {"CodeSigningConfig.CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Warn"}})),
            CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Warn"}),
    row("ListCodeSigningConfigs", {}, yes(200, {"CodeSigningConfigs.#": 1})),
    signed("Get", yes(200, only="")),
    signed("Put", yes(200, {"FunctionName": "signed", "CodeSigningConfigArn": "<config>"}),
           signed("Get", yes(200, {"FunctionName": "signed", "CodeSigningConfigArn": "<config>"})),
           CodeSigningConfigArn="<config>"),
    row("ListFunctionsByCodeSigningConfig", {"CodeSigningConfigArn": "<config>"}, yes(200, {"FunctionArns": ["<fn>signed"]})),
    signed("Delete", yes(204), signed("Get", yes(200, only=""))),
    signed("Delete", yes(204)),
    signing("Get", NO_SIGNING, config=UNKNOWN_CONFIG),
    signing("Delete", NO_SIGNING, config=UNKNOWN_CONFIG),
    signing("Update", NO_SIGNING, config=UNKNOWN_CONFIG, Description="x"),
    row("ListFunctionsByCodeSigningConfig", {"CodeSigningConfigArn": UNKNOWN_CONFIG}, NO_SIGNING),
    signed("Put", NO_SIGNING_PUT, CodeSigningConfigArn=UNKNOWN_CONFIG),
    signed("Put", NO_SIGNING_PUT, name="none", CodeSigningConfigArn=UNKNOWN_CONFIG),
    signed("Put", not_found("<fn>none"), name="none", CodeSigningConfigArn="<config>"),
    signed("Get", not_found("<fn>none"), name="none"),
    signed("Delete", not_found("<fn>none"), name="none"),
    signing("Delete", yes(204), signing("Get", no(404, MISSING, Type=None))),
    functions=["signed"],
)

MANAGED = Table(
    "runtime management and recursion",
    row("GetRuntimeManagementConfig", {"FunctionName": "managed"},
        yes(200, {"FunctionArn": re.compile(".*:function:managed.*"), "UpdateRuntimeOn": "Auto"}, lacks="RuntimeVersionArn")),
    row("PutRuntimeManagementConfig", {"FunctionName": "managed", "UpdateRuntimeOn": "FunctionUpdate"},
        yes(200, {"UpdateRuntimeOn": "FunctionUpdate"}),
        row("GetRuntimeManagementConfig", {"FunctionName": "managed"}, yes(200, {"UpdateRuntimeOn": "FunctionUpdate"}))),
    row("PutRuntimeManagementConfig", {"FunctionName": "managed", "UpdateRuntimeOn": "Never"}, no(400, MODEL)),
    row("GetRuntimeManagementConfig", {"FunctionName": "none"}, no(404, MISSING)),
    row("GetFunctionRecursionConfig", {"FunctionName": "managed"}, yes(200, {"RecursiveLoop": "Terminate"}, only="RecursiveLoop")),
    row("PutFunctionRecursionConfig", {"FunctionName": "managed", "RecursiveLoop": "Allow"},
        yes(200, {"RecursiveLoop": "Allow"}, only="RecursiveLoop"),
        row("GetFunctionRecursionConfig", {"FunctionName": "managed"}, yes(200, {"RecursiveLoop": "Allow"}))),
    row("PutFunctionRecursionConfig", {"FunctionName": "managed", "RecursiveLoop": "Perhaps"}, no(400, MODEL)),
    row("GetFunctionRecursionConfig", {"FunctionName": "none"}, no(404, MISSING)),
    functions=["managed"],
)

SPAN = {
    "StartTime": datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0) - datetime.timedelta(minutes=5),
    "EndTime": datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0) + datetime.timedelta(minutes=5),
}
OF_FUNCTION = {"Namespace": "AWS/Lambda", "MetricName": "Invocations",
               "Dimensions": [{"Name": "FunctionName", "Value": "measured"}]}
METRICS = Table(
    "metrics",
    row("Invoke", {"FunctionName": "measured"}, yes(200)),
    row("cloudwatch.GetMetricStatistics", {**OF_FUNCTION, **SPAN, "Period": 3600, "Statistics": ["Sum"]},
        yes(200, {"Label": "Invocations", "Datapoints.0.Sum": 1.0, "Datapoints.0.Unit": "Count"}, late=True)),
    row("cloudwatch.GetMetricData", {**SPAN, "MetricDataQueries": [
        {"Id": "m1", "MetricStat": {"Metric": OF_FUNCTION, "Period": 3600, "Stat": "Sum"}}]},
        yes(200, {"MetricDataResults.0.Id": "m1", "MetricDataResults.0.StatusCode": "Complete"})),
    row("cloudwatch.ListMetrics", {"Namespace": "AWS/Lambda", "MetricName": "Invocations"},
        yes(200, {"Metrics.0.Namespace": "AWS/Lambda"}, late=True)),
    functions=["measured"],
)

TABLES = [LAYERS, POLICIES, URLS, MAPPINGS, SIGNING, MANAGED, METRICS]
