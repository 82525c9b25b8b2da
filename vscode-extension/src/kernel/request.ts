import { MIME_TYPE, PROTOCOL_VERSION, parseReply, type Reply, type Request } from "../protocol.generated.ts";
import { AgentFailureError, AgentMissingError, BadReplyError, PythonError, VersionMismatchError } from "./errors.ts";

/** One output of a call: its items by MIME type. */
export interface CallOutput {
  readonly items: readonly { readonly mime: string; readonly data: Uint8Array }[];
}

const ERROR_MIME = "application/vnd.code.notebook.error";

/**
 * The Python statement that carries a request. It is plain ASCII on one line: IPython splits lines also at characters
 * like U+2028, and Python's `\u` escapes know no surrogate pairs, so what is not ASCII is escaped for JSON first.
 */
export function toStatement(request: Request): string {
  const json = JSON.stringify(request).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `__import__("kishu_agent.protocol", fromlist=["serve"]).serve(${JSON.stringify(json)})`;
}

/** The JSON value of an output in this MIME type, if it has one. Throws BadReplyError. */
export function jsonIn(output: CallOutput, mime: string): unknown {
  const item = output.items.find((candidate) => candidate.mime === mime);
  if (item === undefined) {
    return undefined;
  }
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(item.data));
    return value;
  } catch (error) {
    throw new BadReplyError(`not JSON: ${String(error)}`);
  }
}

/** The Python error that an output shows, if it is one. */
export function pythonErrorIn(output: CallOutput): PythonError | AgentMissingError | undefined {
  const value = jsonIn(output, ERROR_MIME);
  if (typeof value !== "object" || value === null) {
    return undefined;
  }
  const name = "name" in value && typeof value.name === "string" ? value.name : "Error";
  const message = "message" in value && typeof value.message === "string" ? value.message : "";
  return name === "ModuleNotFoundError" ? new AgentMissingError() : new PythonError(name, message);
}

/** The reply to this request, if the output is one. Throws BadReplyError and VersionMismatchError. */
export function replyIn(output: CallOutput, request: Request): Reply | undefined {
  const value = jsonIn(output, MIME_TYPE);
  if (typeof value !== "object" || value === null || !("id" in value) || value.id !== request.id) {
    return undefined;
  }
  let reply: Reply;
  try {
    reply = parseReply(value);
  } catch (error) {
    // Another version of the protocol may have another shape; what names the version is always there.
    const protocol = "protocol" in value && typeof value.protocol === "number" ? value.protocol : PROTOCOL_VERSION;
    const agent = "agent" in value && typeof value.agent === "string" ? value.agent : "";
    if (protocol !== PROTOCOL_VERSION) {
      throw new VersionMismatchError(protocol < PROTOCOL_VERSION ? "agent" : "extension", agent);
    }
    throw new BadReplyError(error instanceof Error ? error.message : String(error));
  }
  const { failure } = reply;
  if (failure === null) {
    return reply;
  }
  if (failure.code === "PROTOCOL_VERSION") {
    throw new VersionMismatchError(failure.details["update"] === "extension" ? "extension" : "agent", reply.agent);
  }
  throw new AgentFailureError(request.command, failure);
}
