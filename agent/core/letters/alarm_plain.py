"""Alarms for the deputy and the owner: what it means and whom to call, in words that they know."""

from collections.abc import Iterator

from agent.core.letters.alarm_words import answer_now, headline
from agent.core.letters.letter import Block, Command, Group, Sentence, called, sentence
from agent.core.letters.owner_facts import at_stake, plan_b_now
from agent.core.letters.plain_words import ONE_COPY, wish
from agent.core.letters.words import at_moment, code_now
from agent.core.model.records import Verdict
from agent.core.report.answer import zone_of
from agent.core.report.promises import Loss, Promise, promises
from agent.core.telling.incidents import Incident, News
from agent.core.text.phrases import span
from agent.core.verdict.judgement import Assessment, Judgement, badness

MEANING = {
    Verdict.NOT_READY: "If the server were lost now, promises to customers would be broken.",
    Verdict.UNKNOWN: "If the server were lost now, nobody could say whether everything comes back.",
    Verdict.AT_RISK: "If the server were lost now, this alone would break no promise. But it is slipping.",
    Verdict.READY: "This changes nothing about what would come back. But somebody has to look.",
}
SHOWN = 4
LOSSES: dict[Loss, str] = {
    "everything": "there is no good backup",
    "new-paths": "its newest backup lacks the new folders",
    "unknown": "nobody knows whether its newest backup is good",
}
NEVER = "never restored in a test"


def plain_groups(assessment: Assessment, news: News) -> tuple[Group, ...]:
    """Everything behind the first sentence."""
    if news.event == "fixed":
        return (Group(blocks=(Sentence(label="ANSWER NOW", text=answer_now(assessment)),)),)
    worst = news.incidents[0]
    facts: list[Block] = [Sentence(label="WHAT IT MEANS", text=_meaning(assessment, worst))]
    if badness(assessment.verdict) > badness(worst.verdict):
        facts.append(Sentence(label="ANSWER NOW", text=answer_now(assessment)))
    facts += [Sentence(label="WHAT IS LEFT", text=text) for text in _left(assessment, worst)]
    if worst.verdict != Verdict.READY:
        facts += [*sentence("PLAN B", plan_b_now(assessment)), *sentence("AT STAKE", at_stake(assessment))]
    if news.drills:
        when = at_moment(news.drills, zone_of(assessment), assessment.at)
        facts.append(Sentence(label="NEXT TEST", text=f"{when}."))
    return (
        Group(blocks=(Sentence(label="DO ONE THING", text=_call(assessment, worst), strong=True),)),
        Group(blocks=tuple(facts)),
        *_others(assessment, news),
        Group(blocks=tuple(_confirming(news))),
    )


def _meaning(assessment: Assessment, incident: Incident) -> str:
    if code_now(assessment, incident.code, incident.processes) == ONE_COPY:
        return "If the server were lost now, another copy would have to do, which was restored in a test."
    return MEANING[incident.verdict]


def _call(assessment: Assessment, incident: Incident) -> str:
    contact = called(assessment.config.alarm.contact, 90)
    owners = {one.name: one.owner for one in assessment.config.processes}
    owner = next((called(owners[name], 60) for name in incident.processes if owners.get(name)), "")
    who = contact or "whoever looks after the server"
    tell = f" Tell {owner}, who answers for it." if owner else ""
    return f"Call {who}. Ask them to {wish(incident.code, incident.processes)}.{tell}"


def _left(assessment: Assessment, incident: Incident) -> Iterator[str]:
    """What could still be gone back to."""
    zone, now = zone_of(assessment), assessment.at
    for one, promise in zip(assessment.judgements, promises(assessment).processes, strict=True):
        if one.process in incident.processes[:SHOWN]:
            proven = one.last_proven_at
            tested = f"last restored in a test {at_moment(proven, zone, now)}" if proven else NEVER
            yield f"{called(one.process)} was {tested}; {_newest(assessment, one, promise)}."


def _newest(assessment: Assessment, judgement: Judgement, promise: Promise) -> str:
    if promise.loses_s is not None:
        return f"its newest good backup is {span(promise.loses_s)} old"
    taken, dated = judgement.last_snapshot_at, "clock-went-back" not in [r.code for r in judgement.reasons]
    if taken and dated:
        age = span(max(0.0, (assessment.at - taken).total_seconds()))
        return f"its newest backup is {age} old, but nobody knows whether it is good"
    return LOSSES[promise.loss]


def _others(assessment: Assessment, news: News) -> Iterator[Group]:
    others = news.incidents[1:]
    if others:
        lines: list[Block] = [
            Sentence(label=one.name, text=f"{headline(assessment, one)}.") for one in others[:SHOWN]
        ]
        if len(others) > SHOWN:
            lines.append(Sentence(text=f"... and {len(others) - SHOWN:,} more."))
        yield Group(blocks=tuple(lines), title="And besides")


def _confirming(news: News) -> Iterator[Block]:
    text = (
        "Whoever takes care of it runs this on the server. It stops these mails for a day and closes nothing."
    )
    yield Sentence(label="TO CONFIRM", text=text)
    yield from (Command(f"readiness ack {incident.name}") for incident in news.incidents[: SHOWN + 1])
