// Serves a Node.js function of lambdeck's local engine through the Lambda Runtime API.
//
// Built-in modules only. What a function sees and logs is meant to be what it sees and logs on AWS: the context object,
// callbacks, the error objects, the format of log lines in both log formats.

import fs from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import util from "node:util";

const require = createRequire(import.meta.url);
const env = process.env;
const API = "/2018-06-01/runtime";
const JSON_LOGS = (env.AWS_LAMBDA_LOG_FORMAT ?? "").toUpperCase() === "JSON";
const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");

let requestId;
let tenantId;

// --- Errors

class RuntimeFault extends Error {
  constructor(kind, cause) {
    super(cause);
    this.name = `Runtime.${kind}`;
  }
}

function isError(value) {
  return util.types.isNativeError(value) || (value?.name && value.message && value.stack);
}

/** The error object that the Runtime API takes. */
function errorObject(error) {
  if (isError(error)) {
    return { errorType: error.name, errorMessage: error.message, trace: String(error.stack).split("\n") };
  }
  try {
    return { errorType: typeof error, errorMessage: error.toString(), trace: [] };
  } catch {
    return { errorType: "handled", errorMessage: "The error that was given can't be shown", trace: [] };
  }
}

// --- Logs

function write(line) {
  // One message, one event: line feeds would cut it.
  let rest = Buffer.from(line.replaceAll("\n", "\r") + "\n");
  while (rest.length > 0) {
    try {
      rest = rest.subarray(fs.writeSync(1, rest));
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1); // The pipe is full: a moment.
    }
  }
}

function textLine(level, args) {
  write(`${new Date().toISOString()}\t${requestId}\t${level}\t${util.format(...args)}`);
}

function describe(error) {
  const { name, constructor } = error;
  const stackTrace = typeof error.stack === "string" ? error.stack.split("\n") : [];
  return { errorType: constructor?.name ?? name ?? "UnknownError", errorMessage: error.message, stackTrace };
}

function jsonLine(level, args) {
  // Without a tenant it is left out.
  const line = { timestamp: new Date().toISOString(), level, requestId, tenantId };
  const withErrors = (_, value) => (value instanceof Error ? { ...describe(value), ...value } : value);
  if (args.length === 1) {
    try {
      write(JSON.stringify({ ...line, message: args[0] }, withErrors));
    } catch {
      write(JSON.stringify({ ...line, message: util.format(args[0]) })); // Circular, say.
    }
    return;
  }
  const error = args.find((arg) => arg instanceof Error);
  write(JSON.stringify({ ...line, message: util.format(...args), ...(error && describe(error)) }));
}

function patchConsole() {
  const log = JSON_LOGS ? jsonLine : textLine;
  const least = LEVELS.indexOf((env.AWS_LAMBDA_LOG_LEVEL ?? "").toUpperCase());
  LEVELS.forEach((level, at) => {
    const silent = at < least && level !== "FATAL";
    console[level.toLowerCase()] = silent ? () => {} : (...args) => log(level, args);
  });
  console.log = console.info;
}

function logError(what, error) {
  if (JSON_LOGS) {
    console.error(error instanceof Error ? error : new Error(error));
    return;
  }
  const shown = (_, value) => {
    if (!(value instanceof Error)) return value;
    const { name, message, code, stack } = value;
    return { errorType: name, errorMessage: message, code, ...value, stack: String(stack).split("\n") };
  };
  let text;
  try {
    text = JSON.stringify(error instanceof Error ? error : new Error(error), shown);
  } catch {
    text = JSON.stringify(errorObject(error));
  }
  console.error(what, `\t${text}`);
}

// --- The Runtime API

const [host, port] = env.AWS_LAMBDA_RUNTIME_API.split(":");
// One connection that is kept open. While it is idle it does not keep the event loop busy.
const agent = new http.Agent({ keepAlive: true, maxSockets: 1, noDelay: true });

function request(method, route, headers, extra) {
  return http.request({ host, port, method, path: `${API}/${route}`, headers, agent, ...extra });
}

function call(method, route, body = "", headers = {}, extra = {}) {
  return new Promise((resolve) => {
    const bytes = Buffer.from(body);
    const sent = request(method, route, { "Content-Length": bytes.length, ...headers }, extra);
    // The engine is gone, and so is our purpose.
    sent.on("error", () => process.exit(1));
    sent.on("response", (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", () => process.exit(1));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }));
    });
    sent.end(bytes);
  });
}

function json(value) {
  try {
    return JSON.stringify(value === undefined ? null : value) ?? "null";
  } catch {
    throw new Error("Unable to stringify response body");
  }
}

function headerText(text) {
  return String(text).replace(/[^\x20-\x7e]/g, "?");
}

function postError(route, error, extra) {
  const body = errorObject(error);
  const headers = {
    "Content-Type": "application/json",
    "Lambda-Runtime-Function-Error-Type": headerText(body.errorType),
  };
  return call("POST", route, json(body), headers, extra);
}

// --- Loading the handler

function inModulePackage(folder) {
  for (let at = folder; !at.endsWith("/node_modules"); at = path.dirname(at)) {
    const file = path.join(at, "package.json");
    if (fs.existsSync(file)) {
      try {
        return JSON.parse(fs.readFileSync(file, "utf8"))?.type === "module";
      } catch (error) {
        console.warn(`${file} cannot be read, it will be ignored for ES module detection purposes.`, error);
        return false;
      }
    }
    if (at === path.dirname(at)) break;
  }
  return false;
}

async function loadModule(root, folder, name) {
  const file = path.resolve(root, folder, name);
  if (fs.existsSync(file)) return require(file);
  const asModule = (file) => import(pathToFileURL(file).href);
  if (fs.existsSync(`${file}.js`)) {
    return inModulePackage(path.dirname(file)) ? asModule(`${file}.js`) : require(`${file}.js`);
  }
  if (fs.existsSync(`${file}.mjs`)) return asModule(`${file}.mjs`);
  if (fs.existsSync(`${file}.cjs`)) return require(`${file}.cjs`);
  return require(require.resolve(name, { paths: [root, folder] }));
}

async function load(root, handler) {
  if (handler.includes("..")) {
    const text = `'${handler}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`;
    throw new RuntimeFault("MalformedHandlerName", text);
  }
  const base = path.basename(handler);
  const folder = handler.slice(0, handler.indexOf(base));
  const [, name, member] = base.match(/^([^.]*)\.(.*)$/) ?? [];
  if (member === undefined) throw new RuntimeFault("MalformedHandlerName", "Bad handler");
  let app;
  try {
    app = await loadModule(root, folder, name);
  } catch (error) {
    if (error instanceof SyntaxError) throw new RuntimeFault("UserCodeSyntaxError", error);
    if (error?.code === "MODULE_NOT_FOUND") throw new RuntimeFault("ImportModuleError", error);
    throw error;
  }
  const found = member.split(".").reduce((nested, key) => nested?.[key], app);
  if (!found) throw new RuntimeFault("HandlerNotFound", `${handler} is undefined or not exported`);
  if (typeof found !== "function") throw new RuntimeFault("HandlerNotFound", `${handler} is not a function`);
  return found;
}

globalThis.awslambda = {
  streamifyResponse(handler) {
    handler[STREAMING] = true;
    return handler;
  },
  HttpResponseStream: {
    /** Status, headers and cookies go first, and are told from the body by eight zeros. */
    from(stream, prelude) {
      stream.setContentType("application/vnd.awslambda.http-integration-response");
      const text = JSON.stringify(prelude);
      stream._onBeforeFirstWrite = (write) => {
        write(text);
        write(new Uint8Array(8));
      };
      return stream;
    },
  },
};

// --- One event

let atEmptyLoop = () => {};
let onFailure = async (error) => postError("init/error", error);

function contextOf(headers, extra) {
  const parsed = (name) => (headers[name] === undefined ? undefined : JSON.parse(headers[name]));
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  return Object.assign(extra, {
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parsed("lambda-runtime-client-context"),
    identity: parsed("lambda-runtime-cognito-identity"),
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    tenantId: headers["lambda-runtime-aws-tenant-id"],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  });
}

/** Calls the handler and settles with its result, however it chooses to give it. */
function run(handler, event, headers) {
  return new Promise((resolve, reject) => {
    let waits = true;
    let called = false;
    // A handler that neither calls back nor returns a promise is done when nothing is left to wait for.
    atEmptyLoop = () => resolve(null);
    const done = (error, result) => {
      if (error === undefined || error === null) resolve(result);
      else reject(error);
    };
    const callback = (error, result) => {
      if (called) return;
      called = true;
      if (waits && (error === undefined || error === null)) atEmptyLoop = () => resolve(result);
      else done(error, result);
    };
    const context = contextOf(headers, {
      get callbackWaitsForEmptyEventLoop() {
        return waits;
      },
      set callbackWaitsForEmptyEventLoop(value) {
        waits = value;
      },
      succeed: (result) => done(null, result),
      fail: (error) => done(error ?? "handled"),
      done,
    });
    const result = handler(event, context, callback);
    if (typeof result?.then === "function") result.then(resolve, (error) => reject(error ?? "handled"));
  });
}

/** The stream that a handler writes its response to: the body of a request that is sent as it is written. */
function responseStream(route) {
  const stream = request("POST", `${route}/response`, {
    "Content-Type": "application/octet-stream",
    "Lambda-Runtime-Function-Response-Mode": "streaming",
    Trailer: "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
    "Transfer-Encoding": "chunked",
  });
  let begun = false;
  stream.setContentType = (type) => {
    if (begun) throw new RuntimeFault("InvalidStreamingOperation", "Cannot set content-type, too late.");
    stream.setHeader("Content-Type", type);
  };
  const write = stream.write.bind(stream);
  stream.write = (chunk, ...rest) => {
    if (!begun) {
      begun = true;
      stream._onBeforeFirstWrite?.(write);
    }
    const raw = typeof chunk === "string" || chunk instanceof Uint8Array;
    return write(raw ? chunk : JSON.stringify(chunk), ...rest);
  };
  return stream;
}

/** As `run`, for a handler that writes its response to a stream. */
async function runStreaming(handler, event, headers, route) {
  const stream = responseStream(route);
  // The handler may destroy it: that is an error of the event. Where the engine is gone, the next call shows it.
  const answered = new Promise((resolve, reject) => {
    stream.on("response", (response) => response.resume().on("end", resolve));
    stream.on("error", reject);
    stream.on("close", () => reject(new Error("Response stream is not finished.")));
  });
  answered.catch(() => {});
  try {
    const result = handler(event, stream, contextOf(headers, { callbackWaitsForEmptyEventLoop: true }));
    if (typeof result?.then !== "function") throw new Error("Streaming does not support non-async handlers.");
    if ((await result) !== undefined) console.warn("Streaming handlers ignore return values.");
    await answered;
  } catch (error) {
    logError("Invoke Error", error);
    if (!stream.writableEnded && !stream.destroyed) {
      const body = errorObject(error);
      stream.addTrailers({
        "Lambda-Runtime-Function-Error-Type": headerText(body.errorType),
        "Lambda-Runtime-Function-Error-Body": Buffer.from(json(body)).toString("base64"),
      });
      stream.end();
    }
    await answered.catch(() => {});
  }
}

async function serveOne(handler) {
  const { headers, body } = await call("GET", "invocation/next");
  // Anything else than an event is a refusal, after which nothing good can come.
  if (headers["lambda-runtime-aws-request-id"] === undefined) process.exit(1);
  requestId = headers["lambda-runtime-aws-request-id"];
  tenantId = headers["lambda-runtime-aws-tenant-id"];
  env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"] ?? "";
  const route = `invocation/${requestId}`;
  // On a connection of its own: a response may be under way on the one that is kept open.
  onFailure = (error) => postError(`${route}/error`, error, { agent: false });
  if (handler[STREAMING]) {
    await runStreaming(handler, JSON.parse(body), headers, route);
    return;
  }
  let response;
  try {
    response = json(await run(handler, JSON.parse(body), headers));
  } catch (error) {
    atEmptyLoop = () => {};
    logError("Invoke Error", error);
    await postError(`${route}/error`, error);
    return;
  }
  atEmptyLoop = () => {};
  await call("POST", `${route}/response`, response, { "Content-Type": "application/json" });
}

patchConsole();
process.on("beforeExit", () => atEmptyLoop());
process.on("uncaughtException", async (error) => {
  logError("Uncaught Exception", error);
  await onFailure(error);
  process.exit(129);
});
process.on("unhandledRejection", async (reason) => {
  const error = new RuntimeFault("UnhandledPromiseRejection", reason);
  logError("Unhandled Promise Rejection", error);
  await onFailure(error);
  process.exit(128);
});

let handler;
try {
  handler = await load(env.LAMBDA_TASK_ROOT, env._HANDLER);
} catch (error) {
  logError("Uncaught Exception", error);
  await postError("init/error", error);
  process.exit(129);
}
for (;;) await serveOne(handler);
