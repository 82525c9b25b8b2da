import type * as vscode from "vscode";

/** One hidden execution before the person's first cell. */
export interface StartupStep {
  readonly title: string;
  readonly code: string;
}

/**
 * The entries as the kernel gets them: in one piece, so an error in one drops those behind it. The two
 * characters `\n` become a line break also within string literals, and indentation is not kept: with the
 * Jupyter extension indented blocks are not safe, here they never work.
 */
function joined(commands: readonly string[]): string {
  return commands
    .join("\n")
    .replaceAll("\\n", "\n")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join("\n");
}

/** What runs hidden in a new kernel, in this order. */
export function startupSteps(notebook: vscode.NotebookDocument, commands: readonly string[]): StartupStep[] {
  const steps: StartupStep[] = [
    {
      title: "widgets",
      code: "try:\n    import ipywidgets as _stand_in_widgets\n    del _stand_in_widgets\nexcept ImportError:\n    pass",
    },
  ];
  if (!notebook.isUntitled) {
    steps.push({
      title: "notebook path",
      code: `if "__vsc_ipynb_file__" not in globals():\n    __vsc_ipynb_file__ = ${JSON.stringify(notebook.uri.fsPath)}`,
    });
  }
  steps.push({ title: "completer", code: "%config Completer.use_jedi = False" });
  const person = joined(commands);
  if (person !== "") {
    steps.push({ title: "jupyter.runStartupCommands", code: person });
  }
  return steps;
}
