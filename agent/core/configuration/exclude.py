"""restic's exclude patterns, so that the witness leaves out exactly what restic leaves out.

The rules are those of restic's documentation ("Excluding Files"): a pattern with a leading slash is
matched from the root, any other against every run of path components; `*`, `?`, `[...]` and `\\`
work within a component, `**` spans any number of components.
"""

import posixpath
import re
from collections.abc import Sequence

ANY = (b"readiness-7f3kq", b"7f3kq.readiness", b".7f3kq-any", b"7F3KQ any")  # names that no pattern means
LONGEST_RANGE = 1024  # characters from one to the other in brackets, such as [a-z]
# one character in UTF-8, or a byte that is not part of one
_CHARACTER = (
    rb"(?>[\x00-.0-\x7f]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
    rb"|[\x80-\xff])"
)


def compile_excludes(patterns: Sequence[str]) -> re.Pattern[bytes] | None:
    """One expression to `match` absolute paths in bytes, or None when nothing is excluded.

    What lies below an excluded directory is not matched: do not descend into it. re.error for a pattern
    that restic would refuse.
    """
    if not patterns:
        return None
    return re.compile(b"|".join(_expression(pattern) for pattern in patterns), re.DOTALL)


def leaves_out(expression: re.Pattern[bytes] | None, path: bytes) -> bool:
    """Whether `path` (without a leading slash), or a directory that it lies in, is excluded."""
    if expression is None:
        return False
    parts = path.split(b"/")
    return any(expression.match(b"/" + b"/".join(parts[:n])) for n in range(1, len(parts) + 1))


def leaves_nothing(expression: re.Pattern[bytes] | None, directory: bytes) -> bool:
    """Whether everything in `directory` (without a leading slash) is excluded, whatever its name is."""
    return expression is not None and all(leaves_out(expression, directory + b"/" + name) for name in ANY)


def _expression(pattern: str) -> bytes:
    cleaned = posixpath.normpath(pattern)
    absolute = cleaned.startswith("/")
    parts = cleaned.strip("/").split("/")
    regex = b"" if absolute else rb"(?:/[^/]+)*"
    for part in parts:
        regex += rb"(?:/[^/]+)*" if part == "**" else b"/" + _component(part)
    return b"(?:" + regex + rb"\Z)"


def _component(part: str) -> bytes:
    """One path component as Go's filepath.Match reads it, which restic uses: in characters, not bytes."""
    out = b""
    rest = part
    while rest:
        char, rest = rest[0], rest[1:]
        if char == "*":
            out += b"[^/]*"
        elif char == "?":
            out += _CHARACTER
        elif char == "[":
            expression, rest = _character_class(rest)
            out += expression
        elif char == "\\":
            char, rest = _escaped(char + rest)
            out += re.escape(os_bytes(char))
        else:
            out += re.escape(os_bytes(char))
    return out


def _character_class(rest: str) -> tuple[bytes, str]:
    """What stands behind a "[", as an expression, and what follows the "]"."""
    negated = rest.startswith("^")
    rest = rest.removeprefix("^")
    choices: list[bytes] = []
    while not (choices and rest.startswith("]")):
        low, rest = _escaped(rest)
        high = low
        if rest.startswith("-"):
            high, rest = _escaped(rest[1:])
        if not 0 <= ord(high) - ord(low) <= LONGEST_RANGE:
            raise re.error(f"no characters, or too many, from {low} to {high}")
        choices += [re.escape(os_bytes(chr(code))) for code in range(ord(low), ord(high) + 1)]
    listed = b"(?:" + b"|".join(choices) + b")"
    return (b"(?!" + listed + b")" + _CHARACTER if negated else listed), rest[1:]


def _escaped(rest: str) -> tuple[str, str]:
    """The next character, perhaps behind a backslash; re.error when there is none."""
    if rest[:1] in ("", "-", "]"):
        raise re.error("a character is missing in brackets")
    if rest[0] == "\\":
        rest = rest[1:]
    if not rest:
        raise re.error("nothing follows a backslash")
    return rest[0], rest[1:]


def os_bytes(text: str) -> bytes:
    """The bytes of a path or a piece of one."""
    return text.encode("utf-8", "surrogateescape")


def os_text(path: bytes) -> str:
    """A path as surrogateescape-safe text, as records and JSON carry it."""
    return path.decode("utf-8", "surrogateescape")
