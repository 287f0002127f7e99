"""What is only seen while a change settles: states, refusals, and the waiters of boto3."""

import os

import boto3

from asking import CONFIG, ROLE, archive, equal, refused, within

PENDING = ("The operation cannot be performed at this time. The function is currently in the following state: Pending")
BUSY = "The operation cannot be performed at this time. An update is in progress for resource: arn:aws:lambda:..."


def run():
    client = boto3.client(
        "lambda", config=CONFIG, endpoint_url=os.environ["SETTLING_ENDPOINT_URL"],
        aws_access_key_id=os.environ["SETTLING_ACCESS_KEY_ID"],
        aws_secret_access_key=os.environ["SETTLING_SECRET_ACCESS_KEY"],
    )

    def wait(waiter, **more):
        client.get_waiter(waiter).wait(FunctionName="slow", WaiterConfig={"Delay": 0.02, "MaxAttempts": 1000}, **more)

    def state(**more):
        return client.get_function_configuration(FunctionName="slow", **more)

    made = client.create_function(FunctionName="slow", Runtime="python3.13", Handler="x.y", Role=ROLE,
                                  Code={"ZipFile": archive()})
    equal(made["State"], "Pending", "CreateFunction: State")
    for call in (lambda: client.invoke(FunctionName="slow"),
                 lambda: client.update_function_configuration(FunctionName="slow", Timeout=4),
                 lambda: client.update_function_code(FunctionName="slow", ZipFile=archive()),
                 lambda: client.publish_version(FunctionName="slow")):
        refused(call, "ResourceConflictException", 409, PENDING, Type="User")
    wait("function_active_v2")
    within({"State": "Active", "LastUpdateStatus": "Successful"}, state(), "after function_active_v2")

    for change in (lambda: client.update_function_configuration(FunctionName="slow", Timeout=5),
                   lambda: client.update_function_code(FunctionName="slow", ZipFile=archive("#!/bin/sh\n"))):
        equal(change()["LastUpdateStatus"], "InProgress", "LastUpdateStatus in the answer to a change")
        within({"State": "Active", "LastUpdateStatus": "InProgress"}, state(), "while a change settles")
        for call in (lambda: client.update_function_configuration(FunctionName="slow", Timeout=6),
                     lambda: client.update_function_code(FunctionName="slow", ZipFile=archive()),
                     lambda: client.publish_version(FunctionName="slow")):
            refused(call, "ResourceConflictException", 409, BUSY, Type="User")
        wait("function_updated_v2")
        within({"LastUpdateStatus": "Successful", "Timeout": 5}, state(), "after function_updated_v2")

    client.update_function_configuration(FunctionName="slow", SnapStart={"ApplyOn": "PublishedVersions"})
    wait("function_updated_v2")
    made = client.publish_version(FunctionName="slow")
    within({"State": "Pending", "Version": "1"}, made, "PublishVersion with SnapStart")
    within({"State": "Pending"}, state(Qualifier="1"), "a version whose snapshot is being made")
    wait("published_version_active", Qualifier="1")
    within({"State": "Active", "SnapStart": {"ApplyOn": "PublishedVersions", "OptimizationStatus": "On"}},
           state(Qualifier="1"), "after published_version_active")
    wait("function_exists")
    client.delete_function(FunctionName="slow")
