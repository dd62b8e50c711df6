"""The last ping is remembered for the next run; without it there are more pings, not fewer."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.adapters.web.ping_file import LARGEST, PingFile
from agent.core.telling.heartbeat import Ping

PING = Ping(word="success", at=datetime(2026, 11, 25, 12, tzinfo=UTC), fate="accepted")


def test_the_next_run_knows_the_last_ping(tmp_path: Path) -> None:
    PingFile(str(tmp_path)).remember(PING)
    assert PingFile(str(tmp_path)).last() == PING


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    PingFile(str(tmp_path)).remember(PING)
    [file] = tmp_path.iterdir()
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"\xff", b"[" * 9999, b'"' + b"x" * 2 * LARGEST + b'"', None]
)
def test_what_cannot_be_understood_is_none(tmp_path: Path, content: bytes | None) -> None:
    memory = PingFile(str(tmp_path))
    if content is not None:
        memory.remember(PING)
        [file] = tmp_path.iterdir()
        file.write_bytes(content)
    assert memory.last() is None


def test_where_it_cannot_be_noted_nothing_is_raised(tmp_path: Path) -> None:
    memory = PingFile(str(tmp_path / "gone"))
    memory.remember(PING)
    assert memory.last() is None
