"""From the parsed TOML to the model, table by table."""

import os
from typing import Any

from agent.config.alarms import read_alarm
from agent.config.keys import TABLES
from agent.config.mailing import read_mail
from agent.config.proofs import read_proof
from agent.config.reading import Notes, read_items, read_table
from agent.config.relations import check_business, check_dependencies, check_process, check_repositories
from agent.config.rhythms import DAY, THURSDAY, WEEK, half, read_check, read_keep, read_rhythm
from agent.config.values import name, zone
from agent.config.wrong import Wrong, did_you_mean, shown
from agent.core.configuration.config import (
    Business,
    Config,
    CriticalProcess,
    Repository,
    Rhythm,
    Settings,
    Step,
)
from agent.core.configuration.problem import At

TOP = ("business", "agent", "mail", "alarm", "repository", "process")
THREE_DAYS = 72 * 3600
LOCALTIME = "/etc/localtime"


def build(document: dict[str, Any], file: str, notes: Notes) -> Config:
    """The config as far as it could be read; `notes` says whether it may be used."""
    _check_top(document, notes)
    business = _business(document.get("business", {}), notes)
    settings = _settings(document.get("agent", {}), notes)
    mail = read_mail(document.get("mail"), notes)
    alarm = read_alarm(document.get("alarm"), notes)
    repositories = _repositories(_named(document, "repository", notes), notes)
    processes = _processes(_named(document, "process", notes), notes)
    return Config(
        file=file,
        business=business,
        settings=settings,
        mail=mail,
        alarm=alarm,
        repositories=tuple(repositories),
        processes=tuple(processes),
    )


def _check_top(document: dict[str, Any], notes: Notes) -> None:
    for key in document:
        if key not in TOP:
            hint = did_you_mean(key, list(TOP)) or f"Known are: {', '.join(f'[{top}]' for top in TOP)}."
            notes.error((key,), "is not a table that is known here", hint)


def _named(document: dict[str, Any], kind: str, notes: Notes) -> dict[str, Any]:
    """The tables below [process] or [repository] that have a usable name."""
    tables = document.get(kind, {})
    if not isinstance(tables, dict):
        notes.error((kind,), f"must be a table, not {shown(tables)}", f"Write [{kind}.NAME].")
        return {}
    if not tables:
        hint = f"Add a [{kind}.NAME] table; `readiness init` writes a config to start from."
        notes.error((), f"there is no {kind} in it", hint)
    return {key: values for key, values in tables.items() if _is_named(kind, key, values, notes)}


def _is_named(kind: str, key: str, values: Any, notes: Notes) -> bool:
    if not isinstance(values, dict):
        known = key in {row.name for row in TABLES[f"{kind}.NAME"]}
        hint = f"Write [{kind}.NAME] with a name of your own." if known else f"Write [{kind}.{key}]."
        notes.error((kind, key), f"must be a table, not {shown(values)}", hint)
        return False
    try:
        name(key)
    except Wrong as wrong:
        notes.error((kind, key), wrong.message, wrong.hint)
    return True


def _business(raw: Any, notes: Notes) -> Business:
    values = read_table("business", raw, ("business",), notes)
    values["time_zone"] = values["time_zone"] or system_zone()
    values["holidays"] = tuple(sorted(set(values["holidays"])))
    business = Business(**values)
    check_business(business, notes)
    return business


def system_zone() -> str:
    """The machine's time zone by name, or "UTC" when it does not say."""
    try:
        target = os.readlink(LOCALTIME)  # noqa: PTH115 - pathlib is slow to import
        return zone(target.partition("zoneinfo/")[2])
    except (OSError, Wrong):
        return "UTC"


def _settings(raw: Any, notes: Notes) -> Settings:
    values = read_table("agent", raw, ("agent",), notes)
    values["scratch"] = values["scratch"] or values["state"].rstrip("/") + "/scratch"
    values["host"] = values["host"] or os.uname().nodename
    values["metrics"] = values["metrics"] or values["state"].rstrip("/") + "/metrics/readiness.prom"
    values["report"] = read_rhythm("agent.report", values["report"], ("agent", "report"), notes, THURSDAY)
    return Settings(**values)


def _repositories(tables: dict[str, Any], notes: Notes) -> list[Repository]:
    repositories = []
    for key, raw in tables.items():
        at: At = ("repository", key)
        values = read_table("repository.NAME", raw, at, notes)
        values["check"], values["check_parts"] = read_check(values["check"], (*at, "check"), notes)
        prune, weekly = values["prune"], Rhythm(every=WEEK)
        values["prune"] = read_rhythm("repository.NAME.prune", prune, (*at, "prune"), notes, weekly)
        values["environment_file"] = values["environment_file"] or ""
        if values["url"] and values["password_file"]:
            repositories.append(Repository(name=key, **values))
    check_repositories(repositories, notes)
    return repositories


def _processes(tables: dict[str, Any], notes: Notes) -> list[CriticalProcess]:
    read = (_process(key, raw, notes) for key, raw in tables.items())
    processes = [process for process in read if process is not None]
    for process in processes:
        check_process(process, notes)
    check_dependencies(processes, list(tables), notes)
    return processes


def _process(key: str, raw: Any, notes: Notes) -> CriticalProcess | None:
    at: At = ("process", key)
    values = read_table("process.NAME", raw, at, notes)
    values["proofs"] = read_items(read_proof, values.pop("proof"), (*at, "proof"), notes)
    values["steps"] = read_items(_step, values.pop("step"), (*at, "step"), notes)
    values["mtd"] = values["mtd"] or max(THREE_DAYS, values["rto"])
    values["keep"] = read_keep(values["keep"], (*at, "keep"), notes)
    usual = {
        "snapshot": half(values["rpo"]),
        "drill": half(values["max_proof_age"]),
        "copy": Rhythm(every=DAY),
    }
    for task, rhythm in usual.items():
        values[task] = read_rhythm(f"process.NAME.{task}", values[task], (*at, task), notes, rhythm)
    return CriticalProcess(name=key, **values) if values["paths"] else None


def _step(raw: Any, at: At, notes: Notes) -> Step | None:
    values = read_table("process.NAME.step", raw, at, notes)
    return Step(**values) if values["name"] and values["minutes"] else None
