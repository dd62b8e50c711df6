"""Fixtures of the container tests."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.servers.container import Container
from support.servers.machines import SERVICE, STUB

DROP_IN = f"/etc/systemd/system/{SERVICE}.d/test.conf"


@pytest.fixture
def drop_in(machine: Container) -> Iterator[Callable[..., None]]:
    """Changes the service's unit for one test: `drop_in("RestartSec=1s")`."""

    def write(*lines: str) -> None:
        file = machine.file(DROP_IN)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(["[Service]", *lines, ""]))
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "restart", SERVICE, check=False)

    yield write
    machine.file(DROP_IN).unlink(missing_ok=True)
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", SERVICE)


@pytest.fixture
def boxes(machine: Container) -> Iterator[Path]:
    """Everybody's mailbox, empty at first; the service runs again afterwards."""
    found = machine.file(f"{STUB}/mail")
    shutil.rmtree(found, ignore_errors=True)
    yield found
    for name in ("slow", "answer"):
        machine.file(f"{STUB}/{name}").unlink(missing_ok=True)
    # one that has just died is started now, and not when its pause is over
    machine.shell(f"systemctl --quiet is-active {SERVICE} || systemctl restart {SERVICE}")
