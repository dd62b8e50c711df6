"""Subjects and first sentences of alarms: the state first, what it is about, since when, and its name."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from agent.core.letters.letter import Sentence, fitting_subject
from agent.core.letters.plain_words import MENDED, ONE_COPY, names
from agent.core.letters.words import at_moment, code_now, short_moment, trouble_of, worst_trouble
from agent.core.model.drills import DrillRecord
from agent.core.model.records import Verdict
from agent.core.report.answer import STATES, back_in_time, zone_of
from agent.core.telling.incidents import Incident, News, proving_drill
from agent.core.text.phrases import joined
from agent.core.text.plain import count, duration, printable
from agent.core.verdict.judgement import Assessment

DAY = 86400
SINCE = ("drill-failed",)  # "cannot be restored since Tue 02:10"; others carry the time in brackets


def state_of(assessment: Assessment, news: News) -> str:
    """The first words of subject and text."""
    if news.event == "fixed":
        return "CLOSED" if _is_dropped(assessment, news.incidents[0]) else "FIXED"
    if news.event == "reminder":
        return f"REMINDER, day {news.days}"
    return _verdict(news.incidents[0])


def _is_dropped(assessment: Assessment, incident: Incident) -> bool:
    """Nothing was mended: what it was about is not looked after any more."""
    looked_after = {process.name for process in assessment.config.processes}
    gone = bool(incident.processes) and looked_after.isdisjoint(incident.processes)
    return gone or _is_lost_sight_of(assessment, incident.repository)


def _is_lost_sight_of(assessment: Assessment, repository: str) -> bool:
    """A copy that is not in the config any more."""
    return bool(repository) and repository not in [one.name for one in assessment.config.repositories]


def _verdict(incident: Incident) -> str:
    return "NOTE" if incident.verdict == Verdict.READY else STATES[incident.verdict]


def headline(assessment: Assessment, incident: Incident, limit: int = 2) -> str:
    """What is wrong, in a few words: "orders cannot be restored". `limit`: how many processes are named."""
    days = _unproven_days(assessment, incident)
    if incident.code == "proof-expired" and days:
        return f"no restore of {names(incident.processes, limit)} has been proven for {count(days, 'day')}"
    return trouble_of(assessment, incident, limit)


def _unproven_days(assessment: Assessment, incident: Incident) -> int:
    """How old the oldest of the last proven restores is."""
    proven = [one.last_proven_at for one in assessment.judgements if one.process in incident.processes]
    ages = [(assessment.at - when).total_seconds() for when in proven if when]
    return int(max(ages, default=0.0) // DAY)


def subject_of(assessment: Assessment, news: News) -> str:
    """One line of ASCII, such as "NOT READY - orders cannot be restored since Tue 02:10 (F-1207)"."""
    more = len(news.incidents) - 1
    last = [news.incidents[0].name] + ([f"and {more:,} more"] if more else [])
    last += [f"not yet {joined([one.name for one in news.beside])}"] if news.beside else []
    attempts = []
    for limit in (2, 1, 0):
        said, first = _said(assessment, news, limit)
        lead = f"{state_of(assessment, news)} - {said}"
        attempts += [(lead, f"({', '.join(words)})") for words in ([first, *last] if first else last, last)]
    return fitting_subject(attempts)


def _said(assessment: Assessment, news: News, limit: int) -> tuple[str, str]:
    """What a subject says, naming as many processes as `limit`, and what stands in its brackets first."""
    worst = news.incidents[0]
    said = headline(assessment, worst, limit)
    if news.event == "fixed":
        return _mended(assessment, worst), f"{_was(worst)} {_lasted(worst, assessment.at)}"
    if news.event == "flapping":
        return f"comes and goes: {said}", f"{count(news.changes, 'time')} in 3 days"
    since = f"since {short_moment(worst.opened, zone_of(assessment), assessment.at, clock=True)}"
    start = {"reminder": f"{_verdict(worst)}: ", "worse": "worse: ", "escalated": "not confirmed: "}
    said = start.get(news.event, "") + said
    return (f"{said} {since}", "") if _runs_on(assessment, worst) else (said, since)


def _runs_on(assessment: Assessment, incident: Incident) -> bool:
    """Whether "since Tue 02:10" can stand right behind what is wrong, and means that."""
    return incident.code in SINCE and code_now(assessment, incident.code, incident.processes) != ONE_COPY


def _was(incident: Incident) -> str:
    return "was failing" if incident.needs_a_drill else "it lasted"


def _mended(assessment: Assessment, incident: Incident) -> str:
    """What is good again, and since when: no more than what is known."""
    concerned = names(incident.processes, 2)
    if _is_lost_sight_of(assessment, incident.repository):
        return f"the copy {printable(incident.repository)[:60]} is not looked after any more"
    if _is_dropped(assessment, incident):
        verb = "is" if len(incident.processes) == 1 else "are"
        return f"{concerned} {verb} not looked after any more"
    drills = proofs_of(assessment, incident) if incident.processes else []
    if drills:
        return _proven(assessment, drills)
    since = _when(assessment, incident.gone or incident.closed or assessment.at)
    said = MENDED.get(incident.code)
    return f"{said}, since {since}" if said else f"over since {since}: {headline(assessment, incident)}"


def _proven(assessment: Assessment, drills: Sequence[DrillRecord]) -> str:
    """What came back, when, and from which copy where there are several: of the others that says nothing."""
    copies = list(dict.fromkeys(one.repository for one in drills))
    origin = f" from {names(copies, 1)}" if len(copies) == 1 < len(assessment.config.repositories) else ""
    newest = max(drills, key=lambda drill: drill.started)
    ended = newest.started + timedelta(seconds=newest.seconds.total)
    return (
        f"{names([one.process for one in drills], 2)} restored{origin} and proven {_when(assessment, ended)}"
    )


def _when(assessment: Assessment, moment: datetime) -> str:
    """ "11:42" for today."""
    zone, now = zone_of(assessment), assessment.at
    local = moment.astimezone(zone)
    is_today = local.date() == now.astimezone(zone).date()
    return f"{local:%H:%M}" if is_today else short_moment(moment, zone, now, clock=True)


def proofs_of(assessment: Assessment, incident: Incident) -> list[DrillRecord]:
    """For each of its processes the drill that showed that it is mended."""
    concerned = [
        one for one in assessment.judgements if not incident.processes or one.process in incident.processes
    ]
    drills = (proving_drill(incident, one.standings) for one in concerned)
    return [drill for drill in drills if drill]


def _lasted(incident: Incident, now: datetime) -> str:
    ended = (None if incident.needs_a_drill else incident.gone) or incident.closed or now
    return duration(max(0.0, (ended - incident.opened).total_seconds()))


def opening(assessment: Assessment, news: News) -> str:
    """The first sentence, which says all that matters."""
    worst, zone, now = news.incidents[0], zone_of(assessment), assessment.at
    since = at_moment(worst.opened, zone, now)
    said, more = headline(assessment, worst), len(news.incidents) - 1
    others = f" Besides, {more:,} more {'thing is' if more == 1 else 'things are'} wrong." if more else ""
    if news.event == "fixed":
        lasted = _lasted(worst, now)
        verb = "was failing for" if worst.needs_a_drill else "lasted"
        first = f"{_mended(assessment, worst)}. It {verb} {lasted}, since {since}."
        first += f" {more:,} more {'is' if more == 1 else 'are'} mended as well." if more else ""
        left = [f"{one.name} ({headline(assessment, one)})" for one in news.beside]
        return first + (f" Not over yet: {joined(left)}." if left else "")
    plainly = f"{said} since {since}." if _runs_on(assessment, worst) else f"{said}. It began {since}."
    starts = {
        "opened": plainly,
        "worse": f"this became worse: {plainly}",
        "reminder": f"still {_verdict(worst)} since {since}: {said}.",
        "escalated": f"{plainly} Nobody has confirmed lately that somebody is at work on it.",
        "flapping": f"this comes and goes, {count(news.changes, 'time')} within 3 days: {said}. "
        "You are not told each time; FIXED comes once it has stayed away for a day.",
    }
    return starts[news.event] + others


def answer_now(assessment: Assessment) -> str:
    """The answer for the whole business, in a sentence."""
    state = STATES[assessment.verdict]
    if assessment.verdict == Verdict.READY:
        back = back_in_time(assessment)
        return f"{state}. If all were lost at closing time, everything critical would be back by {back}."
    return f"{state}: {worst_trouble(assessment)}."


def confirmed_by(news: News) -> tuple[Sentence, ...]:
    """What will end the thread."""
    if news.event == "fixed":
        return ()
    what = "a drill has passed" if news.role == "admin" else "a test has shown that it is mended"
    if not any(one.needs_a_drill for one in news.incidents):
        what = "it is over"
    if len(news.incidents) > 1:
        return (Sentence(text=f"A mail that says FIXED comes for each of them, once {what}."),)
    return (Sentence(text=f"A mail that says FIXED ends this thread, once {what}."),)
