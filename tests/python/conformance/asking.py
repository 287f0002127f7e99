"""What the checks of an engine share: clients, a function to create, and how answers are compared.

Endpoint, key pair and region come from the environment: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AWS_DEFAULT_REGION.
"""

import io
import sys
import zipfile

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

# The engine is to see bad input, each request once, and under its own name.
CONFIG = Config(retries={"total_max_attempts": 1}, parameter_validation=False, inject_host_prefix=False)
awslambda = boto3.client("lambda", config=CONFIG)
logs = boto3.client("logs", config=CONFIG)
cloudwatch = boto3.client("cloudwatch", config=CONFIG)
CLIENTS = {"lambda": awslambda, "logs": logs, "cloudwatch": cloudwatch}
ACCOUNT = boto3.client("sts", config=CONFIG).get_caller_identity()
REGION = awslambda.meta.region_name
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT['Account']}:function:"
ROLE = f"arn:aws:iam::{ACCOUNT['Account']}:role/test"

BOOTSTRAP = r"""#!/bin/bash
# Answers each event with what it was given and where it ran; fails where FAIL is set.
api="$AWS_LAMBDA_RUNTIME_API"
shopt -s nocasematch
call() {
  exec 3<>"/dev/tcp/${api%:*}/${api##*:}"
  printf '%s /2018-06-01/runtime/%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %s\r\n\r\n%s' \
    "$1" "$2" "$api" "${#3}" "$3" >&3
  length=0
  while IFS= read -r line <&3; line="${line%$'\r'}"; [ -n "$line" ]; do
    case "$line" in
      lambda-runtime-aws-request-id:*) id="${line#*: }" ;;
      lambda-runtime-invoked-function-arn:*) arn="${line#*: }" ;;
      content-length:*) length="${line#*: }" ;;
    esac
  done
  body="$(head -c "$length" <&3)"
  exec 3>&-
}
while true; do
  call GET invocation/next ''
  echo "serving $id"
  if [ -n "$FAIL" ]; then
    call POST "invocation/$id/error" '{"errorMessage":"it fails","errorType":"Oops","stackTrace":[]}'
  else
    call POST "invocation/$id/response" \
      "{\"event\":$body,\"version\":\"$AWS_LAMBDA_FUNCTION_VERSION\",\"arn\":\"$arn\",\"value\":\"$VALUE\",\"id\":\"$id\"}"
  fi
done
"""


def archive(text=BOOTSTRAP):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        info = zipfile.ZipInfo("bootstrap")
        info.external_attr = 0o755 << 16
        file.writestr(info, text)
    return out.getvalue()


def equal(got, wanted, what):
    if got != wanted:
        sys.exit(f"{what}: got {got!r}, AWS gives {wanted!r}")


def within(members, got, what):
    for name, wanted in members.items():
        equal(got.get(name), wanted, f"{what}: {name}")


def absent(names, got, what):
    for name in names:
        if name in got:
            sys.exit(f"{what}: {name} should be absent, is {got[name]!r}")


def refused(call, code, status, message=None, **members):
    """The call must fail so. `message` is the whole message, or its beginning if it ends with an ellipsis."""
    try:
        call()
    except ClientError as error:
        got = error.response
        what = f"{error.operation_name}"
        equal((got["Error"]["Code"], got["ResponseMetadata"]["HTTPStatusCode"]), (code, status), f"{what}: error")
        text = got["Error"].get("Message")
        if message is not None:
            if message.endswith("..."):
                text, message = (text or "")[: len(message) - 3], message[:-3]
            equal(text, message, f"{what}: message")
        within(members, got, what)
        return got
    sys.exit(f"a call succeeded that should fail with {code}: {message}")


def create(name, **more):
    arguments = dict(
        FunctionName=name, Runtime="provided.al2023", Handler="x", Role=ROLE, Code={"ZipFile": archive()}
    )
    arguments.update(more)
    return awslambda.create_function(**arguments)
