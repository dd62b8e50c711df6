"""docs/architecture.md is true: its folders are the folders, in their order, and what it names is there."""

import ast
import re
from collections.abc import Iterator

import pytest

from support.modules import ORDER
from support.places import ROOT

PAGE = (ROOT / "docs/architecture.md").read_text()
LONGEST_PAGE = 150  # lines: one page to hold in your head


# ---- the checks, as functions of text, so that each can be shown a violation ------------------


def folders(page: str, layer: str) -> tuple[str, ...]:
    """The folders of a layer, as its table lists them."""
    _, _, below = page.partition(f"| `{layer.replace('.', '/')}/` |")
    table, _, _ = below.partition("\n\n")
    return tuple(re.findall(r"^\| `([a-z]+)` \|", table, re.M))


def not_there(page: str) -> list[str]:
    """Every file, and every name in a file, that is spoken of and does not exist."""
    said = re.findall(r"`((?:agent|tests|docs|scripts|config)/[\w./*-]*)(?::(\w+))?`", page)
    return [f"{path}:{name}" if name else path for path, name in said if not is_there(path, name)]


def is_there(path: str, name: str) -> bool:
    found = list(ROOT.glob(path.rstrip("/")))
    return bool(found) and (not name or name in names(found[0].read_text()))


def names(source: str) -> Iterator[str]:
    """What a module defines, methods too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name


# ---- what holds for our page -----------------------------------------------------------------


@pytest.mark.parametrize("layer", ORDER)
def test_the_folders_of_a_layer_are_listed_in_the_order_that_is_held(layer: str) -> None:
    assert folders(PAGE, layer) == ORDER[layer]


def test_everything_that_is_named_is_there() -> None:
    assert not_there(PAGE) == []


def test_it_is_one_page() -> None:
    assert len(PAGE.splitlines()) <= LONGEST_PAGE


# ---- and that the checks above can fail at all -----------------------------------------------


def test_a_folder_in_the_wrong_place_is_found() -> None:
    page = "| `agent/core/` | in |\n|---|---|\n| `model` | x |\n| `text` | y |\n\n| `agent/other/` |\n"

    assert folders(page, "agent.core") == ("model", "text")


@pytest.mark.parametrize(
    "named",
    [
        "agent/core/verdict/gone.py",
        "agent/core/verdict/verdict.py:gone",
        "agent/gone/",
        "tests/core/verdict/test_gone*.py",
    ],
)
def test_what_is_not_there_is_found(named: str) -> None:
    assert not_there(f"see `{named}` and `agent/core/verdict/verdict.py:judge`") == [named]
