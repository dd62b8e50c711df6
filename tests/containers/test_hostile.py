"""A machine full of hostile people and data: nothing that they try works, and the others are saved.

With `-s` it prints who tried what, and what became of it. READINESS_TEST_EXAMPLES are the seconds of races.
"""

from collections.abc import Iterator

import pytest

from support.hostile.attempts import (
    ALONE,
    PLANTED,
    RACES,
    RACES_WITH_PIPES,
    RACES_WITH_RESTIC,
    SERVED,
    UNITS,
    WINDOW,
)
from support.hostile.attempts_apart import ALONE_APART, DRILLED, FALLEN
from support.hostile.battle import Battle, battlefield

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def battle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Battle]:
    with battlefield(tmp_path_factory) as fought:
        yield fought


def test_nothing_that_is_tried_works_and_the_neighbours_are_saved(battle: Battle) -> None:
    battle.plant(PLANTED)
    battle.try_alone((*ALONE, *ALONE_APART))
    battle.try_at_drills(DRILLED)
    battle.try_in_units((*UNITS, *FALLEN))
    battle.race(RACES, WINDOW)
    battle.race(RACES_WITH_RESTIC)
    battle.race(RACES_WITH_PIPES)
    battle.serve(SERVED)

    print(
        battle.table(
            (
                *PLANTED,
                *ALONE,
                *ALONE_APART,
                *DRILLED,
                *UNITS,
                *FALLEN,
                *RACES,
                *RACES_WITH_RESTIC,
                *RACES_WITH_PIPES,
                *SERVED,
            )
        )
    )
    assert battle.worked == []
    outcomes = battle.outcomes("orders")  # not tested: where the attempt was a config or a password
    assert outcomes.count("passed") >= 4
    assert "failed" not in outcomes
