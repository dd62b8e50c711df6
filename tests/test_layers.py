"""The house of DESIGN.md section 3: who may import whom, and how large anything may get."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "agent").rglob("*.py"))
}


def words(text: str) -> set[str]:
    return set(text.split())


# layer -> what of ours it may import
MAY_IMPORT = {
    "agent.core": ("agent.core", "agent.errors"),
    "agent.operations": ("agent.core", "agent.errors", "agent.operations"),
    "agent.adapters": ("agent.core", "agent.errors", "agent.adapters"),
    "agent.config": ("agent.core", "agent.errors", "agent.config"),
    "agent.daemon": ("agent.core", "agent.errors", "agent.daemon", "agent.operations.ports"),
    "agent.errors": (),
}
WIRES = tuple(name for name in MODULES if name.startswith("agent.app"))
PURE = ("agent.core", "agent.errors")
# what makes a module impure: files, clocks, processes, logging, the network, chance
WORLDLY = words(
    """asyncio fcntl glob io logging multiprocessing platform psutil requests secrets select shutil signal
    socket sqlite3 subprocess sys tempfile threading time urllib watchdog"""
)
# of modules that are half pure, what may be used
HALF_PURE = ("os", "pathlib", "random")
PURE_NAMES = words(
    """os os.fsencode os.fsdecode os.stat_result pathlib.PurePath pathlib.PurePosixPath
    random random.Random"""
)
STARTS_PROCESSES = "agent.adapters.command"
PROCESS_MODULES = words("subprocess multiprocessing pty")
PROCESS_CALLS = words(
    """fork forkpty popen system posix_spawn posix_spawnp create_subprocess_exec create_subprocess_shell
    execl execle execlp execv execve execvp execvpe spawnl spawnle spawnlp spawnv spawnve spawnvp spawnvpe"""
)

LONGEST_FUNCTION = 50
LONGEST_MODULE = 300


def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def imported_anywhere(parsed: ast.AST) -> Iterator[str]:
    for node in ast.walk(parsed):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def ours(imported: str) -> str | None:
    """The module of ours that an import reaches; `from agent.core import chain` reaches agent.core.chain."""
    while imported not in MODULES:
        imported, _, last = imported.rpartition(".")
        if not last or not imported:
            return None
    return imported


def imports_of_ours(parsed: ast.AST) -> set[str]:
    found = {ours(name) for name in imported_anywhere(parsed)}
    return {module for module in found if module}


def is_below(module: str, layers: tuple[str, ...]) -> bool:
    return any(module == layer or module.startswith(f"{layer}.") for layer in layers)


# ---- the checks, as functions of source, so that each can be shown a violation ---------------


def layer_faults(module: str, parsed: ast.AST) -> list[str]:
    for layer, allowed in MAY_IMPORT.items():
        if is_below(module, (layer,)):
            wrong = (name for name in imports_of_ours(parsed) if not is_below(name, (*allowed, layer)))
            return [f"{module} imports {name}" for name in sorted(wrong)]
    return []


def wiring_faults(module: str, parsed: ast.AST) -> list[str]:
    found = imports_of_ours(parsed)
    both = [
        any(is_below(name, (layer,)) for name in found) for layer in ("agent.operations", "agent.adapters")
    ]
    return [f"{module} wires operations to adapters"] if all(both) and module not in WIRES else []


def purity_faults(module: str, parsed: ast.AST) -> list[str]:
    if not is_below(module, PURE):
        return []
    roots = {name.partition(".")[0] for name in imported_anywhere(parsed)}
    half = (name for name in {*imported_anywhere(parsed), *dotted(parsed)} if is_below(name, HALF_PURE))
    worldly = (roots & WORLDLY) | (set(half) - PURE_NAMES)
    faults = [f"{module} uses {name}" for name in sorted(worldly)]
    clocks = {"now", "today", "utcnow"}
    return faults + [f"{module} asks for the time: .{name}()" for name in sorted(called(parsed) & clocks)]


def process_faults(module: str, parsed: ast.AST) -> list[str]:
    if module == STARTS_PROCESSES:
        return []
    roots = {name.partition(".")[0] for name in imported_anywhere(parsed)}
    names = {name.rpartition(".")[2] for name in imported_anywhere(parsed) if name.startswith("os.")}
    starting = (roots & PROCESS_MODULES) | ((called(parsed) | names) & PROCESS_CALLS)
    return [f"{module} starts processes: {name}" for name in sorted(starting)]


def called(parsed: ast.AST) -> set[str]:
    calls = (node.func for node in ast.walk(parsed) if isinstance(node, ast.Call))
    return {function.attr for function in calls if isinstance(function, ast.Attribute)}


def dotted(parsed: ast.AST) -> set[str]:
    """ "os.fsencode" for every `os.fsencode`."""
    uses = (node for node in ast.walk(parsed) if isinstance(node, ast.Attribute))
    return {f"{use.value.id}.{use.attr}" for use in uses if isinstance(use.value, ast.Name)}


def length_faults(module: str, source: str) -> list[str]:
    lines = len(source.splitlines())
    faults = [f"{module} has {lines} lines"] if lines > LONGEST_MODULE else []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            faults += [f"{module}.{node.name} has {length} lines"] if length > LONGEST_FUNCTION else []
    return faults


def docstring_faults(module: str, parsed: ast.Module) -> list[str]:
    faults = [] if ast.get_docstring(parsed) else [f"{module} has no docstring"]
    documented = is_below(module, ("agent.core", "agent.operations", "agent.adapters"))
    for node in parsed.body if documented else []:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            silent = not node.name.startswith("_") and not ast.get_docstring(node) and not is_all_fields(node)
            faults += [f"{module}.{node.name} has no docstring"] if silent else []
    return faults


def is_all_fields(node: ast.stmt) -> bool:
    """A value whose named and typed fields say everything already."""
    return isinstance(node, ast.ClassDef) and all(isinstance(part, ast.AnnAssign) for part in node.body)


def cycle(graph: dict[str, set[str]]) -> list[str]:
    """One import cycle, or nothing."""
    done: set[str] = set()

    def walk(module: str, above: list[str]) -> list[str]:
        if module in above:
            return [*above[above.index(module) :], module]
        if module in done:
            return []
        for target in sorted(graph.get(module, ())):
            found = walk(target, [*above, module])
            if found:
                return found
        done.add(module)
        return []

    return next((found for module in sorted(graph) if (found := walk(module, []))), [])


# ---- what holds for our modules --------------------------------------------------------------


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_its_layer_may(module: str) -> None:
    assert layer_faults(module, tree(module)) == []


@pytest.mark.parametrize("module", MODULES)
def test_only_the_composition_root_knows_operations_and_adapters(module: str) -> None:
    assert wiring_faults(module, tree(module)) == []


@pytest.mark.parametrize("module", MODULES)
def test_the_core_touches_nothing_of_the_world(module: str) -> None:
    assert purity_faults(module, tree(module)) == []


@pytest.mark.parametrize("module", MODULES)
def test_only_one_module_starts_processes(module: str) -> None:
    assert process_faults(module, tree(module)) == []


@pytest.mark.parametrize("module", MODULES)
def test_functions_and_modules_stay_short(module: str) -> None:
    assert length_faults(module, MODULES[module].read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("module", MODULES)
def test_public_things_say_what_they_are(module: str) -> None:
    assert docstring_faults(module, tree(module)) == []


def test_no_imports_go_in_a_circle() -> None:
    graph = {module: imports_of_ours(tree(module)) - {module} for module in MODULES}
    assert cycle(graph) == []


# ---- and that the checks above can fail at all -----------------------------------------------


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("agent.core.chain", "import agent.adapters.command"),
        ("agent.core.chain", "from agent.config import load"),
        ("agent.core.chain", "def late():\n    from agent import app"),
        ("agent.operations.drill", "from agent.adapters import command"),
        ("agent.adapters.ledger", "from agent.operations.ports import Ledger"),
        ("agent.adapters.ledger", "from agent.config import load"),
        ("agent.errors", "from agent.core.text import printable"),
    ],
)
def test_an_import_against_the_layers_is_found(module: str, source: str) -> None:
    assert len(layer_faults(module, ast.parse(source))) == 1


def test_a_second_composition_root_is_found() -> None:
    parsed = ast.parse("from agent.operations import ports\nfrom agent.adapters import command")
    assert wiring_faults("agent.app", parsed) == []
    assert len(wiring_faults("agent.cli.drill", parsed)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "import os.path",
        "import os\nos.stat(name)",
        "from os import environ",
        "from pathlib import Path",
        "import time",
        "x = datetime.now(UTC)",
    ],
)
def test_the_world_in_the_core_is_found(source: str) -> None:
    assert len(purity_faults("agent.core.verdict", ast.parse(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        "import subprocess",
        "from subprocess import run",
        "os.fork()",
        "os.system('x')",
        "from os import execv",
    ],
)
def test_a_process_that_is_started_elsewhere_is_found(source: str) -> None:
    assert process_faults(STARTS_PROCESSES, ast.parse(source)) == []
    assert len(process_faults("agent.adapters.state", ast.parse(source))) == 1


def test_what_is_too_long_is_found() -> None:
    function = "def long():\n" + "    pass\n" * LONGEST_FUNCTION
    assert length_faults("m", function) == [f"m.long has {LONGEST_FUNCTION + 1} lines"]
    assert length_faults("m", "x = 1\n" * (LONGEST_MODULE + 1)) == [f"m has {LONGEST_MODULE + 1} lines"]


def test_what_says_nothing_is_found() -> None:
    parsed = ast.parse("class Loud:\n    pass\n\ndef _quiet():\n    pass")
    assert docstring_faults("agent.core.m", parsed) == [
        "agent.core.m has no docstring",
        "agent.core.m.Loud has no docstring",
    ]


def test_a_circle_is_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set[str]()}
    assert cycle(graph) == ["b", "c", "b"]


def test_no_test_imports_another() -> None:
    for file in sorted((ROOT / "tests").glob("test_*.py")):
        others = [name for name in imported_anywhere(ast.parse(file.read_text())) if name.startswith("test_")]
        assert not others, f"{file.name}: what several need has a module of its own"
