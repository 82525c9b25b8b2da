import { EventEmitter, Uri, commands, window, workspace, type TextDocumentContentProvider } from "vscode";

import { Disposables } from "../platform/disposables.ts";

export const REPORT_SCHEME = "kishu-report";

/** Of the Markdown extension that VS Code brings; it is registered when it is called first. */
const SHOW_MARKDOWN = "markdown.showPreview";

/** Read-only documents that tell how the variables of a notebook are recorded; one a notebook. */
export class RecordingReports extends Disposables implements TextDocumentContentProvider {
  readonly #texts = new Map<string, string>();
  readonly #changed = this.add(new EventEmitter<Uri>());

  readonly onDidChange = this.#changed.event;

  constructor() {
    super();
    this.add(workspace.registerTextDocumentContentProvider(REPORT_SCHEME, this));
  }

  provideTextDocumentContent(uri: Uri): string | undefined {
    return this.#texts.get(uri.toString());
  }

  /** Shows a new text, beside the notebook's name; as it reads, or as Markdown where nothing renders it. */
  async show(notebook: Uri, title: string, text: string): Promise<void> {
    const uri = Uri.from({ scheme: REPORT_SCHEME, path: `/${title}.md`, query: notebook.toString() });
    this.#texts.set(uri.toString(), text);
    this.#changed.fire(uri);
    try {
      await commands.executeCommand(SHOW_MARKDOWN, uri);
    } catch {
      await window.showTextDocument(await workspace.openTextDocument(uri), { preview: true });
    }
  }
}
