"""A notebook that is recorded gives the outputs that it gives without, to the byte, at the same moments."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from kernel import Kernel, Run

FIXTURES = Path(__file__).parents[2] / "fixtures"

_CHANGING = re.compile(
    r"0x[0-9a-f]{6,}"  # addresses
    r"|ipykernel_\d+"  # the process, in the name of a cell's file
)


def code_cells(notebook: Path) -> list[str]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def outputs(run: Run) -> dict[str, Any]:
    """Return all that an execution gave, without what differs from process to process."""
    given = {
        "messages": run.messages,
        "status": run.status,
        "count": run.execution_count,
        "error": [run.error, run.message, list(run.traceback)],
    }
    told: dict[str, Any] = json.loads(_CHANGING.sub("…", json.dumps(given)))
    return told


@pytest.mark.parametrize("name", ["python", "frames", "demo"])
def test_a_recorded_notebook_has_the_same_outputs(fresh: Callable[..., Kernel], name: str) -> None:
    environment = {"PYTHONHASHSEED": "0", "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    plain, recorded = fresh(**environment), fresh(**environment)
    plain.hidden("None")
    recorded.attach()
    cells = code_cells(FIXTURES / name / f"{name}.ipynb")
    assert len(cells) > 5
    for code in cells:
        requests = [(kernel, kernel.send(code)) for kernel in (plain, recorded)]
        expected, given = (outputs(kernel.finish(request)) for kernel, request in requests)
        assert given == expected, code
        assert recorded.session("s.failure") is None
    assert len(recorded.checkpoints()) == 1 + len(cells)
