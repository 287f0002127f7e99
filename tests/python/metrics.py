"""Reads an engine's metrics of one function through boto3, in each protocol that CloudWatch has, and prints what it
got as JSON: `{"smithy-rpc-v2-cbor": {...}, "json": {...}, "query": {...}}`.

Arguments: the function's name, and the times between which it was invoked, in seconds since the epoch. Endpoint, key
pair and region come from the environment, as in asking.py.
"""

import datetime
import json
import os
import sys

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

FUNCTION = sys.argv[1]
START, END = (datetime.datetime.fromtimestamp(int(it), datetime.timezone.utc) for it in sys.argv[2:4])
DIMENSIONS = [{"Name": "FunctionName", "Value": FUNCTION}]


def client(protocol, **keys):
    session = botocore.session.Session()
    # The model is the loader's own copy: the client speaks the one protocol that is left in it.
    metadata = session.get_component("data_loader").load_service_model("cloudwatch", "service-2")["metadata"]
    metadata["protocols"] = [protocol]
    metadata["protocol"] = protocol
    config = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
    made = session.create_client("cloudwatch", config=config, **keys)
    assert made.meta.service_model.resolved_protocol == protocol
    return made


def refusal(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return [error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"],
                error.response["Error"]["Message"]]
    raise SystemExit("it was not refused")


def query(name, metric, stat):
    of = {"Namespace": "AWS/Lambda", "MetricName": metric, "Dimensions": DIMENSIONS}
    return {"Id": name, "MetricStat": {"Metric": of, "Period": 3600, "Stat": stat}}


def read(protocol):
    cloudwatch = client(protocol)
    within = {"StartTime": START, "EndTime": END}
    of = {"Namespace": "AWS/Lambda", "Dimensions": DIMENSIONS, "Period": 3600, **within}
    queries = [
        query("invocations", "Invocations", "Sum"), query("errors", "Errors", "Sum"),
        query("throttles", "Throttles", "Sum"), query("slowest", "Duration", "p100"),
        query("duration", "Duration", "Sum"),
        {"Id": "rate", "Expression": "100 * errors / invocations", "Label": "Error rate (%)"},
    ]
    data = cloudwatch.get_metric_data(MetricDataQueries=queries, MaxDatapoints=100, **within)
    page = cloudwatch.get_metric_data(MetricDataQueries=queries, MaxDatapoints=1, **within)
    pages = [page]
    while "NextToken" in page:
        page = cloudwatch.get_metric_data(
            MetricDataQueries=queries, MaxDatapoints=1, NextToken=page["NextToken"], **within)
        pages.append(page)
    statistics = cloudwatch.get_metric_statistics(
        MetricName="Duration", Statistics=["Sum", "SampleCount", "Minimum", "Maximum", "Average"], **of)
    extended = cloudwatch.get_metric_statistics(MetricName="Duration", ExtendedStatistics=["p50", "p99.9"], **of)
    listed = cloudwatch.list_metrics(Namespace="AWS/Lambda", MetricName="Errors", Dimensions=DIMENSIONS)
    wrong = client(protocol, aws_secret_access_key="wrong", aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"])
    unknown = client(protocol, aws_secret_access_key="wrong", aws_access_key_id="AKIAWRONG")
    many = {**of, "MetricName": "Errors", "Statistics": ["Sum"], "Period": 1}
    return {
        "data": [[it["Id"], it["Label"], it["StatusCode"], it["Timestamps"], it["Values"]]
                 for it in data["MetricDataResults"]],
        "paged": [[it["Id"], it["Values"]] for page in pages for it in page["MetricDataResults"]],
        "pages": len(pages),
        "statistics": [statistics["Label"], statistics["Datapoints"]],
        "extended": extended["Datapoints"],
        "listed": listed["Metrics"],
        "elsewhere": cloudwatch.list_metrics(Namespace="AWS/S3")["Metrics"],
        "refusals": [
            refusal(cloudwatch.get_metric_statistics, **many),
            refusal(cloudwatch.get_metric_statistics, MetricName="Errors"),
            refusal(cloudwatch.get_metric_data, MetricDataQueries=[{"Id": "m"}], **within),
            refusal(cloudwatch.get_metric_data, MetricDataQueries=queries, NextToken="x", **within),
            refusal(cloudwatch.put_metric_data, Namespace="Mine", MetricData=[{"MetricName": "m", "Value": 1}]),
            refusal(cloudwatch.describe_alarms),
            refusal(wrong.list_metrics)[:2],
            refusal(unknown.list_metrics),
        ],
    }


protocols = ["smithy-rpc-v2-cbor", "json", "query"]
print(json.dumps({protocol: read(protocol) for protocol in protocols}, default=lambda time: int(time.timestamp())))
