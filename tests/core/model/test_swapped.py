"""Whose files in a snapshot tell that a link let them in, and which are only half written."""

import pytest

from agent.core.model.swapped import SLACK_US, KeptFile, Swaps, lacking, swapped
from support.builders.shop import process

SHOP, OTHER, ROOT = (33, 33), (61_999, 61_999), (0, 0)
BEGUN = 10_000_000
SWAPS = Swaps(
    begun_us=BEGUN,
    stirred=("/srv/shop", "/srv/shop/b\udcffd"),
    steady={"/srv/shop/pages", "/srv/shop/l\ufffdt"},
    renamer=33,
    states={(BEGUN + 5, 0, 0, 0o600)},
    inodes={7},
    owners={"/srv/shop": {SHOP, ROOT, (1, 1)}, "/srv/mail": {OTHER}},
)


def file(
    name: str, owner: tuple[int, int] = OTHER, inode: int = 0, changed: int = BEGUN, mode: int = 0o640
) -> KeptFile:
    return KeptFile(f"/srv/shop/site/{name}", owner, mode, changed, inode)


def test_where_no_name_came_or_went_restic_is_asked_for_nothing() -> None:
    assert Swaps().places(["/srv/shop/site"]) == ()
    assert SWAPS.places(["/srv/shop", "/srv/shop/pages", "/srv/shop/l\ufffdt", "/srv/elsewhere/x"]) == ()


def test_it_is_asked_for_each_directory_that_was_moved_or_that_no_walk_has_met() -> None:
    assert SWAPS.places(["/srv/shop/pages", "/srv/shop/site", "/srv/shop/anew"]) == (
        "/srv/shop/site",
        "/srv/shop/anew",
    )
    assert Swaps(stirred=("/",)).places(["/srv"]) == ("/srv",)
    assert Swaps(whole=("/srv",)).places([]) == ("/srv",)


@pytest.mark.parametrize(
    "directories", [["/srv/shop/n\ufffdw"], ["/srv/shop/l\ufffdt"] * 2, ["/srv/shop/b\ufffdd/site"]]
)
def test_names_that_restic_cannot_spell_hide_nothing(directories: list[str]) -> None:
    """Two of them may look alike."""
    assert SWAPS.places(directories) == SWAPS.stirred


def test_nobody_gains_by_what_is_theirs_and_what_was_met_is_known() -> None:
    assert SWAPS.is_unknown(file("orders"))
    assert not SWAPS.is_unknown(file("orders", (33, 0)))
    assert not SWAPS.is_unknown(file("renamed", ROOT, changed=BEGUN + 5, mode=0o600))
    assert SWAPS.is_unknown(file("renamed", ROOT, changed=BEGUN + 5))
    assert SWAPS.is_unknown(file("renamed", ROOT, changed=BEGUN + 6, mode=0o600))


@pytest.mark.parametrize("name", ["shadow", "moved", "app.conf.swp"])
@pytest.mark.parametrize("owner", [OTHER, ROOT, (1, 1)])
@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_what_has_been_as_it_is_since_before_the_first_walk_is_strange(
    name: str, owner: tuple[int, int], mode: int
) -> None:
    """Whatever it is called, whoever has the like in the sources, whoever may read it: nobody has met it."""
    assert SWAPS.is_strange(file(name, owner, 7, BEGUN - SLACK_US - 1, mode))
    assert not SWAPS.is_strange(file("moved", owner, 7, BEGUN - SLACK_US, mode))


@pytest.mark.parametrize(
    "name", ["shadow", "id_ed25519", "payroll.ods", "my.cnf", ".pgpass", "tmp", "new", "wp-config.php"]
)
@pytest.mark.parametrize("owner", [OTHER, ROOT, (33, 0)])
def test_of_what_was_changed_meanwhile_roots_is_strange_and_that_of_strangers(
    name: str, owner: tuple[int, int]
) -> None:
    assert SWAPS.is_strange(file(name, owner))
    assert SWAPS.is_strange(file(name, owner, inode=9))
    assert not SWAPS.is_strange(file(name, owner, mode=0o644))


def test_who_has_the_like_in_the_same_path_is_none() -> None:
    """Where the path cannot be told, in any."""
    assert not SWAPS.is_strange(file("session", (1, 1)))
    assert not SWAPS.is_strange(KeptFile("/srv/mail/letter", OTHER, changed_us=BEGUN))
    assert SWAPS.is_strange(KeptFile("/srv/mail/letter", (1, 1), changed_us=BEGUN))
    assert not SWAPS.is_strange(KeptFile("/srv/\ufffd/letter", (1, 1), changed_us=BEGUN))
    assert SWAPS.is_strange(KeptFile("/srv/\ufffd/letter", (2, 2), changed_us=BEGUN))


@pytest.mark.parametrize(
    "name",
    [
        ".dump.sql.Xk2jd9",  # rsync
        "libc.so.6.dpkg-new",
        "libc.so.6;5f3a9b1c",  # rpm
        ".app.conf.swp",
        "app.conf~",
        "sedAb12Cd",
        "dump.sql.tmp",
        "tmp.XYZabc123",
        "upload.part",
    ],
)
def test_what_has_a_name_for_as_long_as_it_is_written_is_not(name: str) -> None:
    assert not SWAPS.is_strange(file(name, ROOT))


def test_what_was_given_away_or_renamed_meanwhile_has_its_inode_still() -> None:
    assert not SWAPS.is_strange(file("page", inode=7))
    assert SWAPS.is_strange(file("moved", inode=8))


def test_of_what_was_changed_meanwhile_nothing_is_certain_before_its_inode_is_known() -> None:
    assert not SWAPS.is_certain(file("page"))
    assert SWAPS.is_certain(file("page", inode=8))
    assert SWAPS.is_certain(file("page", changed=1))


def test_the_finding_names_file_owner_and_snapshot() -> None:
    shop = process(paths=("/srv/shop",))
    assert swapped(shop, "ab" * 32, []) == []
    [one] = swapped(shop, "ab" * 32, [file("shadow", (0, 42))])
    [two] = swapped(shop, "ab" * 32, [file("shadow", (0, 42)), file("gshadow", (0, 42))])
    assert (one.code, one.severity, one.path) == ("source-swapped", "error", "/srv/shop/site/shadow")
    assert "abababab holds /srv/shop/site/shadow of user 0 and group 42, and no such file" in one.message
    assert "42 and 1 other file, and" in two.message
    assert one.hint.endswith("restic forget abababab")


def test_a_directory_that_both_walks_met_and_the_snapshot_lacks_is_named() -> None:
    swaps = Swaps(stirred=("/srv/shop",), steady={"/srv/shop/a"}, returned={"/srv/shop/b", "/srv/else/c"})
    assert swaps.absent(["/srv", "/srv/shop", "/srv/shop/a", "/srv/shop/b"]) == []
    assert swaps.absent(["/srv/shop", "/srv/shop/a"]) == ["/srv/shop/b"]
    assert lacking(process("orders"), "0123456789", []) == []
    [told] = lacking(process("orders"), "0123456789", ["/srv/shop/a", "/srv/shop/b"])
    assert (told.code, told.severity) == ("snapshot-incomplete", "error")
    assert "01234567 lacks /srv/shop/a and 1 other directory" in told.message
