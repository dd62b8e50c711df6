"""A machine made of a dictionary, and what `readiness validate` says of it and of a small config."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from agent.adapters.ledger.empty import EmptyReader
from agent.config import load
from agent.core.configuration.config import Config, Repository
from agent.core.configuration.location import Extent, FileFacts
from agent.core.configuration.problem import Noted
from agent.core.model.places import Placed
from agent.errors import ResticError
from agent.operations.ports.ledger import LedgerReader
from agent.operations.setup.validate import validate

DIRECTORY = FileFacts("directory", 0o755)
GIB = 1 << 30


class FakeMachine:
    """A machine on which all is well, until a test takes something away."""

    def __init__(self, config_file: str) -> None:
        self.user = 0
        self.files: dict[str, FileFacts] = {
            "/": DIRECTORY,
            config_file: FileFacts("file", 0o600, 0, 100),
            "/etc/p": FileFacts("file", 0o600, 0, 44),
            "/backup": DIRECTORY,
            "/backup/config": FileFacts("file", 0o600, 0, 155),
            "/srv/orders": DIRECTORY,
            "/srv": DIRECTORY,
            "/srv/orders/orders.db": FileFacts("file", 0o644, 0, 4096),
            "/srv/shop": DIRECTORY,
            "/state": FileFacts("directory", 0o700),
        }
        self.links: dict[str, str] = {}
        self.unreadable: set[str] = set()
        self.unwritable: set[str] = set()
        self.devices = {"/backup": 2}
        self.remote = Placed("elsewhere")
        self.free = (100 * GIB, 10**9)
        self.extents = {
            "/srv/orders": Extent(GIB, 1000),
            "/srv/shop": Extent(2 * GIB, 1000),
            "/srv": Extent(0, 0),
        }
        self.restic: ResticError | None = None

    def facts(self, path: str) -> FileFacts | None:
        return FileFacts("link", 0o777) if path in self.links else self.files.get(path)

    def real_path(self, path: str) -> str:
        for link, target in self.links.items():
            if path == link or path.startswith(f"{link}/"):
                return target + path.removeprefix(link)
        return path

    def can_read(self, path: str) -> bool:
        return path not in self.unreadable

    def can_restore_to(self, path: str) -> bool:
        return self.can_write(path)

    def can_write(self, path: str) -> bool:
        return path not in self.unwritable

    def place_of(self, repository: Repository, paths: Sequence[str], exclude: Sequence[str]) -> Placed:
        if ":" in repository.url:
            return self.remote
        shared = self.devices.get(repository.url, 1) in {self.devices.get(path, 1) for path in paths}
        return Placed("same-disk" if shared else "same-machine")

    def room(self, path: str) -> tuple[int, int]:
        return self.free

    def extent(self, paths: Sequence[str], exclude: Sequence[str], seconds: float) -> Extent:
        return self.extents[paths[0]]

    def restic_version(self, executable: str) -> tuple[int, int, int]:
        if self.restic:
            raise self.restic
        return (0, 14, 0)

    def read_environment(self, path: str) -> dict[str, str]:
        if path not in self.files:
            raise ResticError(f"{path} cannot be read.", "Write it.")
        return {}

    def holds_certificates(self, path: str) -> bool:
        return path in self.files and path not in self.unreadable


CONFIG = """
[agent]
state = "/state"
[repository.primary]
url = "/backup"
password_file = "/etc/p"
[process.orders]
paths = ["/srv/orders"]
vital = ["/srv/orders/orders.db"]
[process.shop]
paths = ["/srv/shop"]
"""


def config_of(file: Path, *changes: tuple[str, str]) -> Config:
    text = CONFIG
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)
    return load(str(file))


def no_ledger() -> AbstractContextManager[LedgerReader]:
    return nullcontext(EmptyReader())


def noted_of(machine: FakeMachine, file: Path, *changes: tuple[str, str]) -> list[Noted]:
    return validate(config_of(file, *changes), machine, no_ledger)


def the_note(machine: FakeMachine, file: Path, *changes: tuple[str, str]) -> Noted:
    (noted,) = noted_of(machine, file, *changes)
    assert noted.hint
    return noted
