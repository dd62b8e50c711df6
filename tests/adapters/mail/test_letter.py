"""A letter as a page: its words as in the text, everything escaped, bars and columns that say the same."""

import pytest

from agent.adapters.mail.letter import filled, letter_html, letter_text, names_apart, stacked, unfolded
from agent.core.letters.letter import Cell, Group, Letter, Sentence


def letter(*texts: str, limit: int = 0) -> Letter:
    return Letter(
        subject="READY",
        business="Harbour Lane",
        state="READY",
        tone="ready",
        opening="Everything can be restored.",
        groups=(Group(blocks=tuple(Sentence(text=text) for text in texts)),),
        limit=limit,
    )


def test_text_and_page_are_cut_alike() -> None:
    long = letter(*("word " * 200 + f"end-{number}" for number in range(3)), limit=12)
    assert letter_text(long).count("\n") <= 12
    for number in range(3):
        assert (f"end-{number}" in letter_text(long)) == (f"end-{number}" in letter_html(long))


def test_what_looks_like_a_tag_is_text() -> None:
    page = letter_html(letter("<script>alert(1)</script>"))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(("share", "percent"), [(0.0, 2), (0.001, 2), (0.5, 50), (1.0, 100), (7.5, 100)])
def test_a_bar_shows_something_as_something_and_too_much_as_all(share: float, percent: int) -> None:
    assert filled(share) == percent


def test_a_cell_without_a_heading_stands_below_the_one_before() -> None:
    cells = tuple(Cell(text=text) for text in ("orders", "2 h", "of 24 h", "1 h"))
    columns = stacked(("process", "recovers in", "", "would lose"), cells)
    assert [[cell.text for cell in column] for column in columns] == [["orders"], ["2 h", "of 24 h"], ["1 h"]]


def test_the_first_column_stands_also_without_a_heading() -> None:
    assert len(stacked(("", "state"), (Cell(text="orders"), Cell(text="READY")))) == 2


def test_names_of_findings_and_tests_stand_apart_and_look_alikes_do_not() -> None:
    assert names_apart("See F-7 and T-20261201.") == ["See ", "F-7", " and ", "T-20261201", "."]
    assert names_apart("UTF-8, F-, f-7, F-12345678901") == ["UTF-8, F-, f-7, F-12345678901"]


FULL = "x" * 68


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{FULL}\nlonger", f"{FULL} longer"),  # "longer" had no room
        (f"{FULL}\nyes", f"{FULL}\nyes"),  # "yes" had
        (f"{FULL}\n    longer", f"{FULL}\n    longer"),  # a command
        (f"{FULL}\nDO FIRST: longer", f"{FULL}\nDO FIRST: longer"),  # a label
        (f"{FULL}\norders  READY", f"{FULL}\norders  READY"),  # a table
        (f"{FULL}\n\nlonger", f"{FULL}\n\nlonger"),  # a paragraph
        (f"  - {FULL[4:]}\n    longer", f"  - {FULL[4:]} longer"),  # an item of a list
    ],
)
def test_only_breaks_for_want_of_room_are_taken_out_of_a_quoted_mail(before: str, after: str) -> None:
    assert unfolded(before) == after
