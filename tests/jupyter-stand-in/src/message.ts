/** What the bridge says, parsed. The line protocol is described in bridge.py. */

export type JsonObject = Readonly<Record<string, unknown>>;

export type DisplayKind = "display_data" | "execute_result" | "update_display_data";

/** A message of the kernel's iopub channel, as far as it is shown anywhere. */
export type IopubMessage =
  | { readonly kind: "status"; readonly state: string }
  | { readonly kind: "input"; readonly executionCount: number }
  | { readonly kind: "stream"; readonly name: "stdout" | "stderr"; readonly text: string }
  | {
      readonly kind: "display";
      readonly type: DisplayKind;
      readonly data: JsonObject;
      readonly metadata: JsonObject;
      readonly displayId: string | undefined;
      readonly executionCount: number | undefined;
    }
  | { readonly kind: "error"; readonly name: string; readonly message: string; readonly traceback: string }
  | { readonly kind: "clear"; readonly wait: boolean }
  | { readonly kind: "other"; readonly type: string };

/** How an execution ended. */
export type Reply =
  | { readonly kind: "ok" }
  | { readonly kind: "error"; readonly name: string; readonly message: string; readonly traceback: string };

export type BridgeEvent =
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "died" }
  | { readonly kind: "iopub"; readonly request: string | undefined; readonly message: IopubMessage }
  | { readonly kind: "reply"; readonly request: string; readonly reply: Reply }
  | { readonly kind: "inputRequest"; readonly prompt: string; readonly password: boolean };

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function object(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function integer(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function traceback(value: unknown): string {
  return Array.isArray(value) ? value.map(text).join("\n") : "";
}

function parseIopub(type: string, content: JsonObject): IopubMessage {
  switch (type) {
    case "status":
      return { kind: "status", state: text(content["execution_state"]) };
    case "execute_input":
      return { kind: "input", executionCount: integer(content["execution_count"]) ?? 0 };
    case "stream":
      return {
        kind: "stream",
        name: content["name"] === "stderr" ? "stderr" : "stdout",
        text: text(content["text"]),
      };
    case "display_data":
    case "execute_result":
    case "update_display_data": {
      const displayId = object(content["transient"])["display_id"];
      return {
        kind: "display",
        type,
        data: object(content["data"]),
        metadata: object(content["metadata"]),
        displayId: typeof displayId === "string" ? displayId : undefined,
        executionCount: integer(content["execution_count"]),
      };
    }
    case "error":
      return {
        kind: "error",
        name: text(content["ename"]),
        message: text(content["evalue"]),
        traceback: traceback(content["traceback"]),
      };
    case "clear_output":
      return { kind: "clear", wait: content["wait"] === true };
    default:
      return { kind: "other", type };
  }
}

function parseReply(content: JsonObject): Reply {
  return content["status"] === "error"
    ? {
        kind: "error",
        name: text(content["ename"]),
        message: text(content["evalue"]),
        traceback: traceback(content["traceback"]),
      }
    : { kind: "ok" };
}

/** Parse one line of the bridge. */
export function parseEvent(line: string): BridgeEvent {
  const event = object(JSON.parse(line));
  switch (event["event"]) {
    case "ready":
      return { kind: "ready" };
    case "failed":
      return { kind: "failed", message: text(event["message"]) };
    case "died":
      return { kind: "died" };
    case "iopub": {
      const parent = event["parent"];
      return {
        kind: "iopub",
        request: typeof parent === "string" ? parent : undefined,
        message: parseIopub(text(event["type"]), object(event["content"])),
      };
    }
    case "reply":
      return { kind: "reply", request: text(event["id"]), reply: parseReply(object(event["content"])) };
    case "input_request":
      return { kind: "inputRequest", prompt: text(event["prompt"]), password: event["password"] === true };
    default:
      throw new Error(`The bridge sent an unknown event: ${line.slice(0, 200)}`);
  }
}
