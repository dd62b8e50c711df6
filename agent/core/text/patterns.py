"""Patterns of paths, as proofs name files: `*` and `?` within a name, `**` for any number of directories.

Nothing else is wild: brackets are part of many a name, and in every path of the config they are themselves.
"""

import fnmatch
import posixpath


def is_pattern(path: str) -> bool:
    """Whether a path names many."""
    return "*" in path or "?" in path


def matches(path: str, pattern: str) -> bool:
    """Whether an absolute path is one of those that a pattern names."""
    return names_match(path.strip("/").split("/"), posixpath.normpath(pattern).strip("/").split("/"))


def names_match(names: list[str], patterns: list[str]) -> bool:
    """The same for the names on the way."""
    if not patterns:
        return not names
    if patterns[0] == "**":
        return any(names_match(names[skip:], patterns[1:]) for skip in range(len(names) + 1))
    return bool(names) and _fits(names[0], patterns[0]) and names_match(names[1:], patterns[1:])


def _fits(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(name, pattern.replace("[", "[[]"))
