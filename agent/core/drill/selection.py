"""Which snapshot to drill."""

import random
from collections.abc import Sequence

from agent.core.model.repository import StoredSnapshot


def chosen(newest_first: Sequence[StoredSnapshot], how: str, seed: int) -> list[StoredSnapshot]:
    """The snapshots to drill in turn until one passes; `how` is latest, last-good, random or an ID.

    Only last-good may give more than one. Empty when nothing fits.
    """
    if how == "last-good":
        return list(newest_first)
    if how == "random":
        return [random.Random(seed).choice(newest_first)] if newest_first else []  # noqa: S311
    if how == "latest":
        return list(newest_first[:1])
    named = [snapshot for snapshot in newest_first if snapshot.id.startswith(how)]
    return named if len(named) == 1 else []
