"""Holds what this process sees of the sources against what was seen outside of its sandbox."""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import convert, to_builtins

from agent.adapters.host.whole_file import PUBLIC, write_report
from agent.core.model.findings import Finding, finding
from agent.core.snapshot.view import Mount, View, hiding, parse_mounts, seen_from, view_of
from agent.errors import StateError

RECORDED = "READINESS_VIEW"  # names the file in the environment of the service
HINT = (
    "Take what hides it (ProtectHome=, PrivateTmp=, InaccessiblePaths=, TemporaryFileSystem=, BindPaths=) "
    "out of readiness.service. If that was mounted since the service started: systemctl reload readiness."
)


def record_view(paths: Iterable[str], file: Path) -> None:
    """Write down what there is to see of `paths`, to be run outside of the sandbox."""
    write_report(str(file), json.dumps(to_builtins(view_of(paths, _mounts()))), PUBLIC)


def shown_mount(path: str) -> Mount | None:
    """What is mounted where `path` lies."""
    above = [mount for mount in seen_from(path, _mounts()) if _holds(mount.point, path)]
    return above[-1] if above else None


def hidden(process: str, paths: Sequence[str]) -> list[Finding]:
    """A finding for each path of which our sandbox hides something; none where no view was recorded."""
    file = os.environ.get(RECORDED)
    if not file or not paths:
        return []
    outside = _recorded(Path(file))
    mounts = _mounts()
    found = [(path, hiding(path, mounts, outside)) for path in paths]
    return [_finding(process, path, mount) for path, mount in found if mount]


def _finding(process: str, path: str, mount: Mount) -> Finding:
    what = mount.type if mount.source in ("", "none", mount.type) else f"{mount.type} of {mount.source}"
    message = (
        f"The service cannot see {path} as it is: its sandbox has put another file system ({what}) over "
    )
    return finding("view-differs", process, f"{message}{mount.point}.", HINT, path)


def _recorded(file: Path) -> View:
    try:
        return convert(json.loads(file.read_bytes()), View)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StateError(
            f"What was seen outside of the sandbox cannot be read from {file}: {reason}.",
            "Record it anew: systemctl reload readiness.",
        ) from error


def _mounts() -> list[Mount]:
    return parse_mounts(Path("/proc/self/mountinfo").read_text(errors="surrogateescape"))


def _holds(point: str, path: str) -> bool:
    return f"{path}/".startswith(point.rstrip("/") + "/")
