"""restic's exclude patterns, so that the witness leaves out exactly what restic leaves out.

The rules are those of restic's documentation ("Excluding Files"): a pattern with a leading slash is
matched from the root, any other against every run of path components; `*`, `?`, `[...]` and `\\`
work within a component, `**` spans any number of components.
"""

import posixpath
import re
from collections.abc import Sequence


def compile_excludes(patterns: Sequence[str]) -> re.Pattern[bytes] | None:
    """One expression to `match` absolute paths in bytes, or None when nothing is excluded.

    What lies below an excluded directory is not matched: do not descend into it.
    """
    if not patterns:
        return None
    return re.compile(b"|".join(_expression(pattern) for pattern in patterns), re.DOTALL)


def _expression(pattern: str) -> bytes:
    cleaned = posixpath.normpath(pattern)
    absolute = cleaned.startswith("/")
    parts = cleaned.strip("/").split("/")
    regex = b"" if absolute else rb"(?:/[^/]+)*"
    for part in parts:
        regex += rb"(?:/[^/]+)*" if part == "**" else b"/" + _component(part)
    return b"(?:" + regex + rb"\Z)"


def _component(part: str) -> bytes:
    out = b""
    rest = part
    while rest:
        char, rest = rest[0], rest[1:]
        if char == "*":
            out += rb"[^/]*"
        elif char == "?":
            out += rb"(?:[\x80-\xff]+|[^/])"  # one character, which is several bytes outside ASCII
        elif char == "[" and "]" in rest[1:]:
            body, rest = rest[: rest.index("]", 1)], rest[rest.index("]", 1) + 1 :]
            out += b"[" + os_bytes(body).replace(b"[", rb"\[") + b"]"
        elif char == "\\" and rest:
            out += re.escape(os_bytes(rest[0]))
            rest = rest[1:]
        else:
            out += re.escape(os_bytes(char))
    return out


def os_bytes(text: str) -> bytes:
    """The bytes of a path or a piece of one."""
    return text.encode("utf-8", "surrogateescape")


def os_text(path: bytes) -> str:
    """A path as surrogateescape-safe text, as records and JSON carry it."""
    return path.decode("utf-8", "surrogateescape")
