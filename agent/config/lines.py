"""Where in a TOML file a key stands. Only asked for when something is wrong with the file's content.

The text is known to be valid TOML, which is what allows this scanner to be so short.
"""

import json
import re
from contextlib import suppress

from agent.core.configuration.problem import At

BARE = re.compile(r"[A-Za-z0-9_-]+")
SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""(?!")))*"""(?!")|'
    r"'''(?:[^']|'(?!''(?!')))*'''(?!')|"
    r'"(?:[^"\\\n]|\\.)*"|'
    r"'[^'\n]*'",
    re.DOTALL,
)
SCALAR = re.compile(r"[^,\]}#\n]+")


def line_numbers(text: str) -> dict[At, int]:
    """The line (from 1) of every key and list item; as many as could be found when the text is odd."""
    scanner = _Scanner(text)
    with suppress(IndexError, ValueError, RecursionError):  # what was found so far is still right
        scanner.scan()
    return scanner.lines


def line_of(lines: dict[At, int], at: At) -> int:
    """The line of a key, else of the closest table around it, else 0."""
    while at and at not in lines:
        at = at[:-1]
    return lines.get(at, 0)


def written_key(at: At) -> str:
    """A place as a person writes it: process.orders.proof[0].expect"""
    out = ""
    for part in at:
        if isinstance(part, int):
            out += f"[{part}]"
        else:
            out += ("." if out else "") + (part if BARE.fullmatch(part) else json.dumps(part))
    return out


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.line = 1
        self.lines: dict[At, int] = {}
        self.last_index: dict[At, int] = {}  # of every array of tables

    def scan(self) -> None:
        table: At = ()
        self._take(SPACE)
        while self.position < len(self.text):
            if self.text[self.position] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._take(SPACE)

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.position)
        if match is None:
            raise ValueError(self.position)
        self.position = match.end()
        self.line += match.group().count("\n")
        return match.group()

    def _accept(self, mark: str) -> bool:
        found = self.text.startswith(mark, self.position)
        self.position += len(mark) * found
        return found

    def _header(self) -> At:
        is_array = self._accept("[[") or not self._accept("[")
        self._take(SPACE)
        line = self.line
        *parents, last = self._key()
        table: At = ()
        for part in parents:
            table = self._entered((*table, part))
            self.lines.setdefault(table, line)
        table = (*table, last)
        if is_array:
            self.last_index[table] = self.last_index.get(table, -1) + 1
            self.lines.setdefault(table, line)
        table = self._entered(table)
        self.lines[table] = line
        self._take(SPACE)
        self.position += 2 if is_array else 1
        return table

    def _entered(self, table: At) -> At:
        """The table itself, or the newest one of an array of tables."""
        return (*table, self.last_index[table]) if table in self.last_index else table

    def _key(self) -> list[str]:
        parts = [self._key_part()]
        self._take(SPACE)
        while self._accept("."):
            self._take(SPACE)
            parts.append(self._key_part())
            self._take(SPACE)
        return parts

    def _key_part(self) -> str:
        quote = self.text[self.position]
        if quote == "'":
            return self._take(STRING)[1:-1]
        if quote == '"':
            return _unescaped(self._take(STRING))
        return self._take(BARE)

    def _pair(self, table: At) -> None:
        line = self.line
        for part in self._key():
            table = (*table, part)
            self.lines.setdefault(table, line)
        if not self._accept("="):
            raise ValueError(self.position)
        self._take(SPACE)
        self._value(table)

    def _value(self, at: At) -> None:
        self.lines.setdefault(at, self.line)
        opener = self.text[self.position]
        if opener in "\"'":
            self._take(STRING)
        elif opener == "[":
            self._collection(at, "]")
        elif opener == "{":
            self._collection(at, "}")
        else:
            self._take(SCALAR)

    def _collection(self, at: At, closer: str) -> None:
        self.position += 1
        index = 0
        self._take(SPACE)
        while not self._accept(closer):
            if closer == "]":
                self._value((*at, index))
            else:
                self._pair(at)
            index += 1
            self._take(SPACE)
            self._accept(",")
            self._take(SPACE)


def _unescaped(quoted: str) -> str:
    """TOML's escapes are JSON's, and a few more that are not worth the trouble in a key."""
    try:
        return str(json.loads(quoted))
    except ValueError:
        return quoted[1:-1]
