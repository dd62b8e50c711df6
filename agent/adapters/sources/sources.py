"""The live files of one critical process, and the directory that its snapshots carry beside them.

The carried directory holds the witness, `SHA256SUMS`, `about.json`, `RECOVER.txt` and consistent copies of
the declared SQLite databases, so that a bare machine with restic and coreutils can verify a recovery.
"""

import hashlib
import json
import os
import stat
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import msgspec

from agent.adapters.host.beneath import real_path
from agent.adapters.host.places import find_place
from agent.adapters.looking.session import Look
from agent.adapters.sources.around import blank, held_before, still_named, turns
from agent.adapters.sources.dump_ends import Dumps
from agent.adapters.sources.found_databases import FoundDatabases
from agent.adapters.sources.scan import SETTLED_NS, Scanner
from agent.adapters.sources.settling import unlisted
from agent.adapters.sources.view import hidden
from agent.adapters.sources.witness_changes import count_changes, good_witness, remember_witness, sampled
from agent.adapters.sources.witness_files import ABOUT, CHECKSUMS, WITNESS
from agent.adapters.sqlite.copying import refresh_copy
from agent.adapters.sqlite.reading import DatabaseUnread, NoDatabase, count_rows
from agent.core.configuration.config import CriticalProcess
from agent.core.configuration.vital import declared_databases, vital_paths
from agent.core.kinds.rotations import Turns
from agent.core.model.findings import Finding, finding
from agent.core.model.places import Placed
from agent.core.model.snapshots import TableCounts
from agent.core.model.swapped import KeptFile
from agent.core.snapshot.changes import Changes
from agent.core.snapshot.exposure import Comparison
from agent.core.snapshot.extent import Moved, Scan
from agent.core.snapshot.held import Neighbour
from agent.core.snapshot.live_databases import Copied
from agent.core.snapshot.shrinkage import Names
from agent.errors import ReadinessError

SCHEMA = "readiness.witness/1"
DATABASES = "databases"
LOOKING = "look"  # in the state: where files are put for the process that looks into them
KINDS_KNOWN = 1  # the witness says which files are databases
RECOVER_NAME = "RECOVER.txt"
COPY_SECONDS = 600.0  # a database that cannot be copied in this time is not

RECOVER = """\
This directory describes the snapshot it lies in. To bring the data back without readiness:

  restic -r REPOSITORY snapshots --tag readiness,process={process}
  restic -r REPOSITORY restore SNAPSHOT --target TARGET
  cd TARGET && sha256sum --quiet -c .{carried}/SHA256SUMS

A file that was being written while the snapshot was taken may differ; nothing else may.
For each SQLite database use the consistent copy in .{carried}/{databases}/ (about.json tells
which is which): put it in the place of the restored file, and delete the -wal and -shm files beside it.
"""


class ProcessSources:
    """Implements the port `Sources` on this machine's file systems. Close it when done."""

    def __init__(self, process: CriticalProcess, state: str, host: str) -> None:
        self.process = process
        self.host = host
        self._directory = Path(state) / "carried" / process.name
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.carried = str(self._directory)
        self._good = good_witness(Path(state), process.name)
        self._about = self._read_about()
        self._look = Look(Path(state) / LOOKING / process.name)
        self._scanner = Scanner(
            self._directory,
            process.paths,
            process.exclude,
            vital_paths(process),
            peek=bool(self._about) and "kinds" not in self._about,
            dumps=Dumps(self._look),
        )
        self._found = FoundDatabases(
            self._directory / DATABASES, self._directory, declared_databases(process), self._look
        )

    def close(self) -> None:
        """Let go of the descriptors, and of the process that looks."""
        self._scanner.close()
        self._look.close()

    def roots(self) -> list[Finding]:
        """Findings for paths that a sandbox hides, that are missing, or links, or lie behind a link."""
        broken = check_roots(self.process)
        if not broken and (declared_databases(self.process) or self._noted_tables()):
            self._look.begin()
        return broken

    def copy_databases(self, known: Collection[str]) -> tuple[tuple[TableCounts, ...], list[Finding]]:
        """Consistent copies of the declared databases and the row counts in them. One that was `known` to be
        a database in the last good snapshot, and does not look like one any more, is damaged."""
        tables: list[TableCounts] = []
        findings: list[Finding] = []
        for number, database in enumerate(declared_databases(self.process)):
            copy = self._directory / DATABASES / f"{number}-{Path(database).name}"
            note = self._directory.with_name(f"{self.process.name}.{copy.name}.note")
            copy.parent.mkdir(mode=0o700, exist_ok=True)
            try:
                source = self._place_of_database(database)
                refresh_copy(self._look, source, copy, note, COPY_SECONDS)
                tables.append(TableCounts(database, copy.name, count_rows(self._look, copy), _sha256(copy)))
            except ReadinessError as error:
                copy.unlink(missing_ok=True)
                damaged = isinstance(error, NoDatabase) and database in known
                code = "database-damaged" if damaged else error.code
                findings.append(finding(code, self.process.name, error.message, error.hint, database))
        return tuple(tables), findings

    def _place_of_database(self, database: str) -> Path:
        """Where its links lead: into what is saved, or our right to read would serve whoever made them."""
        real = Path(real_path(database))
        if not any(real.is_relative_to(path) for path in self.process.paths):
            raise DatabaseUnread(
                f"{database} leads to {real}, which no path of [process.{self.process.name}] holds.",
                "Name the path that it leads to in paths, or correct the link.",
            )
        return real

    def scan(self, on_read: Callable[[int, int], None], are_zeros_meant: Callable[[bytes], bool]) -> Scan:
        """Walk everything; files whose lstat is as it was are not read again."""
        begun = self._about.get("begun_ns")
        return self._scanner.scan(
            begun - SETTLED_NS if isinstance(begun, int) else 0, on_read, are_zeros_meant
        )

    def copy_found(self, scan: Scan, known: Collection[str]) -> Copied:
        """Consistent copies of the live databases in `scan` that no proof names; the others are read.

        `known` were databases in earlier snapshots."""
        return self._found.copy(scan, self._noted_tables(), known)

    def keep(self, scan: Scan, tables: tuple[TableCounts, ...]) -> tuple[int, int]:
        """Put the witness in place with its description; files and bytes of the carried directory."""
        self._scanner.keep(unchanged=scan.witness_sha256 == self._about.get("witness_sha256"))
        about = {
            "schema": SCHEMA,
            "process": self.process.name,
            "host": self.host,
            "paths": self.process.paths,
            "begun_ns": scan.begun_ns,
            "files": scan.files,
            "bytes": scan.size,
            "entries": scan.entries,
            "witness_sha256": scan.witness_sha256,
            "checksums_sha256": _sha256(self._directory / CHECKSUMS),
            "kinds": KINDS_KNOWN,
            "tables": msgspec.to_builtins(tables),
        }
        (self._directory / ABOUT).write_text(json.dumps(about, indent=1) + "\n")
        recover = RECOVER.format(process=self.process.name, carried=self.carried, databases=DATABASES)
        (self._directory / RECOVER_NAME).write_text(recover)
        sizes = [file.stat().st_size for file in self._directory.rglob("*") if file.is_file()]
        return len(sizes), sum(sizes)

    def drop(self) -> None:
        """Forget the new witness; the last one stays."""
        self._scanner.drop()

    def moved(self, missed: Collection[str]) -> Moved:
        """What changed since the scan."""
        return self._scanner.moved(missed)

    def unlisted(self, files: Sequence[KeptFile]) -> Sequence[KeptFile]:
        """See `settling.unlisted`."""
        return unlisted(self._directory / WITNESS, files)

    def settled(self, places: Sequence[bytes], seconds: float) -> bool:
        """Wait until these files stand still."""
        return self._scanner.settled(places, seconds)

    def only_grew(self, place: bytes) -> bool:
        """Whether the file begins with what the last good snapshot knows of it."""
        return self._scanner.only_grew(place, self._good)

    def beside(self, place: bytes, wanted: Callable[[str], bool]) -> Collection[Neighbour]:
        """See `around.beside`."""
        return self._scanner.beside(place, wanted)

    def blank(self, places: Collection[bytes]) -> frozenset[bytes]:
        """See `around.blank`."""
        return blank(self._scanner.base, places)

    def held_before(self, places: Collection[bytes]) -> dict[bytes, tuple[int, int]]:
        """Of the witness of the last good snapshot."""
        return held_before(self._good, places)

    def still_named(self, places: Mapping[bytes, bool]) -> dict[bytes, Names]:
        """Of the witness of the last good snapshot, in that of the last scan."""
        return still_named(self._good, self._newest(), places)

    def turns(self, was: bytes, wanted: Callable[[str], bool]) -> Turns:
        """Among the files of the last scan."""
        return turns(self._scanner.base, self._good, self._newest(), was, wanted, self._scanner.dumps)

    def differences(self, changes: Changes) -> Comparison | None:
        """How the kept witness differs from that of the last good snapshot; None when it does not."""
        if not count_changes(self._good, self._directory, changes):
            return None
        base = os.open("/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            return Comparison(changes, sampled(base, changes))
        finally:
            os.close(base)

    def remember(self) -> None:
        """The snapshot of the kept witness is good."""
        remember_witness(self._directory, self._good)

    def place_of(self, url: str, options: Sequence[str]) -> Placed:
        """See `find_place`."""
        return find_place(url, options, self.process.paths, self.process.exclude)

    def _newest(self) -> Path:
        """The witness of the last scan, whether it was put in place or not."""
        new = self._directory / f"{WITNESS}.new"
        return new if new.exists() else self._directory / WITNESS

    def _noted_tables(self) -> tuple[TableCounts, ...]:
        try:
            return msgspec.convert(self._about.get("tables", ()), tuple[TableCounts, ...])
        except msgspec.ValidationError:
            return ()

    def _read_about(self) -> dict[str, object]:
        try:
            about = json.loads((self._directory / ABOUT).read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}  # the first time, or killed while writing: then everything is read again
        return about if isinstance(about, dict) else {}


def check_roots(process: CriticalProcess) -> list[Finding]:
    """Findings for paths that a sandbox hides; when all is in sight, for missing ones and for links."""
    return hidden(process.name, process.paths) or [
        found for path in process.paths for found in _check_root(process.name, path)
    ]


def _check_root(process: str, path: str) -> list[Finding]:
    """Findings when `path` is missing, or a link, or lies behind a link."""
    try:
        status = os.lstat(path)
    except OSError as error:
        hint = "Mount it, bring it back, or correct paths in the config."
        return [finding("source-missing", process, f"{path} is not there ({error.strerror}).", hint, path)]
    real = real_path(path)
    if stat.S_ISLNK(status.st_mode) or real != os.path.normpath(path):
        hint = f"Name {real} in paths instead."
        return [finding("source-is-symlink", process, f"{path} is a symbolic link to {real}.", hint, path)]
    return []


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
