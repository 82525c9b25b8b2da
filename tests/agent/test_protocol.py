"""The command protocol, through hidden executions as the extension sends them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kernel import session_of

if TYPE_CHECKING:
    from pathlib import Path

    from kernel import Kernel

PARTS = ("failure", "status", "restored", "list", "diagnoses")


def only(reply: dict[str, Any], part: str) -> Any:
    assert [name for name in PARTS if reply[name] is not None] == [part], reply
    assert reply["protocol"] == 1
    return reply[part]


def detach(kernel: Kernel) -> None:
    kernel.hidden("(lambda s: s and s.detach())(__import__('kishu_agent').current())\nNone")


def test_every_command(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    detach(kernel)
    status = only(kernel.serve("status"), "status")
    assert (status["attached"], status["head"], status["session"]) == (False, None, None)
    for command in ("restore", "undo", "redo", "checkpoints", "flush", "doctor", "tag", "detach"):
        failure = only(kernel.serve(command, ref="HEAD", name="x"), "failure")
        assert failure["code"] == "NOT_ATTACHED", command
        assert failure["message"]
        assert failure["action"]
    status = only(kernel.serve("attach", notebook=str(notebook), client="0.0.1"), "status")
    assert status["attached"] is True
    assert status["notebook"] == str(notebook)
    assert status["folder"] == str(notebook.parent / ".kishu")
    kernel.cell("x = 1")
    kernel.cell("x = 2")
    status = only(kernel.serve("flush"), "status")
    assert status["pending"] == 0
    assert (status["can_undo"], status["can_redo"], status["branch"], status["failure"]) == (
        True,
        False,
        "main",
        None,
    )
    listed = only(kernel.serve("checkpoints"), "list")
    assert listed["head"] == status["head"] == listed["checkpoints"][-1]["id"]
    assert [entry["cell"] and entry["cell"]["code"] for entry in listed["checkpoints"]] == [
        None,
        "x = 1",
        "x = 2",
    ]
    assert only(kernel.serve("checkpoints", since=2), "list")["checkpoints"] == listed["checkpoints"][2:]
    assert only(kernel.serve("checkpoints", since=99), "list")["checkpoints"] == []
    (diagnosis,) = only(kernel.serve("doctor"), "diagnoses")
    assert (diagnosis["name"], diagnosis["type"], diagnosis["how"]) == ("x", "int", "pickle")
    assert only(kernel.serve("undo"), "restored")["restored"] == ["x"]
    assert kernel.value("x") == 1
    assert only(kernel.serve("redo"), "restored")["restored"] == ["x"]
    assert only(kernel.serve("restore", ref="HEAD~2"), "restored")["removed"] == ["x"]
    status = only(kernel.serve("detach"), "status")
    assert status["attached"] is False
    assert only(kernel.serve("status"), "status")["attached"] is False


def test_requests_that_cannot_be_served(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    base = {"protocol": 1, "id": "q", "command": "status"}
    bad: list[tuple[Any, str, str]] = [
        ("", "BAD_REQUEST", ""),
        ("{", "BAD_REQUEST", ""),
        ("null", "BAD_REQUEST", ""),
        ("[]", "BAD_REQUEST", ""),
        ("5", "BAD_REQUEST", ""),
        ("{}", "BAD_REQUEST", ""),
        ({"id": "q"}, "BAD_REQUEST", "q"),
        ({**base, "command": "format disk"}, "BAD_REQUEST", "q"),
        ({**base, "command": None}, "BAD_REQUEST", "q"),
        ({**base, "protocol": "1"}, "BAD_REQUEST", "q"),
        ({**base, "id": 5}, "BAD_REQUEST", ""),
        ({**base, "missing_ok": "yes"}, "BAD_REQUEST", "q"),
        ({**base, "command": "restore"}, "BAD_REQUEST", "q"),
        ({**base, "command": "restore", "ref": 5}, "BAD_REQUEST", "q"),
        ({**base, "command": "attach"}, "BAD_REQUEST", "q"),
        ({**base, "command": "attach", "notebook": ""}, "CANNOT_ATTACH", "q"),
        ({**base, "command": "attach", "notebook": "/no/such/folder/n.ipynb"}, "CANNOT_ATTACH", "q"),
        ({**base, "command": "attach", "notebook": str(notebook.parent)}, "CANNOT_ATTACH", "q"),
        ({**base, "command": "attach", "notebook": "a\0b"}, "CANNOT_ATTACH", "q"),
    ]
    for request, code, identity in bad:
        reply = kernel.serve_text(request if isinstance(request, str) else json.dumps(request))
        failure = only(reply, "failure")
        assert (failure["code"], reply["id"]) == (code, identity), request
        assert failure["message"]
    assert kernel.session("s.attached") is True, "a failed attach ends nothing"


def test_another_version_of_the_protocol(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    for version, update in ((2, "agent"), (0, "extension")):
        reply = kernel.serve_text(
            json.dumps({"protocol": version, "id": "q", "command": "new thing", "other": 1})
        )
        failure = only(reply, "failure")
        assert failure["code"] == "PROTOCOL_VERSION"
        assert failure["details"] == {"update": update}
        assert failure["action"]
        assert reply["id"] == "q"
        assert reply["agent"]


def test_unknown_keys_are_ignored(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    reply = kernel.serve_text(json.dumps({"protocol": 1, "id": "q", "command": "status", "later": {"a": 1}}))
    assert only(reply, "status")["attached"] is True


def test_texts_that_need_escaping(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("x = 'quote\\' \\\\ é \\n 😀'; globals()['a\"b'] = 1")
    entry = kernel.checkpoints()[-1]
    assert entry["created"] == ['a"b', "x"]
    failure = only(kernel.serve("restore", ref='it\'s "odd" \\ é\n'), "failure")
    assert failure["code"] == "UNKNOWN_REF"
    kernel.cell("x = '\\ud800'")
    kernel.cell("globals()['\\ud801'] = 1")
    kernel.cell("y = [1]")
    assert "y" in kernel.checkpoints()[-1]["created"]
    kernel.serve("undo", missing_ok=True)
    assert kernel.values(["'y' in globals()", "x"]) == [False, "\ud800"]


def test_pausing(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    start = f"__import__('kishu_agent').autostart({{'__vsc_ipynb_file__': {str(notebook)!r}}})"
    assert only(kernel.serve("detach", pause=True), "status")["attached"] is False
    assert kernel.hidden(start).stdout == ""
    assert only(kernel.serve("status"), "status")["attached"] is False
    assert only(kernel.serve("attach", notebook=str(notebook)), "status")["attached"] is True
    kernel.serve("detach")
    kernel.hidden(start)
    assert only(kernel.serve("status"), "status")["attached"] is True


def test_commands_leave_nothing_in_the_namespace(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("x = 1")
    before = kernel.value("sorted(globals())")
    for command in ("status", "checkpoints", "flush", "undo", "redo"):
        kernel.serve(command)
    assert kernel.value("sorted(globals())") == before
