"""Creating, reading, changing and deleting a function."""

import re

from asking import BOOTSTRAP, archive
from rows import (
    ANY, CONFLICT, INVALID, MODEL, STALE, Table, enum, longest, most, no, not_found, pattern, row, violation, yes,
)

STALE_TEXT = ("The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to "
              "retrieve the latest Revision Id")
NEW = {"Runtime": "provided.al2023", "Handler": "x", "Role": "<role>", "Code": {"ZipFile": archive()}}
STANDING = ("Architectures CodeSha256 CodeSize Description EphemeralStorage FunctionArn FunctionName Handler LastModified "
            "LoggingConfig MemorySize PackageType RevisionId Role Runtime RuntimeVersionConfig SnapStart State Timeout "
            "TracingConfig Version ")
LISTED = STANDING.replace("RuntimeVersionConfig ", "").replace("State ", "")
TIME = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000")
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ROLE_PATTERN = "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+"


def refused(answer, **more):
    return row("CreateFunction", {"FunctionName": "refused", **NEW, **more}, answer)


def invalid(message, **more):
    return refused(no(400, INVALID, message), **more)


def runtime(name, operation="CreateFunction", **more):
    return row(operation, {"FunctionName": "made", **more, "Runtime": name},
               no(400, INVALID, f"Value {name} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
                                "[...python3.14...] or be a valid ARN"))


CREATING = Table(
    "creating",
    row("CreateFunction", {"FunctionName": "made", **NEW},
        yes(201, {
            "FunctionName": "made", "FunctionArn": "<fn>made", "Runtime": "provided.al2023", "Role": "<role>", "Handler": "x",
            "CodeSize": len(archive()), "CodeSha256": re.compile("[A-Za-z0-9+/]{43}="), "Description": "", "Timeout": 3,
            "MemorySize": 128, "LastModified": TIME, "Version": "$LATEST", "TracingConfig": {"Mode": "PassThrough"},
            "RevisionId": ID, "State": "Pending", "StateReason": "The function is being created.",
            "StateReasonCode": "Creating", "PackageType": "Zip", "Architectures": ["x86_64"],
            "EphemeralStorage": {"Size": 512}, "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
            "RuntimeVersionConfig.RuntimeVersionArn": re.compile("arn:aws:lambda:.*::runtime:[0-9a-f]{64}"),
            "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/made"},
        }, only=STANDING + "StateReason StateReasonCode", keep={"sha": "CodeSha256", "first": "RevisionId"}),
        row("GetFunction", {"FunctionName": "made"},
            yes(200, {"Configuration.State": "Active", "Configuration.LastUpdateStatus": "Successful",
                      "Code.RepositoryType": "S3", "Code.Location": re.compile("http://127.0.0.1:.*")},
                only="Code Configuration", lacks="Configuration.StateReason Configuration.StateReasonCode"))),
    row("GetFunctionConfiguration", {"FunctionName": "made"},
        yes(200, {"FunctionArn": "<fn>made", "Version": "$LATEST"}, only=STANDING + "LastUpdateStatus",
            keep={"active": "RevisionId"})),
    row("CreateFunction", {"FunctionName": "made", **NEW}, no(409, CONFLICT, "Function already exist: made")),
    row("CreateFunction", {"FunctionName": "<fn>made", **NEW}, no(409, CONFLICT, "Function already exist: made")),
    row("ListFunctions", {}, yes(200, {"Functions.#": 1, "Functions.0.FunctionArn": "<fn>made"}, only="Functions",
                                 lacks="Functions.0.State Functions.0.LastUpdateStatus Functions.0.RuntimeVersionConfig")),
    row("ListFunctions", {"FunctionVersion": "ALL"},
        yes(200, {"Functions.#": 1, "Functions.0.FunctionArn": "<fn>made:$LATEST"})),
    row("ListFunctions", {"FunctionVersion": "invalid"}, violation("invalid", "functionVersion", enum("ALL"))),
    row("ListFunctions", {"Marker": "made-up"}, no(400, INVALID)),
    row("UpdateFunctionConfiguration", {"FunctionName": "made", "RevisionId": "<first>", "Timeout": 9},
        no(412, STALE, STALE_TEXT)),
    row("UpdateFunctionConfiguration", {"FunctionName": "made", "Timeout": 7, "Environment": {"Variables": {"KEY": "v"}}},
        yes(200, {"Timeout": 7, "State": "Active", "LastUpdateStatus": "InProgress",
                  "LastUpdateStatusReason": "The function is being created.", "LastUpdateStatusReasonCode": "Creating",
                  "Environment": {"Variables": {"KEY": "v"}}},
            only=STANDING + "Environment LastUpdateStatus LastUpdateStatusReason LastUpdateStatusReasonCode"),
        row("GetFunctionConfiguration", {"FunctionName": "made"},
            yes(200, {"Timeout": 7, "Environment": {"Variables": {"KEY": "v"}}, "LastUpdateStatus": "Successful"},
                lacks="LastUpdateStatusReason LastUpdateStatusReasonCode"))),
    row("UpdateFunctionConfiguration", {"FunctionName": "made", "Environment": {"Variables": {}}},
        yes(200, {"Environment": {"Variables": {}}, "Timeout": 7})),
    row("UpdateFunctionConfiguration", {"FunctionName": "made", "Role": "r1"},
        violation("r1", "role", pattern(ROLE_PATTERN))),
    runtime("non-existent-runtime", "UpdateFunctionConfiguration"),
    runtime("PYTHON3.9", "UpdateFunctionConfiguration"),
    row("UpdateFunctionConfiguration", {"FunctionName": "made:1", "Timeout": 4},
        no(400, INVALID, "This operation is permitted on Lambda functions only. Aliases and versions do not support this "
                         "operation. Please specify either a function name or an unqualified function ARN.")),
    row("UpdateFunctionCode", {"FunctionName": "made", "ZipFile": archive(), "DryRun": True},
        yes(200, {"CodeSha256": "<sha>"}, keep={"dry": "RevisionId"})),
    row("UpdateFunctionCode", {"FunctionName": "made", "ZipFile": archive(BOOTSTRAP + "#"), "DryRun": True},
        yes(200, {"FunctionArn": "<fn>made"}),
        row("GetFunctionConfiguration", {"FunctionName": "made"}, yes(200, {"CodeSha256": "<sha>"}))),
    row("UpdateFunctionCode", {"FunctionName": "made", "ZipFile": archive(BOOTSTRAP + "#"), "Architectures": ["arm64"]},
        yes(200, {"LastUpdateStatus": "InProgress", "Architectures": ["arm64"]},
            only=STANDING + "Environment LastUpdateStatus LastUpdateStatusReason LastUpdateStatusReasonCode",
            keep={"new_sha": "CodeSha256"}),
        row("GetFunctionConfiguration", {"FunctionName": "made"},
            yes(200, {"CodeSha256": "<new_sha>", "Architectures": ["arm64"], "CodeSize": len(archive(BOOTSTRAP + "#"))}))),
    row("UpdateFunctionCode", {"FunctionName": "made", "ImageUri": "<account>.dkr.ecr.<region>.amazonaws.com/a:latest"},
        no(400, INVALID, "Please don't provide ImageUri when updating a function with packageType Zip.")),
    row("UpdateFunctionCode", {"FunctionName": "made", "S3Bucket": "none", "S3Key": "k"},
        no(400, INVALID, "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket "
                         "does not exist...")),
    row("UpdateFunctionCode", {"FunctionName": "made", "ZipFile": b"no zip"},
        no(400, INVALID, "Could not unzip uploaded file. Please check your file, then try to upload again.")),
    row("UpdateFunctionCode", {"FunctionName": "made", "RevisionId": "<first>", "ZipFile": archive()},
        no(412, STALE, STALE_TEXT)),
    row("DeleteFunction", {"FunctionName": "made"}, yes(204, {"StatusCode": 204}, only="StatusCode"),
        row("GetFunction", {"FunctionName": "made"}, not_found("<fn>made"))),
    row("DeleteFunction", {"FunctionName": "made"}, not_found("<fn>made")),
    row("CreateFunction", {"FunctionName": "made", **NEW, "PackageType": "Image", "Runtime": None, "Handler": None,
                           "Code": {"ImageUri": "<account>.dkr.ecr.<region>.amazonaws.com/a:latest"}},
        yes(201, {"PackageType": "Image", "CodeSha256": re.compile("[0-9a-f]{64}")},
            lacks="Runtime Handler RuntimeVersionConfig"),
        row("GetFunction", {"FunctionName": "made"},
            yes(200, {"Code.RepositoryType": "ECR", "Code.ImageUri": "<account>.dkr.ecr.<region>.amazonaws.com/a:latest",
                      "Code.ResolvedImageUri": re.compile(r"\d{12}.dkr.ecr.*/a@sha256:[0-9a-f]{64}")},
                lacks="Configuration.Runtime Code.Location"))),
    row("UpdateFunctionCode", {"FunctionName": "made", "ZipFile": archive()},
        no(400, INVALID, "Please provide ImageUri when updating a function with packageType Image.")),
    row("DeleteFunction", {"FunctionName": "made"}, yes(204)),
)

REFUSING = Table(
    "refusing",
    refused(violation("r1", "role", pattern(ROLE_PATTERN)), Role="r1"),
    runtime("non-existent-runtime", **NEW),
    runtime("PYTHON3.9", **NEW),
    *(invalid(f"The runtime parameter of {name} is no longer supported for creating or updating AWS Lambda functions. We "
              "recommend you use a supported runtime while creating or updating functions.", Runtime=name)
      for name in ("go1.x", "java8", "nodejs12.x", "provided", "ruby2.7")),
    refused(violation("[x86_64, arm64]", "architectures", longest(1)), Architectures=["x86_64", "arm64"]),
    refused(violation("[X86_64]", "architectures", "Member must satisfy constraint: [Member must satisfy enum value set: "
                      "[x86_64, arm64], Member must not be null]"), Architectures=["X86_64"]),
    refused(violation("invalidOption", "snapStart.applyOn", enum("PublishedVersions", "None")),
            SnapStart={"ApplyOn": "invalidOption"}),
    refused(violation("On", "tracingConfig.mode", enum("Active", "PassThrough")), TracingConfig={"Mode": "On"}),
    refused(violation("Jar", "packageType", enum("Zip", "Image")), PackageType="Jar"),
    refused(violation("XML", "loggingConfig.logFormat", enum("JSON", "Text")), LoggingConfig={"LogFormat": "XML"}),
    refused(violation("SHOUT", "loggingConfig.applicationLogLevel", enum("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")),
            LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "SHOUT"}),
    refused(violation("[sg-a_b]", "vpcConfig.securityGroupIds", "Member must satisfy constraint: [Member must have length less "
                      "than or equal to 1024, Member must have length greater than or equal to 0, Member must satisfy regular "
                      "expression pattern: sg-[0-9a-zA-Z]*]"),
            VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-a_b"]}),
    refused(violation("[bad]", "vpcConfig.subnetIds", "Member must satisfy constraint: [Member must have length less than or "
                      "equal to 1024, Member must have length greater than or equal to 0, Member must satisfy regular expression "
                      "pattern: subnet-[0-9a-z]*]"),
            VpcConfig={"SubnetIds": ["bad"], "SecurityGroupIds": ["sg-1"]}),
    refused(violation("[arn:aws:lambda:<region>:<account>:layer:l]", "layers", "Member must satisfy constraint: [Member must have "
                      "length less than or equal to 2048, Member must have length greater than or equal to 1, Member must satisfy "
                      "regular expression pattern: ..., Member must not be null]"),
            Layers=["arn:aws:lambda:<region>:<account>:layer:l"]),
    invalid("Layer version arn:aws:lambda:<region>:<account>:layer:doesnotexist:1 does not exist.",
            Layers=["arn:aws:lambda:<region>:<account>:layer:doesnotexist:1"]),
    invalid("Layers are not in the same region as the function. Layers are expected to be in region <region>.",
            Layers=["arn:aws:lambda:ap-southeast-1:<account>:layer:l:1"]),
    invalid("Could not unzip uploaded file. Please check your file, then try to upload again.", Code={"ZipFile": b"no zip"}),
    invalid("Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not "
            "exist...", Code={"S3Bucket": "none", "S3Key": "k"}),
    invalid("Lambda was unable to configure your environment variables because the environment variables you have provided "
            "contains reserved keys that are currently not supported for modification. Reserved keys used in this request: "
            "AWS_LAMBDA_FUNCTION_NAME", Environment={"Variables": {"AWS_LAMBDA_FUNCTION_NAME": "x"}}),
    invalid("Lambda was unable to configure your environment variables because the environment variables you have provided "
            "exceeded the 4KB limit. String measured: {\"LARGE_VAR\":\"xx...x\"}",
            Environment={"Variables": {"LARGE_VAR": "x" * 4096}}),
    invalid("Number of tags exceeds resource tag limit.", Tags={f"k{n}": "v" for n in range(51)}),
    refused(no(400, MODEL, "2 validation errors detected: Value '...' at '...' failed to satisfy constraint: " + most(900)
               + "; Value '...' at '...' failed to satisfy constraint: " + most(32768)), Timeout=901, MemorySize=32769),
    refused(no(400, MODEL, "1 validation error detected: Value null at 'role' failed to satisfy constraint: Member must not be "
                           "null"), Role=None),
    refused(no(400, MODEL, "1 validation error detected: Value null at 'code' failed to satisfy constraint: Member must not be "
                           "null"), Code=None),
    row("GetFunction", {"FunctionName": "refused"}, not_found("<fn>refused")),
)

WITH_ALL = Table(
    "with all members",
    row("CreateFunction", {
        "FunctionName": "whole", **NEW, "Description": "d", "Timeout": 10, "MemorySize": 256, "Tags": {"team": "a"},
        "Environment": {"Variables": {"KEY": "v"}}, "TracingConfig": {"Mode": "Active"}, "EphemeralStorage": {"Size": 1024},
        "KMSKeyArn": "arn:aws:kms:<region>:<account>:key/k", "Architectures": ["arm64"],
        "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:<region>:<account>:q"},
        "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG", "SystemLogLevel": "WARN", "LogGroup": "mine"},
    }, yes(201, {
        "Description": "d", "Timeout": 10, "MemorySize": 256, "Environment": {"Variables": {"KEY": "v"}},
        "TracingConfig": {"Mode": "Active"}, "EphemeralStorage": {"Size": 1024}, "Architectures": ["arm64"],
        "KMSKeyArn": "arn:aws:kms:<region>:<account>:key/k",
        "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:<region>:<account>:q"},
        "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG", "SystemLogLevel": "WARN", "LogGroup": "mine"},
    }, only=STANDING + "StateReason StateReasonCode Environment KMSKeyArn DeadLetterConfig"),
        row("GetFunction", {"FunctionName": "whole"},
            yes(200, {"Tags": {"team": "a"}, "Configuration.MemorySize": 256}, only="Code Configuration Tags"))),
    row("ListFunctions", {}, yes(200, {"Functions.0.Environment": {"Variables": {"KEY": "v"}}, "Functions.0.KMSKeyArn": ANY})),
    row("UpdateFunctionConfiguration", {"FunctionName": "whole", "KMSKeyArn": "", "DeadLetterConfig": {"TargetArn": ""}},
        yes(200, lacks="KMSKeyArn DeadLetterConfig")),
    row("DeleteFunction", {"FunctionName": "whole"}, yes(204)),
)

TABLES = [CREATING, REFUSING, WITH_ALL]
