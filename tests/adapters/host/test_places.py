"""Where a repository lies, by its address and by its path."""

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
