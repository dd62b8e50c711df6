"""A letter as plain text and as HTML, from the very same words."""

import re
from functools import cache

from jinja2 import Template

from agent.adapters.mail.letter_lines import WIDTH, fitted, lines, words_of
from agent.adapters.rendering.templates import template
from agent.core.letters.letter import Cell, Letter
from agent.core.text.layout import GAP, columns

LABEL = re.compile(r"[A-Z][A-Z -]+: ")
NAME = re.compile(r"\b([FT]-[0-9]{1,9})\b")  # of a finding or an alarm test


def letter_text(letter: Letter) -> str:
    """Lines of at most 72 columns, and no more of them than the letter allows."""
    return "\n".join(lines(fitted(letter))) + "\n"


def letter_html(letter: Letter, cells: str = "") -> str:
    """A page that mail programs show: tables and inline styles, nothing remote, everything escaped.

    `cells` are pictures that a template of ours made: they stand as they are behind the words on the trend.
    """
    return _template().render(letter=fitted(letter), cells=cells)


@cache
def _template() -> Template:
    return template(
        "letter",
        kind=lambda block: type(block).__name__,
        filled=filled,
        stacked=stacked,
        unfolded=unfolded,
        names_apart=names_apart,
    )


def filled(share: float) -> int:
    """How many percent of a bar are filled: something is never shown as nothing, too much as all."""
    return min(max(round(share * 100), 2), 100)


def stacked(headings: tuple[str, ...], cells: tuple[Cell, ...]) -> list[list[Cell]]:
    """The cells by column: one without a heading of its own stands below the cell before it."""
    columns: list[list[Cell]] = []
    for heading, cell in zip(headings, cells, strict=True):
        if heading or not columns:
            columns.append([cell])
        else:
            columns[-1].append(cell)
    return columns


def names_apart(text: str) -> list[str]:
    """The text in pieces, of which every second is a name such as "F-1207"."""
    return NAME.split(text)


def unfolded(text: str) -> str:
    """A quoted mail without the breaks that keep its sentences within its columns: a phone has fewer.

    Such a break stands where the next word had no room. Tables and commands stay as they are.
    """
    found, before = "", ""
    for line in text.split("\n"):
        found += f" {line.lstrip()}" if _goes_on(before, line) else f"\n{line}"
        before = line
    return found[1:]


def _goes_on(before: str, line: str) -> bool:
    """Whether the line is the rest of the sentence before."""
    words = words_of(line)
    if not before.strip() or not words or LABEL.match(line) or GAP in before.strip() or GAP in line.strip():
        return False
    indents = [len(one) - len(one.lstrip(" -")) for one in (before, line)]
    return indents[0] == indents[1] and columns(before) + 1 + columns(words[0]) > WIDTH
