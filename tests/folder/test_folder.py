"""The folder as a whole: creating, opening, pausing, measuring."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from kishu_agent.errors import (
    DamagedError,
    FolderError,
    FolderMissingError,
    FormatVersionError,
    NotAFolderError,
)
from kishu_agent.folder.folder import Folder
from kishu_agent.history.head import Head

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kishu_agent.history.checkpoint import Checkpoint

TIME = "2026-01-31T12:00:00.000000Z"


def listing(path: Path) -> dict[str, bytes | None]:
    return {
        item.relative_to(path).as_posix(): None if item.is_dir() else item.read_bytes()
        for item in path.rglob("*")
    }


def test_create_writes_what_the_format_says(tmp_path: Path) -> None:
    folder = Folder.create(tmp_path)
    files = listing(folder.path)
    assert set(files) == {
        "format.json",
        "FORMAT.md",
        ".gitattributes",
        ".gitignore",
        "notebooks",
        "packs",
        "local",
    }
    assert json.loads(files["format.json"] or b"") == {"format": "kishu", "version": 1}
    assert b"/local/" in (files[".gitignore"] or b"")


def test_create_again_changes_nothing(tmp_path: Path) -> None:
    folder = Folder.create(tmp_path)
    (folder.path / ".gitignore").write_text("# mine\n")
    before = listing(folder.path)
    Folder.create(tmp_path)
    assert listing(folder.path) == before


@pytest.mark.parametrize(
    "kept", [set(), {".gitignore"}, {".gitignore", ".gitattributes", "FORMAT.md", "packs"}]
)
def test_create_completes_what_was_cut_short(tmp_path: Path, kept: set[str]) -> None:
    whole = listing(Folder.create(tmp_path).path)
    for name in set(whole) - kept:
        item = tmp_path / ".kishu" / name
        if item.is_dir():
            item.rmdir()
        else:
            item.unlink()
    (tmp_path / ".kishu" / "0123.tmp").touch()
    assert listing(Folder.create(tmp_path).path).keys() - {"0123.tmp"} == whole.keys()


def test_open_changes_nothing(tmp_path: Path) -> None:
    folder = Folder.create(tmp_path)
    before = listing(folder.path)
    opened = Folder.open(tmp_path)
    assert opened.notebooks() == ()
    assert len(opened.notebook("a.ipynb").load()) == 0
    assert not opened.frames.contains(bytes(32))
    assert listing(folder.path) == before


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FolderMissingError):
        Folder.open(tmp_path)
    with pytest.raises(FolderError):
        Folder.create(tmp_path / "no" / "such" / "directory")
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize("kind", ["file", "dangling link"])
def test_something_else_in_its_place(tmp_path: Path, kind: str) -> None:
    if kind == "file":
        (tmp_path / ".kishu").write_text("mine")
    else:
        (tmp_path / ".kishu").symlink_to("nowhere")
    for action in (Folder.create, Folder.open):
        with pytest.raises(NotAFolderError) as caught:
            action(tmp_path)
        assert caught.value.code == "NOT_A_FOLDER"


@pytest.mark.parametrize("name", ["something.txt", "packs/x.pack", "notebooks/a.ipynb"])
def test_a_folder_of_something_else(tmp_path: Path, name: str) -> None:
    path = tmp_path / ".kishu" / name
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    before = listing(tmp_path)
    for action in (Folder.create, Folder.open):
        with pytest.raises(NotAFolderError):
            action(tmp_path)
    assert listing(tmp_path) == before


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"format":"kishu"}',
        '{"version":1}',
        '{"format":"kishu","version":"1"}',
        '{"format":"other","version":1}',
        '{"format":"kishu","version":true}',
    ],
)
def test_an_unreadable_format_file(folder: Folder, text: str) -> None:
    (folder.path / "format.json").write_text(text)
    for action in (Folder.create, Folder.open):
        with pytest.raises(NotAFolderError):
            action(folder.path.parent)


@pytest.mark.parametrize("version", [0, 2, 1000])
def test_another_version_of_the_format(folder: Folder, version: int) -> None:
    (folder.path / "format.json").write_text(json.dumps({"format": "kishu", "version": version, "more": 1}))
    for action in (Folder.create, Folder.open):
        with pytest.raises(FormatVersionError, match=f"version {version}"):
            action(folder.path.parent)


def test_pausing(folder: Folder) -> None:
    assert not folder.is_paused("a.ipynb")
    folder.set_paused("a.ipynb", paused=True)
    folder.set_paused("b.ipynb", paused=True)
    folder.set_paused("b.ipynb", paused=True)
    other = Folder.open(folder.path.parent)
    assert other.is_paused("a.ipynb")
    other.set_paused("a.ipynb", paused=False)
    assert folder.paused() == {"b.ipynb"}
    assert json.loads((folder.path / "local" / "paused.json").read_bytes()) == {"notebooks": ["b.ipynb"]}


def test_size_is_that_of_what_git_sees(folder: Folder, make_checkpoint: Callable[..., Checkpoint]) -> None:
    before = folder.size()
    with folder.frames.writer() as writer:
        writer.add_blob(os.urandom(10_000))
    assert folder.size() == before + writer.close().bytes
    folder.notebook("a.ipynb").add(make_checkpoint())
    folder.set_paused("a.ipynb", paused=True)
    (folder.path / "packs" / "x.tmp").write_bytes(b"12345")
    usage = folder.usage()
    assert usage.packs == writer.close().bytes
    assert usage.records > 0
    assert usage.local > 0
    assert (usage.leftovers, usage.leftover_count) == (5, 1)
    assert folder.size() == usage.packs + usage.records + usage.other


def test_leftovers_are_collected_after_a_day(
    folder: Folder, make_checkpoint: Callable[..., Checkpoint]
) -> None:
    folder.notebook("a.ipynb").add(make_checkpoint())
    directories = [folder.path, folder.path / "packs", folder.path / "notebooks" / "a.ipynb" / "checkpoints"]
    for directory in directories:
        for name, age in (("old.tmp", 90_000), ("new.tmp", 1000), ("old.txt", 90_000)):
            (directory / name).touch()
            past = (directory / name).stat().st_mtime - age
            os.utime(directory / name, (past, past))
    again = Folder.create(folder.path.parent)
    again.frames.writer().close()
    again.notebook("a.ipynb").add(make_checkpoint())
    for directory in directories:
        assert not (directory / "old.tmp").exists()
        assert (directory / "new.tmp").exists()
        assert (directory / "old.txt").exists()


def test_heads(folder: Folder) -> None:
    one = Head("1" * 32, "a.ipynb", "c" * 32, "b" * 32, TIME, 17)
    two = Head("2" * 32, "a.ipynb", None, None, "2026-01-31T12:00:01.000000Z")
    assert folder.heads.load("a.ipynb") == ()
    for head in (one, two, Head("3" * 32, "b.ipynb", None, None, TIME)):
        folder.heads.write(head)
    (folder.path / "local" / "heads" / "junk.json").write_text("{")
    assert folder.heads.load("a.ipynb") == (two, one)
    folder.heads.remove("2" * 32)
    folder.heads.remove("2" * 32)
    assert folder.heads.load("a.ipynb") == (one,)
    with pytest.raises(ValueError, match="session"):
        folder.heads.write(Head("../x", "a.ipynb", None, None, TIME))


@pytest.mark.parametrize("name", ["", ".", "..", "a/b.ipynb", "a\0b"])
def test_names_that_are_no_file_names(folder: Folder, name: str) -> None:
    with pytest.raises(FolderError):
        folder.notebook(name)


def test_a_name_that_is_too_long_for_the_file_system(
    folder: Folder, make_checkpoint: Callable[..., Checkpoint]
) -> None:
    with pytest.raises(FolderError, match="Cannot create"):
        folder.notebook("?" * 100).add(make_checkpoint())


def test_errors_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FolderMissingError) as caught:
        Folder.open(tmp_path)
    assert caught.value.details == {"path": str(tmp_path / ".kishu")}
    assert caught.value.action
    assert not isinstance(caught.value, DamagedError)
