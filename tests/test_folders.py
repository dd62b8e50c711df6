"""Where things lie: no folder is crowded, and the test of a module is found by the module's path."""

from collections.abc import Collection, Mapping, Set
from pathlib import PurePosixPath as Path

import pytest

from agent.cli import COMMANDS
from support.places import ROOT

MOST_MODULES = 20  # of one folder
# folders that may hold more, because all are siblings of one kind: a command is a module
OF_ONE_KIND = {Path("agent/cli"): {"__init__", *COMMANDS}}
# what stands in tests/ beside the mirror of agent/
BESIDE = {"faults", "containers", "simulated", "scripts", "templates", "support", "walks"}

# modules that say nothing which could be false: Protocols, values without behaviour, the start of a process
DECLARATIONS = {
    "agent/__main__",
    "agent/daemon/ports",
    "agent/operations/drill/task",
    "agent/operations/snapshot/task",
    "agent/operations/upkeep/copy_task",
}
PORTS = Path("agent/operations/ports")  # held together, by test_ports

Folders = Mapping[Path, Set[str]]  # the names of the modules of each


def folders_of(top: str) -> dict[Path, set[str]]:
    found: dict[Path, set[str]] = {}
    for file in (ROOT / top).rglob("*.py"):
        found.setdefault(Path(file.parent.relative_to(ROOT)), set()).add(file.stem)
    return found


AGENT, TESTS = folders_of("agent"), folders_of("tests")


# ---- the checks, as functions of what lies where, so that each can be shown a violation -------


def crowded(folders: Folders) -> list[str]:
    full = {folder: names for folder, names in folders.items() if len(names) > MOST_MODULES}
    return [
        f"{folder} holds {len(names)} modules, {MOST_MODULES} is the most: make folders of it"
        for folder, names in sorted(full.items())
        if not set(names) <= OF_ONE_KIND.get(folder, set())
    ]


def twin(folder: Path) -> Path:
    """tests/core/verdict for agent/core/verdict."""
    return Path("tests", *folder.parts[1:])


def without_twin(sources: Folders, tests: Folders) -> list[str]:
    return [
        f"{folder} has no tests in {twin(folder)}"
        for folder, names in sorted(sources.items())
        if set(names) != {"__init__"}
        and not any(test.startswith("test_") for test in tests.get(twin(folder), ()))
    ]


def untested(sources: Folders, tests: Folders) -> list[str]:
    """Modules that have no test of their name in the folder that mirrors theirs."""
    return [
        f"{folder}/{module}.py has no {twin(folder)}/test_{module}*.py"
        for folder, names in sorted(sources.items())
        if folder != PORTS
        for module in sorted(names - {"__init__"})
        if f"{folder}/{module}" not in DECLARATIONS
        and not any(is_of(test, module) for test in tests.get(twin(folder), ()))
    ]


def is_of(test: str, subject: str) -> bool:
    """test_smtp and test_smtp_hostile are of smtp."""
    return test == f"test_{subject}" or test.startswith(f"test_{subject}_")


def misplaced(sources: Folders, tests: Folders) -> list[str]:
    """Test modules of the mirror that are not named after a module of the folder that theirs mirrors."""
    mirrored = {twin(folder): names for folder, names in sources.items()}
    return [
        f"{folder}/{test}.py is named after no module of its twin folder"
        for folder, names in sorted(tests.items())
        if len(folder.parts) > 1 and folder.parts[1] not in BESIDE
        for test in sorted(names)
        if not is_named_after(test, folder, mirrored.get(folder, ()))
    ]


def is_named_after(test: str, folder: Path, modules: Collection[str]) -> bool:
    """After a module, or after the folder when it is about all of it."""
    return any(is_of(test, name) for name in {*modules, folder.name})


# ---- what holds for our folders --------------------------------------------------------------


def test_no_folder_is_crowded() -> None:
    assert crowded({**AGENT, **TESTS}) == []


def test_every_folder_of_the_agent_has_a_twin_with_tests() -> None:
    assert without_twin(AGENT, TESTS) == []


def test_the_test_of_every_module_is_found_by_its_path() -> None:
    assert untested(AGENT, TESTS) == []


def test_every_test_of_the_mirror_is_named_after_a_module_of_its_twin() -> None:
    assert misplaced(AGENT, TESTS) == []


def test_beside_the_mirror_stands_only_what_is_said() -> None:
    mirror = {twin(folder) for folder in AGENT}
    tops = {Path(*folder.parts[:2]) for folder in TESTS}

    assert {folder.name for folder in tops - mirror} == BESIDE


# ---- and that the checks above can fail at all -----------------------------------------------


def test_a_module_too_many_is_found() -> None:
    names = {f"m{number}" for number in range(MOST_MODULES)}

    assert crowded({Path("agent/core"): names}) == []
    (fault,) = crowded({Path("agent/core"): {*names, "one_more"}})
    assert fault == "agent/core holds 21 modules, 20 is the most: make folders of it"


def test_many_commands_are_no_crowd_but_a_stranger_among_them_makes_one() -> None:
    commands = {"__init__", *COMMANDS}
    more = {f"command{number}" for number in range(MOST_MODULES)}

    assert crowded({Path("agent/cli"): commands}) == []
    assert len(crowded({Path("agent/cli"): {*commands, *more}})) == 1


def test_a_source_folder_without_tests_is_found() -> None:
    sources = {Path("agent/core/verdict"): {"reasons"}}

    assert without_twin(sources, {Path("tests/core/verdict"): {"test_reasons"}}) == []
    assert without_twin(sources, {}) == ["agent/core/verdict has no tests in tests/core/verdict"]
    assert len(without_twin(sources, {Path("tests/core/verdict"): {"helpers"}})) == 1


def test_a_module_without_a_test_of_its_name_is_found() -> None:
    sources = {Path("agent/core/verdict"): {"__init__", "reasons"}}

    assert untested(sources, {Path("tests/core/verdict"): {"test_reasons_late"}}) == []
    (fault,) = untested(sources, {Path("tests/core/verdict"): {"test_reason", "test_reasonsome"}})
    assert fault == "agent/core/verdict/reasons.py has no tests/core/verdict/test_reasons*.py"


@pytest.mark.parametrize(
    ("test", "faults"),
    [
        ("test_reasons", 0),
        ("test_reasons_late", 0),
        ("test_verdict", 0),
        ("test_reason", 1),
        ("test_ledger", 1),
    ],
)
def test_a_test_in_the_wrong_folder_is_found(test: str, faults: int) -> None:
    sources = {Path("agent/core/verdict"): {"reasons"}, Path("agent/adapters/ledger"): {"ledger"}}

    assert len(misplaced(sources, {Path("tests/core/verdict"): {test}})) == faults


def test_a_folder_of_tests_that_mirrors_nothing_is_found() -> None:
    assert len(misplaced({}, {Path("tests/core/verdicts"): {"test_reasons"}})) == 1
