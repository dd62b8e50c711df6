"""Fixtures that every test may use, and the rule that CI skips nothing."""

import os
import random
import shutil
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agent.adapters.looking.session import Look
from agent.core.schedule import duties
from support.builders.live_files import Mount, mounted_over
from support.doubles.simulated_business import BusinessWorld
from support.restics import RESTIC_VERSIONS, cache, restic_program
from support.servers.backends import RestServer, SftpServer, running_rest_server, running_sftp_server
from support.servers.mail_server import MailServer, running_mail_server

# tests that CI may skip, by the start of their node ID, each with the reason
MAY_SKIP_IN_CI: dict[str, str] = {
    "tests/adapters/host/test_disks_real.py::test_a_volume_of_the_device_mapper": "some kernels have none",
}

# what takes longest, by the start of the path: it begins first, so that the end does not wait for it
FIRST = (
    "tests/containers/test_mail.py",  # makes the installed machine that the other containers begin as
    "tests/containers/test_hostile.py",  # the longest of all
    "tests/walks/",
    "tests/faults/",
    "tests/operations/upkeep/",
    "tests/adapters/restic/",
    "tests/containers/",
    "tests/daemon/",
    "tests/operations/drill/",
    "tests/scripts/",
    "tests/simulated/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files in the order of FIRST; xdist gives them out as they come with --no-loadscope-reorder."""
    items.sort(
        key=lambda item: next((n for n, path in enumerate(FIRST) if item.nodeid.startswith(path)), len(FIRST))
    )


@pytest.fixture(params=RESTIC_VERSIONS)
def restic(request: pytest.FixtureRequest) -> Path:
    """The restic program, once for every version that is supported."""
    return restic_program(request.param)


@pytest.fixture
def newest_restic() -> Path:
    """One restic program, for tests that hold whatever its version is."""
    return restic_program(RESTIC_VERSIONS[-1])


@pytest.fixture(scope="session")
def rest_server_program() -> Path:
    """restic's rest-server."""
    program = cache() / "restic-rest-server-0.14.0" / "restic-rest-server"
    if not os.access(program, os.X_OK):
        pytest.skip(f"restic-rest-server is not in {cache()}: run scripts/fetch-restic")
    return program


@pytest.fixture
def rest_server(rest_server_program: Path, tmp_path: Path) -> Iterator[RestServer]:
    """A rest-server of this test's own: TLS, password, private repositories, append-only."""
    with running_rest_server(tmp_path / "rest", rest_server_program) as server:
        yield server


@pytest.fixture
def sftp_server(tmp_path: Path) -> Iterator[SftpServer]:
    """An sshd of this test's own, for sftp."""
    if not shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin"):
        pytest.skip("needs sshd: apt install openssh-server")
    with running_sftp_server(tmp_path / "sftp") as server:
        yield server


@pytest.fixture(scope="module")
def look(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Look]:
    """A process that looks into files, for the tests of a module."""
    with closing(Look(tmp_path_factory.mktemp("looking") / "look")) as found:
        yield found


@pytest.fixture
def as_root() -> None:
    """Asks for the rights of root: owners, mounts, other users."""
    if os.geteuid() != 0:
        pytest.skip("needs root")


@pytest.fixture
def exim(as_root: None) -> None:
    """Asks for the mail server exim4."""
    if not shutil.which("exim4", path=f"{os.environ['PATH']}:/usr/sbin"):
        pytest.skip("needs exim4: apt install exim4-daemon-light")


@pytest.fixture
def mail_server(exim: None, tmp_path: Path) -> Iterator[MailServer]:
    """A mail server of this test's own: STARTTLS, TLS, and a password."""
    with running_mail_server(tmp_path / "mail") as server:
        yield server


@pytest.fixture
def worlds(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[BusinessWorld]]:
    """Simulated businesses, closed at the end. They look what to tell after each run and every hour: every
    quarter of an hour takes more than twice the time, and shows the same."""
    monkeypatch.setattr(duties, "NOTIFY_EVERY", 3600)
    made: list[BusinessWorld] = []
    yield made
    for world in made:
        world.close()


@pytest.fixture(scope="module")
def chance() -> random.Random:
    """For tests that try another moment each time; READINESS_TEST_SEED tries the same again."""
    seed = int(os.environ.get("READINESS_TEST_SEED") or random.randrange(1 << 32))
    print("READINESS_TEST_SEED", seed)
    return random.Random(seed)


@pytest.fixture
def mounting(as_root: None) -> Iterator[Mount]:
    """Mounts an empty file system over a directory."""
    with mounted_over() as mount:
        yield mount


def pytest_report_header() -> str:
    found = []
    for version in RESTIC_VERSIONS:
        real = cache() / f"restic-{version}" / "version"
        found.append(f"{version} ({real.read_text().strip()})" if real.exists() else f"{version} (missing)")
    return f"restic: {', '.join(found)} in {cache()}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        _refuse_to_skip(report, item.nodeid)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.skipped:
        _refuse_to_skip(report, collector.nodeid)
    return report


def _refuse_to_skip(report: Any, node: str) -> None:
    """In CI a skipped test is a failed one, unless it is named above."""
    if os.environ.get("CI") != "true" or node.startswith(tuple(MAY_SKIP_IN_CI)):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = f"CI skips nothing, but this test was: {reason}"


@pytest.fixture(autouse=True, scope="session")
def reachable(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests that run something as another user below their directory need a way to it."""
    base = tmp_path_factory.getbasetemp()
    for directory in (base, *base.parents):
        if not directory.name.startswith(("pytest-", "popen-")):
            break
        directory.chmod(directory.stat().st_mode | 0o011)
