"""The house of docs/architecture.md: who may import whom, and how large anything may get."""

import ast
import sys
from collections.abc import Callable, Iterator
from functools import cache

import pytest

from support.modules import MODULES, ORDER, imported_anywhere, imports_of_ours, is_below, tree
from support.places import ROOT


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# layer -> what of ours it may import
MAY_IMPORT = {
    "agent.core": ("agent.core", "agent.errors"),
    "agent.operations": ("agent.core", "agent.errors", "agent.operations"),
    "agent.adapters": ("agent.core", "agent.errors", "agent.adapters"),
    # who may write a config is asked before anything in it is used, and nobody is to forget it
    "agent.config": ("agent.core", "agent.errors", "agent.config", "agent.adapters.host.trusted"),
    "agent.daemon": ("agent.core", "agent.errors", "agent.daemon", "agent.operations.ports"),
    "agent.app": (
        "agent.core", "agent.errors", "agent.operations", "agent.adapters", "agent.config", "agent.daemon",
    ),
    "agent.cli.parts": (
        "agent.core", "agent.errors", "agent.app", "agent.operations.telling.notify",
        "agent.adapters.host.interrupts",
    ),
    "agent.cli": (
        "agent.core", "agent.errors", "agent.app", "agent.config",
        # what a command line does by itself: signals, progress, and a ledger without its config
        "agent.adapters.host.interrupts", "agent.adapters.rendering.progress", "agent.adapters.ledger",
        "agent.operations.setup.initialise", "agent.operations.telling.notify",
    ),
    "agent.errors": (),
}  # fmt: skip
WIRES = ("agent.app",)
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
STARTS_PROCESSES = "agent.adapters.host.command"
BEGINS_AGAIN = {"agent.__main__": {"execv"}}  # as ourselves, before anything of ours is loaded
PROCESS_MODULES = words("subprocess multiprocessing pty")
PROCESS_CALLS = words(
    """fork forkpty popen system posix_spawn posix_spawnp create_subprocess_exec create_subprocess_shell
    execl execle execlp execv execve execvp execvpe spawnl spawnle spawnlp spawnv spawnve spawnvp spawnvpe"""
)

# What reads foreign files in ways that a file may have been made for runs where it can do nothing: in the
# process that looks, which in turn is made of the standard library and of what is named here.
DECODERS = words("sqlite3 zipfile tarfile gzip bz2 lzma zlib")
LOOKS = "agent.adapters.looking.child"
LOOKS_WITH = tuple(
    f"agent.adapters.looking.{name}" for name in words("archives databases streams unpacking walls")
)
MAY_DECODE = {
    LOOKS: "sqlite3",
    "agent.adapters.looking.archives": "lzma tarfile zipfile zlib",
    "agent.adapters.looking.databases": "sqlite3",
    "agent.adapters.looking.unpacking": "bz2 lzma zlib",
    # what is ours alone
    "agent.adapters.ledger": "sqlite3",
    "agent.core.audit.archive": "zlib",  # writes
    "agent.core.snapshot.samples": "zlib",  # packs, to see how well it goes
    "agent.verify_bundle": "gzip",  # an auditor's, who runs it by hand
}

LONGEST_FUNCTION = 50
LONGEST_MODULE = 300


# ---- the checks, as functions of source, so that each can be shown a violation ---------------


def layer_faults(module: str, parsed: ast.AST) -> list[str]:
    for layer, allowed in MAY_IMPORT.items():
        if is_below(module, (layer,)):
            found = imports_of_ours(parsed) - {"agent"}  # which holds the version, and nothing else
            wrong = (name for name in found if not is_below(name, (*allowed, layer)))
            rule = f"{layer} may import only {', '.join(allowed) or 'itself'}"
            return [f"{module} imports {name}, but {rule}" for name in sorted(wrong)]
    return []


def place(module: str) -> tuple[str, str]:
    """Its layer and its folder there; ("", "") where folders have no order."""
    for layer in ORDER:
        if is_below(module, (layer,)):
            return layer, module.removeprefix(layer).lstrip(".").partition(".")[0]
    return "", ""


def order_faults(module: str, parsed: ast.AST) -> list[str]:
    layer, folder = place(module)
    if not folder:
        return []
    order = ORDER[layer]
    if folder not in order:
        return [f"{module} lies in none of the folders of {layer}: {', '.join(order)}"]
    allowed = order[: order.index(folder) + 1]
    wrong = (name for name in imports_of_ours(parsed) if place(name)[0] == layer and name != layer)
    rule = f"{layer}.{folder} may import only {', '.join(allowed)}"
    return [f"{module} imports {name}, but {rule}" for name in sorted(wrong) if place(name)[1] not in allowed]


def wiring_faults(module: str, parsed: ast.AST) -> list[str]:
    found = imports_of_ours(parsed)
    both = [
        any(is_below(name, (layer,)) for name in found) for layer in ("agent.operations", "agent.adapters")
    ]
    return [f"{module} wires operations to adapters"] if all(both) and not is_below(module, WIRES) else []


def purity_faults(module: str, parsed: ast.AST) -> list[str]:
    if not is_below(module, PURE):
        return []
    roots = {name.partition(".")[0] for name in imported_anywhere(parsed)}
    half = (name for name in {*imported_anywhere(parsed), *dotted(parsed)} if is_below(name, HALF_PURE))
    worldly = (roots & set(WORLDLY)) | (set(half) - set(PURE_NAMES))
    faults = [f"{module} uses {name}" for name in sorted(worldly)]
    clocks = {"now", "today", "utcnow"}
    return faults + [f"{module} asks for the time: .{name}()" for name in sorted(called(parsed) & clocks)]


def process_faults(module: str, parsed: ast.AST) -> list[str]:
    if module == STARTS_PROCESSES:
        return []
    roots = {name.partition(".")[0] for name in imported_anywhere(parsed)}
    names = {name.rpartition(".")[2] for name in imported_anywhere(parsed) if name.startswith("os.")}
    starting = (roots & set(PROCESS_MODULES)) | ((called(parsed) | names) & set(PROCESS_CALLS))
    starting -= BEGINS_AGAIN.get(module, set())
    return [f"{module} starts processes: {name}" for name in sorted(starting)]


def called(parsed: ast.AST) -> set[str]:
    calls = (node.func for node in ast.walk(parsed) if isinstance(node, ast.Call))
    return {function.attr for function in calls if isinstance(function, ast.Attribute)}


def dotted(parsed: ast.AST) -> set[str]:
    """ "os.fsencode" for every `os.fsencode`."""
    uses = (node for node in ast.walk(parsed) if isinstance(node, ast.Attribute))
    return {f"{use.value.id}.{use.attr}" for use in uses if isinstance(use.value, ast.Name)}


def decoder_faults(module: str, parsed: ast.AST) -> list[str]:
    allowed = {
        name for place, names in MAY_DECODE.items() if is_below(module, (place,)) for name in names.split()
    }
    roots = {name.partition(".")[0] for name in imported_anywhere(parsed)}
    where = "that is for agent/adapters/looking/ alone, which has no rights"
    return [
        f"{module} reads foreign files by {name}: {where}" for name in sorted(roots & set(DECODERS) - allowed)
    ]


def bypass_faults(module: str, parsed: ast.AST) -> list[str]:
    """What is made for the process that looks, and would run with all rights here."""
    inside = (LOOKS, *LOOKS_WITH)
    found = set() if module in inside else imports_of_ours(parsed) & set(inside)
    return [f"{module} imports {name}, which is for the process that looks" for name in sorted(found)]


def looking_faults(module: str, parsed: ast.AST) -> list[str]:
    """What the process that looks would load and should not; in any other module nothing."""
    if module not in (LOOKS, *LOOKS_WITH):
        return []
    roots = {name.partition(".")[0] for name in imported_anywhere(parsed)} - {"agent"}
    wrong = {*imports_of_ours(parsed) - set(LOOKS_WITH), *roots - sys.stdlib_module_names}
    return [f"{module} imports {name} into the process that looks" for name in sorted(wrong)]


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

parsed = cache(tree)
# folder of agent/ -> our modules in it and below; what lies in agent/ itself is of the folder "agent"
FOLDERS: dict[str, list[str]] = {}
for each in MODULES:
    FOLDERS.setdefault(".".join(each.split(".")[:2]) if each.count(".") > 1 else "agent", []).append(each)
every_folder = pytest.mark.parametrize("folder", FOLDERS)


@pytest.fixture(scope="module", autouse=True)
def forget_trees() -> Iterator[None]:
    yield
    parsed.cache_clear()


def faults_in(folder: str, check: Callable[[str, ast.Module], list[str]]) -> list[str]:
    return [fault for module in FOLDERS[folder] for fault in check(module, parsed(module))]


def test_every_module_is_of_one_folder() -> None:
    assert sorted(module for modules in FOLDERS.values() for module in modules) == sorted(MODULES)
    assert len(MODULES) > 300


@every_folder
def test_a_module_imports_only_what_its_layer_may(folder: str) -> None:
    assert faults_in(folder, layer_faults) == []


@every_folder
def test_a_module_imports_only_folders_before_its_own(folder: str) -> None:
    assert faults_in(folder, order_faults) == []


def test_every_folder_has_a_place_in_the_order_and_no_other() -> None:
    folders = {path.parent for path in MODULES.values()}
    for layer, order in ORDER.items():
        inside = MODULES[layer].parent
        assert sorted(folder.name for folder in folders if folder.parent == inside) == sorted(order)


@every_folder
def test_only_the_composition_root_knows_operations_and_adapters(folder: str) -> None:
    assert faults_in(folder, wiring_faults) == []


@every_folder
def test_the_core_touches_nothing_of_the_world(folder: str) -> None:
    assert faults_in(folder, purity_faults) == []


@every_folder
def test_only_one_module_starts_processes(folder: str) -> None:
    assert faults_in(folder, process_faults) == []


@every_folder
def test_only_who_has_no_rights_reads_foreign_files(folder: str) -> None:
    assert faults_in(folder, decoder_faults) == []


@every_folder
def test_nobody_else_does_what_the_process_that_looks_does(folder: str) -> None:
    assert faults_in(folder, bypass_faults) == []


@every_folder
def test_the_process_that_looks_loads_nothing_of_ours_but_what_it_needs(folder: str) -> None:
    assert faults_in(folder, looking_faults) == []


@every_folder
def test_functions_and_modules_stay_short(folder: str) -> None:
    modules = FOLDERS[folder]
    found = [fault for m in modules for fault in length_faults(m, MODULES[m].read_text(encoding="utf-8"))]
    assert found == []


@every_folder
def test_public_things_say_what_they_are(folder: str) -> None:
    assert faults_in(folder, docstring_faults) == []


def test_no_imports_go_in_a_circle() -> None:
    graph = {module: imports_of_ours(parsed(module)) - {module} for module in MODULES}
    assert cycle(graph) == []


# ---- and that the checks above can fail at all -----------------------------------------------


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("agent.core.model.chain", "import agent.adapters.host.command"),
        ("agent.core.model.chain", "from agent.config import load"),
        ("agent.core.model.chain", "def late():\n    from agent import app"),
        ("agent.operations.drill.drill", "from agent.adapters.host import command"),
        ("agent.adapters.ledger.ledger", "from agent.operations.ports.ledger import Ledger"),
        ("agent.adapters.ledger.ledger", "from agent.config import load"),
        ("agent.errors", "from agent.core.text.plain import printable"),
        ("agent.app.drills", "from agent.cli.drill import command"),
        ("agent.cli.status", "from agent.daemon.service import Service"),
        ("agent.cli.status", "from agent.adapters.restic import calls"),
        ("agent.cli.parts.output", "from agent.cli.status import command"),
    ],
)
def test_an_import_against_the_layers_is_found(module: str, source: str) -> None:
    assert len(layer_faults(module, ast.parse(source))) == 1


@pytest.mark.parametrize(
    ("module", "source", "allowed"),
    [
        (
            "agent.core.model.records",
            "from agent.core.verdict.reasons import cause",
            "agent.core.model may import only text, configuration, kinds, model",
        ),
        (
            "agent.core.text.plain",
            "import agent.core.audit",
            "agent.core.text may import only text",
        ),
        (
            "agent.adapters.sqlite.live",
            "def late():\n    from agent.adapters.restic import calls",
            "agent.adapters.sqlite may import only host, looking, sqlite",
        ),
        (
            "agent.operations.ports.clock",
            "from agent.operations.records.vanished import missing",
            "agent.operations.ports may import only ports",
        ),
    ],
)
def test_an_import_against_the_order_is_found_and_says_what_may_be_imported(
    module: str, source: str, allowed: str
) -> None:
    (fault,) = order_faults(module, ast.parse(source))
    assert fault.startswith(f"{module} imports agent.")
    assert fault.endswith(f", but {allowed}")


def test_a_module_beside_the_folders_is_found() -> None:
    (fault,) = order_faults("agent.core.stray", ast.parse(""))
    assert fault.startswith(
        "agent.core.stray lies in none of the folders of agent.core: text, configuration,"
    )


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("agent.core.verdict.verdict", "from agent.core.text.plain import size"),
        ("agent.core.verdict.verdict", "from agent.core.verdict import reasons"),
        ("agent.adapters.mail.smtp", "from agent.core.telling.post import seen"),
        ("agent.app.drills", "from agent.adapters.drilling.scratch import sweep"),
    ],
)
def test_an_import_along_the_order_is_none_of_these(module: str, source: str) -> None:
    assert order_faults(module, ast.parse(source)) == []


def test_a_second_composition_root_is_found() -> None:
    parsed = ast.parse("from agent.operations.ports import clock\nfrom agent.adapters.host import command")
    assert wiring_faults("agent.app.drills", parsed) == []
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
    assert len(purity_faults("agent.core.verdict.verdict", ast.parse(source))) == 1


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
    assert len(process_faults("agent.adapters.host.state", ast.parse(source))) == 1


def test_who_begins_again_starts_nothing_else() -> None:
    assert process_faults("agent.__main__", ast.parse("os.execv(*ours)")) == []
    assert len(process_faults("agent.__main__", ast.parse("os.fork()"))) == 1


@pytest.mark.parametrize(
    "source", ["import sqlite3", "from zipfile import ZipFile", "def f():\n    import lzma"]
)
def test_foreign_files_that_are_read_elsewhere_are_found(source: str) -> None:
    assert len(decoder_faults("agent.adapters.sources.sources", ast.parse(source))) == 1
    assert len(decoder_faults("agent.adapters.looking.session", ast.parse(source))) == 1


@pytest.mark.parametrize("name", [LOOKS, *LOOKS_WITH])
def test_who_does_it_where_there_are_rights_is_found(name: str) -> None:
    package, _, module = name.rpartition(".")
    for source in (f"import {name}", f"from {package} import {module}", f"from {name} import answer"):
        assert len(bypass_faults("agent.adapters.sources.scan", ast.parse(source))) == 1
        assert bypass_faults(LOOKS, ast.parse(source)) == []


@pytest.mark.parametrize(
    "source", ["import msgspec", "from agent.core.text.plain import size", "import agent.errors"]
)
def test_what_the_process_that_looks_should_not_load_is_found(source: str) -> None:
    for module in (LOOKS, *LOOKS_WITH):
        assert len(looking_faults(module, ast.parse(source))) == 1
    assert looking_faults("agent.adapters.looking.session", ast.parse(source)) == []


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
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        imported = [name.rpartition(".") for name in imported_anywhere(ast.parse(file.read_text()))]
        others = [name for above, _, name in imported if "test_" in above or name.startswith("test_")]
        assert not others, f"{file}: what several need has a module of its own in tests/support"
