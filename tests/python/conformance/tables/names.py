"""How a function may be named, and how AWS refuses what names none."""

from rows import ANY, INVALID, MISSING, MODEL, Table, longest, no, not_found, pattern, row, violation, yes

ROWS = []
READERS = ("GetFunction", "GetFunctionConfiguration", "Invoke", "DeleteFunction")
QUALIFIED = ("GetFunction", "GetFunctionConfiguration", "Invoke")
PLAIN = "(arn:...)?...([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?"
NAMESPACED = "(arn:...)?...([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
QUALIFIER = "\\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"

BROKEN = [
    "*", "my-function!", "invalid-account:function:my-function", "function:my-function:$LATEST:extra",
    "<fn>my-function:1:2", "<fn>my-function:$LATES", "<fn>my-function:$latest",
    "arn:aws:lambda:<region>::function:my-function", "arn:aws:lambda::<account>:function:my-function",
    "arn:aws:lambda:invalid-region:<account>:function:my-function",
    "arn:aws:ec2:<region>:<account>:instance:i-1234567890abcdef0",
    "arn:aws:lambda:<region>:123400000000@function:myfn", "", " my-function", "my function",
]
NEW = {"Runtime": "provided.al2023", "Handler": "x", "Role": "<role>", "Code": {"ZipFile": b"no zip"}}
CHANGES = {
    "CreateFunction": NEW,
    "UpdateFunctionConfiguration": {"Timeout": 4},
    "PutFunctionConcurrency": {"ReservedConcurrentExecutions": 1},
    "PublishVersion": {},
}

for name in BROKEN:
    for operation in READERS:
        if name:
            ROWS.append(row(operation, {"FunctionName": name}, violation(name, "functionName", pattern(NAMESPACED))))
for name in BROKEN[:6] + BROKEN[7:11]:
    for operation, more in CHANGES.items():
        if operation == "CreateFunction" or not name.startswith("<fn>my-function:1"):
            ROWS.append(row(operation, {"FunctionName": name, **more}, violation(name, "functionName", pattern(PLAIN))))

for operation in READERS:
    ROWS += [
        row(operation, {"FunctionName": "arn:aws:lambda:ap-southeast-1:<account>:function:x"},
            no(404, MISSING, "Functions from 'ap-southeast-1' are not reachable in this region ('<region>')")),
        row(operation, {"FunctionName": "arn:aws:lambda:<region>:000000000001:function:x"}, no(403, "AccessDeniedException")),
        row(operation, {"FunctionName": "<fn>some-function:1", "Qualifier": "$LATEST"},
            no(400, INVALID, "The derived qualifier from the function name does not match the specified qualifier.")),
        row(operation, {"FunctionName": "<fn>my-function:$LATEST", "Qualifier": "1"},
            no(400, INVALID, "The derived qualifier from the function name does not match the specified qualifier.")),
        row(operation, {"FunctionName": "some-function", "Qualifier": "invalid!"},
            violation("invalid!", "qualifier", pattern(QUALIFIER))),
        row(operation, {"FunctionName": "n" * 257}, violation("n" * 257, "functionName", longest(256))),
    ]
for operation in QUALIFIED:
    ROWS += [
        row(operation, {"FunctionName": "my-function", "Qualifier": "a" * 129}, violation("a" * 129, "qualifier", longest(128))),
        row(operation, {"FunctionName": "my-function", "Qualifier": "a" * 128}, not_found("<fn>my-function:" + "a" * 128)),
        row(operation, {"FunctionName": "named", "Qualifier": "1221"}, not_found("<fn>named:1221")),
        row(operation, {"FunctionName": "named", "Qualifier": "none"}, not_found("<fn>named:none")),
        row(operation, {"FunctionName": "<fn>some-function", "Qualifier": "$LATEST"}, not_found("<fn>some-function:$LATEST")),
        row(operation, {"FunctionName": "my-function", "Qualifier": "$latest"}, not_found("<fn>my-function:$latest")),
    ]

ROWS += [
    row("GetFunction", {"FunctionName": "a" * 65}, not_found("<fn>" + "a" * 65)),
    row("GetFunctionConfiguration", {"FunctionName": "none"}, not_found("<fn>none")),
    row("Invoke", {"FunctionName": "a" * 65}, not_found("<fn>" + "a" * 65 + ":$LATEST")),
    row("Invoke", {"FunctionName": "<region>:<account>:function"}, not_found("<fn>function:$LATEST")),
    row("DeleteFunction", {"FunctionName": "function"}, not_found("<fn>function")),
    row("DeleteFunction", {"FunctionName": "none", "Qualifier": "1221"}, not_found("<fn>none")),
    row("DeleteFunction", {"FunctionName": "<fn>some-function:$LATEST", "Qualifier": "$LATEST"},
        no(400, INVALID, "$LATEST version cannot be deleted without deleting the function.")),
    row("DeleteFunction", {"FunctionName": "my-function", "Qualifier": "a" * 128},
        no(400, INVALID, "Deletion of aliases is not currently supported.")),
    row("DeleteFunction", {"FunctionName": "my-function:" + "a" * 129},
        no(400, INVALID, "Deletion of aliases is not currently supported.")),
    row("DeleteFunction", {"FunctionName": "arn:aws:lambda:invalid-region:<account>:function:f", "Qualifier": "a" * 129},
        no(400, MODEL, "2 validation errors detected: Value '" + "a" * 129 + "' at 'qualifier' failed to satisfy constraint: "
           + longest(128) + "; Value 'arn:aws:lambda:invalid-region:<account>:function:f' at 'functionName' failed to satisfy "
           "constraint: " + pattern())),
    row("CreateFunction", {"FunctionName": "a" * 65, **NEW},
        no(400, INVALID, f"1 validation error detected: Value '{'a' * 65}' at 'functionName' failed to satisfy constraint: "
           + longest(64))),
    row("CreateFunction", {"FunctionName": "my-function:" + "a" * 129, **NEW},
        violation("my-function:" + "a" * 129, "functionName", longest(140))),
    row("CreateFunction", {"FunctionName": "arn:aws:lambda:invalid-region:<account>:function:" + "a" * 140, **NEW},
        no(400, MODEL, "2 validation errors detected: Value '...' at 'functionName' failed to satisfy constraint: " + longest(140)
           + "; Value '...' at 'functionName' failed to satisfy constraint: " + pattern())),
    row("CreateFunction", {"FunctionName": "<fn>my-function:$LATEST:1", **NEW},
        violation("<fn>my-function:$LATEST:1", "functionName", pattern(PLAIN))),
    row("PutFunctionConcurrency", {"FunctionName": "none", "ReservedConcurrentExecutions": 1}, not_found("<fn>none:$LATEST")),
    row("PutFunctionConcurrency", {"FunctionName": "none", "ReservedConcurrentExecutions": 100000},
        not_found("<fn>none:$LATEST")),
    row("UpdateFunctionConfiguration", {"FunctionName": "none", "Timeout": 4}, not_found("<fn>none")),
    row("UpdateFunctionCode", {"FunctionName": "none", "ZipFile": b"no zip"}, not_found("<fn>none")),
    row("PublishVersion", {"FunctionName": "none"}, not_found("<fn>none")),
    row("ListVersionsByFunction", {"FunctionName": "none"}, not_found("<fn>none")),
    row("ListAliases", {"FunctionName": "none"}, not_found("<fn>none")),
]

for name in ("named", "function:named", "<account>:named", "<account>:function:named", "<region>:<account>:function:named",
             "<fn>named"):
    ROWS += [
        row("GetFunction", {"FunctionName": name},
            yes(200, {"Configuration.FunctionArn": "<fn>named", "Code.Location": ANY}, only="Code Configuration")),
        row("GetFunction", {"FunctionName": name + ":$LATEST"}, yes(200, {"Configuration.FunctionArn": "<fn>named:$LATEST"})),
        row("GetFunctionConfiguration", {"FunctionName": name, "Qualifier": "$LATEST"},
            yes(200, {"FunctionArn": "<fn>named:$LATEST", "Version": "$LATEST"})),
        row("UpdateFunctionConfiguration", {"FunctionName": name, "Description": name},
            yes(200, {"FunctionArn": "<fn>named"}),
            row("GetFunctionConfiguration", {"FunctionName": "named"}, yes(200, {"Description": name}))),
    ]

TABLES = [Table("names", *ROWS, functions=["named"])]
