"""The files of a first set-up, written so that nothing old is lost and nobody else can read them."""

import os
import pwd
import secrets
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.adapters.host.places import find_place
from agent.core.model.places import Placed
from agent.core.text.plain import printable
from agent.errors import ReadinessError


class SetupFailed(ReadinessError):
    """A file or directory of the set-up cannot be written."""

    code = "setup-failed"


class LocalSetupFiles:
    """Implements the port `SetupFiles` on this machine.

    With a `user` it is root's set-up of a service: the state is that user's, all else root's, and config and
    password are open to the group of that user, who may change neither.
    """

    def __init__(self, user: pwd.struct_passwd | None = None) -> None:
        self._user = user

    def real_directory(self, path: str) -> str | None:
        """Absolute and free of links, or None."""
        real = os.path.realpath(path)
        return real if os.path.isdir(real) else None  # noqa: PTH112 - Path.is_dir raises where access is denied

    def real_path(self, path: str) -> str:
        """Absolute and free of links as far as it exists."""
        return os.path.realpath(path)

    def exists(self, path: str) -> bool:
        """Also for a dangling link: writing through one would surprise."""
        return os.path.lexists(path)

    def place_of(self, url: str, path: str) -> Placed:
        """Of what need not be there yet."""
        return find_place(url, (), (path,))

    def make_private(self, directory: str) -> None:
        """Mode 0700 for what is new."""
        with _explained(directory):
            Path(directory).parent.mkdir(parents=True, exist_ok=True)
            try:
                Path(directory).mkdir(mode=0o700)
            except FileExistsError:
                self._require_its(directory)
                return
            if self._user:
                os.chown(directory, self._user.pw_uid, self._user.pw_gid)

    def _require_its(self, directory: str) -> None:
        if self._user and os.stat(directory).st_uid != self._user.pw_uid:  # noqa: PTH116
            name = self._user.pw_name
            raise SetupFailed(
                f"The state {printable(directory)} does not belong to the user {name} of the service.",
                f"Choose another with --state DIR; if it is the right one: chown -R {name}: "
                f"{shlex.quote(directory)}",
            )

    def _open_to_group(self, handle: int) -> None:
        if self._user:
            os.fchown(handle, -1, self._user.pw_gid)
            os.fchmod(handle, 0o640)

    def make_parent(self, path: str) -> None:
        """With everything above it."""
        with _explained(path):
            Path(path).parent.mkdir(parents=True, exist_ok=True)

    def write_password(self, path: str) -> None:
        """256 random bits, as text that can be typed."""
        with _explained(path):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(handle, "w") as file:
                self._open_to_group(handle)
                file.write(secrets.token_urlsafe(32) + "\n")
                file.flush()
                os.fsync(file.fileno())
            _sync_directory(Path(path).parent)

    def write(self, path: str, text: str, replace: bool) -> None:
        """Through a new file beside it, so that a full disk leaves the old one whole."""
        target = Path(path)
        with _explained(path):
            handle, beside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    self._open_to_group(handle)
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                if replace:
                    Path(beside).replace(target)
                else:
                    os.link(beside, target)  # refuses where somebody was quicker
            finally:
                Path(beside).unlink(missing_ok=True)
            _sync_directory(target.parent)

    def remove(self, path: str) -> None:
        """Gone already is fine."""
        with _explained(path):
            Path(path).unlink(missing_ok=True)


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _explained(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SetupFailed(
            f"{path} cannot be written: {error.strerror}.",
            "Run as root, or choose other places with --config FILE and --state DIR.",
        ) from error
