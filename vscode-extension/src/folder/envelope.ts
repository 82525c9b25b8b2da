import { createHash } from "node:crypto";

/** A record file does not hold what was written to it. */
export class DamagedFileError extends Error {
  override readonly name = "DamagedFileError";
}

const FRONT = Buffer.from('{"body":');
const MIDDLE = ',"sha256":"';
const BACK = '"}\n';
const TAIL_LENGTH = MIDDLE.length + 64 + BACK.length;

/** The body of a record file, checked against its digest. Throws DamagedFileError. */
export function openEnvelope(data: Buffer): unknown {
  const tailStart = data.length - TAIL_LENGTH;
  const tail = data.subarray(Math.max(tailStart, 0)).toString("latin1");
  if (
    tailStart < FRONT.length ||
    !data.subarray(0, FRONT.length).equals(FRONT) ||
    !tail.startsWith(MIDDLE) ||
    !tail.endsWith(BACK)
  ) {
    throw new DamagedFileError("it is truncated or is no record");
  }
  const body = data.subarray(FRONT.length, tailStart);
  const digest = tail.slice(MIDDLE.length, MIDDLE.length + 64);
  if (createHash("sha256").update(body).digest("hex") !== digest) {
    throw new DamagedFileError("its content was changed");
  }
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return value;
  } catch {
    throw new DamagedFileError("it is no JSON");
  }
}
