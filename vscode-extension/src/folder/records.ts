import type { Stats } from "node:fs";
import { readFile, readdir, stat } from "node:fs/promises";
import path from "node:path";

import { FORMAT_VERSION, RecordError } from "../protocol.generated.ts";
import { DamagedFileError, openEnvelope } from "./envelope.ts";
import { isMissing } from "./missing.ts";

/** A file that can't be used, and why. */
export interface DamagedFile {
  readonly file: string;
  readonly reason: string;
}

type Entry<T> =
  | { readonly kind: "record"; readonly record: T }
  | { readonly kind: "damaged"; readonly damage: DamagedFile; readonly stamp: string };

const AT_ONCE = 32;

/**
 * The records of one folder of immutable files. Each file is read once; only damaged ones are looked at again, since
 * git may bring them back.
 */
export class Records<T extends { readonly id: string; readonly format: number }> {
  readonly #folder: string;
  readonly #parse: (value: unknown) => T;
  #entries = new Map<string, Entry<T>>();

  constructor(folder: string, parse: (value: unknown) => T) {
    this.#folder = folder;
    this.#parse = parse;
  }

  get records(): readonly T[] {
    return [...this.#entries.values()].flatMap((entry) => (entry.kind === "record" ? [entry.record] : []));
  }

  get damaged(): readonly DamagedFile[] {
    return [...this.#entries.values()].flatMap((entry) => (entry.kind === "damaged" ? [entry.damage] : []));
  }

  /** The file was written again, which only damage or its repair does: it is read anew. */
  forget(file: string): void {
    if (path.dirname(file) === this.#folder) {
      this.#entries.delete(path.basename(file));
    }
  }

  /** Reads what is new. True when anything changed. Throws when the folder can't be read. */
  async update(): Promise<boolean> {
    const names = (await namesIn(this.#folder)).filter((name) => name.endsWith(".json"));
    const entries = new Map<string, Entry<T>>();
    let changed = false;
    for (let index = 0; index < names.length; index += AT_ONCE) {
      const batch = names.slice(index, index + AT_ONCE);
      const read = await Promise.all(
        batch.map(async (name) => {
          const known = this.#entries.get(name);
          return [name, known, known?.kind === "record" ? known : await this.#read(name, known)] as const;
        }),
      );
      for (const [name, known, entry] of read) {
        if (entry !== undefined) {
          entries.set(name, entry);
        }
        changed ||= entry !== known;
      }
    }
    changed ||= entries.size !== this.#entries.size;
    this.#entries = entries;
    return changed;
  }

  async #read(name: string, known: Entry<T> | undefined): Promise<Entry<T> | undefined> {
    const file = path.join(this.#folder, name);
    let stamp = "";
    try {
      stamp = stampOf(await stat(file));
      if (known?.kind === "damaged" && known.stamp === stamp) {
        return known;
      }
      return { kind: "record", record: this.#open(name, await readFile(file)) };
    } catch (error) {
      if (isMissing(error)) {
        return undefined;
      }
      return { kind: "damaged", damage: { file, reason: reasonOf(error) }, stamp };
    }
  }

  #open(name: string, data: Buffer): T {
    const body = openEnvelope(data);
    const format = typeof body === "object" && body !== null && "format" in body ? body.format : FORMAT_VERSION;
    if (typeof format === "number" && format > FORMAT_VERSION) {
      throw new DamagedFileError(`it has format version ${String(format)}; update the extension to read it`);
    }
    const record = this.#parse(body);
    if (`${record.id}.json` !== name) {
      throw new DamagedFileError("its name is not its id");
    }
    return record;
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) {
      return [];
    }
    throw error;
  }
}

function stampOf(found: Stats): string {
  return `${String(found.mtimeMs)} ${String(found.size)}`;
}

function reasonOf(error: unknown): string {
  if (error instanceof DamagedFileError) {
    return error.message;
  }
  if (error instanceof RecordError) {
    return `it has an unexpected content (${error.message})`;
  }
  return error instanceof Error ? error.message : String(error);
}
