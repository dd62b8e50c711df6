"""The unix sockets of the machine are found by their names."""

import socket
import subprocess
from pathlib import Path

from agent.adapters.sandbox.sockets import listening
from support.namespaces import unshared

HEAD = b"Num       RefCount Protocol Flags    Type St Inode Path\n"
LINE = b"00000000a12afec5: 00000002 00000000 00010000 0001 01 %5d %s\n"


def process(proc: Path, number: int, network: int, *lines: bytes) -> None:
    """A process in a network, as /proc shows it."""
    place = proc / str(number)
    for name in ("ns", "net"):
        (place / name).mkdir(parents=True)
    (place / "ns" / "net").symlink_to(f"net:[{network}]")
    (place / "net" / "unix").write_bytes(HEAD + b"".join(lines))


def test_a_listening_socket_is_found_by_its_name(tmp_path: Path) -> None:
    name = str(tmp_path / "a b.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(name)
        listener.listen()
        assert name in listening()


def test_one_of_another_network_is_found_too(tmp_path: Path) -> None:
    """A unit with PrivateNetwork= may be spoken to by everybody who sees its socket."""
    name = tmp_path / "x"
    code = f"import socket; s = socket.socket(socket.AF_UNIX); s.bind({str(name)!r}); s.listen(); input()"
    command = [*unshared("--net"), "python3", "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as apart:
        while not name.exists():
            assert apart.poll() is None
        assert str(name) in listening()
        apart.kill()


def test_names_without_a_place_in_the_file_system_are_none_of_ours(tmp_path: Path) -> None:
    process(tmp_path, 1, 7, LINE % (1, b"@abstract"), LINE % (2, b"private/smtp"), LINE[:-4] % 643 + b"\n")
    assert listening(tmp_path) == []


def test_a_name_with_the_end_of_a_line_in_it_is_one_name(tmp_path: Path) -> None:
    names = [b"/srv/a\nb", b"/srv/c\n", b"/srv/d"]
    process(tmp_path, 1, 7, *(LINE % (123456 + n, name) for n, name in enumerate(names)))
    assert listening(tmp_path) == ["/srv/a\nb", "/srv/c\n", "/srv/d"]


def test_what_has_ended_or_is_not_ours_to_see_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "12").mkdir()
    (tmp_path / "self").mkdir()
    process(tmp_path, 40, 7, LINE % (1, b"/srv/x"))
    process(tmp_path, 41, 7, LINE % (1, b"/srv/the/same/network"))
    process(tmp_path, 50, 8, LINE % (1, b"/srv/y"))
    assert listening(tmp_path) == ["/srv/x", "/srv/y"]
