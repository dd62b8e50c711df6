"""Our modules, and what each of them imports, read from their source."""

import ast
from collections.abc import Iterator

from support.places import ROOT

MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "agent").rglob("*.py"))
}

# layer -> its folders from the ground up: each may import those before it, and none behind it
ORDER = {
    layer: tuple(folders.split())
    for layer, folders in {
        "agent.core": """
            text configuration kinds model schedule snapshot drill evidence forecast verdict upkeep report
            telling trends letters audit""",
        "agent.operations": "ports records setup snapshot drill upkeep reading telling",
        "agent.adapters": """
            host looking sqlite ledger apart restic sources watching drilling sandbox service rendering mail
            web setup""",
    }.items()
}


def tree(module: str) -> ast.Module:
    """What one of our modules says."""
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def imported_anywhere(parsed: ast.AST) -> Iterator[str]:
    """The full name of everything that is imported, also inside of functions."""
    for node in ast.walk(parsed):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports_of_ours(parsed: ast.AST) -> set[str]:
    """The modules of ours that are imported."""
    found = {_ours(name) for name in imported_anywhere(parsed)}
    return {module for module in found if module}


def _ours(imported: str) -> str | None:
    """The module of ours that an import reaches; `from agent.core.model import chain` reaches chain.py."""
    while imported not in MODULES:
        imported, _, last = imported.rpartition(".")
        if not last or not imported:
            return None
    return imported


def is_below(module: str, layers: tuple[str, ...]) -> bool:
    """Is the module one of the layers, or inside of one?"""
    return any(module == layer or module.startswith(f"{layer}.") for layer in layers)
