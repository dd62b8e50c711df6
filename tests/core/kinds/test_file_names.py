"""What the name of a file tells of its content, and how files of known kinds begin."""

import pytest

from agent.core.kinds.file_names import (
    DENSE,
    OPAQUE,
    PACKED,
    has_known_beginning,
    is_dense,
    is_loose_object,
    is_opaque,
    kind,
    stays_itself,
)


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        (b"srv/photo.JPG", b"jpg"),
        (b"srv/backup.tar.gz", b"gz"),
        (b"srv/orders.log.1", b"log"),
        (b"srv/orders.log-20261122", b"log"),
        (b"srv/letter.txt:2,RS", b"txt"),
        (b"srv/directory.d/README", b"readme"),
    ],
)
def test_the_extension_is_what_stands_behind_the_last_dot_without_marks_and_numbers(
    name: bytes, extension: bytes
) -> None:
    assert kind(name) == extension


def test_of_what_is_packed_or_encrypted_nothing_can_be_told() -> None:
    assert is_opaque(b"srv/dump.GPG")
    assert not is_opaque(b"srv/photo.jpg")
    assert is_dense(b"srv/photo.jpg")
    assert not is_dense(b"srv/letter.txt")


def test_what_tells_nothing_is_packed_and_what_is_packed_is_dense() -> None:
    assert OPAQUE < PACKED < DENSE


def test_git_s_loose_objects_are_known_by_their_place() -> None:
    name = b"ab/" + b"0" * 38

    assert is_loose_object(b"srv/shop.git/objects/" + name)
    assert is_dense(b"srv/shop.git/objects/" + name)
    assert not is_loose_object(b"srv/shop.git/things/" + name)
    assert not is_loose_object(b"srv/shop.git/objects/" + name[:-1])


def test_a_file_that_is_moved_rotated_or_marked_as_read_stays_itself() -> None:
    assert stays_itself(b"a/orders.log") == stays_itself(b"b/orders.log.1")
    assert stays_itself(b"new/17.host") == stays_itself(b"cur/17.host:2,S")
    assert stays_itself(b"a/orders.log") != stays_itself(b"a/orders.log.locked")


def test_one_photo_is_as_good_as_another_name_of_it() -> None:
    assert stays_itself(b"a/IMG_1.jpg") == stays_itself(b"b/holiday.jpg")
    assert stays_itself(b"a/one.txt") != stays_itself(b"a/two.txt")


@pytest.mark.parametrize(
    "start",
    [b"\xff\xd8\xff\xe0", b"\x89PNG\r\n", b"x" * 1000 + b"%PDF-1.7", b"SQLite format 3\0", b"\x7fELF"],
)
def test_a_file_that_some_program_can_open_is_known_by_its_beginning(start: bytes) -> None:
    assert has_known_beginning(start)


@pytest.mark.parametrize("start", [b"", b"\0" * 64, b"x" * 1001 + b"%PDF-1.7", b"not\xff\xd8\xff"])
def test_any_other_beginning_is_none_of_a_known_kind(start: bytes) -> None:
    assert not has_known_beginning(start)
