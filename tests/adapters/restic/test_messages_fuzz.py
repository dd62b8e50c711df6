"""Whatever becomes of restic's answers on the way, only a sane value or ResticError comes out."""

import json
import os
import random
import re
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import pytest

from agent.adapters.host.command import Completed
from agent.adapters.restic.errors import trouble
from agent.adapters.restic.messages import (
    LARGEST,
    Messages,
    RepositoryConfig,
    Sizes,
    backup_summary,
    listed,
    understood,
)
from agent.errors import ResticError
from support.builders.quick_key import empty_repository

ROUNDS = int(os.environ.get("READINESS_FUZZ_ROUNDS") or 600)
VALUES = [None, True, -1, 0, 10**30, 1e300, 0.5, "", "\ud800", "\0", "x" * 9999, [], {}, [[]], "ab" * 32]
BYTES = [b"\0", b"\xff", b'"', b"{", b"}", b"[", b"]", b"\n", b"NaN", b"1e999", b"\\ud800", b"-", b"9" * 400]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], dict[str, bytes]]:
    """What a real restic says to each question; asked once."""
    known: dict[Path, dict[str, bytes]] = {}

    def answers(restic: Path) -> dict[str, bytes]:
        if restic not in known:
            known[restic] = _record(restic, tmp_path_factory.mktemp("recorded"))
        return known[restic]

    return answers


def _record(restic: Path, base: Path) -> dict[str, bytes]:
    (base / "source").mkdir()
    for number in range(20):
        (base / "source" / f"file-{number}").write_bytes(os.urandom(1000))
    (base / "password").write_text("x")
    (base / "password").chmod(0o600)

    def say(*arguments: str) -> bytes:
        environment = {
            **os.environ,
            "RESTIC_REPOSITORY": str(base / "repository"),
            "RESTIC_PASSWORD_FILE": str(base / "password"),
        }
        done = subprocess.run(
            [restic, "--no-cache", "--json", *arguments], env=environment, capture_output=True, check=False
        )
        return done.stdout + done.stderr

    empty_repository(base / "repository", restic, "x")
    return {
        "backup": say("backup", "--tag", "a,b", str(base / "source")),
        "snapshots": say("snapshots"),
        "stats": say("stats", "--mode", "restore-size", "latest"),
        "cat": say("cat", "config"),
        "restore": say("restore", "latest", "--target", str(base / "target"), "--verbose=2"),
        "trouble": say("restore", "ffffffff", "--target", str(base / "target")),
    }


def mutations(answer: bytes, chance: random.Random) -> Iterator[bytes]:
    for _ in range(ROUNDS):
        mutated = answer
        for _ in range(chance.randint(1, 3)):
            mutated = chance.choice([_cut, _insert, _overwrite, _double, _change_value])(mutated, chance)
        yield mutated


def _cut(answer: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(answer) + 1)
    return answer[:start] + answer[start + chance.choice([1, 5, 1000]) :]


def _insert(answer: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(answer) + 1)
    return answer[:start] + chance.choice(BYTES) * chance.choice([1, 1, 2000]) + answer[start:]


def _overwrite(answer: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(answer) + 1)
    return answer[:start] + chance.choice(BYTES) + answer[start + 1 :]


def _double(answer: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(answer) + 1)
    end = chance.randrange(start, len(answer) + 1)
    return answer[:end] + answer[start:end] + answer[end:]


def _change_value(answer: bytes, chance: random.Random) -> bytes:
    lines = answer.splitlines()
    if not lines:
        return answer
    number = chance.randrange(len(lines))
    try:
        value = json.loads(lines[number])
    except (ValueError, RecursionError):
        return answer
    holder = value[0] if isinstance(value, list) and value else value
    if isinstance(holder, dict) and holder:
        key = chance.choice(list(holder))
        holder[chance.choice([key, key, key + "x"])] = chance.choice(VALUES)
    lines[number] = json.dumps(value).encode()
    return b"\n".join(lines)


def sane_listing(answer: bytes) -> None:
    for snapshot in listed(answer):
        assert len(snapshot.id) == 64 and set(snapshot.id) <= set("0123456789abcdef")
        assert datetime(1970, 1, 1, tzinfo=UTC) < snapshot.time < datetime(9001, 1, 1, tzinfo=UTC)
        assert all(isinstance(text, str) for text in (snapshot.host, *snapshot.paths, *snapshot.tags))


def sane_sizes(answer: bytes) -> None:
    sizes = understood(answer, Sizes, "sizing")
    assert 0 <= sizes.total_size <= LARGEST and 0 <= sizes.total_file_count <= LARGEST


def sane_identity(answer: bytes) -> None:
    assert len(understood(answer, RepositoryConfig, "reading").id) == 64


def sane_backup(answer: bytes) -> None:
    told: list[tuple[int, ...]] = []
    messages = Messages(lambda *numbers: told.append(numbers))
    for line in answer.split(b"\n"):
        messages(line)
    summary = backup_summary(messages.summary or {}, 0, answer)
    assert 8 <= len(summary.snapshot) <= 64 and summary.snapshot.isalnum()
    assert all(0 <= number <= LARGEST for number in (summary.files, summary.bytes))
    assert all(0 <= number <= LARGEST for numbers in told for number in numbers)


def sane_restore(answer: bytes) -> None:
    told: list[tuple[int, ...]] = []
    messages = Messages(lambda *numbers: told.append(numbers))
    for line in answer.split(b"\n"):
        messages(line)
    assert all(0 <= number <= LARGEST for numbers in told for number in numbers)


def sane_trouble(answer: bytes) -> None:
    for status in (1, 3, 12, 77, -9):
        completed = Completed(status=status, stdout=b"", stderr=answer, seconds=1.0)
        error = trouble("restoring", completed)
        assert error.message.isprintable() and len(error.message) < 500 and error.hint and error.code


SANE = {
    "backup": sane_backup,
    "snapshots": sane_listing,
    "stats": sane_sizes,
    "cat": sane_identity,
    "restore": sane_restore,
    "trouble": sane_trouble,
}


@pytest.mark.parametrize("question", SANE)
def test_a_mutated_answer_is_understood_or_refused(
    restic: Path,
    recorded: Callable[[Path], dict[str, bytes]],
    question: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # the same words are searched for each exit status; long ones take their time
    monkeypatch.setattr(re, "search", lru_cache(64)(re.search))
    answer = recorded(restic)[question]
    seed = int(os.environ.get("READINESS_TEST_SEED") or 7)
    SANE[question](answer)  # the answer itself makes sense
    for mutated in mutations(answer, random.Random(seed)):
        try:
            SANE[question](mutated)
        except ResticError:
            continue
        except BaseException:
            print(repr(mutated[:3000]))
            raise
