"""Checks of an engine's EventBridge Schemas, where shareable test events live."""

import json

import boto3

from asking import ACCOUNT, CONFIG, REGION, absent, equal, refused, within

schemas = boto3.client("schemas", config=CONFIG)
NAMES = dict(RegistryName="lambda-testevent-schemas", SchemaName="_life-schema")
ARN = f"arn:aws:schemas:{REGION}:{ACCOUNT['Account']}:"


def document(**examples):
    return json.dumps({
        "openapi": "3.0.0", "info": {"version": "1.0.0", "title": "Event"}, "paths": {},
        "components": {"schemas": {"Event": {"type": "object"}},
                       "examples": {name: {"value": value} for name, value in examples.items()}},
    })


def shareable_events():
    registry = dict(RegistryName=NAMES["RegistryName"])
    refused(lambda: schemas.describe_schema(**NAMES), "NotFoundException", 404)
    made = schemas.create_registry(**registry)
    equal(made["ResponseMetadata"]["HTTPStatusCode"], 201, "CreateRegistry: status")
    equal(made["RegistryArn"], f"{ARN}registry/lambda-testevent-schemas", "CreateRegistry: RegistryArn")
    refused(lambda: schemas.create_registry(**registry), "ConflictException", 409,
            "Registry with name lambda-testevent-schemas already exists.")
    refused(lambda: schemas.describe_schema(**NAMES), "NotFoundException", 404)
    refused(lambda: schemas.create_schema(**NAMES, Type="OpenApi3", Content="{}"), "BadRequestException", 400)

    made = schemas.create_schema(**NAMES, Type="OpenApi3", Content=document(one=1))
    equal(made["ResponseMetadata"]["HTTPStatusCode"], 201, "CreateSchema: status")
    within({"SchemaVersion": "1", "Type": "OpenApi3", "SchemaName": "_life-schema",
            "SchemaArn": f"{ARN}schema/lambda-testevent-schemas/_life-schema"}, made, "CreateSchema")
    absent(["Content", "Description"], made, "CreateSchema")
    refused(lambda: schemas.create_schema(**NAMES, Type="OpenApi3", Content=document()), "ConflictException", 409,
            "Schema with name _life-schema already exists.")
    equal(schemas.update_schema(**NAMES, Content=document(one=2))["SchemaVersion"], "2", "UpdateSchema: SchemaVersion")
    got = schemas.describe_schema(**NAMES)
    within({"SchemaVersion": "2", "Content": document(one=2)}, got, "DescribeSchema")
    equal(got["LastModified"].tzinfo is not None, True, "DescribeSchema: LastModified is a time")
    earlier = schemas.describe_schema(**NAMES, SchemaVersion="1")
    equal(earlier["Content"], document(one=1), "DescribeSchema: an earlier version")
    pages = schemas.get_paginator("list_schema_versions").paginate(**NAMES, PaginationConfig={"PageSize": 1})
    versions = [version["SchemaVersion"] for page in pages for version in page["SchemaVersions"]]
    equal(versions, ["1", "2"], "ListSchemaVersions")
    within({"SchemaName": "_life-schema", "VersionCount": 2}, schemas.list_schemas(**registry)["Schemas"][0],
           "ListSchemas")

    status = schemas.delete_schema(**NAMES)["ResponseMetadata"]["HTTPStatusCode"]
    equal(status, 204, "DeleteSchema: status")
    refused(lambda: schemas.delete_schema(**NAMES), "NotFoundException", 404)
    refused(lambda: schemas.delete_registry(**registry), "NotImplementedException", 501)
