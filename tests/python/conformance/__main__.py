"""Asks a running engine through boto3 and ends with a list of what AWS would have answered otherwise.

    python tests/python/conformance

Endpoint, key pair and region come from the environment: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AWS_DEFAULT_REGION. That engine settles at once (`settle_ms` 0) and has no functions. Another one, which takes a moment to
settle, is at SETTLING_ENDPOINT_URL with SETTLING_ACCESS_KEY_ID and SETTLING_SECRET_ACCESS_KEY.

- `flows`, `changes`, `registry`, `settling`: what takes more than one row
- `tables`: request and answer, row by row; `rows` asks them
- `limits`: every limit at n-1, n and n+1; `revisions`: every operation with a RevisionId
- `claims`: what the engine claims and refuses; `shapes`: each answer against botocore's service model

A new operation needs a row that gets a good answer from it; one that changes something needs a row with `then`, which
shows the change. Rows for operations that the engine answers with 501 are left out and named at the end.
"""

import sys
import time
from collections import Counter

import asking
import changes
import claims
import flows
import limits
import registry
import revisions
import rows
import settling
import shapes
from tables import functions, invoking, logs, names, others, settings, versions

# Only a running query can be stopped, and how long one runs is nobody's to say.
REFUSED_ONLY = {"logs.StopQuery"}

started = time.monotonic()
for client in asking.CLIENTS.values():
    shapes.watch(client)
claimed, wrong = claims.find()
for check in (flows.identity, flows.signatures, flows.lifecycle, flows.unknown, flows.rules, flows.invoking,
              changes.concurrency, changes.provisioned, changes.event_invoke_config, changes.configuration, changes.tags,
              flows.lists, flows.versions, flows.logging_config, changes.retention, registry.shareable_events):
    check()
for module in (names, functions, versions, settings, invoking, logs, others):
    for table in module.TABLES:
        table.run(claimed)
checked = limits.run(claimed) + revisions.run(claimed)
settling.run()

for name in sorted(claimed - rows.DRIVEN - REFUSED_ONLY):
    wrong.append(f"no row drives {name}: add one to tests/python/conformance/tables")
for name in sorted(filter(claims.changes, claimed - rows.SHOWN - REFUSED_ONLY)):
    wrong.append(f"no row shows what {name} changes: give one a `then`")
wrong += rows.FAILURES + [f"{text} ({count} times)" for text, count in Counter(shapes.FAULTS).items()]

total = sum(len(rows.MODELS[service].operation_names) for service in asking.CLIENTS)
print(f"{rows.ROWS} rows and {checked} limits asked in {time.monotonic() - started:.1f} s, {sum(shapes.ANSWERED.values())} "
      f"answers checked against the model; {len(claimed)} operations claimed, {total - len(claimed)} refused by name")
for name, count in sorted(Counter(rows.SKIPPED).items()):
    print(f"left out: {count} rows of {name}, which the engine does not have")
if wrong:
    sys.exit("\n".join([f"{len(wrong)} differences:", *wrong]))
