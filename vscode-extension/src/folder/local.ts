import { randomUUID } from "node:crypto";
import { mkdir, readFile, readdir, rename, stat, writeFile } from "node:fs/promises";
import path from "node:path";

import { FORMAT_VERSION } from "../protocol.generated.ts";
import type { FolderState, Head } from "./history.ts";
import type { Layout } from "./layout.ts";
import { hasCode, isMissing } from "./missing.ts";

/** What there is at the place of the folder. */
export async function folderState(layout: Layout): Promise<FolderState> {
  try {
    if (!(await stat(layout.folder)).isDirectory()) {
      return { kind: "notAFolder" };
    }
  } catch (error) {
    return isMissing(error) ? { kind: "absent" } : { kind: "unreadable", reason: String(error) };
  }
  let format: unknown;
  try {
    format = JSON.parse(await readFile(layout.format, "utf8"));
  } catch (error) {
    if (!isMissing(error)) {
      return { kind: "unreadable", reason: `${layout.format}: ${String(error)}` };
    }
    return (await isNew(layout)) ? { kind: "absent" } : { kind: "notAFolder" };
  }
  const { format: name, version } = asObject(format);
  if (name !== "kishu") {
    return { kind: "notAFolder" };
  }
  if (version !== FORMAT_VERSION) {
    return { kind: "foreignFormat", version: JSON.stringify(version ?? null) };
  }
  return { kind: "ready", paused: (await pausedNotebooks(layout)).includes(layout.notebookName) };
}

const OWN_FILES = new Set([".gitattributes", ".gitignore", "FORMAT.md"]);
const OWN_FOLDERS = new Set(["notebooks", "packs"]);

/** Whether a folder without format.json is one whose creation was cut short, and not something else's. */
async function isNew(layout: Layout): Promise<boolean> {
  for (const entry of await readdir(layout.folder, { withFileTypes: true })) {
    if (entry.isDirectory() && OWN_FOLDERS.has(entry.name)) {
      if ((await readdir(path.join(layout.folder, entry.name))).length > 0) {
        return false;
      }
    } else if (!OWN_FILES.has(entry.name) && !entry.name.endsWith(".tmp") && entry.name !== "local") {
      return false;
    }
  }
  return true;
}

/** Makes the folder's presence the switch; the agent completes it when the kernel starts. Throws what `fs` throws. */
export async function switchOn(layout: Layout): Promise<void> {
  await mkdir(layout.folder, { recursive: true });
  try {
    await writeFile(layout.format, `{"format":"kishu","version":${String(FORMAT_VERSION)}}\n`, { flag: "wx" });
  } catch (error) {
    if (!hasCode(error, "EEXIST")) {
      throw error;
    }
  }
  const paused = await pausedNotebooks(layout);
  if (paused.includes(layout.notebookName)) {
    await writePaused(
      layout,
      paused.filter((name) => name !== layout.notebookName),
    );
  }
}

/** Keeps later kernels of this notebook from recording by themselves. Throws what `fs` throws. */
export async function switchOff(layout: Layout): Promise<void> {
  const paused = await pausedNotebooks(layout);
  await mkdir(path.dirname(layout.paused), { recursive: true });
  await writePaused(layout, [...new Set([...paused, layout.notebookName])].sort());
}

async function writePaused(layout: Layout, notebooks: readonly string[]): Promise<void> {
  const temporary = `${layout.paused}.${randomUUID()}.tmp`;
  await writeFile(temporary, `${JSON.stringify({ notebooks })}\n`);
  await rename(temporary, layout.paused);
}

/**
 * Where the running kernels of this notebook are. Files that can't be read are left out, and those of kernels that were
 * killed: nobody removes them.
 */
export async function readHeads(layout: Layout): Promise<readonly Head[]> {
  let names: readonly string[];
  try {
    names = await readdir(layout.heads);
  } catch {
    return [];
  }
  const heads = await Promise.all(
    names.filter((name) => name.endsWith(".json")).map((name) => readHead(path.join(layout.heads, name))),
  );
  return heads
    .filter((head) => head !== undefined)
    .filter(({ notebook, pid }) => notebook === layout.notebookName && isAlive(pid));
}

async function readHead(file: string): Promise<Head | undefined> {
  const { session, notebook, checkpoint, time, pid } = asObject(await readJson(file));
  return typeof session === "string" &&
    typeof notebook === "string" &&
    typeof time === "string" &&
    typeof pid === "number" &&
    (typeof checkpoint === "string" || checkpoint === null)
    ? { session, notebook, checkpoint, time, pid }
    : undefined;
}

/** Whether there is a process of this id on this machine. */
function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) {
    return false;
  }
  try {
    // Signal 0 is not sent.
    return process.kill(pid, 0);
  } catch (error) {
    return hasCode(error, "EPERM");
  }
}

async function pausedNotebooks(layout: Layout): Promise<readonly string[]> {
  const { notebooks } = asObject(await readJson(layout.paused));
  return Array.isArray(notebooks) ? notebooks.filter((name): name is string => typeof name === "string") : [];
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
