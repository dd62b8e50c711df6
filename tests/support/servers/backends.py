"""Real servers on loopback that hold repositories: restic's rest-server and sftp by an sshd of our own.

Use them through the fixtures `rest_server` and `sftp_server` of conftest.py, usually as plan B:
`PlanB(shop, rest_server.url(), environment=rest_server.environment, place=rest_server.place())`.
"""

import base64
import hashlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from support.servers.certificates import Issuer

LOOPBACK = "127.0.0.1"
PATIENCE = 30.0
TRIES = 5  # at a free port


class RestServer(NamedTuple):
    """restic's rest-server: TLS, passwords, private repositories, and append-only unless told otherwise."""

    port: int
    directory: Path  # of all repositories
    certificate: Path  # of who signed the server's
    password: str
    pid: int

    @property
    def environment(self) -> dict[str, str]:
        """What restic needs to trust it; 0.14 does not know RESTIC_CACERT, but Go's own name."""
        return dict.fromkeys(("RESTIC_CACERT", "SSL_CERT_FILE"), str(self.certificate))

    def place(self, repository: str = "shop") -> Path:
        """Where it keeps a repository."""
        return self.directory / repository

    def url(self, user: str = "shop", password: str = "", repository: str = "shop") -> str:
        """Of a repository; users are "shop" and "other", each with a repository of the same name."""
        return f"rest:https://{user}:{password or self.password}@{LOOPBACK}:{self.port}/{repository}/"


class SftpServer(NamedTuple):
    """sftp as the user who runs the tests."""

    port: int
    directory: Path
    command: str  # for restic's option sftp.command; sftp.args is known from restic 0.16 on only
    pid: int

    @property
    def options(self) -> tuple[str, ...]:
        return (f"sftp.command={self.command}",)

    def place(self, repository: str = "repository") -> Path:
        """Where it keeps a repository."""
        return self.directory / repository

    def url(self, repository: str = "repository") -> str:
        return f"sftp:{LOOPBACK}:{self.directory}/{repository}"


@contextmanager
def running_rest_server(base: Path, program: Path, append_only: bool = True) -> Iterator[RestServer]:
    """A rest-server that keeps everything below `base`."""
    directory = base / "repositories"
    directory.mkdir(parents=True)
    issuer = Issuer(base)
    issuer.issue(base)
    password = secrets.token_hex(8)
    digest = base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()
    (directory / ".htpasswd").write_text("".join(f"{user}:{{SHA}}{digest}\n" for user in ("shop", "other")))

    def command(port: int) -> list[str]:
        argv = [str(program), "--path", str(directory), "--listen", f"{LOOPBACK}:{port}", "--tls"]
        argv += ["--tls-cert", f"{base}/server.pem", "--tls-key", f"{base}/server.key", "--private-repos"]
        return [*argv, "--append-only"] if append_only else argv

    with serving(command, base / "server.log") as (pid, port):
        yield RestServer(port, directory, issuer.file, password, pid)


@contextmanager
def running_sftp_server(base: Path) -> Iterator[SftpServer]:
    """An sshd that lets one user in with a key, for sftp alone."""
    base.mkdir()
    user = pwd.getpwuid(os.geteuid()).pw_name
    for name in ("host", "client"):
        keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(base / name)]
        subprocess.run(keygen, check=True)
    shutil.copy(base / "client.pub", base / "authorized")
    directory = base / "files"
    directory.mkdir()
    configuration = base / "sshd_config"

    def command(port: int) -> list[str]:
        configuration.write_text(
            f"Port {port}\nListenAddress {LOOPBACK}\nHostKey {base}/host\nPidFile none\n"
            f"AuthorizedKeysFile {base}/authorized\nStrictModes no\nUsePAM no\n"
            "PasswordAuthentication no\nSubsystem sftp internal-sftp\n"
        )
        (base / "known").write_text(f"[{LOOPBACK}]:{port} {(base / 'host.pub').read_text()}")
        argv = [shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin") or "sshd", "-D", "-e"]
        return [*_with_its_directory(), *argv, "-f", str(configuration)]

    with serving(command, base / "server.log") as (pid, port):
        options = {"UserKnownHostsFile": f"{base}/known", "StrictHostKeyChecking": "yes", "BatchMode": "yes"}
        words = ["ssh", "-F", "none", "-p", str(port), "-i", f"{base}/client", "-l", user]
        words += [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        yield SftpServer(port, directory, " ".join([*words, LOOPBACK, "-s", "sftp"]), pid)


def _with_its_directory() -> list[str]:
    """As root sshd wants an empty /run/sshd: one that only it sees, and that goes with it."""
    if os.geteuid() != 0:
        return []
    script = 'mount -t tmpfs none /run && mkdir -m 755 /run/sshd && exec "$@"'
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"]


@contextmanager
def serving(command: Callable[[int], Sequence[str]], log: Path, port: int = 0) -> Iterator[tuple[int, int]]:
    """A server on `port` or a free one, for as long as the block; yields its process ID and the port."""
    server, port = _started(command, log, port)
    try:
        yield server.pid, port
    finally:
        server.terminate()
        try:
            server.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _started(
    command: Callable[[int], Sequence[str]], log: Path, wanted: int
) -> "tuple[subprocess.Popen[bytes], int]":
    for _ in range(TRIES):
        port = wanted or free_port()
        with log.open("wb") as output:
            server = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "--", *command(port)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
        if _answers(server, port):
            return server, port
        server.kill()
        server.wait()
    raise AssertionError(log.read_text())


def free_port() -> int:
    """A port on loopback that nobody listens at now."""
    with socket.socket() as unused:
        unused.bind((LOOPBACK, 0))
        return int(unused.getsockname()[1])


def _answers(server: "subprocess.Popen[bytes]", port: int) -> bool:
    """Whether it came up; False when it ended, as it does when somebody else took the port."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection((LOOPBACK, port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return server.poll() is None
    return False
