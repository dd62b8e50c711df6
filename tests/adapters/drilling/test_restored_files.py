"""A restored tree is looked at without ever leaving it: links lead where they would on a rebuilt machine."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.adapters.drilling.restored_files import MOST_LINKS, RestoredFiles
from agent.core.drill.proofs import FileTally
from agent.core.drill.verification import MovingFiles

FILES = RestoredFiles()
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """/srv/orders/2026/{one,two}.pdf, restored; a live file outside."""
    (tmp_path / "live").write_text("live data")
    place = tmp_path / "tree" / "srv" / "orders" / "2026"
    place.mkdir(parents=True)
    for name in ("one.pdf", "two.pdf"):
        (place / name).touch()
    return tmp_path / "tree"


def test_a_path_of_the_machine_is_found_below_the_tree(tree: Path) -> None:
    assert FILES.find(tree, "/srv/orders") == tree / "srv" / "orders"
    assert FILES.find(tree, "/srv/none") is None


@pytest.mark.parametrize("target", ["/srv/orders", "orders", "../srv/orders", "../../../../srv/orders"])
def test_a_link_leads_to_what_was_restored(tree: Path, target: str) -> None:
    (tree / "srv" / "current").symlink_to(target)
    assert FILES.find(tree, "/srv/current/2026") == tree / "srv" / "orders" / "2026"


def test_no_link_leads_to_live_data(tree: Path, tmp_path: Path) -> None:
    (tree / "srv" / "out").symlink_to(tmp_path / "live")
    (tree / "srv" / "up").symlink_to("../../live")
    assert FILES.find(tree, "/srv/out") is FILES.find(tree, "/srv/up") is None


def test_links_in_a_circle_lead_nowhere(tree: Path) -> None:
    (tree / "srv" / "a").symlink_to("b")
    (tree / "srv" / "b").symlink_to("a")
    assert FILES.find(tree, "/srv/a") is None


def test_as_many_links_are_followed_as_the_system_follows(tree: Path) -> None:
    for number in range(MOST_LINKS + 1):
        (tree / f"link{number}").symlink_to(f"link{number - 1}" if number else "srv")
    assert FILES.find(tree, f"/link{MOST_LINKS - 1}") == tree / "srv"
    assert FILES.find(tree, f"/link{MOST_LINKS}") is None


def test_the_newest_file_up_to_a_moment_is_found_and_later_ones_are_counted(tree: Path) -> None:
    place = tree / "srv" / "orders" / "2026"
    for name, hours in (("one.pdf", -3), ("two.pdf", -1), ("late.pdf", 2)):
        (place / name).write_bytes(b"paper")
        when = NOON.timestamp() + 3600 * hours
        os.utime(place / name, (when, when))
    (place / "link").symlink_to("one.pdf")
    found = FILES.tally(tree, "/srv/orders", NOON)
    assert found is not None
    assert (found.files, found.ahead) == (3, 1)
    assert found.newest == NOON.replace(hour=11)


def test_what_was_not_restored_has_no_tally_and_nothing_in_it_no_newest(tree: Path) -> None:
    assert FILES.tally(tree, "/srv/none", NOON) is None
    (tree / "empty").mkdir()
    found = FILES.tally(tree, "/empty", NOON)
    assert found is not None
    assert (found.files, found.newest) == (0, None)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("/srv/orders/2026/one.pdf", ["one.pdf"]),
        ("/srv/orders/*/*.pdf", ["one.pdf", "two.pdf"]),
        ("/srv/**/t*.pdf", ["two.pdf"]),
        ("/**/2026/**/one.pdf", ["one.pdf"]),
        ("/srv/orders/*.pdf", []),
        ("/none/*", []),
    ],
)
def test_files_are_found_by_their_pattern(tree: Path, pattern: str, names: list[str]) -> None:
    assert [file.name for file in FILES.matching(tree, pattern)] == names


def test_a_file_without_content_is_no_data_and_counted_apart(tree: Path) -> None:
    place = tree / "srv" / "pictures"
    place.mkdir(parents=True)
    for name, content, hours in (("1.jpg", b"picture", -5), ("2.jpg", b"", -1), ("3.jpg", b"", 9)):
        (place / name).write_bytes(content)
        when = NOON.timestamp() + 3600 * hours
        os.utime(place / name, (when, when))
    found = FILES.tally(tree, "/srv/pictures", NOON)
    assert found == FileTally(files=1, newest=NOON.replace(hour=7), ahead=0, empty=2)
    [one] = FILES.generations(tree, "/srv/pictures/1*.jpg", NOON, MovingFiles()).values()
    assert one == FileTally(files=1, newest=NOON.replace(hour=7))


def test_brackets_in_a_pattern_are_themselves(tree: Path) -> None:
    place = tree / "srv" / "[2026] dumps"
    place.mkdir()
    (place / "a[1].sql").touch()
    for pattern in ("/srv/[2026] dumps/*.sql", "/srv/[2026] dumps/a[1].sql", "/srv/*/a[1].sql"):
        assert [file.name for file in FILES.matching(tree, pattern)] == ["a[1].sql"]
    assert FILES.matching(tree, "/srv/orders/[2026]/one.pdf") == []


def put(tree: Path, name: str, hours: float) -> None:
    (tree / "dumps").mkdir(exist_ok=True)
    (tree / "dumps" / name).write_text("a line\n")
    when = NOON.timestamp() + 3600 * hours
    os.utime(tree / "dumps" / name, (when, when))


def test_files_are_tallied_apart_unless_they_are_generations(tree: Path) -> None:
    for name, hours in (("customer1.sql", -99), ("customer2.sql", -1), ("a-20261124.sql", -26)):
        put(tree, name, hours)
    put(tree, "a-20261125.sql", -2)
    found = FILES.generations(tree, "/dumps/*.sql", NOON, MovingFiles())
    assert {name: tally.newest for name, tally in found.items()} == {
        "dumps/customer1.sql": NOON - timedelta(hours=99),
        "dumps/customer2.sql": NOON - timedelta(hours=1),
        "dumps/a-20261125.sql": NOON - timedelta(hours=2),
    }


@pytest.mark.parametrize(("ending", "newest", "moving"), [("sql", -26, 1), ("tar.gz", -26, 1), ("log", 0, 0)])
def test_half_a_dump_is_no_newest_file_and_a_log_is_one(
    tree: Path, ending: str, newest: int, moving: int
) -> None:
    put(tree, f"a-20261124.{ending}", -26)
    put(tree, f"a-20261125.{ending}", 0)
    written = MovingFiles(frozenset({f"dumps/a-20261125.{ending}".encode()}))
    [tally] = FILES.generations(tree, "/dumps/*", NOON, written).values()
    assert (tally.files, tally.moving) == (2, moving)
    assert tally.newest == NOON + timedelta(hours=newest)


def test_what_is_a_dump_by_its_content_may_be_half(tree: Path) -> None:
    put(tree, "nightly", 0)
    (tree / "dumps" / "nightly").write_text("--\n-- PostgreSQL database dump\n--\n")
    [tally] = FILES.generations(
        tree, "/dumps/night*", NOON, MovingFiles(frozenset({b"dumps/nightly"}))
    ).values()
    assert (tally.files, tally.newest, tally.moving) == (1, None, 1)
    (tree / "dumps" / "nightly").write_text(
        "--\n-- PostgreSQL database dump\n--\n1\n--\n-- PostgreSQL database dump complete\n--\n"
    )
    [tally] = FILES.generations(
        tree, "/dumps/night*", NOON, MovingFiles(frozenset({b"dumps/nightly"}))
    ).values()
    assert (tally.files, tally.moving) == (1, 0), "its end shows that it is whole"


def test_what_was_replaced_is_whole(tree: Path) -> None:
    put(tree, "nightly.dump", 0)
    replaced = MovingFiles(frozenset({b"dumps/nightly.dump"}), whole=frozenset({b"dumps/nightly.dump"}))
    [tally] = FILES.generations(tree, "/dumps/*", NOON, replaced).values()
    assert (tally.files, tally.moving) == (1, 0)


def test_what_is_written_beside_and_renamed_is_none_of_the_files_yet(tree: Path) -> None:
    put(tree, "shop.dump", -1)
    put(tree, "shop.new", 0)
    written = MovingFiles(frozenset({b"dumps/shop.new"}))
    assert list(FILES.generations(tree, "/dumps/*", NOON, written)) == ["dumps/shop.dump"]
    assert len(FILES.generations(tree, "/dumps/*", NOON, MovingFiles())) == 2, "nobody writes it any more"
