"""Private room for one drill, with all that is done in it. Implements the port `DrillRoom`."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from agent.adapters.drilling.early import EarlyReader
from agent.adapters.drilling.restored_files import RestoredFiles
from agent.adapters.drilling.scratch import Scratch, scratch_room
from agent.adapters.drilling.verify import Comparison, Verifier, is_too_long
from agent.adapters.host.identity import has_file_rights
from agent.adapters.sources.dump_ends import is_no_dump
from agent.adapters.sources.dump_parts import is_cut_dump
from agent.adapters.sources.sources import DATABASES, RECOVER_NAME, SCHEMA
from agent.adapters.sources.witness_files import ABOUT, CHECKSUMS, WITNESS, path_of, read_lines
from agent.adapters.sqlite.copying import lay_in_place
from agent.adapters.sqlite.reading import SqliteDatabases
from agent.core.configuration.exclude import os_bytes
from agent.core.drill.proofs import Judgement, judge_database, not_tested
from agent.core.drill.sampling import Part, Sample, Weight, sample
from agent.core.drill.verification import MovingFiles, RestoredWitness, Verification
from agent.core.drill.vital import vital_entries
from agent.core.kinds.dump_parts import CONTENTS
from agent.core.model.snapshots import DumpNote, TableCounts
from agent.core.snapshot.compare import Abilities
from agent.core.snapshot.witness import escape, parse, sort_key
from agent.errors import ReadinessError


class Room:
    """See `agent.operations.ports.drilling.DrillRoom`; make it with `drill_room`."""

    def __init__(self, scratch: Scratch, state: Path) -> None:
        self._scratch = scratch
        self._state = state
        self._early: EarlyReader | None = None
        self._tree_handle: int | None = None
        self.tree = str(scratch.tree)
        self.cache = str(scratch.cache)

    def require(self, needed_bytes: int, files: int) -> None:
        """ScratchTooSmall when that would not fit."""
        self._scratch.require(needed_bytes, files)

    def renew(self) -> None:
        """Begin again with an empty tree."""
        self.close()
        self._scratch.renew()

    def read_early(self, process: str, witness_sha256: str) -> None:
        """Begin to read files while they come back, when our own copy is the witness with this digest."""
        known = self.known_witness(process, witness_sha256)
        if known:
            self._tree_handle = os.open(self.tree, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            self._early = EarlyReader(self._tree_handle, Path(known.file))

    def end_early(self) -> None:
        """Read no more before `verify`; what was read stays known."""
        if self._early:
            self._early.stop()

    def close(self) -> None:
        """Stop reading and forget what was read."""
        self.end_early()
        self._early = None
        if self._tree_handle is not None:
            os.close(self._tree_handle)
            self._tree_handle = None

    def find_witness(self, paths: Sequence[str]) -> RestoredWitness | None:
        """The witness that came back below one of `paths`."""
        for path in paths:
            found = _read_witness(self._scratch.tree / path.strip("/"), path)
            if found is not None:
                return found
        return None

    def known_witness(self, process: str, sha256: str) -> RestoredWitness | None:
        """Our own copy of the witness, when it is the one with this digest."""
        carried = self._state / "carried" / process
        found = _read_witness(carried, str(carried))
        return found if found and sha256 and found.sha256 == sha256 else None

    def next_sample(
        self, witness: RestoredWitness, share: float, cursor: str, vital: Sequence[str]
    ) -> Sample:
        """The part whose turn it is, with what is vital."""

        def weights() -> Iterator[Weight]:
            for entry in map(parse, read_lines(Path(witness.file))):
                yield Weight(entry.path, entry.size, entry.type == b"d")

        return sample(weights, share, cursor, _vital_entries(witness, vital))

    def verify(
        self,
        witness: RestoredWitness,
        roots: Sequence[str],
        moving: MovingFiles,
        part: Part | None,
        on_read: Callable[[int, int], None],
        vital: Sequence[str] = (),
    ) -> Verification:
        """Compare what was restored with the witness."""
        rights = has_file_rights()
        places = {path: self._place_of(path) for path in vital}
        comparison = Comparison(
            tree=self._scratch.tree,
            witness=Path(witness.file),
            roots=tuple(roots),
            abilities=Abilities(owners=rights, devices=rights, xattrs=self._scratch.xattr_name_spaces()),
            moving=moving,
            part=part,
            vital=frozenset(
                [
                    *(place or os_bytes(path).strip(b"/") for path, place in places.items()),
                    *(_vital_entries(witness, vital) if part else ()),
                ]
            ),
        )
        result = Verifier(comparison, self._early, on_read).run()
        for path, place in places.items():
            result.vital[path] = here = place or os_bytes(path).strip(b"/")
            if place is None and part is None and not is_too_long(self._scratch.tree, here):
                result.lose(here)  # though it may have been moving
        return result

    def _place_of(self, path: str) -> bytes | None:
        """Where a source path lies in the tree, without a leading slash, when links lead from there."""
        found = RestoredFiles().find(self._scratch.tree, path)
        return None if found is None else os.fsencode(found.relative_to(self._scratch.tree))

    def verify_carried(
        self, witness: RestoredWitness, tables: Sequence[TableCounts], result: Verification
    ) -> None:
        """Add to `result` the losses among what a recovery needs beside the data."""
        carried = witness.carried.strip("/")
        wanted = {f"{carried}/{DATABASES}/{known.copy}": known.sha256 for known in tables}
        wanted |= {f"{carried}/{CHECKSUMS}": witness.checksums_sha256, f"{carried}/{RECOVER_NAME}": ""}
        for name, sha256 in wanted.items():
            found = _sha256(self._scratch.tree / name)
            if not found:
                result.missing += 1
                result.note(result.missing_paths, os_bytes(name))
            elif sha256 and sha256 != found:
                result.damaged += 1
                result.note(result.damaged_paths, os_bytes(name))
        for known in tables:
            copy = self._scratch.tree / carried / DATABASES / known.copy
            place = self._place_of(known.database) or os_bytes(known.database).strip(b"/")
            if known.sha256 and copy.is_file():
                result.content.stands_for(place, copy.stat().st_size)

    def lay_databases(self, witness: RestoredWitness, tables: Sequence[TableCounts]) -> None:
        """Put the consistent copies in the places of the restored live databases, as a recovery would."""
        for known in tables:
            copy = self._scratch.tree / witness.carried.strip("/") / DATABASES / known.copy
            directory, name = os.path.split(known.database)
            files = RestoredFiles()  # follow no link out of the tree: there lies the live database
            place = files.find(self._scratch.tree, known.database)
            parent = files.find(self._scratch.tree, directory)
            if place is None and parent is not None and parent.is_dir():
                place = parent / name
            if copy.is_file() and place is not None:
                lay_in_place(copy, place)

    def examine_found(
        self, witness: RestoredWitness, tables: Sequence[TableCounts]
    ) -> list[tuple[str, Judgement]]:
        """Whether the copies of databases that no proof names are sound and have their rows."""
        copies = self._scratch.tree / witness.carried.strip("/") / DATABASES
        judged = []
        for known in tables:
            if known.found:
                try:
                    seen = SqliteDatabases().examine_copy(copies / known.copy)
                    judged.append((known.database, judge_database(seen, known.rows)))
                except ReadinessError as error:
                    judged.append((known.database, not_tested(error.message.rstrip("."))))
        return judged

    def cut_dumps(self, dumps: Sequence[DumpNote]) -> list[DumpNote]:
        """Those of the restored dumps that are not whole, with directories that lack their contents."""

        def is_bad(dump: DumpNote) -> bool:
            place = RestoredFiles().find(self._scratch.tree, dump.path)
            if place is None:
                return dump.is_cut and dump.path.endswith(CONTENTS)
            known = bool(dump.known)
            doubtful = dump.is_cut or known
            return place.is_file() and (is_cut_dump(place) or (doubtful and is_no_dump(place, known)))

        return [dump for dump in dumps if is_bad(dump)]

    def write_lists(self, name: str, witness: RestoredWitness, result: Verification) -> str:
        """List lost and surviving files in two files below the state directory."""
        directory = self._state / "damage" / name
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lost, survived = result.named, directory / "survived.txt"
        with (directory / "lost.txt").open("wb") as names:
            names.writelines(b"/" + escape(path) + b"\n" for path in sorted(lost, key=sort_key))
        if len(lost) < result.lost:  # too many to know which the others are
            survived.unlink(missing_ok=True)
            return str(directory)
        with survived.open("wb") as names:
            for path in map(path_of, read_lines(Path(witness.file))):
                if path not in lost:
                    names.write(b"/" + escape(path) + b"\n")
        return str(directory)

    def keep(self) -> str:
        """Keep the restored tree for a person to look at."""
        return str(self._scratch.keep())


@contextmanager
def drill_room(scratch: Path, state: Path) -> Iterator[Room]:
    """A fresh room, removed at the end whatever happens."""
    with scratch_room(scratch) as bare:
        room = Room(bare, state)
        try:
            yield room
        finally:
            room.close()


def _vital_entries(witness: RestoredWitness, vital: Sequence[str]) -> list[bytes]:
    def links(places: Set[bytes]) -> dict[bytes, bytes]:
        entries = map(parse, read_lines(Path(witness.file)))
        return {each.path: each.extra for each in entries if each.type == b"l" and each.path in places}

    return vital_entries(vital, links) if vital else []


def _read_witness(directory: Path, source: str) -> RestoredWitness | None:
    """The witness in `directory`; None when there is none of ours."""
    file = directory / WITNESS
    about = _read_about(directory / ABOUT)
    if not file.is_file():
        return None
    if about is None and not (directory / CHECKSUMS).is_file():
        return None  # somebody else's file of that name
    about = about or {}
    return RestoredWitness(
        file=str(file),
        sha256=_sha256(file),
        described_sha256=str(about.get("witness_sha256", "")),
        begun_ns=about["begun_ns"] if isinstance(about.get("begun_ns"), int) else 0,
        checksums_sha256=str(about.get("checksums_sha256", "")),
        tables=_tables(about),
        carried=source,
    )


def _sha256(file: Path) -> str:
    """In hexadecimal; empty for what is no readable regular file."""
    if not file.is_file():
        return ""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _read_about(file: Path) -> dict[str, Any] | None:
    try:
        about = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return about if isinstance(about, dict) and about.get("schema") == SCHEMA else None


def _tables(about: dict[str, Any]) -> tuple[TableCounts, ...]:
    try:
        return msgspec.convert(about.get("tables", []), tuple[TableCounts, ...])
    except msgspec.ValidationError:
        return ()
