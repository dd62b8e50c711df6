"""What each picture shows, in words: its caption, and one sentence for who cannot see it."""

from collections.abc import Sequence
from datetime import date
from typing import TypedDict

from agent.core.text.phrases import MONTHS, joined, span
from agent.core.text.plain import count, printable, size
from agent.core.trends.history import History, Level, Recovery
from agent.core.trends.parts import when


class Words(TypedDict):
    """`value` is what a caption says first, `bad` what is wrong; the sentence stands for the picture."""

    value: str
    rest: str
    bad: str
    sentence: str


def month(first: date) -> str:
    """ "Nov 2026"."""
    return f"{MONTHS[first.month - 1][:3]} {first.year}"


def recovery_words(history: History) -> Words:
    """Of the recovery time against its objective."""
    found = history.recoveries
    promised = f"of {span(history.rto[-1].seconds)}{place(history, found[-1]) if found else ''}"
    aim = f"the objective is {_changes(history.rto)}"
    if not found:
        return Words(value="not measured", rest="", bad="", sentence=f"No drill measured it; {aim}.")
    newest, longest = found[-1], max(found, key=lambda one: one.seconds)
    late = sum(one.late for one in found)
    about = "~" if newest.extrapolated else ""
    parts = [
        f"{about}{span(newest.seconds)} in the newest drill{place(history, newest)}, on {when(newest.at)}",
        f"the longest of {count(len(found), 'passed drill')} took {span(longest.seconds)}"
        f"{place(history, longest)} on {when(longest.at)}",
        aim,
    ]
    guessed = sum(one.extrapolated for one in found)
    if guessed:
        parts.append(f"{guessed} extrapolated from samples")
    if late:
        parts.append(f"{late} longer than promised")
    bad = f"{late} too long" if late else ""
    return Words(value=f"{about}{span(newest.seconds)}", rest=promised, bad=bad, sentence=_sentence(parts))


def place(history: History, one: Recovery) -> str:
    """ " from offsite", where drills were made from several repositories."""
    several = len({other.repository for other in history.recoveries}) > 1
    return f" from {printable(one.repository)}" if several else ""


def size_words(history: History) -> Words:
    """Of the size of the data."""
    if not history.sizes:
        return Words(value="not known", rest="", bad="", sentence="There was no good snapshot.")
    first, newest = history.sizes[0], history.sizes[-1]
    largest = max(history.sizes, key=lambda one: one.bytes)
    parts = [
        f"{size(newest.bytes)} in the newest snapshot, on {when(newest.at)}",
        f"{size(first.bytes)} on {when(first.at)}",
        f"at most {size(largest.bytes)}, on {when(largest.at)}",
    ]
    return Words(value=size(newest.bytes), rest=_growth(history), bad="", sentence=_sentence(parts))


def _growth(history: History) -> str:
    first, newest = history.sizes[0], history.sizes[-1]
    days = (newest.at - first.at).days
    if first.bytes <= 0 or days < 28 or newest.bytes > 10 * first.bytes:
        return ""
    return f"{(newest.bytes / first.bytes - 1) * 100:+.0f} % since {MONTHS[first.at.month - 1][:3]}"


def age_words(history: History) -> Words:
    """Of the age that the newest snapshot reached."""
    aim = f"at most {_changes(history.rpo)} may be lost"
    if not history.ages:
        sentence = f"There was no good snapshot; {aim}."
        return Words(value="not known", rest="", bad="", sentence=sentence)
    worst = max(history.ages, key=lambda one: one.seconds)
    over = [one for one in history.ages if one.over]
    parts = [
        f"the newest snapshot was at worst {span(worst.seconds)} old, on {when(worst.day)}",
        aim,
        f"it was older on {len(over)} of {count(len(history.ages), 'day')}",
    ]
    bad = f"too old on {count(len(over), 'day')}" if over else ""
    rest = f"of {span(history.rpo[-1].seconds)}"
    return Words(value=span(worst.seconds), rest=rest, bad=bad, sentence=_sentence(parts))


def drill_words(history: History) -> Words:
    """Of the drills that passed, failed and could not be made."""
    outcomes = [one.outcome for one in history.drills]
    passed, failed, untested = (outcomes.count(one) for one in ("passed", "failed", "not_tested"))
    parts = [f"{passed} passed", f"{failed} failed{_in_months(history, 'failed')}"]
    parts.append(f"{untested} could not be made{_in_months(history, 'not_tested')}")
    none = _without(history)
    if none:
        parts.append(f"none at all in {joined(none, 12)}")
    rest = f"passed, {untested} not tested" if untested else "passed"
    bad = f"{failed} failed" if failed else ""
    if not outcomes:
        return Words(value="none", rest="", bad="", sentence=_sentence(parts))
    return Words(value=str(passed), rest=rest, bad=bad, sentence=_sentence(parts))


def _in_months(history: History, outcome: str) -> str:
    months = dict.fromkeys(
        month(history.months.month_of(one.at)) for one in history.drills if one.outcome == outcome
    )
    return f" ({joined(list(months), 12)})" if months else ""


def _without(history: History) -> list[str]:
    """Months that passed without any drill, since there is any record."""
    if history.begins is None:
        return []
    drilled = {history.months.month_of(one.at) for one in history.drills}
    since = history.months.month_of(history.begins)
    return [month(one) for one in history.months.starts if one >= since and one not in drilled]


def _changes(levels: Sequence[Level]) -> str:
    """ "24 h", and what it was before."""
    said = span(levels[-1].seconds)
    steps: list[Level] = []
    for level in levels:
        if not steps or steps[-1].seconds != level.seconds:
            steps.append(level)
    if len(steps) < 2:
        return said
    return f"{said} since {when(steps[-1].since)}, {span(steps[-2].seconds)} before"


def _sentence(parts: Sequence[str]) -> str:
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."
