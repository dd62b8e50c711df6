"""The process that looks was taken over: what it can do to us from inside its walls."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.adapters.looking import starting
from agent.adapters.looking.files import open_regular
from agent.adapters.looking.session import Look, TookTooLong
from agent.adapters.looking.starting import NotLooked
from agent.adapters.sqlite.copying import copy_consistently
from support.builders.databases import make_orders
from support.hostile.databases import crash

FALLEN = """
import sys
sys.dont_write_bytecode = True
sys.path.append(sys.argv[1])
import fcntl, os, time
from agent.adapters.looking import child, databases
really = databases.answer
def answer(question, handles):
{payload}
databases.answer = answer
child.main()
"""
QUERY = {"query": "SELECT 1"}

Fall = Callable[..., Look]


@pytest.fixture
def fallen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_root: None) -> Iterator[Fall]:
    """A process that has fallen: in the middle of a question it runs these lines."""
    with contextlib.ExitStack() as looks:

        def fall(payload: str, place: Path = tmp_path / "look") -> Look:
            lines = "\n".join(f"    {line}" for line in payload.splitlines())
            monkeypatch.setattr(starting, "BOOT", FALLEN.format(payload=lines))
            return looks.enter_context(contextlib.closing(Look(place)))

        yield fall


@pytest.fixture
def disk(tmp_path: Path, as_root: None) -> Iterator[Path]:
    """A disk of 64 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "readiness-test", place], check=True)
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def crashed(place: Path) -> Path:
    """A database whose application died in the middle of a change."""
    database = make_orders(place / "orders.db", rows=3000)
    crash(database)
    return database


@pytest.mark.parametrize("name", ["f'{number}'", "'one'"], ids=["many", "one-that-is-nowhere"])
def test_the_disk_is_not_filled_up(fallen: Fall, disk: Path, name: str) -> None:
    look = fallen(
        "try:\n"
        "    for number in range(1000):\n"
        f"        file = open({name}, 'ab', 0)\n"
        f"        {'os.unlink' if 'one' in name else 'id'}({name})\n"
        "        for part in range(4):\n"
        "            file.write(bytes(1 << 20)); time.sleep(0.02)\n"
        "        globals()[f'kept{number}'] = file\n"
        "except OSError:\n"
        "    return {'value': 'full'}",
        disk / "look",
    )
    with pytest.raises(NotLooked, match="fills the disk"):
        look.ask(QUERY, 30)
    assert shutil.disk_usage(disk).used < 1 << 20


def test_who_undoes_what_would_end_it_is_ended_all_the_same(fallen: Fall) -> None:
    look = fallen(
        "import signal\n"
        "for number in range(3, 64):\n"
        "    try: fcntl.fcntl(number, fcntl.F_SETFL, 0)\n"
        "    except OSError: pass\n"
        "for number in range(1, 32):\n"
        "    try: signal.signal(number, signal.SIG_IGN)\n"
        "    except (OSError, ValueError): pass\n"
        "while True: time.sleep(1)"
    )
    look.begin()
    assert look._looker
    assert look._looker._program
    pid = look._looker._program.pid
    with pytest.raises(TookTooLong):
        look.ask(QUERY, 0.5)
    assert not Path(f"/proc/{pid}").exists()


def test_what_it_leaves_in_the_room_is_in_nobodys_way(fallen: Fall, tmp_path: Path) -> None:
    look = fallen(
        "for name in ('database', 'database-wal', 'database-journal'):\n"
        "    try: os.unlink(name)\n"
        "    except OSError: pass\n"
        "    os.makedirs(name + '/' + 'x')\n"
        "os.chmod('database', 0)\n"
        "return {'rows': {'a': 1}}"
    )
    database = make_orders(tmp_path / "orders.db", rows=3, journal="wal")
    for _ in range(2):
        handle = open_regular(database)
        with look.lent({"database": handle}, ours=False):
            assert look.ask(QUERY, 30).rows == {"a": 1}
        os.close(handle)
        assert list((look.place / "room").iterdir()) == []


def test_a_copy_is_of_what_we_handed_over_and_of_nothing_that_was_put_in_its_place(
    fallen: Fall, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("a secret")
    look = fallen(
        "if 'recover' in question:\n"
        "    os.rename('database', 'mine')\n"
        f"    os.symlink('/{'../' * 20}{tmp_path}/secret', 'database')\n"
        "    return {}\n"
        "return really(question, handles)"
    )
    copy_consistently(look, crashed(tmp_path), tmp_path / "copy", 30)
    assert (tmp_path / "copy").read_bytes()[:16] == b"SQLite format 3\0"


def test_what_it_does_to_a_copy_afterwards_is_done_to_another_file(fallen: Fall, tmp_path: Path) -> None:
    look = fallen(
        "if 'recover' in question:\n"
        "    answer = really(question, handles)\n"
        "    globals()['kept'] = os.open('database', os.O_RDWR)\n"
        "    return answer\n"
        "os.pwrite(kept, bytes(4096), 0)\n"
        "return {'rows': {'spoilt': 1}}"
    )
    copy_consistently(look, crashed(tmp_path), tmp_path / "copy", 30)
    assert look.ask(QUERY, 30).rows == {"spoilt": 1}
    assert (tmp_path / "copy").read_bytes()[:16] == b"SQLite format 3\0"
