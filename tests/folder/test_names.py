"""Names of notebooks as names of directories."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, strategies
from kishu_agent.folder.names import directory_name, notebook_name


@pytest.mark.parametrize(
    ("notebook", "directory"),
    [
        ("a.ipynb", "a.ipynb"),
        ("My analysis (2).ipynb", "My analysis (2).ipynb"),
        ("naïve Ünïcödé 笔记.ipynb", "naïve Ünïcödé 笔记.ipynb"),
        ("100%.ipynb", "100%25.ipynb"),
        ("what?.ipynb", "what%3F.ipynb"),
        ('a:b*c<d>e|f"g\\h.ipynb', "a%3Ab%2Ac%3Cd%3Ee%7Cf%22g%5Ch.ipynb"),
        ("tab\tnewline\n.ipynb", "tab%09newline%0A.ipynb"),
        ("dot.", "dot%2E"),
        ("space ", "space%20"),
        ("con.ipynb", "%63on.ipynb"),
        ("COM1", "%43OM1"),
        ("console.ipynb", "console.ipynb"),
        ("bad\udcff.ipynb", "bad%FF.ipynb"),
    ],
)
def test_directory_name(notebook: str, directory: str) -> None:
    assert directory_name(notebook) == directory
    assert notebook_name(directory) == notebook


@pytest.mark.parametrize("notebook", ["", ".", "..", "a/b", "/", "a\0"])
def test_what_is_no_file_name(notebook: str) -> None:
    with pytest.raises(ValueError, match="not the name of a file"):
        directory_name(notebook)


def test_both_unicode_forms_of_a_name_are_one() -> None:
    decomposed = unicodedata.normalize("NFD", "é.ipynb")
    assert decomposed != "é.ipynb"
    assert directory_name(decomposed) == directory_name("é.ipynb")


@given(
    strategies.text(strategies.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)
)
def test_any_name(notebook: str) -> None:
    if notebook in {".", ".."}:
        return
    directory = directory_name(notebook)
    assert notebook_name(directory) == unicodedata.normalize("NFC", notebook)
    assert not re.search(r'[\x00-\x1f<>:"/\\|?*]|[. ]$', directory)
