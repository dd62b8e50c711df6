"""Where a repository lies, by its address and by its path."""

import shutil
from pathlib import Path

import pytest

from agent.adapters.host import places
from agent.adapters.host.places import find_place


@pytest.mark.parametrize(
    ("url", "options", "place", "near"),
    [
        ("{}/repository", (), "same-disk", True),
        ("local:{}/none", (), "same-disk", True),
        ("sftp:root@localhost:{}", (), "same-machine", True),
        ("sftp:nas:/r", ("sftp.command=ssh -p 2222 127.0.0.1 -s sftp",), "same-machine", True),
        ("rest:http://[::1]:8000/", (), "same-machine", True),
        ("sftp:198.51.100.7:/r", (), "elsewhere", False),
        ("b2:bucket:shop", (), "elsewhere", False),
        ("rclone:cloud:shop", (), "not-known", False),
        ("/proc/self", (), "not-known", False),
    ],
)
def test_a_repository_lies_where_its_address_leads(
    tmp_path: Path, url: str, options: tuple[str, ...], place: str, near: bool
) -> None:
    found = find_place(url.format(tmp_path), options, [str(tmp_path)])
    assert (found.place, found.is_near) == (place, near)
    assert bool(found.reason) is (place in ("same-machine", "not-known"))


def test_an_alias_of_ssh_stands_for_the_host_that_its_configuration_names(tmp_path: Path) -> None:
    if not shutil.which("ssh"):
        pytest.skip("needs ssh: apt install openssh-client")
    (tmp_path / "config").write_text("Host vault\n  HostName 127.0.0.1\nHost far\n  HostName 198.51.100.7\n")
    for alias, place in (("vault", "same-machine"), ("far", "elsewhere")):
        options = (f"sftp.command=ssh -F {tmp_path}/config backup@{alias} -s sftp",)
        assert find_place("sftp:nas:/r", options, [str(tmp_path)]).place == place


def test_without_ssh_the_address_alone_counts(tmp_path: Path) -> None:
    options = (f"sftp.command={tmp_path}/ssh localhost -s sftp",)
    assert find_place("sftp:nas:/r", options, [str(tmp_path)]).names_us


def test_a_server_that_also_holds_the_data_is_known_under_its_other_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(places, "addresses", {"nas": frozenset({"198.51.100.7"})}.get)
    monkeypatch.setattr(places, "names_this_machine", lambda host: False)
    found = places._resolved(places._remote("sftp:nas:/r", ()))
    assert found.servers == {"nas", "198.51.100.7"}


def test_what_cannot_be_looked_at_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(self: object) -> list[object]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(places.Disks, "_mounts", refuses)
    found = find_place("/r", (), ["/srv"])
    assert (found.place, "Permission denied" in found.reason) == ("not-known", True)
