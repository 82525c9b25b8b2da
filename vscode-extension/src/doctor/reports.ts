import { Uri, commands, window, workspace, type TextDocumentContentProvider } from "vscode";

import { Disposables } from "../platform/disposables.ts";

export const REPORT_SCHEME = "kishu-report";

/** Of the Markdown extension that VS Code brings; it is registered when it is called first. */
const SHOW_MARKDOWN = "markdown.showPreview";

/**
 * Read-only documents that tell how the variables of a notebook are recorded. Each report is a document of its own: the
 * preview of one that changes while it is hidden goes on showing the old text.
 */
export class RecordingReports extends Disposables implements TextDocumentContentProvider {
  readonly #texts = new Map<string, string>();
  #count = 0;

  constructor() {
    super();
    this.add(workspace.registerTextDocumentContentProvider(REPORT_SCHEME, this));
  }

  provideTextDocumentContent(uri: Uri): string | undefined {
    return this.#texts.get(uri.toString());
  }

  /** Shows a new text, beside the notebook's name; as it reads, or as Markdown where nothing renders it. */
  async show(notebook: Uri, title: string, text: string): Promise<void> {
    this.#count += 1;
    const path = `/${String(this.#count)}/${title}.md`;
    const uri = Uri.from({ scheme: REPORT_SCHEME, path, query: notebook.toString() });
    this.#texts.set(uri.toString(), text);
    try {
      await commands.executeCommand(SHOW_MARKDOWN, uri);
    } catch {
      await window.showTextDocument(await workspace.openTextDocument(uri), { preview: true });
    }
  }
}
