"""A restored tree is compared with its witness: every entry, metadata and content."""

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.adapters.drilling.verify import Comparison, Verifier
from agent.adapters.sources.scan import Scanner
from agent.core.drill.sampling import Part
from agent.core.drill.verification import MovingFiles, Verification
from agent.core.model.drills import Uncompared
from agent.core.snapshot.compare import Abilities
from agent.core.snapshot.witness import sort_key


class Restored:
    """Files, their witness, and a copy of them that came back."""

    def __init__(self, base: Path) -> None:
        self.source = base / "srv"
        self.tree = base / "tree"
        self.witness = base / "carried" / "witness"
        (self.source / "dir").mkdir(parents=True)
        (self.source / "order").write_text("ten pieces")
        (self.source / "dir" / "letter").write_text("dear customer")
        (self.source / "link").symlink_to("order")
        self.here = self.tree / str(self.source).lstrip("/")

    def restore(self) -> None:
        self.witness.parent.mkdir()
        with closing(Scanner(self.witness.parent, [str(self.source)], (), ())) as scanner:
            scanner.scan(0, lambda *_: None)
            scanner.keep(unchanged=False)
        self.here.parent.mkdir(parents=True)
        shutil.copytree(self.source, self.here, symlinks=True)
        for path in self.source.rglob("*"):
            if path.is_symlink():
                status = path.lstat()
                copy = self.here / path.relative_to(self.source)
                os.utime(copy, ns=(status.st_atime_ns, status.st_mtime_ns), follow_symlinks=False)

    def path(self, name: str) -> bytes:
        return os.fsencode(str(self.source / name).lstrip("/"))

    def verify(self, **changes: object) -> Verification:
        fields = {
            "tree": self.tree,
            "witness": self.witness,
            "roots": (str(self.source),),
            "abilities": Abilities(owners=True, devices=True),
            "moving": MovingFiles(),
        }
        return Verifier(Comparison(**{**fields, **changes}), None, lambda *_: None).run()  # type: ignore[arg-type]


@pytest.fixture
def restored(tmp_path: Path) -> Restored:
    found = Restored(tmp_path)
    found.restore()
    return found


def same_time(file: Path, act: Callable[[], object]) -> None:
    """Change a file and put back what shows that it was changed."""
    status = file.stat()
    act()
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_what_came_back_as_it_was_is_verified(restored: Restored) -> None:
    found = restored.verify()
    assert (found.expected, found.restored, found.verified, found.lost, found.unexpected) == (5, 5, 5, 0, 0)
    assert (found.total_files, found.total_bytes, found.bytes_read) == (2, 23, 23)


def test_one_other_byte_is_damage(restored: Restored) -> None:
    file = restored.here / "order"
    same_time(file, lambda: file.write_text("ten pieceS"))
    assert restored.verify().damaged_paths == [restored.path("order")]


def test_what_did_not_come_back_is_missing(restored: Restored) -> None:
    (restored.here / "dir" / "letter").unlink()
    found = restored.verify()
    assert found.missing_paths == [restored.path("dir/letter")]
    assert (found.restored, found.missing) == (4, 1)


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda here: (here / "order").chmod(0o600), "mode"),
        (lambda here: os.utime(here / "order", (1, 1)), "time"),
        (lambda here: os.truncate(here / "order", 3), "size"),
        (lambda here: ((here / "link").unlink(), (here / "link").symlink_to("dir")), "link"),
        (lambda here: ((here / "link").unlink(), (here / "link").mkdir()), "it was a symbolic link"),
    ],
    ids=["mode", "time", "size", "target", "type"],
)
def test_other_metadata_are_a_change_and_say_which(
    restored: Restored, act: Callable[[Path], object], says: str
) -> None:
    act(restored.here)
    words = [said for path, said in restored.verify().changed_paths if path != restored.path("").rstrip(b"/")]
    assert len(words) == 1
    assert says in words[0]


def test_what_nobody_knows_is_unexpected_unless_it_came_meanwhile(restored: Restored) -> None:
    (restored.here / "stranger").touch()
    assert restored.verify().unexpected_paths == [restored.path("stranger")]
    excused = restored.verify(moving=MovingFiles(paths=frozenset({restored.path("stranger")})))
    assert (excused.unexpected, excused.moving) == (0, 1)


def test_what_was_being_written_is_no_damage(restored: Restored) -> None:
    (restored.here / "order").write_text("eleven")
    letter = restored.here / "dir" / "letter"
    same_time(letter, lambda: letter.write_text("dear Customer"))
    assert restored.verify().lost == 2
    paths = frozenset({restored.path("order"), restored.path("dir/letter")})
    found = restored.verify(moving=MovingFiles(paths=paths))
    assert (found.lost, found.moving, found.content.left_files) == (0, 2, 2)


def test_of_a_sample_only_its_part_and_what_is_vital_is_compared(restored: Restored) -> None:
    key = sort_key(restored.path("link"))
    part = Part(first=sort_key(restored.path("dir/letter")), last=key, entries=1, of=5, cursor="x")
    assert restored.verify(part=part).expected == 1
    vital = frozenset({restored.path("dir")})
    assert restored.verify(part=part, vital=vital).expected == 3


def test_hard_links_that_came_back_as_two_files_are_a_change(tmp_path: Path) -> None:
    twice = Restored(tmp_path)
    (twice.source / "second").hardlink_to(twice.source / "order")
    twice.restore()
    found = twice.verify()
    assert [words for _, words in found.changed_paths] == ["it is no longer the same file as its hard links"]


def test_what_nothing_can_restore_here_is_not_expected(restored: Restored) -> None:
    lines = restored.witness.read_bytes().splitlines(keepends=True)
    socket = lines[-1].replace(b"f\t", b"s\t", 1).replace(b"order", b"socket")
    restored.witness.write_bytes(b"".join([*lines, socket]))
    assert restored.verify().expected == 5


def test_what_could_not_be_read_then_is_lost_whatever_came_back(restored: Restored) -> None:
    text = restored.witness.read_bytes().splitlines(keepends=True)
    marked = [
        b"\t".join([*(f := line.split(b"\t"))[:12], b"u", *f[13:]]) if line.endswith(b"/order\n") else line
        for line in text
    ]
    restored.witness.write_bytes(b"".join(marked))
    assert restored.verify().unreadable_paths == [restored.path("order")]


# ---- content, in bytes ----------------------------------------------------------------------


def moving(restored: Restored, *names: str) -> MovingFiles:
    return MovingFiles(paths=frozenset(restored.path(name) for name in names))


def test_content_is_that_of_regular_files_alone(restored: Restored) -> None:
    content = restored.verify().content
    assert (content.files, content.bytes, content.of_files, content.of_bytes) == (2, 23, 2, 23)
    assert content.uncompared() == ()


def test_of_a_file_that_only_grew_the_recorded_part_is_compared(restored: Restored) -> None:
    order = restored.here / "order"
    order.write_text("ten pieces and five more")
    found = restored.verify(moving=moving(restored, "order"))
    assert (found.content.files, found.content.bytes, found.moving, found.lost) == (2, 23, 0, 0)
    assert restored.verify().lost == 1, "outside of the list it is another size"
    order.write_text("ten others and five more")
    found = restored.verify(moving=moving(restored, "order"))
    assert (found.content.bytes, found.moving) == (13, 1)
    assert found.content.uncompared() == (Uncompared("/" + restored.path("order").decode(), 24, "moving"),)


def test_a_file_that_was_empty_and_has_content_now_was_not_compared(tmp_path: Path) -> None:
    log = Restored(tmp_path)
    (log.source / "rotated").touch()
    log.restore()
    (log.here / "rotated").write_text("a new line")
    found = log.verify(moving=moving(log, "rotated"))
    assert [(each.bytes, each.why) for each in found.content.uncompared()] == [(10, "moving")]


def test_what_moved_and_is_gone_was_not_restored_and_a_vital_one_is_missing(restored: Restored) -> None:
    (restored.here / "order").unlink()
    excused = moving(restored, "order", "")
    found = restored.verify(moving=excused)
    assert (found.restored, found.missing) == (4, 0)
    assert [(each.bytes, each.why) for each in found.content.uncompared()] == [(10, "absent")]
    gone = replace(excused, gone=excused.paths)
    assert restored.verify(moving=gone).content.uncompared() == ()
    vital = frozenset({restored.path("order")})
    assert restored.verify(moving=gone, vital=vital).missing_paths == [restored.path("order")]


@pytest.mark.parametrize("size", [511, 512, 1 << 17])
def test_zero_bytes_are_no_content(tmp_path: Path, size: int) -> None:
    shop = Restored(tmp_path)
    (shop.source / "zeros").write_bytes(bytes(size))
    (shop.source / "almost").write_bytes(bytes(size - 1) + b"x")
    with (shop.source / "hole").open("wb") as sparse:
        sparse.truncate(size)
    shop.restore()
    found = shop.verify()
    zeros = [(each.bytes, each.why) for each in found.content.uncompared()]
    assert zeros == ([] if size < 512 else [(size, "zeros")] * 2)
    assert (found.lost, found.content.bytes + found.content.left_bytes) == (0, 23 + 3 * size)


def test_vital_paths_are_told_by_what_was_compared_of_them(restored: Restored) -> None:
    order, letters = restored.path("order"), restored.path("dir")
    (restored.here / "order").write_text("eleven")
    found = restored.verify(moving=moving(restored, "order"), vital=frozenset({order, letters}))
    assert (found.content.is_compared(order), found.content.is_compared(letters)) == (False, True)
