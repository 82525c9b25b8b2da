"""The texts that a new folder gets for people and for git."""

from __future__ import annotations

from typing import Final

GITIGNORE: Final = """\
# What belongs to this machine alone, and files that are being written.
/local/
*.tmp
"""

GITATTRIBUTES: Final = """\
# Every file has a digest over its exact bytes: no line endings are changed, nothing is merged as text.
* -text -merge
/packs/*.pack -diff
/notebooks/** linguist-generated
"""

FORMAT_MD: Final = """\
# What this folder is

Kishu recorded here what the variables of the notebooks beside this folder were after each cell. With
the extension "Kishu" for VS Code, or the Python package `kishu-agent`, any of these states can be looked at
and brought back. The folder is made to be committed together with the notebooks. It can be deleted: only the
recorded history is lost.

- `notebooks/<notebook>/checkpoints/` has one JSON file for each time a cell ran: its code, when it ran, which
  variables it created, changed and deleted, and short previews of them.
- `notebooks/<notebook>/events/` has one JSON file for each change of a name: branches and tags.
- `packs/` has the values, in pieces that are stored once. A pack is the 8 bytes `KISHUPK1`; then frames, each
  `KFRM`, u8 kind (1 chunk, 2 node, 3 manifest), u8 encoding (0 raw, 1 zstd), u16 zero, u32 stored length, u32 plain
  length, the SHA-256 of the plain content, and the stored content; then an index and a trailer.
  Integers are little-endian.
- `local/` belongs to this machine and is not committed.

A co-variable (names that share objects) has the digest of a manifest as its version. The manifest is JSON and
names its byte strings by digest, size and depth: depth 0 is one chunk of at most 64 KiB, depth 1 a node, which
holds the digests of up to 128 chunks, depth 2 a node over such nodes, and so on. The first byte string is a
pickle (protocol 5), the others its out-of-band buffers. Never unpickle what you do not trust.

Files are never changed, only added. All are named by random ids or by their content, so that two histories
merge as a union. `format.json` has the version of the format.
"""
