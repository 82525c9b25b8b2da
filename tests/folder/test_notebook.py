"""A notebook's checkpoint and event files."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import orjson
import pytest
from kishu_agent.errors import FolderError
from kishu_agent.folder.folder import Folder
from kishu_agent.folder.notebook import wrap
from kishu_agent.history.checkpoint import Cell, CellError, Preview, StoredCovariable
from kishu_agent.records import encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from kishu_agent.history.checkpoint import Checkpoint
    from kishu_agent.history.event import Event


def test_round_trip(
    folder: Folder, make_checkpoint: Callable[..., Checkpoint], make_event: Callable[..., Event]
) -> None:
    notebook = folder.notebook("a.ipynb")
    assert not notebook.exists()
    start = make_checkpoint(kind="start")
    full = make_checkpoint(
        parent=start.id,
        cell=Cell("x = 'ü\u2028\\'\nraise", "vscode-notebook-cell:abc", 3),
        outcome="error",
        error=CellError("ValueError", "no"),
        created=("x",),
        changed=("y",),
        deleted=("z",),
        removed=(("y",),),
        added=(StoredCovariable(("x", "y"), "0" * 64, 10, "dill", "a lambda", ("def:1",)),),
        previews={"x": Preview("str", "'ü'", length=3, shape=(1, 2), nbytes=80)},
        problems={"": "late", "q": "a socket"},
        bytes_added=12,
        packs=("p",),
        session="s",
        agent="1",
        python="3.11",
    )
    event = make_event("branch", start.branch, "main")
    notebook.add(start)
    notebook.add(full)
    notebook.add_event(event)
    history = Folder.open(folder.path.parent).notebook("a.ipynb").load()
    assert history.checkpoints == (start, full)
    assert history.branch_name(start.branch) == "main"
    assert history.damaged == ()
    assert folder.notebooks() == ("a.ipynb",)


def test_the_file_is_what_the_format_says(folder: Folder, make_checkpoint: Callable[..., Checkpoint]) -> None:
    checkpoint = make_checkpoint()
    folder.notebook("a.ipynb").add(checkpoint)
    (path,) = (folder.path / "notebooks" / "a.ipynb" / "checkpoints").iterdir()
    assert path.name == f"{checkpoint.id}.json"
    data = path.read_bytes()
    body = data[len(b'{"body":') : -len(',"sha256":""}\n') - 64]
    assert json.loads(data)["sha256"] == hashlib.sha256(body).hexdigest()
    assert data.endswith(b'"}\n')


def test_names_do_not_mix(folder: Folder, make_checkpoint: Callable[..., Checkpoint]) -> None:
    folder.notebook("a.ipynb").add(make_checkpoint())
    assert len(folder.notebook("b.ipynb").load()) == 0
    folder.notebook("what?.ipynb").add(make_checkpoint())
    assert folder.notebooks() == ("a.ipynb", "what?.ipynb")


def test_only_new_files_are_read(folder: Folder, make_checkpoint: Callable[..., Checkpoint]) -> None:
    notebook = folder.notebook("a.ipynb")
    first, second = make_checkpoint(), make_checkpoint()
    notebook.add(first)
    assert notebook.load().checkpoints == (first,)
    # Changing a file that was read shows whether it is read again; real ones never change.
    path = notebook.path / "checkpoints" / f"{first.id}.json"
    content = path.read_bytes()
    path.write_bytes(b"not read")
    Folder.open(folder.path.parent).notebook("a.ipynb").add(second)
    history = notebook.load()
    assert history.checkpoints == (first, second)
    assert history.damaged == ()
    assert notebook.load().checkpoints[0] is history.checkpoints[0]
    path.unlink()
    assert notebook.load().checkpoints == (second,), "git took it away"
    path.write_bytes(b"damaged")
    assert len(notebook.load().damaged) == 1
    path.write_bytes(content)
    assert notebook.load().checkpoints == (first, second), "git brought it back"


def test_adding_twice_is_the_same_and_changing_is_refused(
    folder: Folder, make_checkpoint: Callable[..., Checkpoint]
) -> None:
    notebook = folder.notebook("a.ipynb")
    checkpoint = make_checkpoint()
    notebook.add(checkpoint)
    notebook.add(checkpoint)
    with pytest.raises(FolderError, match="other content"):
        notebook.add(make_checkpoint(id=checkpoint.id, duration=9.0))
    assert folder.notebook("a.ipynb").load().checkpoints == (checkpoint,)
    assert folder.usage().leftover_count == 0


@pytest.mark.parametrize("bad", ["", "../../x", "A" * 32, "1" * 31])
def test_ids_that_are_none(folder: Folder, make_checkpoint: Callable[..., Checkpoint], bad: str) -> None:
    with pytest.raises(ValueError, match="not an id"):
        folder.notebook("a.ipynb").add(make_checkpoint(id=bad))


def test_files_that_do_not_hold_what_their_name_says(
    folder: Folder, make_checkpoint: Callable[..., Checkpoint]
) -> None:
    notebook = folder.notebook("a.ipynb")
    good = make_checkpoint()
    notebook.add(good)
    value = orjson.loads(encode(good))
    directory = notebook.path / "checkpoints"
    bodies = {
        "1": encode(good),
        "2": orjson.dumps(value | {"id": "2" * 32, "format": 2}),
        "3": orjson.dumps(value | {"id": "3" * 32, "kind": "new"}),
        "4": orjson.dumps({"id": "4" * 32}),
        "5": b"null",
        "6": b'{"a":' * 100_000,
        "7": b"\xff",
    }
    for digit, body in bodies.items():
        (directory / f"{digit * 32}.json").write_bytes(wrap(body))
    (directory / f"{'8' * 32}.json").mkdir()
    (directory / "notes.txt").write_text("ignored")
    history = notebook.load()
    assert history.checkpoints == (good,)
    assert {damage.path.name[0] for damage in history.damaged} == {*bodies, "8"}
    (newer,) = (damage for damage in history.damaged if damage.path.name[0] == "2")
    assert "update" in newer.reason


def test_unknown_keys_are_ignored(folder: Folder, make_checkpoint: Callable[..., Checkpoint]) -> None:
    checkpoint = make_checkpoint()
    directory = folder.path / "notebooks" / "a.ipynb" / "checkpoints"
    directory.mkdir(parents=True)
    body = orjson.dumps(orjson.loads(encode(checkpoint)) | {"from the future": [1]})
    (directory / f"{checkpoint.id}.json").write_bytes(wrap(body))
    assert folder.notebook("a.ipynb").load().checkpoints == (checkpoint,)
