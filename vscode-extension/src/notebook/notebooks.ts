import { EventEmitter, window, workspace, type NotebookDocument } from "vscode";

import { Agent } from "../kernel/agent.ts";
import type { Executions } from "../kernel/executions.ts";
import type { Kernels } from "../kernel/jupyter.ts";
import { KernelSession } from "../kernel/session.ts";
import { Disposables } from "../platform/disposables.ts";
import { NOTEBOOK_TYPE } from "../platform/ids.ts";
import { inBackground, type Log } from "../platform/log.ts";
import { RecordedNotebook } from "./recordedNotebook.ts";

/** What the person is looking at. */
export type ActiveNotebook =
  | { readonly kind: "none" }
  /** A notebook without a place for a history. */
  | { readonly kind: "untitled" }
  | { readonly kind: "notAFile" }
  | { readonly kind: "notebook"; readonly notebook: RecordedNotebook };

/** The open Jupyter notebooks, and which one the views show. */
export class Notebooks extends Disposables {
  readonly #kernels: Kernels;
  readonly #version: string;
  readonly #log: Log;
  readonly #open = new Map<NotebookDocument, RecordedNotebook>();
  readonly #changed = this.add(new EventEmitter<void>());
  readonly #opened = this.add(new EventEmitter<RecordedNotebook>());
  #active: NotebookDocument | undefined;

  /** Another notebook is active, or something about any of them is different. */
  readonly onDidChange = this.#changed.event;
  readonly onDidOpen = this.#opened.event;

  constructor(kernels: Kernels, executions: Executions, version: string, log: Log) {
    super();
    this.#kernels = kernels;
    this.#version = version;
    this.#log = log;
    this.add(
      executions.onDidEnd((document) => {
        const notebook = this.#open.get(document);
        if (notebook !== undefined) {
          inBackground(log, "following a cell", notebook.cellEnded());
        }
      }),
    );
    this.add(workspace.onDidOpenNotebookDocument(this.#add, this));
    this.add(workspace.onDidCloseNotebookDocument(this.#remove, this));
    this.add(window.onDidChangeActiveNotebookEditor(this.#activate, this));
    this.add({
      dispose: () => {
        for (const notebook of this.#open.values()) {
          notebook.dispose();
        }
      },
    });
  }

  /** Takes up the notebooks that are open already. */
  start(): void {
    workspace.notebookDocuments.forEach(this.#add, this);
    this.#activate();
  }

  get active(): ActiveNotebook {
    const document = this.#active;
    if (document === undefined) {
      return { kind: "none" };
    }
    const notebook = this.#open.get(document);
    if (notebook !== undefined) {
      return { kind: "notebook", notebook };
    }
    return document.isUntitled ? { kind: "untitled" } : { kind: "notAFile" };
  }

  get all(): readonly RecordedNotebook[] {
    return [...this.#open.values()];
  }

  of(document: NotebookDocument): RecordedNotebook | undefined {
    return this.#open.get(document);
  }

  #add(document: NotebookDocument): void {
    const hasFile = document.uri.scheme === "file" && !document.isUntitled;
    if (document.notebookType !== NOTEBOOK_TYPE || !hasFile || this.#open.has(document)) {
      return;
    }
    const agent = new Agent(this.#kernels, document.uri, this.#version, this.#log);
    const session = new KernelSession(this.#kernels, agent, document.uri, this.#log);
    const notebook = new RecordedNotebook(document, session, this.#log);
    notebook.add(
      notebook.onDidChange(() => {
        this.#changed.fire();
      }),
    );
    this.#open.set(document, notebook);
    this.#opened.fire(notebook);
  }

  #remove(document: NotebookDocument): void {
    this.#open.get(document)?.dispose();
    this.#open.delete(document);
    if (this.#active === document) {
      this.#active = undefined;
      this.#activate();
    }
  }

  /** With another kind of editor in front, the last notebook stays. */
  #activate(): void {
    const document = window.activeNotebookEditor?.notebook;
    if (document?.notebookType === NOTEBOOK_TYPE) {
      this.#active = document;
    } else if (this.#active?.isClosed === true) {
      this.#active = undefined;
    }
    this.#changed.fire();
  }
}
