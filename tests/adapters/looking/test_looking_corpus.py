"""Mutated databases, journals, logs and archives: there is an answer or a refusal, and we go on.

`scripts/endure 1 corpus` takes a hundred thousand of them. An item is made again by its number and the seed
that a failure names.
"""

import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest

from agent.adapters.drilling import archives
from agent.adapters.drilling.archives import Archives
from agent.adapters.looking import session
from agent.adapters.looking.files import open_regular
from agent.adapters.looking.session import Look
from agent.adapters.looking.walls import MEMORY
from agent.adapters.sqlite import copying, reading
from agent.adapters.sqlite.reading import DatabaseUnusable
from agent.errors import ReadinessError
from support.hostile.corpus import Corpus, Item
from support.hostile.seeds import Seed, seeds

ITEMS = int(os.environ.get("READINESS_TEST_EXAMPLES") or 300)
DEADLINE = 0.5  # seconds for one file
LATE = 3.0  # seconds more, on a machine with other things to do
PATIENCE = 60.0  # seconds for a sound one
MOST = 64 << 20  # bytes of what an archive unpacks to
GROWTH = 32 << 20  # bytes that we ourselves may grow by
NAMES = {"": "database", "-wal": "database-wal", "-journal": "database-journal"}
RECOVER = {"check": True, "rows": True, "recover": True, "options": "mode=rw"}

pytestmark = pytest.mark.timeout(7200)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Seed]:
    return seeds(tmp_path_factory.mktemp("seeds"))


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little for each file, and for as many of them as it takes."""
    monkeypatch.setattr(session, "MOST_ENDED", ITEMS)
    monkeypatch.setattr(copying, "CHECK_SECONDS", DEADLINE)
    monkeypatch.setattr(archives, "LATE", DEADLINE)


def test_every_archive_that_mutated_ones_are_made_of_is_sound(
    look: Look, made: list[Seed], tmp_path: Path
) -> None:
    for seed in made:
        if seed.kind != "database" and not seed.hangs:
            (tmp_path / seed.name).write_bytes(seed.files[""])
            assert Archives(look).examine(tmp_path / seed.name).outcome == "passed", seed.name


@pytest.mark.usefixtures("patience")
def test_mutated_files_are_answered_for_or_refused(
    look: Look, made: list[Seed], tmp_path: Path, chance: random.Random
) -> None:
    victim = tmp_path / "victim"
    corpus = Corpus(made, chance.getrandbits(32), str(victim))
    watch = Watch(look)
    for item in corpus.items(ITEMS):
        place = tmp_path / "place"
        lay(item, place, victim)
        with told(f"{item} of Corpus(made, {corpus.chance}, ...), kept in {place}"):
            watch.one(item, place)
            assert victim.exists(), "what a journal named was removed"
        shutil.rmtree(place)
    watch.at_the_end()


@contextmanager
def told(what: str) -> Iterator[None]:
    """Says what it was about, whatever goes wrong."""
    with ExitStack() as going_wrong:
        going_wrong.callback(print, what)
        yield
        going_wrong.pop_all()


def lay(item: Item, place: Path, victim: Path) -> None:
    place.mkdir()
    victim.write_text("not to be removed")
    for ending, content in item.files.items():
        (place / NAMES[ending]).write_bytes(content)


class Watch:
    """Has one item after the other looked into, and holds what must hold each time."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.seconds = DEADLINE
        self.seen: Counter[str] = Counter()
        self._us = psutil.Process()
        self._before: tuple[int, int] | None = None

    def one(self, item: Item, place: Path) -> None:
        patient = item.control or item.seed.name == "greedy.db"  # which is refused for its memory
        begun, self.seconds = time.monotonic(), PATIENCE if patient else DEADLINE
        ways = (self._as_snapshots_do, self._straight)
        way = ways[item.number % 2 if len(item.files) > 1 else 0]
        try:
            rows = way(item, place) if item.seed.kind == "database" else self._as_proofs_do(place)
        except ReadinessError as error:
            assert not item.control, error.message
            assert len(error.message) < 2000
            self.seen[type(error).__name__] += 1
        else:
            assert not item.control or rows == item.seed.rows
            assert not item.hangs, "there was an answer"
            self.seen["answer"] += 1
        assert time.monotonic() - begun < self.seconds + LATE
        self._require_limits()
        if item.number == ITEMS // 3:
            self._before = self._taken()

    def _as_snapshots_do(self, item: Item, place: Path) -> dict[str, int]:
        """A live one is copied first; the sound copy of a sound one has its rows."""
        database = place / "database"
        if len(item.files) == 1:
            wrong, rows = reading.look_at(self.look, database, self.seconds)
            assert not (wrong and item.control)
            return rows
        copying.copy_consistently(self.look, database, place / "copy", self.seconds)
        return reading.count_rows(self.look, place / "copy", self.seconds, may_be_empty=True)

    def _as_proofs_do(self, place: Path) -> dict[str, int]:
        found = Archives(self.look, MOST, self.seconds).examine(place / "database")
        if found.outcome != "passed":
            raise DatabaseUnusable(found.reason)
        return {}

    def _straight(self, item: Item, place: Path) -> dict[str, int]:
        """Nothing is refused before it gets there."""
        with ExitStack() as opened:
            handles = {name: open_regular(place / name) for name in os.listdir(place)}
            for handle in handles.values():
                opened.callback(os.close, handle)
            opened.enter_context(self.look.lent(handles, ours=False))
            answer = self.look.ask(RECOVER, self.seconds)
        if answer.error or answer.faults:
            raise DatabaseUnusable((answer.error or str(answer.faults))[:1000])
        return answer.rows or {}

    def _require_limits(self) -> None:
        left = sorted(str(path.relative_to(self.look.place)) for path in self.look.place.rglob("*"))
        assert left in ([], ["room"]), "something was left"
        if self.look._looker and self.look._looker._program:
            status = Path(f"/proc/{self.look._looker._program.pid}/status")
            peak = [line.split() for line in status.read_text().splitlines() if line.startswith("VmPeak")]
            assert all(int(kilobytes) << 10 <= MEMORY for _, kilobytes, _ in peak), peak

    def _taken(self) -> tuple[int, int]:
        return self._us.memory_info().rss, self._us.num_fds()

    def at_the_end(self) -> None:
        assert self._before
        (bytes_before, files_before), (bytes_now, files_now) = self._before, self._taken()
        print(self.seen, f"{(bytes_now - bytes_before) >> 20} MB more")
        assert bytes_now - bytes_before < GROWTH
        assert files_now <= files_before
        assert len(self.seen) > 1
