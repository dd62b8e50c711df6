"""Are the sources what the config takes them for, and would a drill of them fit?"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from agent.core.configuration.config import Config, CriticalProcess
from agent.core.configuration.exclude import compile_excludes, leaves_nothing, os_bytes
from agent.core.configuration.location import Extent, is_inside
from agent.core.configuration.problem import At, Noted
from agent.core.model.snapshots import SnapshotRecord
from agent.core.text.plain import count, printable, size
from agent.errors import LedgerDamaged, StateError
from agent.operations.ports.ledger import LedgerReader
from agent.operations.ports.machine import Machine

MARGIN = 1.1  # what a drill wants free, as a multiple of what it restores
SMALL_FILE = 2048  # bytes lost to rounding per file
WALK_SECONDS = 3.0  # for all processes together


def check_sources(process: CriticalProcess, machine: Machine) -> list[Noted]:
    """The roots of one process, and its vital paths."""
    at: At = ("process", process.name)
    noted = []
    gone = []
    for index, path in enumerate(process.paths):
        trouble = _check_root((*at, "paths", index), path, machine)
        noted += trouble
        gone += [path] * bool(trouble)
    for index, path in enumerate(process.vital):
        if not any(is_inside(path, root) for root in gone):
            noted += _check_vital((*at, "vital", index), path, process.exclude, machine)
    return noted


def _check_vital(at: At, path: str, exclude: Sequence[str], machine: Machine) -> list[Noted]:
    if machine.facts(path) is None:
        return [Noted(at, f"{printable(path)} is not there", "Bring it back, or correct vital.")]
    real = machine.real_path(path)
    facts = machine.facts(real)
    is_directory = facts is not None and facts.kind == "directory"
    if is_directory and leaves_nothing(compile_excludes(exclude), os_bytes(real).strip(b"/")):
        message = f"exclude keeps everything in {printable(path)} out of the snapshots"
        return [Noted(at, message, "Correct exclude or vital.")]
    return []


def _check_root(at: At, path: str, machine: Machine) -> list[Noted]:
    shown = printable(path)
    facts = machine.facts(path)
    if facts is None:
        return [Noted(at, f"{shown} is not there", "Mount it, bring it back, or correct the path.")]
    if facts.kind == "hidden":
        return [Noted(at, f"{shown} may not be looked at by us", "Run as root.")]
    real = machine.real_path(path)
    if real != path:
        link = "is a symbolic link" if facts.kind == "link" else "lies behind a symbolic link"
        hint = f"restic would keep the link and not the data: write {printable(real)} instead."
        return [Noted(at, f"{shown} {link} to {printable(real)}", hint)]
    if facts.kind == "other":
        return [Noted(at, f"{shown} is no file and no directory", "Name what holds the data.")]
    if not machine.can_read(path):
        return [Noted(at, f"{shown} may not be read by us", "Run as root, or as a user who may read it.")]
    return []


def check_scratch_room(
    config: Config, machine: Machine, open_ledger: Callable[[], AbstractContextManager[LedgerReader]]
) -> list[Noted]:
    """The scratch must hold the largest process: by its last good snapshot, otherwise by counting."""
    try:
        with open_ledger() as ledger:
            extents = {
                process.name: _extent(process, config, machine, ledger) for process in config.processes
            }
    except (StateError, LedgerDamaged) as error:
        return [Noted(("agent", "state"), error.message, error.hint)]
    if not extents:
        return []
    largest = max(extents, key=lambda name: _wanted(extents[name]))
    return _check_room(config, largest, extents[largest], machine)


def _extent(process: CriticalProcess, config: Config, machine: Machine, ledger: LedgerReader) -> Extent:
    known = ledger.newest(SnapshotRecord, process=process.name, outcome="passed")
    if known:
        return Extent(known[0].allocated or known[0].bytes, known[0].files)
    return machine.extent(process.paths, process.exclude, WALK_SECONDS / len(config.processes))


def _wanted(extent: Extent) -> int:
    return int(MARGIN * extent.bytes) + extent.files * SMALL_FILE


def _check_room(config: Config, process: str, extent: Extent, machine: Machine) -> list[Noted]:
    at: At = ("agent", "scratch")
    scratch = printable(config.settings.scratch)
    free, more_files = machine.room(config.settings.scratch)
    least = "" if extent.whole else "at least "
    if free < _wanted(extent):
        message = (
            f"{scratch} has {size(free)} free, but a drill of {process} needs {least}{size(_wanted(extent))}"
        )
        return [Noted(at, message, "Free some space there, or set a larger scratch in [agent].")]
    if more_files < extent.files:
        message = (
            f"{scratch} has room for {count(more_files, 'more file', 'more files')},"
            f" but a drill of {process} needs {least}{extent.files:,}"
        )
        return [Noted(at, message, "Set a scratch with more inodes in [agent].")]
    return []
