"""What may be accepted is what was told; and of that nothing while something is new."""

import pytest

from agent.core.evidence.acceptance import Told, left_when_accepted, refused, told
from agent.core.model.findings import Finding, finding

ACCEPT = "If this is meant: readiness snapshot --accept orders"


def loss(code: str, path: str | None = None, hint: str = ACCEPT) -> Finding:
    return finding(code, "orders", "Something is gone.", hint, path)


COLLAPSE, ROWS = loss("source-collapsed"), loss("database-collapsed", "/srv/orders/a.db")


def test_what_was_told_is_no_news_and_what_cannot_be_accepted_never_is() -> None:
    known = told([COLLAPSE])
    assert known.news([COLLAPSE, ROWS, loss("file-unreadable", hint="Repair it.")]) == [ROWS]
    assert told([COLLAPSE, ROWS]).news([COLLAPSE, ROWS]) == []
    assert told([ROWS]).news([loss("database-collapsed", "/srv/orders/b.db")]) != []
    assert (known.collapse, told([ROWS]).collapse) == (True, False)


@pytest.mark.parametrize(
    ("above", "covered"),
    [(None, True), ("/srv/orders", True), ("/srv/mail", False), ("/srv/orders/in", False)],
)
def test_a_smaller_part_belongs_to_the_loss_of_the_whole(above: str | None, covered: bool) -> None:
    known = told([loss("source-collapsed", above)])
    assert known.covers("source-shrunk", "/srv/orders/input") == covered
    assert not known.covers("database-collapsed", "/srv/orders/input")
    emptied = told([loss("vital-missing", "/srv/orders/book")])
    assert emptied.covers("source-shrunk", "/srv/orders/book") and not emptied.collapse


def test_what_is_wrong_all_the_same_is_left_and_news_say_that_they_are_new() -> None:
    unreadable, replaced = (
        loss("file-unreadable", hint="Repair it."),
        loss("source-replaced", hint="Nothing."),
    )
    assert left_when_accepted([COLLAPSE, unreadable, replaced]) == [unreadable]
    first, second = refused([COLLAPSE, ROWS], Told().news([ROWS]))
    assert first == COLLAPSE
    assert second.message == "Nothing told of this before, so it is not accepted yet: Something is gone."
