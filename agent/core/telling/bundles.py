"""Which news make one mail, what else that mail has to name, and how many mails are too many."""

from collections.abc import Sequence

from msgspec.structs import replace

from agent.core.telling.incidents import A_DAY, Incident, News
from agent.core.telling.situation import Situation

BUDGET = 1  # mails a day to the administrator that are not of the worst kind
BUNDLED = 4  # so many of one kind at once make one mail, whatever they are about


def in_mails(news: Sequence[News], situation: Situation) -> tuple[News, ...]:
    """One for each mail; `news` are of one incident and one role each, the worst first."""
    bundled = [replace(each, beside=_beside(each, situation)) for each in _bundled(news, situation)]
    return _within_budget(bundled, situation)


def _bundled(news: Sequence[News], situation: Situation) -> list[News]:
    """What is told at once and belongs together makes one mail for one role, in the place of the first."""
    left, found = list(news), []
    while left:
        first = left[0]
        alike = [each for each in left if (each.event, each.role) == (first.event, first.role)]
        if len(alike) < BUNDLED:
            alike = [first, *(each for each in left[1:] if _belong_together(first, each, situation))]
        found.append(replace(first, incidents=tuple(each.incidents[0] for each in alike)))
        left = [each for each in left if each not in alike]
    return found


def _belong_together(one: News, other: News, situation: Situation) -> bool:
    """The other is new, and about the same process or copy; or they were told in one mail from the
    beginning."""
    first, second = one.incidents[0], other.incidents[0]
    told, told_too = (situation.heard.get(each.number, ()) for each in (first, second))
    alike = one.event == other.event or (one.event, other.event) == ("worse", "opened")
    if one.role != other.role or not alike:
        return False
    if told_too:
        return bool(told) and told[0].message == told_too[0].message
    return bool({*first.processes} & {*second.processes}) or first.repository == second.repository != ""


def _beside(news: News, situation: Situation) -> tuple[Incident, ...]:
    """Where something is fixed, what else the same mails told of: nobody must take that for fixed, too."""
    if news.event != "fixed":
        return ()

    def mails(incident: Incident) -> set[str]:
        return {heard.message for heard in situation.heard.get(incident.number, ())}

    told = {name for incident in news.incidents for name in mails(incident)}
    return tuple(one for one in situation.incidents if one.closed is None and mails(one) & told)


def _within_budget(news: Sequence[News], situation: Situation) -> tuple[News, ...]:
    """Count what goes beyond the budget; it is told all the same."""
    today = {
        heard.message
        for incident in situation.incidents
        if incident.severity > 1
        for heard in situation.heard.get(incident.number, ())
        if situation.now - heard.at < A_DAY and heard.role == "admin"
    }
    sent, found = len(today), []
    for each in news:
        if each.role == "admin" and each.incidents[0].severity > 1:
            sent += 1
            found.append(replace(each, over_budget=max(0, sent - BUDGET)))
        else:
            found.append(each)
    return tuple(found)
