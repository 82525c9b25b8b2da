"""`kishu-agent show`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kishu_agent.history.checkpoint import Checkpoint, Environment

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from kishu_agent.folder.folder import Folder

EXPECTED = """\
checkpoint  22222222222222222222222222222222  (tag: loaded)
parent      11111111111111111111111111111111
branch      main
notebook    a.ipynb
started     2026-01-31 12:00:01, ran 1 min 15 s, In [1]
outcome     ok
added       {size} in 1 pack
recorded by kishu-agent 0.1.0, Python 3.11.7

code


    df = load('data.csv')  # the data
    df.head()

created
    df    DataFrame, 5x3, 1.2 kB: a  b  c
    sock

not recorded
    sock: a socket cannot be stored

stored
    df  pickle, 100 kB, version {version}, 1 buffer
    sock  no stored form
        a socket cannot be stored
"""


def test_everything(run: Callable[..., subprocess.CompletedProcess[str]], recorded: Folder) -> None:
    result = run("show", "2222")
    checkpoint = recorded.notebook("a.ipynb").load()["2" * 32]
    assert result.stderr == ""
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    expected = EXPECTED.format(size=f"{checkpoint.bytes_added} B", version=checkpoint.added[0].version[:8])
    assert lines == [line.rstrip() for line in expected.splitlines()]


def test_names(run: Callable[..., subprocess.CompletedProcess[str]], recorded: Folder) -> None:
    for ref, digit in (("loaded", "2"), ("main", "3"), ("main~2", "1"), ("HEAD", "3"), ("HEAD~1", "2")):
        assert run("show", ref, "a.ipynb").stdout.startswith(f"checkpoint  {digit * 32}")


def test_recorded_text_does_not_steer_the_terminal(
    run: Callable[..., subprocess.CompletedProcess[str]], recorded: Folder
) -> None:
    output = run("show", "3333").stdout
    assert "\x1b" not in output
    assert "\x07" not in output
    assert "AttributeError: no\\nevil\\x07" in output


def test_unknown(run: Callable[..., subprocess.CompletedProcess[str]], recorded: Folder) -> None:
    result = run("show", "nothing")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        "kishu-agent: No checkpoint, branch or tag is called 'nothing'. "
        "List the checkpoints with Session.checkpoints() or `kishu-agent log`.\n"
    )


def test_the_start(run: Callable[..., subprocess.CompletedProcess[str]], recorded: Folder) -> None:
    output = run("show", "1111").stdout
    assert "(recording began)" in output
    assert "parent      none" in output


def test_the_environment(run: Callable[..., subprocess.CompletedProcess[str]], recorded: Folder) -> None:
    environment = Environment(
        "data", {"A": "1\x07", "B": None}, ("API_KEY",), ("first",), ("last",), ("gone",)
    )
    made = Checkpoint(
        "4" * 32,
        "3" * 32,
        "b" * 32,
        "cell",
        "2026-01-31T13:00:00.000000Z",
        0.0,
        "ok",
        environment=environment,
    )
    recorded.notebook("a.ipynb").add(made)
    assert run("show", "HEAD").stdout.splitlines()[-8:] == [
        "environment, where it differed from the start of the recording",
        "    working directory data",
        "    A=1\\x07",
        "    B was not set",
        "    API_KEY was set, its value is not stored",
        "    sys.path with first",
        "    sys.path with last",
        "    sys.path without gone",
    ]
