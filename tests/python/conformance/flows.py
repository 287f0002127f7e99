"""What takes more than one row: a function's life, invocations, lists, versions, signatures."""

import base64
import json
import sys
import urllib.request

import boto3

from asking import (
    ACCOUNT, ARN, BOOTSTRAP, CONFIG, REGION, ROLE, absent, archive, awslambda, create, equal, refused, within,
)


def identity():
    equal(ACCOUNT["Arn"], f"arn:aws:iam::{ACCOUNT['Account']}:user/lambdeck", "GetCallerIdentity")
    equal(len(ACCOUNT["Account"]), 12, "GetCallerIdentity: Account's length")


def lifecycle():
    made = create("life", Environment={"Variables": {"VALUE": "1"}}, Tags={"team": "a"})
    equal(made["ResponseMetadata"]["HTTPStatusCode"], 201, "CreateFunction: status")
    within(
        {
            "FunctionName": "life", "FunctionArn": ARN + "life", "Runtime": "provided.al2023", "Role": ROLE,
            "Handler": "x", "Description": "", "Timeout": 3, "MemorySize": 128, "Version": "$LATEST",
            "TracingConfig": {"Mode": "PassThrough"}, "PackageType": "Zip", "Architectures": ["x86_64"],
            "EphemeralStorage": {"Size": 512}, "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
            "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/life"},
            "Environment": {"Variables": {"VALUE": "1"}}, "State": "Pending",
            "StateReason": "The function is being created.", "StateReasonCode": "Creating",
        },
        made, "CreateFunction",
    )
    absent(["Layers", "VpcConfig", "KMSKeyArn", "LastUpdateStatus", "DeadLetterConfig"], made, "CreateFunction")
    whole = awslambda.get_function(FunctionName="life")
    got = whole["Configuration"]
    within({"State": "Active", "LastUpdateStatus": "Successful"}, got, "GetFunction")
    absent(["StateReason", "StateReasonCode"], got, "GetFunction")
    equal(whole["Tags"], {"team": "a"}, "GetFunction: Tags")
    absent(["Concurrency"], whole, "GetFunction")
    equal(whole["Code"]["RepositoryType"], "S3", "GetFunction: Code")
    with urllib.request.urlopen(whole["Code"]["Location"]) as answer:
        equal(answer.read(), archive(), "the zip at Code.Location")

    changed = awslambda.update_function_configuration(
        FunctionName="life", Timeout=10, Description="d", Environment={"Variables": {"VALUE": "2"}},
        RevisionId=got["RevisionId"],
    )
    within(
        {
            "State": "Active", "LastUpdateStatus": "InProgress", "LastUpdateStatusReasonCode": "Creating",
            "LastUpdateStatusReason": "The function is being created.", "Timeout": 10, "Description": "d",
        },
        changed, "UpdateFunctionConfiguration",
    )
    settled = awslambda.get_function_configuration(FunctionName="life")
    revisions = {x["RevisionId"] for x in (made, got, changed, settled)}
    equal(len(revisions), 4, "number of RevisionIds over create, active, update, settled")
    refused(
        lambda: awslambda.update_function_configuration(FunctionName="life", Timeout=4, RevisionId=got["RevisionId"]),
        "PreconditionFailedException", 412,
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to "
        "retrieve the latest Revision Id",
        Type="User",
    )
    equal(awslambda.get_function_configuration(FunctionName="life")["Timeout"], 10, "Timeout after a 412")
    code = awslambda.update_function_code(FunctionName="life", ZipFile=archive(BOOTSTRAP + "\n"))
    equal(code["LastUpdateStatus"], "InProgress", "UpdateFunctionCode")
    equal(code["CodeSha256"] != made["CodeSha256"], True, "UpdateFunctionCode: another CodeSha256")
    refused(lambda: create("life"), "ResourceConflictException", 409, "Function already exist: life", Type="User")
    gone = awslambda.delete_function(FunctionName="life")
    equal(gone["ResponseMetadata"]["HTTPStatusCode"], 204, "DeleteFunction: status")


def unknown():
    def not_found(call, arn):
        refused(call, "ResourceNotFoundException", 404, f"Function not found: {arn}", Type="User")

    arn = ARN + "none"
    not_found(lambda: awslambda.get_function(FunctionName="none"), arn)
    not_found(lambda: awslambda.get_function_configuration(FunctionName="none", Qualifier="7"), arn + ":7")
    not_found(lambda: awslambda.delete_function(FunctionName="none"), arn)
    not_found(lambda: awslambda.delete_function(FunctionName="none", Qualifier="7"), arn)
    not_found(lambda: awslambda.invoke(FunctionName="none"), arn + ":$LATEST")
    not_found(lambda: awslambda.invoke(FunctionName="none", Qualifier="live"), arn + ":live")
    not_found(
        lambda: awslambda.put_function_concurrency(FunctionName="none", ReservedConcurrentExecutions=100000),
        arn + ":$LATEST",
    )
    not_found(lambda: awslambda.list_tags(Resource=arn), arn)
    refused(
        lambda: awslambda.get_function(FunctionName="arn:aws:lambda:ap-southeast-1:123456789012:function:x"),
        "ResourceNotFoundException", 404,
        f"Functions from 'ap-southeast-1' are not reachable in this region ('{REGION}')",
    )
    other = refused(
        lambda: awslambda.get_function(FunctionName=f"arn:aws:lambda:{REGION}:000000000001:function:x"),
        "AccessDeniedException", 403,
    )
    equal(other["Error"].get("Message"), None, "another account's function: message")
    refused(
        lambda: awslambda.delete_function(FunctionName="x", Qualifier="$LATEST"),
        "InvalidParameterValueException", 400, "$LATEST version cannot be deleted without deleting the function.",
    )
    refused(
        lambda: awslambda.get_function(FunctionName="x:1", Qualifier="2"), "InvalidParameterValueException", 400,
        "The derived qualifier from the function name does not match the specified qualifier.",
    )


def rules():
    def model(field, value, **arguments):
        name = arguments.pop("FunctionName", "rules")
        got = refused(lambda: create(name, **arguments), "ValidationException", 400)
        absent(["Type"], got, "a ValidationException")
        wanted = f"1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: Member must"
        equal(got["Error"]["Message"][: len(wanted)], wanted, "a ValidationException's message")

    def service(message, **arguments):
        name = arguments.pop("FunctionName", "rules")
        refused(lambda: create(name, **arguments), "InvalidParameterValueException", 400, message, Type="User")

    def fine(**arguments):
        name = arguments.pop("FunctionName", "rules")
        create(name, **arguments)
        awslambda.delete_function(FunctionName=name)

    fine(Timeout=1)
    fine(Timeout=900)
    model("timeout", 0, Timeout=0)
    model("timeout", 901, Timeout=901)
    fine(MemorySize=128)
    fine(MemorySize=10240)
    model("memorySize", 127, MemorySize=127)
    service("'MemorySize' value failed...", MemorySize=10241)
    model("memorySize", 32769, MemorySize=32769)
    fine(EphemeralStorage={"Size": 512})
    fine(EphemeralStorage={"Size": 10240})
    model("ephemeralStorage.size", 511, EphemeralStorage={"Size": 511})
    model("ephemeralStorage.size", 10241, EphemeralStorage={"Size": 10241})
    fine(Description="d" * 256)
    model("description", "d" * 257, Description="d" * 257)
    fine(Handler="h" * 128)
    model("handler", "h" * 129, Handler="h" * 129)
    model("handler", "a b", Handler="a b")
    model("role", "r1", Role="r1")
    model("architectures", "[x86_64, arm64]", Architectures=["x86_64", "arm64"])
    model("architectures", "[X86_64]", Architectures=["X86_64"])
    model("snapStart.applyOn", "x", SnapStart={"ApplyOn": "x"})
    model("tracingConfig.mode", "x", TracingConfig={"Mode": "x"})
    model("loggingConfig.logFormat", "x", LoggingConfig={"LogFormat": "x"})
    model("layers", f"[arn:aws:lambda:{REGION}:123456789012:layer:a]",
          Layers=[f"arn:aws:lambda:{REGION}:123456789012:layer:a"])
    layers = [f"arn:aws:lambda:{REGION}:123456789012:layer:l{n}:1" for n in range(6)]
    service(f"Layer version {layers[0]} does not exist.", Layers=layers[:5])
    service("Cannot reference more than 5 layers.", Layers=layers)
    fine(FunctionName="n" * 64)
    service(
        f"1 validation error detected: Value '{'n' * 65}' at 'functionName' failed to satisfy constraint: Member must "
        "have length less than or equal to 64",
        FunctionName="n" * 65,
    )
    model("functionName", "bad:name:here", FunctionName="bad:name:here")
    model("functionName", "n" * 141, FunctionName="n" * 141)
    fine(FunctionName=f"{ACCOUNT['Account']}:function:partial")
    service("Value python9.9 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [...",
            Runtime="python9.9")
    service("The runtime parameter of go1.x is no longer supported for creating or updating AWS Lambda functions. We "
            "recommend you use a supported runtime while creating or updating functions.", Runtime="go1.x")
    service("Could not unzip uploaded file. Please check your file, then try to upload again.",
            Code={"ZipFile": b"no zip"})
    service("Error occurred while GetObject. S3 Error Code: NoSuchBucket...", Code={"S3Bucket": "bbb", "S3Key": "k"})
    service("Please provide a source for function code.", Code={})

    # 4 KB, measured on the map as JSON: {"AA":"..."} has 9 bytes around the value, and a quote counts twice.
    fine(Environment={"Variables": {"AA": "v" * (4096 - 9)}})
    fine(Environment={"Variables": {"AA": '"' + "v" * (4096 - 11)}})
    service("Lambda was unable to configure your environment variables because the environment variables you have "
            "provided exceeded the 4KB limit. String measured: {\"AA\":\"v...",
            Environment={"Variables": {"AA": "v" * (4096 - 8)}})
    service("Lambda was unable to configure your environment variables because the environment variables you have "
            "provided contains reserved keys that are currently not supported for modification. Reserved keys used in "
            "this request: AWS_REGION", Environment={"Variables": {"AWS_REGION": "x"}})
    for key in ("A", "_AB", "1AB", "A-B", ""):
        refused(lambda: create("rules", Environment={"Variables": {key: "x"}}), "ValidationException", 400)
    fine(Environment={"Variables": {"AB": "x"}})
    fine(Tags={f"k{n}": "" for n in range(50)})
    service("Number of tags exceeds resource tag limit.", Tags={f"k{n}": "" for n in range(51)})


def invoking():
    create("fn", Environment={"Variables": {"VALUE": "one"}})
    got = awslambda.invoke(FunctionName="fn", Payload=b'{"a": [1]}', LogType="Tail")
    within({"StatusCode": 200, "ExecutedVersion": "$LATEST"}, got, "Invoke")
    absent(["FunctionError"], got, "Invoke")
    request_id = got["ResponseMetadata"]["RequestId"]
    answer = json.load(got["Payload"])
    equal(
        answer,
        {"event": {"a": [1]}, "version": "$LATEST", "arn": ARN + "fn", "value": "one", "id": request_id},
        "Invoke: payload",
    )
    log = base64.b64decode(got["LogResult"]).decode()
    for line in (f"START RequestId: {request_id} Version: $LATEST\n", f"serving {request_id}\n",
                 f"END RequestId: {request_id}\n", f"REPORT RequestId: {request_id}\tDuration: "):
        if line not in log:
            sys.exit(f"Invoke: LogResult lacks {line!r}: {log!r}")
    equal(json.load(awslambda.invoke(FunctionName=ARN + "fn")["Payload"])["event"], {}, "Invoke without a payload")
    equal(json.load(awslambda.invoke(FunctionName="fn:$LATEST")["Payload"])["arn"], ARN + "fn:$LATEST", "invoked ARN")
    dry = awslambda.invoke(FunctionName="fn", InvocationType="DryRun")
    equal((dry["StatusCode"], dry["Payload"].read()), (204, b""), "a DryRun")
    event = awslambda.invoke(FunctionName="fn", InvocationType="Event", Payload=b"{}")
    equal((event["StatusCode"], event["Payload"].read()), (202, b""), "an Event")
    absent(["ExecutedVersion", "LogResult"], event, "an Event")
    refused(lambda: awslambda.invoke(FunctionName="fn", Payload=b"{"), "InvalidRequestContentException", 400,
            "Could not parse request body into json: Could not parse payload into json: ...", Type="User")
    refused(lambda: awslambda.invoke(FunctionName="fn", InvocationType="No"), "ValidationException", 400)
    refused(lambda: awslambda.invoke(FunctionName="fn", Payload=b'"' + b"x" * (6 * 1024 * 1024 - 1) + b'"'),
            "RequestTooLargeException", 413,
            "Request must be smaller than 6291456 bytes for the InvokeFunction operation")
    refused(
        lambda: awslambda.invoke(FunctionName="fn", InvocationType="Event", Payload=b'"' + b"x" * (1024 * 1024 - 1) + b'"'),
        "RequestTooLargeException", 413, "Request must be smaller than 1048576 bytes for the InvokeFunction operation",
    )
    awslambda.put_function_concurrency(FunctionName="fn", ReservedConcurrentExecutions=0)
    refused(lambda: awslambda.invoke(FunctionName="fn"), "TooManyRequestsException", 429, "Rate Exceeded.",
            Reason="ReservedFunctionConcurrentInvocationLimitExceeded", Type="User")
    awslambda.delete_function_concurrency(FunctionName="fn")

    awslambda.update_function_configuration(FunctionName="fn", Environment={"Variables": {"FAIL": "1"}})
    awslambda.get_function(FunctionName="fn")
    failed = awslambda.invoke(FunctionName="fn")
    within({"StatusCode": 200, "FunctionError": "Unhandled", "ExecutedVersion": "$LATEST"}, failed, "a failing function")
    equal(json.load(failed["Payload"])["errorType"], "Oops", "a failing function: errorType")
    [last] = awslambda.invoke_with_response_stream(FunctionName="fn")["EventStream"]
    equal(last["InvokeComplete"]["ErrorCode"], "Unhandled", "a failing function: ErrorCode")
    equal(json.loads(last["InvokeComplete"]["ErrorDetails"])["errorType"], "Oops", "a failing function: ErrorDetails")
    awslambda.delete_function(FunctionName="fn")

    made = create("shared", TenancyConfig={"TenantIsolationMode": "PER_TENANT"})
    equal(made["TenancyConfig"], {"TenantIsolationMode": "PER_TENANT"}, "CreateFunction: TenancyConfig")
    awslambda.get_function(FunctionName="shared")
    refused(lambda: awslambda.invoke(FunctionName="shared"), "InvalidParameterValueException", 400,
            "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and try "
            "again.", Type="User")
    absent(["FunctionError"], awslambda.invoke(FunctionName="shared", TenantId="blue"), "Invoke for a tenant")
    awslambda.delete_function(FunctionName="shared")

    create("image", PackageType="Image", Runtime=None, Handler=None,
           Code={"ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/a:latest"})
    refused(lambda: awslambda.invoke(FunctionName="image"), "InvalidRuntimeException", 502)
    whole = awslambda.get_function(FunctionName="image")
    absent(["Runtime", "Handler", "RuntimeVersionConfig"], whole["Configuration"], "an image")
    within({"RepositoryType": "ECR", "ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/a:latest"},
           whole["Code"], "an image's code")
    refused(lambda: awslambda.update_function_code(FunctionName="image", ZipFile=archive()),
            "InvalidParameterValueException", 400,
            "Please provide ImageUri when updating a function with packageType Image.")
    awslambda.delete_function(FunctionName="image")


def lists():
    for n in range(51):
        create(f"list-{n:02}")
    page = awslambda.list_functions()
    equal(len(page["Functions"]), 50, "ListFunctions: first page")
    absent(["State", "LastUpdateStatus", "RuntimeVersionConfig", "StateReason"], page["Functions"][0], "ListFunctions")
    rest = awslambda.list_functions(Marker=page["NextMarker"])
    equal([x["FunctionName"] for x in rest["Functions"]], ["list-50"], "ListFunctions: second page")
    absent(["NextMarker"], rest, "ListFunctions: last page")
    paginator = awslambda.get_paginator("list_functions")
    names = [x["FunctionName"] for page in paginator.paginate(PaginationConfig={"PageSize": 7}) for x in page["Functions"]]
    equal(names, [f"list-{n:02}" for n in range(51)], "ListFunctions by sevens")
    refused(lambda: awslambda.list_functions(MaxItems=0), "ValidationException", 400)
    refused(lambda: awslambda.list_functions(MaxItems=10001), "ValidationException", 400)
    refused(lambda: awslambda.list_functions(FunctionVersion="invalid"), "ValidationException", 400,
            "1 validation error detected: Value 'invalid' at 'functionVersion' failed to satisfy constraint: Member "
            "must satisfy enum value set: [ALL]")
    for name in names:
        awslambda.delete_function(FunctionName=name)


def versions():
    made = create("v", Publish=True, Environment={"Variables": {"VALUE": "one"}})
    within({"Version": "1", "FunctionArn": ARN + "v", "State": "Pending"}, made, "CreateFunction with Publish")
    awslambda.get_function(FunctionName="v")
    again = awslambda.publish_version(FunctionName="v")
    within({"Version": "1", "FunctionArn": ARN + "v:1", "State": "Active"}, again, "PublishVersion without a change")
    listed = awslambda.list_versions_by_function(FunctionName="v")["Versions"]
    equal([(x["Version"], x["FunctionArn"]) for x in listed], [("$LATEST", ARN + "v:$LATEST"), ("1", ARN + "v:1")],
          "ListVersionsByFunction")
    awslambda.update_function_configuration(FunctionName="v", Environment={"Variables": {"VALUE": "two"}})
    awslambda.get_function(FunctionName="v")
    refused(lambda: awslambda.publish_version(FunctionName="v", CodeSha256="no"), "InvalidParameterValueException", 400,
            f"CodeSHA256 (no) is different from current CodeSHA256 in $LATEST ({made['CodeSha256']}). Please try again "
            "with the CodeSHA256 in $LATEST.")
    refused(lambda: awslambda.publish_version(FunctionName="v", RevisionId="no"), "PreconditionFailedException", 412)
    second = awslambda.publish_version(FunctionName="v", Description="second", CodeSha256=made["CodeSha256"])
    equal(second["ResponseMetadata"]["HTTPStatusCode"], 201, "PublishVersion: status")
    within({"Version": "2", "Description": "second", "LastUpdateStatus": "Successful"}, second, "PublishVersion")

    def invoked(**arguments):
        got = awslambda.invoke(**arguments)
        answer = json.load(got["Payload"])
        return got["ExecutedVersion"], answer["value"], answer["arn"]

    equal(invoked(FunctionName="v:1"), ("1", "one", ARN + "v:1"), "Invoke of version 1")
    equal(invoked(FunctionName="v", Qualifier="2"), ("2", "two", ARN + "v:2"), "Invoke of version 2")
    equal(awslambda.get_function(FunctionName="v:1")["Configuration"]["Environment"]["Variables"], {"VALUE": "one"},
          "version 1 after a change")

    alias = awslambda.create_alias(FunctionName="v", Name="live", FunctionVersion="1")
    equal(alias["ResponseMetadata"]["HTTPStatusCode"], 201, "CreateAlias: status")
    within({"AliasArn": ARN + "v:live", "Name": "live", "FunctionVersion": "1", "Description": ""}, alias, "CreateAlias")
    absent(["RoutingConfig"], alias, "CreateAlias")
    equal(invoked(FunctionName="v:live"), ("1", "one", ARN + "v:live"), "Invoke of an alias")
    within({"FunctionArn": ARN + "v:live", "Version": "1"},
           awslambda.get_function(FunctionName="v", Qualifier="live")["Configuration"], "GetFunction of an alias")
    routed = awslambda.update_alias(FunctionName="v", Name="live",
                                    RoutingConfig={"AdditionalVersionWeights": {"2": 1.0}}, RevisionId=alias["RevisionId"])
    equal(routed["RoutingConfig"], {"AdditionalVersionWeights": {"2": 1.0}}, "UpdateAlias")
    equal(invoked(FunctionName="v:live"), ("2", "two", ARN + "v:live"), "Invoke of an alias, all weight on version 2")
    refused(lambda: awslambda.update_alias(FunctionName="v", Name="live", RevisionId=alias["RevisionId"]),
            "PreconditionFailedException", 412)
    within({"RoutingConfig": {"AdditionalVersionWeights": {"2": 1.0}}, "RevisionId": routed["RevisionId"]},
           awslambda.get_alias(FunctionName="v", Name="live"), "GetAlias")

    def alias_refused(code, status, message, **arguments):
        call = dict(FunctionName="v", Name="other", FunctionVersion="1")
        call.update(arguments)
        refused(lambda: awslambda.create_alias(**call), code, status, message)

    invalid = "InvalidParameterValueException"
    weights = lambda **x: {"AdditionalVersionWeights": {k.strip("_"): v for k, v in x.items()}}
    alias_refused("ResourceConflictException", 409, f"Alias already exists: {ARN}v:live", Name="live")
    alias_refused("ResourceNotFoundException", 404, f"Function not found: {ARN}v:10", FunctionVersion="10")
    alias_refused("ResourceNotFoundException", 404, f"Function not found: {ARN}none:1", FunctionName="none")
    alias_refused("ResourceNotFoundException", 404, f"Function not found: {ARN}v:10", RoutingConfig=weights(_10=0.5))
    alias_refused(invalid, 400, "Invalid function version 1. Function version 1 is already included in routing "
                  "configuration.", RoutingConfig=weights(_1=0.5))
    alias_refused(invalid, 400, "Number of items in AdditionalVersionWeights cannot be greater than 1",
                  RoutingConfig=weights(_1=0.5, _2=0.5))
    alias_refused(invalid, 400, "$LATEST is not supported for an alias pointing to more than 1 version",
                  FunctionVersion="$LATEST", RoutingConfig=weights(_1=0.5))
    alias_refused("ValidationException", 400, "1 validation error detected: Value '{2=2.0}' at "
                  "'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value must...",
                  RoutingConfig=weights(_2=2.0))
    alias_refused("ValidationException", 400, "1 validation error detected: Value '2024' at 'name' failed to satisfy "
                  "constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)", Name="2024")
    refused(lambda: awslambda.get_alias(FunctionName="v", Name="none"), "ResourceNotFoundException", 404,
            f"Cannot find alias arn: {ARN}v:none")
    refused(lambda: awslambda.update_alias(FunctionName="v", Name="none"), "ResourceNotFoundException", 404,
            f"Alias not found: {ARN}v:none")
    for version in ("1", "2"):
        refused(lambda: awslambda.delete_function(FunctionName="v", Qualifier=version), "ResourceConflictException", 409,
                "Unable to delete version because the following aliases reference it: [live]", Type="User")
    equal([x["Name"] for x in awslambda.list_aliases(FunctionName="v")["Aliases"]], ["live"], "ListAliases")
    equal(awslambda.list_aliases(FunctionName="v", FunctionVersion="2")["Aliases"], [], "ListAliases of version 2")
    for name in ("live", "none"):
        got = awslambda.delete_alias(FunctionName="v", Name=name)
        equal(got["ResponseMetadata"]["HTTPStatusCode"], 204, "DeleteAlias: status")
    awslambda.delete_function(FunctionName="v", Qualifier="1")
    listed = awslambda.list_functions(FunctionVersion="ALL")["Functions"]
    equal([x["FunctionArn"] for x in listed], [ARN + "v:$LATEST", ARN + "v:2"], "ListFunctions of all versions")
    code = awslambda.update_function_code(FunctionName="v", ZipFile=archive(BOOTSTRAP + "#"), Publish=True)
    within({"Version": "3", "FunctionArn": ARN + "v:3", "State": "Pending"}, code, "UpdateFunctionCode with Publish")
    awslambda.delete_function(FunctionName="v")


def logging_config():
    create("logged", LoggingConfig={"LogFormat": "JSON"})
    config = lambda: awslambda.get_function_configuration(FunctionName="logged")["LoggingConfig"]
    json_config = {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO",
                   "LogGroup": "/aws/lambda/logged"}
    equal(config(), json_config, "LoggingConfig: JSON")
    awslambda.update_function_configuration(FunctionName="logged", LoggingConfig={"LogGroup": "mine"})
    equal(config(), {**json_config, "LogGroup": "mine"}, "LoggingConfig: another group")
    awslambda.update_function_configuration(FunctionName="logged", LoggingConfig={"LogFormat": "Text"})
    equal(config(), {"LogFormat": "Text", "LogGroup": "mine"}, "LoggingConfig: Text")
    awslambda.delete_function(FunctionName="logged")


def signatures():
    def client(service, key=None, secret=None):
        present = boto3.Session().get_credentials()
        return boto3.client(service, config=CONFIG, aws_access_key_id=key or present.access_key,
                            aws_secret_access_key=secret or present.secret_key)

    unknown_key, wrong = dict(key="LKIAUNKNOWNUNKNOWNUN"), dict(secret="wrong")
    invalid = "The security token included in the request is invalid."
    refused(lambda: client("lambda", **unknown_key).list_functions(), "UnrecognizedClientException", 403, invalid)
    refused(lambda: client("lambda", **wrong).list_functions(), "InvalidSignatureException", 403)
    refused(lambda: client("logs", **unknown_key).describe_log_groups(), "UnrecognizedClientException", 400, invalid)
    refused(lambda: client("logs", **wrong).describe_log_groups(), "InvalidSignatureException", 400)
    refused(lambda: client("sts", **unknown_key).get_caller_identity(), "InvalidClientTokenId", 403, invalid)
    refused(lambda: client("sts", **wrong).get_caller_identity(), "SignatureDoesNotMatch", 403)

