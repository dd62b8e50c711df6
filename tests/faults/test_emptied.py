"""What is there by name and holds nothing: emptied, hidden by a mount, kept out, an archive of nothing."""

import gzip
import os
import sqlite3
import subprocess
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.builders.readiness_cli import PASSED, Shop, failed, with_database

DUMP = b"--\n-- PostgreSQL database dump\n--\n" + b"1\tten pieces\n" * 5000
END = b"-- PostgreSQL database dump complete\n"
SHRUNK: tuple[str, int, list[str]] = ("passed", 0, ["source-shrunk"])


@pytest.fixture
def shop(newest_restic: Path, tmp_path: Path) -> Shop:
    """Two megabytes beside everything that a test is about: by its size nobody misses it."""
    shop = Shop(tmp_path, newest_restic).set_up()
    (shop.source / "bulk").write_bytes(os.urandom(2 << 20))
    for number in range(20):
        (shop.source / f"order-{number}").write_bytes(b"ten pieces")
    return shop


def with_vital(shop: Shop, *names: str, more: str = "") -> None:
    shop.extra = f"vital = {[str(shop.source / name) for name in names]}\n{more}"
    shop.write_config()


def filled(directory: Path, files: int = 8) -> Path:
    directory.mkdir(parents=True)
    for number in range(files):
        (directory / f"{number}.txt").write_bytes(b"a letter %d" % number)
    return directory


def empty(directory: Path) -> None:
    for file in directory.iterdir():
        file.unlink()


# ---- 01: emptied


@pytest.mark.parametrize("how", ["truncated", "a directory", "a fifo", "behind a link"])
def test_a_vital_file_without_content_is_as_good_as_missing(shop: Shop, how: str) -> None:
    book = shop.source / "book.dat"
    book.write_bytes(os.urandom(50_000))
    with_vital(shop, "current" if how == "behind a link" else "book.dat")
    (shop.source / "current").symlink_to("book.dat")
    assert shop.snapshot().says == PASSED
    book.unlink()
    if how == "a directory":
        book.mkdir()
    elif how == "a fifo":
        os.mkfifo(book)
    else:
        book.touch()

    taken = shop.snapshot()

    assert taken.says == failed("vital-missing")
    assert taken.paths == {str(book)}
    shop.drill()
    process = shop.run("status").answer["result"]["processes"][0]
    assert process["verdict"] != "READY"
    assert shop.snapshot().says == failed("vital-missing"), "a second look makes it no better"
    assert shop.snapshot("--accept").says == PASSED
    assert shop.snapshot().says == PASSED


@pytest.mark.parametrize("left", [None, ".keep"])
def test_a_vital_directory_and_a_path_without_content_are_told(shop: Shop, left: str | None) -> None:
    mail, listed, letters = filled(shop.source / "mail"), shop.base / "list", filled(shop.base / "letters")
    listed.write_bytes(b"all our customers")
    shop.paths += [listed, letters]
    with_vital(shop, "mail")
    assert shop.snapshot().says == PASSED
    empty(mail)
    empty(letters)
    listed.write_bytes(b"")
    for directory in (mail, letters) if left else ():
        (directory / left).touch()

    taken = shop.snapshot()

    assert taken.paths >= {str(mail), str(letters), str(listed)} if left else taken.paths
    assert taken.says[:2] == ("failed", 1)
    assert set(taken.codes) <= {"vital-missing", "source-empty"}
    assert shop.snapshot("--accept").says == PASSED
    assert shop.snapshot().says == PASSED


def test_what_shrank_to_next_to_nothing_is_told_until_it_is_back(shop: Shop) -> None:
    book, listed = shop.source / "book.dat", shop.base / "list"
    mail = filled(shop.source / "mail", 16)
    whole = os.urandom(50_000)
    for file in (book, listed):
        file.write_bytes(whole)
    shop.paths.append(listed)
    with_vital(shop, "book.dat", "mail")
    assert shop.snapshot().says == PASSED
    for file in (book, listed):
        file.write_bytes(b"x\n")
    for number in range(15):
        (mail / f"{number}.txt").unlink()

    taken = shop.snapshot()

    assert taken.says == SHRUNK
    assert taken.paths == {str(book), str(listed), str(mail)}
    assert shop.snapshot().codes == ["source-shrunk"], "a second snapshot makes it no habit"
    for file in (book, listed):
        file.write_bytes(whole)
    for number in range(15):
        (mail / f"{number}.txt").write_bytes(b"a letter")
    assert shop.snapshot().says == PASSED


def test_a_small_file_of_white_space_or_next_to_nothing_is_told(shop: Shop) -> None:
    key, conf, note = (shop.source / name for name in ("tls.key", "shop.conf", "note"))
    for file in (key, conf):
        file.write_bytes(os.urandom(1700))
    note.write_bytes(b"closed on Monday and on Tuesday\n")
    with_vital(shop, "tls.key", "shop.conf", "note")
    assert shop.snapshot().says == PASSED
    key.write_bytes(b"x\n")
    note.write_bytes(b"open\n")

    assert shop.snapshot().says == SHRUNK
    conf.write_bytes(b"\n")
    taken = shop.snapshot()

    assert taken.says == failed("vital-missing")
    assert taken.paths == {str(conf)}
    assert shop.snapshot("--accept").says == PASSED
    assert shop.snapshot().says == PASSED


def moved_aside(log: Path) -> None:
    log.rename(log.with_name(f"{log.name}.1"))
    log.touch()


def copied_and_truncated(log: Path) -> None:
    log.with_name(f"{log.name}-20261130").write_bytes(log.read_bytes())
    log.write_bytes(b"")


def packed_at_once(log: Path) -> None:
    log.with_name(f"{log.name}.1.gz").write_bytes(gzip.compress(log.read_bytes()))
    log.write_bytes(b"")


def into_another_directory(log: Path) -> None:
    (log.parent / "old").mkdir()
    (log.parent / "old" / f"{log.name}.1.gz").write_bytes(gzip.compress(log.read_bytes()))
    log.write_bytes(b"")


@pytest.mark.parametrize(
    "rotate", [moved_aside, copied_and_truncated, packed_at_once, into_another_directory]
)
@pytest.mark.parametrize("since", [b"", b"the first line of a new day\n"])
def test_a_log_that_is_rotated_is_no_loss(shop: Shop, rotate: Callable[[Path], None], since: bytes) -> None:
    log = shop.source / "orders.log"
    log.write_bytes(b"an order of ten pieces\n" * 2000)
    with_vital(shop, "orders.log")
    assert shop.snapshot().says == PASSED
    rotate(log)
    log.write_bytes(since)

    assert shop.snapshot().says == PASSED
    log.write_bytes(since * 2)
    assert shop.snapshot().says == PASSED, "what was rotated away once is no measure any more"


def test_what_lies_beside_an_emptied_file_is_no_turn_of_it_by_its_name_alone(shop: Shop) -> None:
    names = ["customers.csv", "prices.csv", "stock.csv"]
    for name in names:
        (shop.source / name).write_bytes(os.urandom(900))
    with_vital(shop, *names)
    assert shop.snapshot().says == PASSED
    for name in names:
        (shop.source / name).write_bytes(b"")
    (shop.source / "customers.csv.err").write_bytes(b"Traceback: no space left on device\n" * 40)
    (shop.source / "prices.csv.1").write_bytes(b"Traceback: no space left on device\n" * 40)
    (shop.source / "stock.csv.1.gz").write_bytes(gzip.compress(os.urandom(2000)))

    assert shop.snapshot().paths == {str(shop.source / name) for name in names}


def test_what_was_rotated_away_has_to_stay_until_the_file_has_content_again(shop: Shop) -> None:
    log, book = shop.source / "orders.log", shop.source / "book.csv"
    first, second = (file.with_name(f"{file.name}.1") for file in (log, book))
    for file in (log, book):
        file.write_bytes(os.urandom(20_000))
    with_vital(shop, "orders.log", "book.csv")
    assert shop.snapshot().says == PASSED
    moved_aside(log)
    moved_aside(book)
    assert shop.snapshot().says == PASSED
    log.with_name("orders.log.2.gz").write_bytes(gzip.compress(first.read_bytes()))
    first.write_bytes(b"")
    assert shop.snapshot().says == PASSED, "the rotation goes on"
    log.write_bytes(b"an order of ten pieces\n" * 200)
    log.with_name("orders.log.2.gz").unlink()
    second.unlink()

    taken = shop.snapshot()

    assert taken.says == failed("vital-missing")
    assert taken.paths == {str(book)}, "an old log ages out"
    assert shop.snapshot("--accept").says == PASSED
    assert shop.snapshot().says == PASSED


def test_a_mailbox_that_is_rewritten_and_a_database_that_is_packed_are_no_loss(shop: Shop) -> None:
    box = shop.source / "mbox"
    box.write_bytes(b"From somebody\n" * 4000)
    database = shop.source / "orders.db"
    with_database(database, 40)
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE old (what BLOB)")
        connection.execute("INSERT INTO old VALUES (randomblob(500000))")
        connection.commit()
        connection.execute("DELETE FROM old")
        connection.commit()
    with_vital(shop, "mbox", more=f'[[process.orders.proof]]\nsqlite = "{database}"')
    assert shop.snapshot().says == PASSED
    box.write_bytes(b"From somebody\n" * 1500)
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("VACUUM")
    assert database.stat().st_size < 50_000

    assert shop.snapshot().says == PASSED


def test_what_is_rightly_empty_from_the_first_day_is_no_matter(shop: Shop) -> None:
    (shop.source / "spool").mkdir()
    (shop.source / "lock").touch()
    with_vital(shop, "spool", "lock")
    assert shop.snapshot().says == PASSED
    (shop.source / "spool" / "one").write_bytes(b"an order")
    assert shop.snapshot().says == PASSED
    (shop.source / "spool" / "one").unlink()
    assert shop.snapshot().says == failed("vital-missing"), "whether it is a spool is not known yet"
    assert shop.snapshot("--accept").says == PASSED
    for _ in range(2):
        (shop.source / "spool" / "one").write_bytes(b"an order")
        assert shop.snapshot().says == PASSED
        (shop.source / "spool" / "one").unlink()
        assert shop.snapshot().says == PASSED, "it comes and goes"


def test_a_mailbox_that_is_fetched_empty_is_told_until_that_is_a_habit(shop: Shop) -> None:
    box, letters = shop.source / "box", os.urandom(900)
    box.write_bytes(letters)
    with_vital(shop, "box")
    assert shop.snapshot().says == PASSED
    for says in (failed("vital-missing"), SHRUNK, PASSED):  # it may have been accepted by mistake, once
        box.write_bytes(b"")
        assert shop.snapshot().says == says
        if says != PASSED:
            assert shop.snapshot("--accept").says == PASSED
            box.write_bytes(letters)
            assert shop.snapshot().says == PASSED


# ---- 01: dumps and proofs


def proof(kind: str) -> str:
    return f"[[process.orders.proof]]\nname = 'good'\n{kind}"


@pytest.mark.parametrize("name", ["db.sql", "db-20261130.sql"])
def test_an_error_message_in_the_place_of_a_dump_is_told_and_disproves_it(shop: Shop, name: str) -> None:
    dump, wrong = shop.source / name.replace("1130", "1129"), shop.source / name
    dump.write_bytes(DUMP + END)
    os.utime(dump, (time.time() - 15 * 3600,) * 2)
    pattern = f"{shop.source}/db*.sql" if "-" in name else str(dump)
    shop.extra = proof(f"newest_file = {{ path = '{pattern}', max_age = '20h' }}")
    shop.write_config()
    assert shop.snapshot().says == PASSED
    assert shop.drill().says == PASSED
    wrong.write_bytes(b"pg_dump: error: FATAL: role 'backup' does not exist\n")

    taken, drilled = shop.snapshot(), shop.drill()

    assert (taken.row["outcome"], taken.codes) == ("passed", ["dump-cut", "dump-shrunk"])
    assert taken.paths == {str(wrong)}
    assert drilled.says == failed("dump-cut")
    assert shop.snapshot().codes == ["dump-cut", "dump-shrunk"]
    wrong.write_bytes(DUMP + END)
    assert shop.snapshot().says == PASSED
    assert shop.drill().says == PASSED


def test_generations_of_dumps_may_go(shop: Shop) -> None:
    for day in range(20, 24):
        (shop.source / f"db-202611{day}.sql").write_bytes(DUMP + END)
    shop.extra = proof(f"newest_file = {{ path = '{shop.source}/db-*.sql', max_age = '20h' }}")
    shop.write_config()
    assert shop.snapshot().says == PASSED
    (shop.source / "db-20261120.sql").unlink()
    (shop.source / "db-20261121.sql").rename(shop.source / "kept.sql")
    (shop.source / "db-20261124.sql").write_bytes(DUMP + DUMP + END)
    (shop.source / "db-readme.txt").write_bytes(b"how to load them")
    assert shop.snapshot().says == PASSED


def test_proofs_do_not_count_what_holds_nothing(shop: Shop) -> None:
    pictures = filled(shop.source / "pictures")
    (shop.source / "z").mkdir()
    (shop.source / "paper").write_bytes(b"")
    with tarfile.open(shop.source / "z" / "a.tar.gz", "w:gz"), zipfile.ZipFile(shop.source / "z/a.zip", "w"):
        pass
    for number in range(4):
        (pictures / f"{number}.txt").write_bytes(b"")
    shop.extra = "\n".join(
        f"[[process.orders.proof]]\n{kind}"
        for kind in (
            f"archive = '{shop.source}/z/*.tar.gz'",
            f"archive = '{shop.source}/z/*.zip'",
            f"file_count = {{ path = '{pictures}', at_least = 5 }}",
            f"newest_file = {{ path = '{shop.source}/paper', max_age = '20h' }}",
        )
    )
    shop.write_config()
    assert shop.snapshot().says == PASSED

    drilled = shop.drill()

    assert drilled.says == failed("proof-failed")
    messages = [each["message"] for each in drilled.row["proofs"]]
    assert [each["outcome"] for each in drilled.row["proofs"]] == ["failed"] * 4
    assert "it holds no file with content" in messages[0] and "no file with content" in messages[1]
    assert messages[2:] == ["4 files with content and 4 empty, at least 5 expected", "it is empty"]


# ---- 02: kept out


@pytest.mark.parametrize(
    ("exclude", "says", "valid"),
    [
        ("{0}/db/*", failed("vital-excluded"), False),
        ("*.dat", failed("vital-excluded"), True),
        ("deep", ("passed", 0, ["vital-excluded"]), True),
        ("*.tmp", PASSED, True),
    ],
)
def test_a_vital_directory_whose_content_is_excluded_is_told_from_the_first_day(
    shop: Shop, exclude: str, says: tuple[str, int, list[str]], valid: bool
) -> None:
    place = filled(shop.source / "db" / "deep", 3)
    for file in place.iterdir():
        file.write_bytes(bytes([7]) * 9000)
    for number in range(3):
        (shop.source / "db" / f"{number}.{'dat' if exclude == '*.dat' else 'x'}").write_bytes(b"small")
    if exclude == "*.dat":
        empty(place)
    if exclude == "*.tmp":
        (shop.source / "db" / "moment.tmp").write_bytes(bytes(999_000))
    with_vital(shop, "db", more=f'exclude = ["{exclude.format(shop.source)}"]')

    validated = shop.run("validate")

    told = [each for each in validated.answer["result"]["problems"] if "keeps everything" in each["message"]]
    assert bool(told) is not valid
    taken = shop.snapshot()
    assert taken.says == says
    assert taken.paths == (set() if says == PASSED else {str(shop.source / "db")})
    if taken.codes and taken.row["outcome"] == "passed":
        assert shop.snapshot("--accept").says == PASSED
        assert shop.snapshot().says == PASSED


# ---- 03: hidden


@pytest.fixture
def mount(as_root: None) -> Iterator[Callable[..., None]]:
    done: list[Path] = []

    def make(place: Path, *arguments: str | Path) -> None:
        subprocess.run(["mount", *(arguments or ("-t", "tmpfs", "tmpfs")), place], check=True)
        done.append(place)

    yield make
    for place in reversed(done):
        subprocess.run(["umount", "--lazy", place], check=False, stderr=subprocess.DEVNULL)


@pytest.mark.parametrize("how", ["empty", "a few", "the same device", "swapped", "less of the bytes"])
def test_a_file_system_that_hides_files_is_told(shop: Shop, mount: Callable[..., None], how: str) -> None:
    place = shop.source / "mail"
    if how == "swapped":
        place.mkdir()
        mount(place)
        for number in range(8):
            (place / f"{number}.txt").write_bytes(b"a letter")
    else:
        filled(place)
    assert shop.snapshot().says == PASSED
    if how == "swapped":
        subprocess.run(["umount", place], check=True)
    if how == "the same device":
        (shop.base / "other").mkdir()
        mount(place, "--bind", shop.base / "other")
    else:
        mount(place)
    for number in range({"a few": 3, "less of the bytes": 8}.get(how, 0)):
        (place / f"{number}.txt").write_bytes(b"x")

    taken = shop.snapshot()

    expected = "source-collapsed" if how in ("a few", "less of the bytes") else "source-empty"
    assert taken.says == failed(expected)
    assert taken.paths == {str(place)}
    assert shop.snapshot().codes == [expected]
    assert shop.snapshot("--accept").says == PASSED
    assert shop.snapshot().says == PASSED


def test_a_file_system_with_as_many_other_files_is_told(shop: Shop, mount: Callable[..., None]) -> None:
    over, another, gone, copied = places = [
        shop.source / name for name in ("over", "another", "gone", "copied")
    ]
    for place in places:
        place.mkdir()
        if place is not over:
            mount(place)
        for number in range(8):
            (place / f"{number}.txt").write_bytes(b"a letter")
    assert shop.snapshot().says == PASSED
    for place in (another, gone, copied):
        subprocess.run(["umount", place], check=True)
    for place in (over, another, copied):
        mount(place)
    for place in places:
        for number in range(8):
            (place / f"{'' if place is copied else 'o'}{number}.txt").write_bytes(b"a letter")

    taken = shop.snapshot()

    assert (taken.says[:2], set(taken.codes)) == (("failed", 1), {"source-collapsed"})
    assert taken.paths == {str(over), str(another), str(gone)}, "a disk with a copy is the right one"
    assert shop.snapshot("--accept").says == PASSED
    assert shop.snapshot().says == PASSED


def test_a_larger_disk_with_the_same_files_and_one_for_what_is_new_are_no_loss(
    shop: Shop, mount: Callable[..., None]
) -> None:
    place, fresh = filled(shop.source / "mail"), shop.source / "fresh"
    fresh.mkdir()
    assert shop.snapshot().says == PASSED
    contents = {file.name: file.read_bytes() for file in place.iterdir()}
    mount(place)
    mount(fresh)
    for name, content in contents.items():
        (place / name).write_bytes(content)

    assert shop.snapshot().says == PASSED
