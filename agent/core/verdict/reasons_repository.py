"""The rules on repositories: what their accounts say, what is seen of them, and which hold nothing."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from agent.core.configuration.config import Config
from agent.core.configuration.whereabouts import same_address
from agent.core.evidence.account import CHANGED, DAMAGED, MISSING, REPLACES, SHUT, VANISHED, account_of
from agent.core.evidence.evidence import Evidence, Standing, is_full
from agent.core.evidence.twins import Twins
from agent.core.model.findings import Finding
from agent.core.model.records import Verdict
from agent.core.model.sights import Trouble
from agent.core.text.phrases import shortened
from agent.core.verdict.judgement import Case, Reason
from agent.core.verdict.reasons import cause, remedy

GONE = (MISSING, CHANGED, VANISHED)
LOCKED_OUT = "password-missing"

Troubles = Mapping[str, tuple[Trouble, ...]]  # by repository


def known_troubles(evidence: Evidence, now: datetime) -> Troubles:
    """What the accounts of all repositories know to be wrong with them."""
    names = dict.fromkeys(copy.repository for copy in evidence.copies)
    accounts = {name: account_of(evidence, name, now) for name in names}
    return {name: found.troubles for name, found in accounts.items() if found}


def troubles_of(process: str, troubles: Troubles) -> Troubles:
    """What of it concerns one process."""
    return {
        name: tuple(one for one in known if one.process in ("", process)) for name, known in troubles.items()
    }


def repository_gone(case: Case) -> Iterator[Reason]:
    """A repository that is gone, another one, or robbed of snapshots, whoever noticed."""
    seen = {
        look.repository: look.finding
        for look in case.looks
        if look.finding.code in (MISSING, DAMAGED, VANISHED) and _concerns(look.finding, case)
    }
    for one in case.standings:
        if not one.copy.records:
            continue  # nothing was ever kept there: the rules on missing copies say it
        now = seen.get(one.repository)
        said = REPLACES.get(now.code, ()) if now else ()
        if now:
            yield _not_ready(case, one, now.code, now.message, now.hint)
        for trouble in case.troubles.get(one.repository, ()):
            if trouble.code in GONE and trouble.code not in said and not (now and now.code == trouble.code):
                yield _not_ready(case, one, trouble.code, trouble.message, trouble.hint)


def _concerns(found: Finding, case: Case) -> bool:
    return found.process in ("", case.process.name)


def _not_ready(case: Case, one: Standing, code: str, message: str, hint: str) -> Reason:
    sentence = f"Repository {one.repository}: {shortened(message)}"
    return case.reason(code, Verdict.NOT_READY, sentence, hint, one.repository)


def repository_damaged(case: Case) -> Iterator[Reason]:
    """Something of it cannot be read: that may be what this process needs.

    It is only a risk while a copy elsewhere is proven, or since the whole process came back from here
    afterwards.
    """
    found = {record.repository: (record.started, _damage(record.findings)) for record in case.damage}
    checked = set(found)
    for repository, troubles in case.troubles.items():
        for each in troubles:
            if each.code == DAMAGED and repository not in found and not _says_its_drill(case, repository):
                found[repository] = (each.since, (each.message, each.hint))
    for repository, (since, (message, hint)) in found.items():
        here = next((one for one in case.standings if one.repository == repository), None)
        if here is None or not here.copy.snapshots:
            continue
        sound = any(one.good and one.current and one.repository not in found for one in case.standings)
        mild = sound or came_back_since(here, since)
        what = "The check on" if repository in checked else f"Work with {repository} on"
        yield case.reason(
            "repository-damaged",
            Verdict.AT_RISK if mild else Verdict.NOT_READY,
            f"{what} {case.when(since)}, found damage: {shortened(message)}",
            hint if mild else _and_drill(hint, case.process.name),
            repository,
        )


def _and_drill(hint: str, process: str) -> str:
    """The hint, which may end with a sentence or a command, and what shows that it is mended."""
    drill = f"readiness drill {process}"
    if not hint:
        return f"Run: {drill}"
    return f"{hint} Then run: {drill}" if hint.endswith(".") else f"{hint}, then: {drill}"


def came_back_since(one: Standing, since: datetime) -> bool:
    """The whole process was restored from this copy afterwards."""
    return any(is_full(drill) and drill.started > since for drill in one.current)


def _says_its_drill(case: Case, repository: str) -> bool:
    return any(one.repository == repository and one.failures for one in case.standings)


def _damage(findings: tuple[Finding, ...]) -> tuple[str, str]:
    said = next(found for found in findings if found.code == DAMAGED)
    return said.message, said.hint


def locked_out(case: Case) -> Iterator[Reason]:
    """Without its password, or leave to read it, a repository proves nothing; somebody may still have it."""
    no_password = {one.repository: one.finding for one in case.looks if one.finding.code == LOCKED_OUT}
    refused = {
        name: each for name, troubles in case.troubles.items() for each in troubles if each.code in SHUT
    }
    # as it is seen now comes before how it was met
    shut: dict[str, Trouble | Finding] = {**refused, **no_password}
    open_elsewhere = any(one.good and one.current and one.repository not in shut for one in case.standings)
    for one in case.standings:
        found = shut.get(one.repository)
        if found and one.copy.snapshots:
            yield case.reason(
                next(
                    code
                    for code in ("password-missing", "wrong-password", "repository-unreadable")
                    if code == found.code
                ),
                Verdict.AT_RISK if open_elsewhere else Verdict.UNKNOWN,
                f"Repository {one.repository}: {shortened(found.message)}",
                found.hint,
                one.repository,
            )


def address_changed(case: Case) -> Iterator[Reason]:
    """The config names another address since anybody was there: what was proven was proven of the old one.

    Where somebody was there, and met another repository, the account says so.
    """
    another = {name for name, known in case.troubles.items() if any(each.code == CHANGED for each in known)}
    for one in case.standings:
        if one.repository in case.moved - another and one.copy.snapshots:
            rest = [each for each in case.standings if each.repository not in case.moved]
            proven = any(each.good and each.current for each in rest)
            yield case.reason(
                "address-changed",
                Verdict.AT_RISK if proven else Verdict.UNKNOWN,
                f"The address or the name of {one.repository} was changed, and nobody has met the repository "
                "there yet.",
                f"Run: readiness drill {case.process.name} --from {one.repository}",
                one.repository,
            )


def copy_missing(case: Case) -> Iterator[Reason]:
    """A configured repository holds nothing that counts of a process, while another one does.

    Of plan B that is said by the rule on its lag, as long as the first repository holds something.
    """
    if not any(one.good for one in case.standings):
        return
    first = case.standings[0]
    if first.good:
        return
    tried = first.copy.snapshots[0] if first.copy.snapshots else None
    why = f": {cause(tried)}" if tried and tried.outcome != "passed" else "."
    yield case.reason(
        "copy-missing",
        Verdict.AT_RISK,
        f"{first.repository} holds no good snapshot of {case.process.name}{why}",
        (remedy(tried) if tried else "") or f"Run: readiness snapshot {case.process.name}",
        first.repository,
    )


def same_repository(twins: Twins) -> Iterator[Reason]:
    """Two names for one repository are one copy: what takes the one takes the other."""
    for name, first in twins.items():
        yield _reason(
            "same-repository",
            Verdict.AT_RISK,
            f"{name} and {first} are one and the same repository, or a clone of it that takes over "
            "its damage: they count as one copy.",
            f"Give {name} a repository of its own at another place, then: readiness copy --to {name}",
            name,
        )


def _reason(code: str, verdict: Verdict, sentence: str, hint: str, repository: str) -> Reason:
    """Of the whole business."""
    return Reason(code=code, verdict=verdict, sentence=sentence, hint=hint, repository=repository)


def moved(config: Config, evidence: Evidence) -> frozenset[str]:
    """Repositories whose address in the config is not the one at which they were last met."""
    noted = {record.repository: record.address for record in evidence.repositories}
    return frozenset(
        one.name
        for one in config.repositories
        if noted.get(one.name) and not same_address(noted[one.name], one)
    )
