import { env, l10n, window, workspace, type QuickPickItem } from "vscode";

import type { History } from "../folder/history.ts";
import { LONGEST_NAME, nameProblem, type NameProblem } from "../folder/naming.ts";
import { asKernelError } from "../kernel/errors.ts";
import type { Notebooks } from "../notebook/notebooks.ts";
import type { RecordedNotebook } from "../notebook/recordedNotebook.ts";
import type { Log } from "../platform/log.ts";
import { showKernelError } from "../platform/messages.ts";
import { labelOf } from "../timeline/label.ts";
import { timeText } from "../timeline/words.ts";
import { activeNotebook } from "./target.ts";

/** Asks which branch and for its new name; the timeline shows it at once. */
export async function renameBranch(notebooks: Notebooks, log: Log): Promise<void> {
  const notebook = activeNotebook(notebooks);
  if (notebook === undefined) {
    return;
  }
  if (!workspace.isTrusted) {
    void window.showInformationMessage(l10n.t("Renaming a branch needs a trusted workspace."));
    return;
  }
  const history = await notebook.refresh();
  const branches = branchesOf(history, notebook);
  if (branches.length === 0) {
    void window.showInformationMessage(l10n.t("No state of this notebook is recorded yet."));
    return;
  }
  const branch = await window.showQuickPick(branches, {
    title: l10n.t("Rename Branch"),
    placeHolder: l10n.t("Which branch gets another name?"),
    matchOnDescription: true,
  });
  const name = branch && (await askForName(branch.label, namesIn(history)));
  if (branch === undefined || name === undefined || name === branch.label) {
    return;
  }
  try {
    await notebook.renameBranch(branch.id, name);
    window.setStatusBarMessage(`$(git-branch) ${l10n.t("The branch is now called {0}", name)}`, 5000);
  } catch (error) {
    await showKernelError(log, l10n.t("The branch was not renamed."), asKernelError(error));
  }
}

interface Choice extends QuickPickItem {
  readonly id: string;
}

/** The branches, that of the kernel first, then the latest. */
function branchesOf(history: History, notebook: RecordedNotebook): Choice[] {
  const { head } = notebook;
  const current = head === null ? undefined : history.get(head)?.branch;
  const now = new Date();
  return [...history.branchHeads()]
    .sort(([a, newestOfA], [b, newestOfB]) =>
      a === current ? -1 : b === current ? 1 : newestOfA.started < newestOfB.started ? 1 : -1,
    )
    .map(([id, newest]) => ({
      id,
      label: nameOf(id, history),
      description: [
        ...(id === current ? [l10n.t("current")] : []),
        labelOf(newest),
        timeText(newest.started, now, env.language),
      ].join(" · "),
    }));
}

function nameOf(branch: string, history: History): string {
  return history.names.branches.get(branch) ?? branch.slice(0, 8);
}

function namesIn(history: History): readonly string[] {
  return [...[...history.branchHeads().keys()].map((id) => nameOf(id, history)), ...history.names.tags.keys()];
}

function askForName(old: string, names: readonly string[]): Thenable<string | undefined> {
  const taken = names.filter((name) => name !== old);
  return window.showInputBox({
    title: l10n.t("Rename Branch"),
    prompt: l10n.t("The new name of the branch {0}", old),
    value: old,
    validateInput: (name) => {
      const problem = nameProblem(name, taken);
      return problem && explain(problem);
    },
  });
}

function explain(problem: NameProblem): string {
  switch (problem) {
    case "empty":
      return l10n.t("Give the branch a name.");
    case "spaces":
      return l10n.t("A name does not begin or end with a space.");
    case "unprintable":
      return l10n.t("A name has no characters that cannot be shown.");
    case "long":
      return l10n.t("A name has at most {0} characters.", LONGEST_NAME);
    case "head":
      return l10n.t("HEAD is where the kernel is.");
    case "steps":
      return l10n.t("~ with a number at the end of a name means steps back.");
    case "id":
      return l10n.t("This looks like the id of a state: four or more of the characters 0-9 and a-f.");
    case "taken":
      return l10n.t("There is a branch or tag of this name already.");
  }
}
