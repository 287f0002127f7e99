"""CloudWatch Logs: groups, streams, events, queries."""

import re
import time

from rows import ANY, Table, no, row, yes

NOW = int(time.time() * 1000)
PARAMETER = "InvalidParameterException"
ARN = "arn:aws:logs:<region>:<account>:log-group:"
NO_GROUP = no(400, "ResourceNotFoundException", "The specified log group does not exist.")
NO_STREAM = no(400, "ResourceNotFoundException", "The specified log stream does not exist.")
GROUP = "arn creationTime deletionProtectionEnabled logGroupArn logGroupClass logGroupName metricFilterCount storedBytes"
STREAM = "arn creationTime logStreamName storedBytes"


def only(prefix, members, **more):
    """An answer whose first item has these members and no others."""
    return yes(200, {f"{prefix}.0.#": len(members.split()), **{f"{prefix}.0.{name}": ANY for name in members.split()}, **more})


def put(answer, then=None, **more):
    return row("logs.PutLogEvents", {"logGroupName": "kept", "logStreamName": "one", **more}, answer, then)


def event(offset, message="m"):
    return {"timestamp": NOW + offset, "message": message}


GROUPS = Table(
    "log groups",
    row("logs.CreateLogGroup", {"logGroupName": "kept", "tags": {"env": "testing", "team": "a"}}, yes(200, only=""),
        row("logs.DescribeLogGroups", {"logGroupNamePrefix": "kept"},
            only("logGroups", GROUP, **{
                "logGroups.#": 1, "logGroups.0.arn": ARN + "kept:*", "logGroups.0.logGroupArn": ARN + "kept",
                "logGroups.0.logGroupClass": "STANDARD", "logGroups.0.metricFilterCount": 0, "logGroups.0.storedBytes": 0,
                "logGroups.0.deletionProtectionEnabled": False}))),
    row("logs.DescribeLogGroups", {"logGroupNamePattern": "ep"},
        only("logGroups", "arn creationTime logGroupArn logGroupClass logGroupName metricFilterCount")),
    row("logs.DescribeLogGroups", {"logGroupNamePattern": "no-match"}, yes(200, {"logGroups": []}, only="logGroups")),
    row("logs.DescribeLogGroups", {"logGroupNamePrefix": "k", "logGroupNamePattern": "e"},
        no(400, PARAMETER, "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")),
    row("logs.CreateLogGroup", {"logGroupName": "kept"},
        no(400, "ResourceAlreadyExistsException", "The specified log group already exists")),
    row("logs.CreateLogGroup", {"logGroupName": "g" * 513},
        no(400, PARAMETER, "Invalid LogGroup or LogStream, both must have length less than or equal to 512.")),
    row("logs.CreateLogGroup", {"logGroupName": "g" * 512}, yes(200),
        row("logs.DescribeLogGroups", {"logGroupNamePrefix": "ggg"}, yes(200, {"logGroups.#": 1}))),
    row("logs.ListTagsForResource", {"resourceArn": ARN + "kept"}, yes(200, {"tags": {"env": "testing", "team": "a"}},
                                                                      only="tags")),
    row("logs.TagResource", {"resourceArn": ARN + "kept", "tags": {"more": "b"}}, yes(200),
        row("logs.ListTagsForResource", {"resourceArn": ARN + "kept"},
            yes(200, {"tags": {"env": "testing", "team": "a", "more": "b"}}))),
    row("logs.UntagResource", {"resourceArn": ARN + "kept", "tagKeys": ["env", "team"]}, yes(200),
        row("logs.ListTagsForResource", {"resourceArn": ARN + "kept"}, yes(200, {"tags": {"more": "b"}}))),
    row("logs.PutRetentionPolicy", {"logGroupName": "kept", "retentionInDays": 7}, yes(200),
        row("logs.DescribeLogGroups", {"logGroupNamePrefix": "kept"}, yes(200, {"logGroups.0.retentionInDays": 7}))),
    row("logs.PutRetentionPolicy", {"logGroupName": "kept", "retentionInDays": 8}, no(400, PARAMETER)),
    row("logs.PutRetentionPolicy", {"logGroupName": "none", "retentionInDays": 7}, NO_GROUP),
    row("logs.DeleteRetentionPolicy", {"logGroupName": "kept"}, yes(200),
        row("logs.DescribeLogGroups", {"logGroupNamePrefix": "kept"}, yes(200, lacks="logGroups.0.retentionInDays"))),
    row("logs.DeleteRetentionPolicy", {"logGroupName": "none"}, NO_GROUP),
    row("logs.DeleteLogGroup", {"logGroupName": "none"}, NO_GROUP),
    row("logs.DeleteLogGroup", {"logGroupName": "g" * 512}, yes(200)),
    row("logs.DeleteLogGroup", {"logGroupName": "kept"}, yes(200),
        row("logs.DescribeLogGroups", {"logGroupNamePrefix": "kept"}, yes(200, {"logGroups": []}, only="logGroups"))),
)

STREAMS = Table(
    "log streams and events",
    row("logs.CreateLogGroup", {"logGroupName": "kept"}, yes(200)),
    row("logs.CreateLogStream", {"logGroupName": "kept", "logStreamName": "one"}, yes(200, only=""),
        row("logs.DescribeLogStreams", {"logGroupName": "kept"},
            only("logStreams", STREAM, **{
                "logStreams.#": 1, "logStreams.0.arn": ARN + "kept:log-stream:one", "logStreams.0.storedBytes": 0}))),
    row("logs.DescribeLogStreams", {"logGroupIdentifier": "kept"}, yes(200, {"logStreams.0.logStreamName": "one"})),
    row("logs.DescribeLogStreams", {"logGroupIdentifier": ARN + "kept"}, yes(200, {"logStreams.0.logStreamName": "one"})),
    row("logs.DescribeLogStreams", {"logGroupName": "kept", "logGroupIdentifier": "kept"},
        no(400, "ValidationException", "LogGroup name and LogGroup ARN are mutually exclusive parameters.")),
    row("logs.CreateLogStream", {"logGroupName": "kept", "logStreamName": "one"},
        no(400, "ResourceAlreadyExistsException", "The specified log stream already exists")),
    row("logs.CreateLogStream", {"logGroupName": "none", "logStreamName": "one"}, NO_GROUP),
    row("logs.DescribeLogStreams", {"logGroupName": "none"}, NO_GROUP),
    put(yes(200, {"nextSequenceToken": ANY}),
        row("logs.GetLogEvents", {"logGroupName": "kept", "logStreamName": "one", "startFromHead": True},
            yes(200, {"events.#": 2, "events.0.timestamp": NOW - 2, "events.0.message": "first", "events.0.ingestionTime": ANY,
                      "events.0.#": 3}, only="events nextForwardToken nextBackwardToken")),
        logEvents=[event(-2, "first"), event(-1, "second")]),
    put(no(400, PARAMETER, "Log events in a single PutLogEvents request must be in chronological order."),
        logEvents=[event(0), event(-5)]),
    put(NO_STREAM, logStreamName="none", logEvents=[event(0)]),
    put(NO_GROUP, logGroupName="none", logEvents=[event(0)]),
    put(yes(200, {"rejectedLogEventsInfo.tooOldLogEventEndIndex": 1}), logEvents=[event(-15 * 86_400_000)]),
    put(yes(200, {"rejectedLogEventsInfo.tooNewLogEventStartIndex": 0}), logEvents=[event(3 * 3_600_000)]),
    row("logs.DescribeLogStreams", {"logGroupName": "kept"},
        yes(200, {"logStreams.0.firstEventTimestamp": NOW - 2, "logStreams.0.lastEventTimestamp": NOW - 1,
                  "logStreams.0.lastIngestionTime": ANY, "logStreams.0.uploadSequenceToken": ANY})),
    row("logs.FilterLogEvents", {"logGroupName": "kept"},
        yes(200, {"events.#": 2, "events.0.message": "first", "events.0.logStreamName": "one", "events.0.eventId": ANY,
                  "events.0.#": 5}, lacks="nextToken")),
    row("logs.FilterLogEvents", {"logGroupName": "kept", "filterPattern": "second"},
        yes(200, {"events.#": 1, "events.0.message": "second"})),
    row("logs.FilterLogEvents", {"logGroupName": "kept", "nextToken": "made-up"},
        no(400, PARAMETER, "The specified nextToken is invalid.")),
    row("logs.FilterLogEvents", {"logGroupName": "none"}, NO_GROUP),
    row("logs.FilterLogEvents", {"logGroupName": "kept", "limit": 10001}, no(400, PARAMETER)),
    row("logs.GetLogEvents", {"logGroupName": "kept", "logStreamName": "none"}, NO_STREAM),
    row("logs.GetLogEvents", {"logGroupName": "none", "logStreamName": "one"}, NO_GROUP),
    row("logs.GetLogGroupFields", {"logGroupName": "kept"}, yes(200, {"logGroupFields.0.name": ANY})),
    row("logs.DescribeQueries", {"logGroupName": "kept", "status": "Scheduled"}, yes(200, {"queries": []}, only="queries")),
    row("logs.StartQuery", {"logGroupName": "kept", "startTime": NOW // 1000 - 60, "endTime": NOW // 1000 + 60,
                            "queryString": "fields @message, @ptr"},
        yes(200, only="queryId", keep={"query": "queryId"}),
        row("logs.DescribeQueries", {"logGroupName": "kept"},
            yes(200, {"queries.#": 1, "queries.0.queryId": "<query>", "queries.0.logGroupName": "kept",
                      "queries.0.queryLanguage": "CWLI", "queries.0.createTime": ANY, "queries.0.status": ANY}))),
    row("logs.GetQueryResults", {"queryId": "<query>"},
        yes(200, {"status": "Complete", "results.#": 2, "results.0.0.field": "@message", "results.0.1.field": "@ptr",
                  "statistics.recordsMatched": 2.0, "queryLanguage": "CWLI"}, late=True, keep={"pointer": "results.0.1.value"})),
    row("logs.GetLogRecord", {"logRecordPointer": "<pointer>"}, yes(200, {"logRecord.@message": ANY}, only="logRecord")),
    row("logs.DescribeQueries", {"logGroupName": "kept", "status": "Complete"},
        yes(200, {"queries.0.queryString": re.compile(
            'SOURCE "kept" START=[0-9]+000 END=[0-9]+999 \\| fields @message, @ptr')})),
    row("logs.StopQuery", {"queryId": "<query>"}, no(400, PARAMETER)),
    row("logs.StartLiveTail", {"logGroupIdentifiers": [ARN + "kept"]},
        yes(200, {"responseStream.0.sessionStart.logGroupIdentifiers": [ARN + "kept"],
                  "responseStream.0.sessionStart.sessionId": ANY})),
    row("logs.StartLiveTail", {"logGroupIdentifiers": [ARN + "none"]}, no(400, "ResourceNotFoundException")),
    row("logs.StartQuery", {"logGroupName": "none", "startTime": 1, "endTime": 2, "queryString": "fields @message"}, NO_GROUP),
    row("logs.StartQuery", {"logGroupName": "kept", "startTime": 1, "endTime": 2, "queryString": "made up"},
        no(400, "MalformedQueryException")),
    row("logs.GetQueryResults", {"queryId": "none"}, no(400, ANY)),
    row("logs.DeleteLogStream", {"logGroupName": "kept", "logStreamName": "none"}, NO_STREAM),
    row("logs.DeleteLogStream", {"logGroupName": "kept", "logStreamName": "one"}, yes(200),
        row("logs.DescribeLogStreams", {"logGroupName": "kept"}, yes(200, {"logStreams": []}, only="logStreams"))),
    row("logs.DeleteLogGroup", {"logGroupName": "kept"}, yes(200)),
)

TABLES = [GROUPS, STREAMS]
