"""scripts/generate_types.py: the extension's types are made from the models, and it is noticed when they are old."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def generate(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "scripts" / "generate_types.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "agent", tmp_path / "agent", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_a_file_that_is_missing_old_or_current(copy: Path) -> None:
    missing = generate(copy, "--check")
    assert missing.returncode == 1
    assert "python scripts/generate_types.py" in missing.stderr
    assert generate(copy).returncode == 0
    assert generate(copy, "--check").returncode == 0
    models = copy / "agent" / "kishu_agent" / "history" / "event.py"
    models.write_text(models.read_text("utf-8").replace('"untag"]', '"untag", "message"]'), "utf-8")
    assert generate(copy, "--check").returncode == 1


def test_what_is_generated(copy: Path) -> None:
    generate(copy)
    text = (copy / "vscode-extension" / "src" / "protocol.generated.ts").read_text("utf-8")
    for expected in (
        "export const PROTOCOL_VERSION = 1;",
        'export type Outcome = "ok" | "error" | "interrupted";',
        '  | "FOLDER_READ_ONLY"',
        "  readonly removed: readonly (readonly string[])[];",
        "  readonly previews: Readonly<Record<string, Preview>>;",
        "  readonly notebook?: string | null;",
        'export function parseReply(value: unknown, where = "Reply"): Reply {',
        '    kind: required(source, where, "kind", parseKind),',
        '    format: optional(source, where, "format", integer, FORMAT_VERSION),',
    ):
        assert expected in text
    assert "parseRequest" not in text, "the extension writes requests and never reads one"


def test_what_has_no_translation_is_refused(copy: Path) -> None:
    models = copy / "agent" / "kishu_agent" / "history" / "event.py"
    models.write_text(models.read_text("utf-8").replace("    subject: str", "    subject: set[str]"), "utf-8")
    result = generate(copy)
    assert result.returncode == 1
    assert "UnsupportedError: the type set[str]" in result.stderr
