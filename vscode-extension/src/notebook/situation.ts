import type { History } from "../folder/history.ts";
import type { SessionState } from "../kernel/state.ts";
import type { Welcome } from "../platform/ids.ts";

/**
 * What stands between a notebook and recording: decides the welcome text and the line above the timeline.
 *
 * @param recordsUnasked whether the agent in the kernel records, although it can't be asked
 */
export function situationOf(history: History, state: SessionState, trusted: boolean, recordsUnasked: boolean): Welcome {
  switch (history.folder.kind) {
    case "notAFolder":
    case "foreignFormat":
    case "unreadable":
      return history.folder.kind;
    case "absent":
      return trusted ? (obstacle(state) ?? "notRecording") : "untrusted";
    case "ready":
      if (!trusted) {
        return "untrusted";
      }
      if (history.folder.paused) {
        return "paused";
      }
      return obstacle(state, recordsUnasked) ?? progress(state, recordsUnasked);
  }
}

function progress(state: SessionState, recordsUnasked: boolean): Welcome {
  switch (state.kind) {
    case "noKernel":
    case "down":
      return "noKernel";
    case "asking":
      return recordsUnasked ? "nothingYet" : "waiting";
    case "detached":
    case "attached":
    case "unusable":
      return "nothingYet";
  }
}

function obstacle(state: SessionState, recordsUnasked = false): Welcome | undefined {
  if (state.kind !== "unusable") {
    return undefined;
  }
  switch (state.error.kind) {
    case "noAgent":
    case "otherLanguage":
      return state.error.kind;
    case "accessDenied":
      return recordsUnasked ? "recordingWithoutAccess" : "accessDenied";
    case "versionMismatch":
      return state.error.update === "agent" ? "agentMismatch" : "extensionMismatch";
    case "noKernel":
    case "starting":
    case "gone":
    case "dropped":
    case "noAnswer":
    case "badReply":
    case "failure":
    case "python":
    case "call":
      return "failed";
  }
}
