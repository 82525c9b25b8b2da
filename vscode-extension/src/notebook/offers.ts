import { l10n } from "vscode";

import type { KernelError } from "../kernel/errors.ts";
import { Disposables } from "../platform/disposables.ts";
import { inBackground, type Log } from "../platform/log.ts";
import { showKernelError } from "../platform/messages.ts";
import type { Notebooks } from "./notebooks.ts";

/** Says why a notebook whose folder asks for recording is not recorded: each reason once a notebook. */
export class Offers extends Disposables {
  constructor(notebooks: Notebooks, log: Log) {
    super();
    this.add(
      notebooks.onDidOpen((notebook) => {
        const said = new Set<string>();
        notebook.add(
          notebook.onDidFailToRecord((error) => {
            const reason = reasonWorthSaying(error);
            if (reason !== undefined && !said.has(reason)) {
              said.add(reason);
              inBackground(log, "offering help", showKernelError(log, l10n.t("Not recording."), error));
            }
          }),
        );
      }),
    );
  }
}

function reasonWorthSaying(error: KernelError): string | undefined {
  switch (error.kind) {
    case "noAgent":
    case "versionMismatch":
    case "python":
    case "badReply":
      return error.kind;
    case "failure":
      return error.failure.code;
    // The person has just decided it, or it is over by itself; the timeline says it too.
    case "accessDenied":
    case "otherLanguage":
    case "noKernel":
    case "starting":
    case "gone":
    case "dropped":
    case "noAnswer":
    case "call":
      return undefined;
  }
}
