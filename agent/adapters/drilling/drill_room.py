"""Private room for one drill, with all that is done in it. Implements the port `DrillRoom`."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from pathlib import Path

from agent.adapters.drilling.carried import carried_file, copy_of, digest, read_witness
from agent.adapters.drilling.early import EarlyReader
from agent.adapters.drilling.restored_dumps import cut_dumps
from agent.adapters.drilling.restored_files import RestoredFiles
from agent.adapters.drilling.scratch import Scratch, scratch_room
from agent.adapters.drilling.verify import Comparison, Verifier, is_too_long
from agent.adapters.host.identity import has_file_rights
from agent.adapters.looking.session import Look
from agent.adapters.sources.sources import DATABASES, RECOVER_NAME
from agent.adapters.sources.witness_files import CHECKSUMS, path_of, read_lines
from agent.adapters.sqlite.copying import lay_in_place
from agent.adapters.sqlite.reading import SqliteDatabases
from agent.core.configuration.exclude import os_bytes
from agent.core.drill.proofs import Judgement, failed, judge_database, not_tested
from agent.core.drill.sampling import Part, Sample, Weight, sample
from agent.core.drill.verification import MovingFiles, RestoredWitness, Verification
from agent.core.drill.vital import vital_entries
from agent.core.kinds.kinds import Unseen
from agent.core.model.snapshots import DumpNote, TableCounts
from agent.core.snapshot.compare import Abilities
from agent.core.snapshot.witness import parse, sort_key
from agent.core.text.plain import printable
from agent.errors import ReadinessError

DAMAGE = "damage"
LISTS = (".txt", ".nul")


class Room:
    """See `agent.operations.ports.drilling.DrillRoom`; make it with `drill_room`."""

    def __init__(self, scratch: Scratch, damage: Path, carried: Path) -> None:
        self._scratch = scratch
        self._damage = damage
        self._carried = carried
        self._early: EarlyReader | None = None
        self._tree_handle: int | None = None
        self.tree = str(scratch.tree)
        self.cache = str(scratch.cache)
        self.look = Look(scratch.look)

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
        """Stop reading and forget what was read; nobody looks any more."""
        self.look.close()
        self.end_early()
        self._early = None
        if self._tree_handle is not None:
            os.close(self._tree_handle)
            self._tree_handle = None

    def find_witness(self, paths: Sequence[str]) -> RestoredWitness | None:
        """The witness that came back below one of `paths`."""
        for path in paths:
            found = read_witness(self._scratch.tree, path)
            if found is not None:
                return found
        return None

    def known_witness(self, process: str, sha256: str) -> RestoredWitness | None:
        """Our own copy of the witness, when it is the one with this digest."""
        found = read_witness(self._carried, f"/{process}")
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
        tree, carried = self._scratch.tree, witness.carried.strip("/")
        copies = [(known, copy_of(tree, carried, known)) for known in tables]
        wanted = [(f"{DATABASES}/{known.copy}", copy, known.sha256) for known, copy in copies]
        for name, sha256 in ((CHECKSUMS, witness.checksums_sha256), (RECOVER_NAME, "")):
            wanted.append((name, carried_file(tree, carried, name), sha256))
        for name, file, sha256 in wanted:
            found, path = digest(file), os_bytes(f"{carried}/{name}")
            if not found:
                result.missing += 1
                result.note(result.missing_paths, path)
            elif sha256 and sha256 != found:
                result.damaged += 1
                result.note(result.damaged_paths, path)
        for known, copy in copies:
            place = self._place_of(known.database) or os_bytes(known.database).strip(b"/")
            if known.sha256 and copy:
                result.content.stands_for(place, copy.stat().st_size)

    def lay_databases(self, witness: RestoredWitness, tables: Sequence[TableCounts]) -> None:
        """Put the consistent copies in the places of the restored live databases, as a recovery would."""
        for known in tables:
            copy = copy_of(self._scratch.tree, witness.carried, known)
            directory, name = os.path.split(known.database)
            files = RestoredFiles()  # follow no link out of the tree: there lies the live database
            place = files.find(self._scratch.tree, known.database)
            parent = files.find(self._scratch.tree, directory)
            if place is None and parent is not None and parent.is_dir():
                place = parent / name
            if copy and place and not place.is_dir():
                lay_in_place(copy, place)

    def examine_found(
        self, witness: RestoredWitness, tables: Sequence[TableCounts]
    ) -> list[tuple[str, Judgement]]:
        """Whether the copies of databases that no proof names are sound and have their rows."""
        tree, judged = self._scratch.tree, []
        for known in tables:
            if known.found:
                judged.append((known.database, self._judged(copy_of(tree, witness.carried, known), known)))
        return judged

    def _judged(self, copy: Path | None, known: TableCounts) -> Judgement:
        if copy is None:
            return failed("the copy of it is not there")
        try:
            return judge_database(SqliteDatabases(self.look).examine_copy(copy), known.rows)
        except ReadinessError as error:
            return not_tested(error.message.replace(f"{copy} ", "it ", 1).rstrip("."))

    def cut_dumps(self, dumps: Sequence[DumpNote]) -> tuple[list[DumpNote], list[Unseen]]:
        """See `restored_dumps.cut_dumps`."""
        return cut_dumps(self._scratch.tree, dumps, self.look)

    def write_lists(self, name: str, witness: RestoredWitness, result: Verification) -> str:
        """List lost and surviving files below `damage`, for people and for programs."""
        directory = self._damage / name
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lost = result.named
        _list(directory / "lost", sorted(lost, key=sort_key))
        if len(lost) < result.lost:  # too many to know which the others are
            for kind in LISTS:
                (directory / f"survived{kind}").unlink(missing_ok=True)
        else:
            paths = map(path_of, read_lines(Path(witness.file)))
            _list(directory / "survived", (path for path in paths if path not in lost))
        return str(directory)

    def keep(self) -> str:
        """Keep the restored tree for a person to look at."""
        return str(self._scratch.keep())


@contextmanager
def drill_room(scratch: Path, own: Path, carried: Path) -> Iterator[Room]:
    """A fresh room, removed at the end whatever happens.

    Below `own` go our lock and the lists of what was lost; below `carried` lie our copies of the witnesses.
    """
    with scratch_room(scratch, own) as bare:
        room = Room(bare, own / DAMAGE, carried)
        try:
            yield room
        finally:
            room.close()


def _list(file: Path, paths: Iterable[bytes]) -> None:
    """One path a line as it is safe to show, and as they are with a NUL behind each: names are foreign."""
    words, raw = (file.with_name(f"{file.name}{kind}") for kind in LISTS)
    with words.open("w", encoding="utf-8") as shown, raw.open("wb") as names:
        for path in paths:
            shown.write(f"/{printable(os.fsdecode(path))}\n")
            names.write(b"/" + path + b"\0")


def _vital_entries(witness: RestoredWitness, vital: Sequence[str]) -> list[bytes]:
    def links(places: Set[bytes]) -> dict[bytes, bytes]:
        entries = map(parse, read_lines(Path(witness.file)))
        return {each.path: each.extra for each in entries if each.type == b"l" and each.path in places}

    return vital_entries(vital, links) if vital else []
