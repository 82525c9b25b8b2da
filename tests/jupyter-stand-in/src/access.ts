import * as vscode from "vscode";
import type { Caller } from "./caller";
import * as settings from "./settings";

/** `dismissed`: the person closed the question. Nothing is stored, but the extension is listed from then on. */
export type Decision = "allowed" | "denied" | "dismissed";

interface Stored {
  readonly name: string;
  readonly allowed: boolean;
}

type StoredDecisions = Readonly<Record<string, Stored>>;

const KEY = "kernelAccess";

/** Which extensions may run code in kernels. */
export class Access {
  readonly #memory: vscode.Memento;
  readonly #open = new Map<string, Promise<Decision>>();
  /** Names of the extensions whose question was closed, by id. */
  readonly #dismissed = new Map<string, string>();
  #revision = 0;

  constructor(memory: vscode.Memento) {
    this.#memory = memory;
  }

  /** Grows when the person confirms the list: what was decided before on a kernel object counts no more. */
  get revision(): number {
    return this.#revision;
  }

  /** Waits for the person where there is no decision yet; several callers wait for one question. */
  decide(caller: Caller): Promise<Decision> {
    if (!caller.canAsk || !vscode.workspace.isTrusted) {
      return Promise.resolve("denied");
    }
    const stored = this.#stored[caller.id];
    if (stored !== undefined) {
      return Promise.resolve(stored.allowed ? "allowed" : "denied");
    }
    const setting = settings.access();
    if (setting !== "ask") {
      return Promise.resolve(setting === "allow" ? "allowed" : "denied");
    }
    const open = this.#open.get(caller.id) ?? this.#ask(caller).finally(() => this.#open.delete(caller.id));
    this.#open.set(caller.id, open);
    return open;
  }

  /** The person's way back from a denial, and from a permission. */
  async manage(): Promise<void> {
    const dismissed = [...this.#dismissed].map(([id, name]): [string, Stored] => [id, { name, allowed: false }]);
    const decisions = Object.entries({ ...Object.fromEntries(dismissed), ...this.#stored });
    if (decisions.length === 0) {
      void vscode.window.showInformationMessage("No extension has asked for access to Jupyter kernels.");
      return;
    }
    const picks = decisions.map(([id, stored]) => ({
      label: stored.name,
      description: id,
      picked: stored.allowed,
      id,
      stored,
    }));
    const chosen = await vscode.window.showQuickPick(picks, {
      canPickMany: true,
      title: "Manage Access To Jupyter Kernels",
      placeHolder: "The selected extensions have access to kernels",
    });
    if (chosen !== undefined) {
      const allowed = new Set(chosen.map((pick) => pick.id));
      const entries = picks.map((pick) => [
        pick.id,
        { name: pick.stored.name, allowed: allowed.has(pick.id) },
      ]);
      await this.#memory.update(KEY, Object.fromEntries(entries));
      this.#revision += 1;
    }
  }

  get #stored(): StoredDecisions {
    return this.#memory.get<StoredDecisions>(KEY) ?? {};
  }

  async #ask(caller: Caller): Promise<Decision> {
    const answer = await vscode.window.showInformationMessage(
      `Do you want to grant Kernel access to the extension ${caller.name} (${caller.id})?`,
      { modal: true, detail: "This allows the extension to execute code against Jupyter Kernels." },
      "Allow",
      "Learn more",
      "Deny",
    );
    if (answer !== "Allow" && answer !== "Deny") {
      this.#dismissed.set(caller.id, caller.name);
      return "dismissed";
    }
    const stored: Stored = { name: caller.name, allowed: answer === "Allow" };
    await this.#memory.update(KEY, { ...this.#stored, [caller.id]: stored });
    return stored.allowed ? "allowed" : "denied";
  }
}
