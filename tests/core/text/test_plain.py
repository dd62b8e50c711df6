"""Words and numbers for people: sizes, durations, and names made safe for a terminal."""

import pytest

from agent.core.text.plain import count, duration, printable, shown_path, size


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("orders", "orders"),
        ("a b", "a b"),
        ("Müller 注文", "Müller 注文"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\r\nb", "a\\x0d\\x0ab"),
        ("a\x00\x7f\x85", "a\\x00\\x7f\\x85"),
        ("gpj\u202e", "gpj\\u202e"),  # turns the reading direction
        ("a\u200bb\u2028", "a\\u200bb\\u2028"),
        ("a\u00a0b", "a\\xa0b"),
        ("\udcff\udc80", "\\xff\\x80"),  # bytes that are no text
    ],
)
def test_what_could_move_a_cursor_hide_or_reorder_words_is_shown_as_what_it_is(
    hostile: str, shown: str
) -> None:
    assert printable(hostile) == shown


def test_line_breaks_stay_only_where_they_are_asked_for() -> None:
    assert printable("a\nb\tc", keep_newlines=True) == "a\nb\\x09c"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        ((1 << 20) - 1, "1.0 MiB"),
        (1 << 30, "1.0 GiB"),
        (5000 << 40, "5000.0 TiB"),
    ],
)
def test_a_size_has_the_unit_that_keeps_its_number_small(number: int, said: str) -> None:
    assert size(number) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min"),
        (90, "1 min 30 s"),
        (3600, "1 h"),
        (3661, "1 h 1 min"),
        (86400 * 3 + 3600 * 4 + 59, "3 d 4 h"),
    ],
)
def test_a_length_of_time_has_two_units_at_most(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_one_is_counted_as_one_and_many_with_a_comma() -> None:
    assert (count(1, "file"), count(0, "file"), count(5112, "file")) == ("1 file", "0 files", "5,112 files")
    assert count(2, "entry", "entries") == "2 entries"


@pytest.mark.parametrize("path", ["/srv/a", "/" + "a" * 199, "/" + "b" * 200, "/\x1b" + "c" * 5000 + "/end"])
def test_a_path_is_shown_in_no_more_than_a_sentence_can_bear(path: str) -> None:
    shown = shown_path(path)

    assert len(shown) <= 200
    assert (shown == path) == (len(path) <= 200)
    assert shown.isprintable()
    assert shown[-3:] == path[-3:]
