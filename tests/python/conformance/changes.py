"""What changes a function, and what it runs with."""

import time

from asking import ACCOUNT, ARN, REGION, absent, awslambda, create, equal, logs, refused, within


def concurrency():
    limit = awslambda.get_account_settings()
    within({"TotalCodeSize": 80530636800, "CodeSizeUnzipped": 262144000, "CodeSizeZipped": 52428800},
           limit["AccountLimit"], "GetAccountSettings")
    free = limit["AccountLimit"]["UnreservedConcurrentExecutions"]
    equal(free, limit["AccountLimit"]["ConcurrentExecutions"], "nothing reserved yet")
    create("busy")
    equal(awslambda.get_account_settings()["AccountUsage"]["FunctionCount"],
          limit["AccountUsage"]["FunctionCount"] + 1, "FunctionCount")
    absent(["ReservedConcurrentExecutions"], awslambda.get_function_concurrency(FunctionName="busy"), "unreserved")
    floor = refused(
        lambda: awslambda.put_function_concurrency(FunctionName="busy", ReservedConcurrentExecutions=free + 1),
        "InvalidParameterValueException", 400,
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below "
        "its minimum value of [...",
    )
    absent(["Type"], floor, "the refusal of a reservation")
    least = int(floor["Error"]["Message"].rsplit("[", 1)[1].rstrip("]."))
    refused(lambda: awslambda.put_function_concurrency(FunctionName="busy", ReservedConcurrentExecutions=free - least + 1),
            "InvalidParameterValueException", 400)
    for wanted in (free - least, 1, 0):
        got = awslambda.put_function_concurrency(FunctionName="busy", ReservedConcurrentExecutions=wanted)
        equal(got["ReservedConcurrentExecutions"], wanted, "PutFunctionConcurrency")
    equal(awslambda.get_function(FunctionName="busy")["Concurrency"], {"ReservedConcurrentExecutions": 0}, "GetFunction")
    refused(lambda: awslambda.put_function_concurrency(FunctionName="busy:$LATEST", ReservedConcurrentExecutions=1),
            "InvalidParameterValueException", 400, "This operation is permitted on Lambda functions only. Aliases and "
            "versions do not support this operation. Please specify either a function name or an unqualified function ARN.")
    awslambda.delete_function_concurrency(FunctionName="busy")
    awslambda.delete_function(FunctionName="busy")


def provisioned():
    put = lambda qualifier, count=1: awslambda.put_provisioned_concurrency_config(
        FunctionName="ready", Qualifier=qualifier, ProvisionedConcurrentExecutions=count)
    get = lambda qualifier: awslambda.get_provisioned_concurrency_config(FunctionName="ready", Qualifier=qualifier)
    counts = lambda got: [got[f"{what}ProvisionedConcurrentExecutions"] for what in ("Requested", "Allocated", "Available")]
    create("ready")
    awslambda.get_function(FunctionName="ready")
    awslambda.publish_version(FunctionName="ready")
    awslambda.create_alias(FunctionName="ready", Name="live", FunctionVersion="1")
    made = put("live", 2)
    equal(made["ResponseMetadata"]["HTTPStatusCode"], 202, "PutProvisionedConcurrencyConfig: status")
    equal((made["Status"], counts(made)), ("IN_PROGRESS", [2, 0, 0]), "PutProvisionedConcurrencyConfig")
    deadline = time.monotonic() + 20
    while (now := get("live"))["Status"] == "IN_PROGRESS" and time.monotonic() < deadline:
        time.sleep(0.01)
    equal((now["Status"], counts(now)), ("READY", [2, 2, 2]), "GetProvisionedConcurrencyConfig")
    absent(["StatusReason"], now, "GetProvisionedConcurrencyConfig")
    listed = awslambda.list_provisioned_concurrency_configs(FunctionName="ready")["ProvisionedConcurrencyConfigs"]
    equal([(x["FunctionArn"], x["Status"], counts(x)) for x in listed], [(ARN + "ready:live", "READY", [2, 2, 2])],
          "ListProvisionedConcurrencyConfigs")
    refused(lambda: put("1"), "ResourceConflictException", 409, "Version is pointed by a Provisioned Concurrency alias",
            Type="User")
    awslambda.delete_alias(FunctionName="ready", Name="live")
    refused(lambda: get("live"), "ResourceNotFoundException", 404, f"Cannot find alias arn: {ARN}ready:live", Type="User")
    put("1")
    awslambda.create_alias(FunctionName="ready", Name="live", FunctionVersion="1")
    refused(lambda: put("live"), "ResourceConflictException", 409, "Alias can't be used for Provisioned Concurrency "
            "configuration on an already Provisioned version", Type="User")
    free = awslambda.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] + 1
    high = refused(lambda: put("1", free + 1), "InvalidParameterValueException", 400, "Specified ConcurrentExecutions for "
                   f"function is greater than account's unreserved concurrency [{free}].")
    low = refused(lambda: put("1", free), "InvalidParameterValueException", 400, "Specified ConcurrentExecutions for "
                  "function decreases account's UnreservedConcurrentExecution below its minimum value of [...")
    for got in (high, low):
        absent(["Type"], got, "the refusal of provisioned concurrency")
    for _ in range(2):
        got = awslambda.delete_provisioned_concurrency_config(FunctionName="ready", Qualifier="1")
        equal(got["ResponseMetadata"]["HTTPStatusCode"], 204, "DeleteProvisionedConcurrencyConfig: status")
    refused(lambda: get("1"), "ProvisionedConcurrencyConfigNotFoundException", 404,
            "No Provisioned Concurrency Config found for this function", Type="User")
    equal(awslambda.list_provisioned_concurrency_configs(FunctionName="ready")["ProvisionedConcurrencyConfigs"], [],
          "ListProvisionedConcurrencyConfigs of none")
    awslambda.delete_function(FunctionName="ready")


def event_invoke_config():
    create("async")
    awslambda.get_function(FunctionName="async")
    awslambda.publish_version(FunctionName="async")
    put = lambda **x: awslambda.put_function_event_invoke_config(FunctionName="async", **x)
    void = {"OnSuccess": {}, "OnFailure": {}}
    made = put(MaximumRetryAttempts=0)
    within({"FunctionArn": ARN + "async:$LATEST", "MaximumRetryAttempts": 0, "DestinationConfig": void}, made,
           "PutFunctionEventInvokeConfig")
    absent(["MaximumEventAgeInSeconds"], made, "PutFunctionEventInvokeConfig")
    equal(abs(made["LastModified"].timestamp() - time.time()) < 60, True, "LastModified is now")
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT['Account']}:q"
    made = put(MaximumEventAgeInSeconds=60, DestinationConfig={"OnFailure": {"Destination": queue}}, Qualifier="1")
    within({"FunctionArn": ARN + "async:1", "MaximumEventAgeInSeconds": 60,
            "DestinationConfig": {"OnSuccess": {}, "OnFailure": {"Destination": queue}}}, made, "a version's settings")
    changed = awslambda.update_function_event_invoke_config(FunctionName="async", MaximumEventAgeInSeconds=21600)
    within({"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 21600}, changed, "UpdateFunctionEventInvokeConfig")
    listed = awslambda.list_function_event_invoke_configs(FunctionName="async")["FunctionEventInvokeConfigs"]
    equal([x["FunctionArn"] for x in listed], [ARN + "async:$LATEST", ARN + "async:1"], "ListFunctionEventInvokeConfigs")
    refused(lambda: put(), "InvalidParameterValueException", 400,
            "You must specify at least one of error handling or destination setting.", Type="User")
    refused(lambda: put(MaximumRetryAttempts=1, Qualifier="7"), "ResourceNotFoundException", 404,
            "The function doesn't exist.", Type="User")
    refused(lambda: put(DestinationConfig={"OnSuccess": {"Destination": ARN + "async"}}), "InvalidParameterValueException",
            400, "You can't specify the function as a destination for itself.", Type="User")
    got = awslambda.delete_function_event_invoke_config(FunctionName="async")
    equal(got["ResponseMetadata"]["HTTPStatusCode"], 204, "DeleteFunctionEventInvokeConfig: status")
    refused(lambda: awslambda.get_function_event_invoke_config(FunctionName="async"), "ResourceNotFoundException", 404,
            f"The function {ARN}async:$LATEST doesn't have an EventInvokeConfig", Type="User")
    awslambda.delete_function(FunctionName="async")


def configuration():
    create("conf")
    awslambda.get_function(FunctionName="conf")

    def update(**settings):
        got = awslambda.update_function_configuration(FunctionName="conf", **settings)
        awslambda.get_waiter("function_updated_v2").wait(FunctionName="conf")
        return got

    got = update(VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]})
    within({"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"], "Ipv6AllowedForDualStack": False}, got["VpcConfig"],
           "VpcConfig")
    equal(update(VpcConfig={"SubnetIds": [], "SecurityGroupIds": []})["VpcConfig"],
          {"SubnetIds": [], "SecurityGroupIds": [], "VpcId": "", "Ipv6AllowedForDualStack": False}, "VpcConfig, removed")
    topic = {"TargetArn": f"arn:aws:sns:{REGION}:{ACCOUNT['Account']}:t"}
    equal(update(DeadLetterConfig=topic)["DeadLetterConfig"], topic, "DeadLetterConfig")
    absent(["DeadLetterConfig"], update(DeadLetterConfig={"TargetArn": ""}), "DeadLetterConfig, removed")
    got = update(Runtime="python3.13", SnapStart={"ApplyOn": "PublishedVersions"})
    equal(got["SnapStart"], {"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"}, "SnapStart of $LATEST")
    awslambda.publish_version(FunctionName="conf")
    awslambda.get_waiter("published_version_active").wait(FunctionName="conf", Qualifier="1")
    equal(awslambda.get_function_configuration(FunctionName="conf", Qualifier="1")["SnapStart"],
          {"ApplyOn": "PublishedVersions", "OptimizationStatus": "On"}, "SnapStart of a version")
    awslambda.delete_function(FunctionName="conf")


def tags():
    arn = create("tagged")["FunctionArn"]
    equal(awslambda.list_tags(Resource=arn)["Tags"], {}, "ListTags")
    before = awslambda.get_function(FunctionName="tagged")
    absent(["Tags"], before, "GetFunction without tags")
    got = awslambda.tag_resource(Resource=arn, Tags={"A": "a", "B": "b"})
    equal(got["ResponseMetadata"]["HTTPStatusCode"], 204, "TagResource: status")
    after = awslambda.get_function(FunctionName="tagged")
    equal(after["Configuration"]["RevisionId"] != before["Configuration"]["RevisionId"], True, "RevisionId after tagging")
    awslambda.tag_resource(Resource=arn, Tags={"B": "x", "C": ""})
    got = awslambda.untag_resource(Resource=arn, TagKeys=["A", "none"])
    equal(got["ResponseMetadata"]["HTTPStatusCode"], 204, "UntagResource: status")
    equal(awslambda.list_tags(Resource=arn)["Tags"], {"B": "x", "C": ""}, "ListTags")
    refused(lambda: awslambda.tag_resource(Resource=arn, Tags={}), "InvalidParameterValueException", 400,
            "An error occurred and the request cannot be processed.")
    awslambda.tag_resource(Resource=arn, Tags={f"k{n}": "" for n in range(48)})
    refused(lambda: awslambda.tag_resource(Resource=arn, Tags={"more": ""}), "InvalidParameterValueException", 400,
            "Number of tags exceeds resource tag limit.")
    refused(lambda: awslambda.tag_resource(Resource="arn:aws:something", Tags={"a": "b"}), "ValidationException", 400)
    refused(lambda: awslambda.tag_resource(Resource=arn + ":1", Tags={"a": "b"}), "InvalidParameterValueException", 400,
            "Tags on function aliases and versions are not supported. Please specify a function ARN.")
    refused(lambda: awslambda.untag_resource(Resource=arn, TagKeys=[]), "ValidationException", 400,
            "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null")
    awslambda.delete_function(FunctionName="tagged")


def retention():
    logs.create_log_group(logGroupName="kept")
    kept = lambda: logs.describe_log_groups(logGroupNamePrefix="kept")["logGroups"][0]
    absent(["retentionInDays"], kept(), "DescribeLogGroups")
    logs.put_retention_policy(logGroupName="kept", retentionInDays=30)
    equal(kept()["retentionInDays"], 30, "DescribeLogGroups")
    refused(lambda: logs.put_retention_policy(logGroupName="kept", retentionInDays=31), "InvalidParameterException", 400)
    refused(lambda: logs.put_retention_policy(logGroupName="none", retentionInDays=30), "ResourceNotFoundException", 400,
            "The specified log group does not exist.")
    logs.delete_retention_policy(logGroupName="kept")
    absent(["retentionInDays"], kept(), "DescribeLogGroups after DeleteRetentionPolicy")
    logs.delete_log_group(logGroupName="kept")
