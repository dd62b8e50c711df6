"""Which content no current drill has compared: over all copies, full drills and samples."""

from typing import Any

import pytest

from agent.core.evidence.content import Unproven, unproven
from agent.core.evidence.evidence import standings
from agent.core.model.drills import Compared, DrillRecord, Uncompared
from support.builders.shop import NOW, copy, drill, process, snapshot

LOG, DUMP, MAIL = "/srv/orders/log", "/srv/orders/dump.sql", "/srv/orders/mail"
TOTAL = 1000


def seen(hours: float, *left: tuple[str, int], **changes: Any) -> DrillRecord:
    """A drill so many hours ago of 1,000 bytes, of which some were left; `large` ones were compared."""
    uncompared = tuple(Uncompared(path, size, "moving") for path, size in left)
    noted = {key: changes.pop(key) for key in ("large", "behind") if key in changes}
    many = changes.pop("many", 0)  # files of 2 bytes that are not named
    compared = Compared(
        of_bytes=TOTAL,
        uncompared=uncompared,
        uncompared_files=len(uncompared) + many,
        uncompared_bytes=sum(each.bytes for each in uncompared) + 2 * many,
        **noted,
    )
    return drill(hours, total_bytes=TOTAL, compared=compared, **changes)


def found(
    *drills: DrillRecord, vital: tuple[str, ...] = (), elsewhere: tuple[DrillRecord, ...] = ()
) -> Unproven:
    copies = (copy(snapshot(), *drills), copy(*elsewhere, repository="plan-b"))
    return unproven(standings(process(), copies, NOW), vital)


def paths(*drills: DrillRecord, **changes: Any) -> list[str]:
    return [each.path for each in found(*drills, **changes).files]


def test_what_moved_in_every_drill_was_never_compared() -> None:
    result = found(seen(1, (LOG, 30)), seen(2, (LOG, 29)))
    assert ([each.bytes for each in result.files], result.share) == ([30], 0.03)


def test_what_one_drill_met_at_rest_is_proven() -> None:
    assert paths(seen(1), seen(2, (LOG, 30))) == [], "it stands still now, or is gone"
    assert paths(seen(1, (LOG, 30)), seen(2, large=(LOG,))) == []
    assert paths(seen(1, (LOG, 9)), seen(2)) == [], "small files are not named"


def test_a_large_file_that_no_older_drill_names_may_not_have_been_there() -> None:
    assert paths(seen(1, (LOG, 10)), seen(2)) == [LOG]


def test_the_order_is_that_of_the_snapshots_not_of_the_drills() -> None:
    of_an_old_one = seen(0.2, of=90)
    assert paths(of_an_old_one, seen(1, (LOG, 30))) == [LOG]


def test_a_drill_that_noted_nothing_is_neither_good_nor_bad() -> None:
    assert found(drill(1)) == Unproven()
    assert paths(drill(0.5), seen(1, (LOG, 30)), drill(2)) == [LOG]


def test_only_current_drills_that_passed_count() -> None:
    assert paths(seen(1, (LOG, 30)), seen(2, outcome="failed")) == [LOG]
    assert paths(seen(1, (LOG, 30)), seen(300, large=(LOG,))) == [LOG]


def test_what_another_copy_proved_is_proven() -> None:
    assert paths(seen(1, (LOG, 30)), elsewhere=(seen(2, large=(LOG,)),)) == []


def test_a_sample_tells_only_of_its_part() -> None:
    part = {"share": 0.5, "behind": "srv/orders/a", "cursor": "srv/orders/z"}
    other = {"share": 0.5, "behind": "srv/orders/z", "cursor": ""}
    assert paths(seen(1, **part), seen(2, (LOG, 30))) == []
    assert paths(seen(1, **other), seen(2, (LOG, 30))) == [LOG]
    assert paths(seen(1, **other), seen(2, (LOG, 30)), vital=(LOG,)) == [], "what is vital is in every part"


def test_of_too_many_to_name_the_best_drill_counts() -> None:
    result = found(seen(1, (LOG, 30), many=30), seen(2, (LOG, 30), many=10))
    assert (result.unnamed_bytes, result.bytes) == (20, 50)
    sampled = found(seen(1, many=30, share=0.5), seen(2, many=10, share=0.5))
    assert sampled.unnamed_bytes == 60


def test_a_larger_file_would_have_been_named_among_too_many() -> None:
    assert paths(seen(1, (DUMP, 5), many=30), seen(2, (LOG, 30), (DUMP, 5))) == [DUMP]


def test_a_vital_path_is_open_until_one_drill_compared_it() -> None:
    doubted = seen(1, (DUMP, 1), vital_uncompared=(DUMP,))
    assert found(doubted, vital=(DUMP,)).vital == (DUMP,)
    assert found(doubted, vital=(DUMP,)).files == (), "one fault, one reason"
    assert found(doubted, seen(2, vital=(DUMP,)), vital=(DUMP,)).vital == ()
    assert found(doubted, vital=(DUMP,), elsewhere=(seen(2, vital=(DUMP,)),)).vital == ()


def test_of_what_grew_all_the_while_the_beginning_does_not_make_it_whole() -> None:
    grew = seen(1, vital_uncompared=(DUMP,))
    assert found(grew, seen(2, (DUMP, 1), vital_uncompared=(DUMP,)), vital=(DUMP,)).vital == (DUMP,)


def test_what_became_vital_after_the_drills_is_judged_like_any_file() -> None:
    assert found(seen(1), vital=(DUMP,)).vital == ()
    assert found(seen(1, (DUMP, 30)), vital=(DUMP,)).vital == (DUMP,)
    before = seen(2, large=(DUMP,))
    assert found(seen(1, (DUMP, 30), vital_uncompared=(DUMP,)), before, vital=(DUMP,)).vital == ()


@pytest.mark.parametrize(("second", "open_"), [("b", ()), ("a", (MAIL,))])
def test_a_vital_directory_may_be_compared_bit_by_bit(second: str, open_: tuple[str, ...]) -> None:
    one = seen(1, (f"{MAIL}/a", 5), vital_uncompared=(MAIL,))
    two = seen(2, (f"{MAIL}/{second}", 5), vital_uncompared=(MAIL,))
    assert found(one, two, vital=(MAIL,)).vital == open_
