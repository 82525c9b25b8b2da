import type { Checkpoint } from "../../src/protocol.generated.ts";

/** A checkpoint for tests: what matters to them is given. */
export function checkpoint(id: string, given: Partial<Checkpoint> = {}): Checkpoint {
  return {
    id,
    parent: null,
    branch: "b",
    kind: "cell",
    started: "2026-01-01T00:00:00.000000Z",
    duration: 0,
    outcome: "ok",
    cell: null,
    error: null,
    created: [],
    changed: [],
    deleted: [],
    removed: [],
    added: [],
    previews: {},
    problems: {},
  reads: null,
  effects: [],
  packages: {},
    bytes_added: 0,
    packs: [],
    session: "s",
    agent: "",
    python: "",
    environment: null,
    format: 1,
    ...given,
  };
}
