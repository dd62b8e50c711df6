"""Which news make one mail, what else that mail has to name, and how many mails are too many."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from msgspec.structs import replace

from agent.core.model.notices import Role
from agent.core.telling.concerns import WORST
from agent.core.telling.incidents import A_DAY, Incident, News
from agent.core.telling.situation import Situation

BUDGET = 1  # mails a day to the administrator that are not of the worst kind
TOGETHER = timedelta(hours=4)  # that news may wait for others of the same cause
BUNDLED = 4  # so many of one kind at once make one mail, whatever they are about


def in_mails(news: Sequence[News], situation: Situation) -> tuple[News, ...]:
    """One for each mail; `news` are of one incident and one role each, the worst first.

    One cause spoils one run after the other: whoever knows of the first hears of the others together.
    """
    mails = []
    for group in _groups(news, situation):
        mail = replace(group[0], incidents=tuple(each.incidents[0] for each in group))
        mail = replace(mail, beside=_beside(mail, situation))
        if not all(_can_wait(each, mail, situation) for each in group):
            mails.append(mail)
    return _within_budget(mails, situation)


def _groups(news: Sequence[News], situation: Situation) -> Iterator[list[News]]:
    """What is told at once and belongs together makes one mail for one role, in the place of the first."""
    left = list(news)
    while left:
        first = left[0]
        group = [each for each in left if (each.event, each.role) == (first.event, first.role)]
        if len(group) < BUNDLED:
            group = [first]
        for each in left:
            if each not in group and any(_belong_together(one, each, situation) for one in group):
                group.append(each)
        yield group
        left = [each for each in left if each not in group]


def _belong_together(one: News, other: News, situation: Situation) -> bool:
    """The other is new, and about the same process or copy; or they were told in one mail from the
    beginning."""
    told, told_too = (situation.heard.get(each.incidents[0].number, ()) for each in (one, other))
    alike = one.event == other.event or (one.event, other.event) == ("worse", "opened")
    if one.role != other.role or not alike:
        return False
    if told_too:
        return bool(told) and told[0].message == told_too[0].message
    return _are_related(one.incidents[0], other.incidents[0])


def _are_related(one: Incident, other: Incident) -> bool:
    """They are about the same process or copy."""
    return bool({*one.processes} & {*other.processes}) or one.repository == other.repository != ""


def _can_wait(news: News, mail: News, situation: Situation) -> bool:
    """For what may come to the same mail within hours: who hears of it knows already that something as grave
    is wrong there, or knows that something else of `mail` is not over."""
    incident, now = news.incidents[0], situation.now
    if news.event == "fixed":
        return bool(mail.beside) and incident.closed is not None and now - incident.closed < TOGETHER
    since = {"opened": incident.since, "worse": incident.worse}.get(news.event)
    if since is None or now - since >= TOGETHER or incident.code in WORST:
        return False
    return any(_is_known(other, incident, news.role, situation) for other in situation.incidents)


def _is_known(other: Incident, incident: Incident, role: Role, situation: Situation) -> bool:
    """The role was told of the other as it is now, and that is as grave."""
    told = [heard.at for heard in situation.heard.get(other.number, ()) if heard.role == role]
    is_there = other.closed is None and other.gone is None and other.number != incident.number
    if not told or not is_there or (other.worse is not None and other.worse > told[-1]):
        return False
    return other.severity <= incident.severity and _are_related(other, incident)


def _beside(news: News, situation: Situation) -> tuple[Incident, ...]:
    """Where something is fixed, what else the same mails told of, and the same where it has begun again:
    nobody must take that for fixed, too."""
    if news.event != "fixed":
        return ()

    def mails(incident: Incident) -> set[str]:
        return {heard.message for heard in situation.heard.get(incident.number, ())}

    told = {name for incident in news.incidents for name in mails(incident)}
    keys = {incident.key for incident in news.incidents}
    open_ones = (one for one in situation.incidents if one.closed is None)
    return tuple(one for one in open_ones if mails(one) & told or (one.key in keys and one.gone is None))


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
