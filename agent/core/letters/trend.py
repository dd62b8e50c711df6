"""The last twelve months in one sentence for the owner, beside the pictures that show the same."""

from collections.abc import Sequence

from msgspec import Struct

from agent.core.text.phrases import MONTHS
from agent.core.text.plain import count
from agent.core.trends.history import History


class Trend(Struct, frozen=True, kw_only=True):
    """`sentence` for the words of a letter, `cells` for its page: HTML that a template of ours made."""

    sentence: str = ""
    cells: str = ""


def trend_sentence(histories: Sequence[History]) -> str:
    """How many rehearsals went well; empty where nothing was ever rehearsed."""
    outcomes = [drill.outcome for history in histories for drill in history.drills]
    if not outcomes:
        return ""
    passed, failed, untested = (outcomes.count(one) for one in ("passed", "failed", "not_tested"))
    first = min(history.months.starts[0] for history in histories)
    since = f"{MONTHS[first.month - 1]} {first.year}"
    said = f"{count(passed, 'rehearsed restore')} went well since {since}"
    said += f", {failed:,} failed" if failed else ", none failed"
    if not passed and not failed:
        said = f"No rehearsed restore came to a result since {since}"
    return f"{said}, {untested:,} could not be made." if untested else f"{said}."
