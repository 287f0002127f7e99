"""Every operation with a RevisionId: a stale one is refused, none is taken, the right one is taken."""

from botocore import xform_name
from botocore.exceptions import ClientError

from asking import archive, awslambda, create
from rows import FAILURES, MODELS, SKIPPED, STALE

NAME = "revised"
LAYER = {"LayerName": NAME, "VersionNumber": 1}


def function():
    return awslambda.get_function_configuration(FunctionName=NAME)["RevisionId"]


def alias():
    return awslambda.get_alias(FunctionName=NAME, Name="live")["RevisionId"]


def layer():
    return awslambda.get_layer_version_policy(**LAYER)["RevisionId"]


def grant():
    awslambda.add_permission(FunctionName=NAME, StatementId="gone", Action="lambda:InvokeFunction",
                             Principal="s3.amazonaws.com")


def grant_layer():
    awslambda.add_layer_version_permission(**LAYER, StatementId="gone", Action="lambda:GetLayerVersion", Principal="*")


# The request (its number in place of #), where its revision is read, and what must be there before.
OPERATIONS = {
    "UpdateFunctionConfiguration": ({"FunctionName": NAME, "Description": "#"}, function, None),
    "UpdateFunctionCode": ({"FunctionName": NAME, "ZipFile": archive()}, function, None),
    "PublishVersion": ({"FunctionName": NAME}, function, None),
    "UpdateAlias": ({"FunctionName": NAME, "Name": "live", "Description": "#"}, alias, None),
    "AddPermission": ({"FunctionName": NAME, "StatementId": "s#", "Action": "lambda:InvokeFunction",
                       "Principal": "s3.amazonaws.com"}, function, None),
    "RemovePermission": ({"FunctionName": NAME, "StatementId": "gone"}, function, grant),
    "AddLayerVersionPermission": ({**LAYER, "StatementId": "s#", "Action": "lambda:GetLayerVersion", "Principal": "*"},
                                  layer, None),
    "RemoveLayerVersionPermission": ({**LAYER, "StatementId": "gone"}, layer, grant_layer),
}


def run(claimed):
    """Asks them all; the number of requests."""
    model = MODELS["lambda"]
    inputs = {name: model.operation_model(name).input_shape for name in model.operation_names}
    having = {name for name, shape in inputs.items() if shape and "RevisionId" in shape.members}
    for name in sorted(having - set(OPERATIONS)):
        if f"lambda.{name}" in claimed:
            FAILURES.append(f"{name} has a RevisionId: add it to tests/python/conformance/revisions.py")
    create(NAME)
    awslambda.publish_version(FunctionName=NAME)
    awslambda.create_alias(FunctionName=NAME, Name="live", FunctionVersion="1")
    layers = "lambda.AddLayerVersionPermission" in claimed
    if layers:
        awslambda.publish_layer_version(LayerName=NAME, Content={"ZipFile": archive()})
        awslambda.add_layer_version_permission(**LAYER, StatementId="first", Action="lambda:GetLayerVersion", Principal="*")
    number = 0
    for operation, (arguments, revision, before) in OPERATIONS.items():
        if f"lambda.{operation}" not in claimed:
            SKIPPED.append(f"lambda.{operation}")
            continue
        old = revision()
        for given in ("absent", "right", "stale", "made up"):
            if before and given in ("absent", "right"):
                before()
            number += 1
            request = {key: value.replace("#", str(number)) if isinstance(value, str) else value
                       for key, value in arguments.items()}
            if given != "absent":
                request["RevisionId"] = {"right": revision, "stale": lambda: old, "made up": lambda: "none"}[given]()
            refusal = None
            try:
                getattr(awslambda, xform_name(operation))(**request)
            except ClientError as error:
                refusal = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
            # PublishVersion leaves $LATEST, and so its revision, as it was.
            wanted = (STALE, 412) if given == "made up" or given == "stale" and operation != "PublishVersion" else None
            if refusal != wanted:
                FAILURES.append(f"{operation} with a RevisionId that is {given}: {refusal}, with AWS {wanted}")
    awslambda.delete_function(FunctionName=NAME)
    if layers:
        awslambda.delete_layer_version(**LAYER)
    return number
