"""Composition root of `readiness view`."""

from pathlib import Path

from agent.adapters.sources import view
from agent.core.configuration.config import Config
from agent.core.model.findings import Finding


def record(config: Config, file: str) -> None:
    """Write down what there is to see of all sources."""
    view.record_view([path for process in config.processes for path in process.paths], Path(file))


def look(config: Config) -> tuple[list[dict[str, str]], list[Finding]]:
    """The file system of every path, and what our sandbox hides."""
    paths, findings = [], []
    for process in config.processes:
        findings += view.hidden(process.name, process.paths)
        for path in process.paths:
            mount = view.shown_mount(path)
            kind, source = (mount.type, mount.source) if mount else ("", "")
            paths.append({"process": process.name, "path": path, "type": kind, "source": source})
    return paths, findings
