"""`kishu-agent show`: one checkpoint in full. Nothing is unpickled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kishu_agent.cli import text
from kishu_agent.cli.locate import Place, labels, locate
from kishu_agent.errors import DamagedError
from kishu_agent.history.refs import resolve

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from kishu_agent.history.checkpoint import Checkpoint, Preview, StoredCovariable


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("ref", metavar="REF", help="id, the beginning of one, branch, tag, HEAD or HEAD~n")
    parser.add_argument(
        "place", nargs="?", metavar="NOTEBOOK", help="a notebook, or a directory with one (default: here)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the checkpoint."""
    place = locate(arguments.place)
    checkpoint = place.history[resolve(place.history, arguments.ref, place.head)]
    paint = text.Paint()
    for lines in (
        _facts(place, checkpoint, paint),
        _code(checkpoint, paint),
        _changes(checkpoint, paint),
        _problems(checkpoint, paint),
        _environment(checkpoint, paint),
        _stored(place, checkpoint, paint),
    ):
        for line in lines:
            print(line)
    return 0


def _facts(place: Place, checkpoint: Checkpoint, paint: text.Paint) -> Iterator[str]:
    names = labels(place).get(checkpoint.id, [])
    yield f"checkpoint  {paint('id', checkpoint.id)}" + (
        f"  {paint('label', '(' + text.printable(', '.join(names)) + ')')}" if names else ""
    )
    yield f"parent      {checkpoint.parent or 'none'}"
    yield f"branch      {text.printable(place.history.branch_name(checkpoint.branch))}"
    yield f"notebook    {text.printable(place.notebook)}"
    count = f", In [{checkpoint.execution_count}]" if checkpoint.execution_count is not None else ""
    yield f"started     {text.moment(checkpoint.started)}, ran {text.duration(checkpoint.duration)}{count}"
    outcome = checkpoint.outcome
    if checkpoint.error is not None:
        error = f"{checkpoint.error.name}: {checkpoint.error.message}"
        outcome_text = f"{outcome}, {text.printable(error)}"
        yield f"outcome     {paint('bad', text.clip(outcome_text, text.WIDTH - 12))}"
    else:
        yield f"outcome     {outcome}"
    yield f"added       {text.size(checkpoint.bytes_added)} in {_count(len(checkpoint.packs), 'pack')}"
    if checkpoint.agent or checkpoint.python:
        yield f"recorded by kishu-agent {text.printable(checkpoint.agent)}, Python {text.printable(checkpoint.python)}"


def _code(checkpoint: Checkpoint, paint: text.Paint) -> Iterator[str]:
    yield ""
    if checkpoint.cell is None:
        yield text.title(checkpoint)
        return
    yield paint("bold", "code")
    for line in checkpoint.cell.code.splitlines():
        yield f"    {text.printable(line)}".rstrip()


def _changes(checkpoint: Checkpoint, paint: text.Paint) -> Iterator[str]:
    groups = (
        ("created", checkpoint.created),
        ("changed", checkpoint.changed),
        ("deleted", checkpoint.deleted),
    )
    for heading, names in groups:
        if names:
            yield ""
            yield paint("bold", heading)
            width = min(max(text.columns(text.printable(name)) for name in names), 30)
            for name in names:
                shown = text.printable(name)
                padding = " " * max(width - text.columns(shown), 0)
                preview = _preview(checkpoint.previews.get(name))
                yield text.clip(f"    {shown}{padding}  {preview}".rstrip(), text.WIDTH)


def _preview(preview: Preview | None) -> str:
    if preview is None:
        return ""
    parts = [preview.type]
    if preview.shape is not None:
        parts.append("x".join(map(str, preview.shape)) or "()")
    elif preview.length is not None:
        parts.append(f"length {preview.length}")
    if preview.nbytes is not None:
        parts.append(text.size(preview.nbytes))
    return text.printable(f"{', '.join(parts)}: {preview.text}" if preview.text else ", ".join(parts))


def _problems(checkpoint: Checkpoint, paint: text.Paint) -> Iterator[str]:
    replayed = checkpoint.replayed_names
    groups = (
        ("bad", "not recorded", checkpoint.problems.keys() - replayed),
        ("bold", "not stored; a restore runs the cell again", replayed),
    )
    for style, heading, names in groups:
        if names:
            yield ""
            yield paint(style, heading)
            for name in sorted(names):
                reason = checkpoint.problems[name]
                yield f"    {text.printable(f'{name}: {reason}' if name else reason)}"


def _environment(checkpoint: Checkpoint, paint: text.Paint) -> Iterator[str]:
    environment = checkpoint.environment
    if environment is None:
        return
    yield ""
    yield paint("bold", "environment, where it differed from the start of the recording")
    lines = [f"working directory {environment.directory}"] if environment.directory is not None else []
    for name, value in sorted(environment.variables.items()):
        lines.append(f"{name} was not set" if value is None else f"{name}={value}")
    lines += [f"{name} was set, its value is not stored" for name in environment.withheld]
    lines += [f"sys.path with {entry}" for entry in (*environment.path_first, *environment.path_last)]
    lines += [f"sys.path without {entry}" for entry in environment.path_removed]
    for line in lines:
        yield text.clip(f"    {text.printable(line)}", text.WIDTH)


def _stored(place: Place, checkpoint: Checkpoint, paint: text.Paint) -> Iterator[str]:
    if checkpoint.added:
        yield ""
        yield paint("bold", "stored")
        for stored in checkpoint.added:
            roots = text.clip(text.printable(", ".join(stored.roots)), 50)
            yield text.clip(f"    {roots}  {_form(place, stored)}", text.WIDTH)
            if stored.reason:
                yield text.clip(f"        {text.printable(stored.reason)}", text.WIDTH)
            if stored.depends:
                yield text.clip(f"        needs {text.printable(', '.join(stored.depends))}", text.WIDTH)


def _form(place: Place, stored: StoredCovariable) -> str:
    parts = [stored.how, text.size(stored.size), f"version {text.printable(stored.version[:8])}"]
    if stored.how in {"none", "replay"}:
        return "no stored form" if stored.how == "none" else "by replay"
    try:
        manifest = place.folder.frames.read_manifest(stored.version)
    except DamagedError as error:
        parts.append(f"not available ({error.code})")
    else:
        if manifest.buffers:
            parts.append(_count(len(manifest.buffers), "buffer"))
    return ", ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
