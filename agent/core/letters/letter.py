"""A mail before it is rendered: text and HTML are made from these very words."""

import unicodedata
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from agent.core.text.layout import cut
from agent.core.text.plain import printable

Tone = Literal["ready", "at-risk", "not-ready", "unknown", "plain"]

SUBJECT = 110  # characters: more is cut by every mail program
# what NFKD does not take apart: letters, then dashes, then quotation marks and money
LETTERS = {
    **{"\u00df": "ss", "\u1e9e": "SS", "\u00e6": "ae", "\u00c6": "AE", "\u0153": "oe", "\u0152": "OE"},
    **{
        "\u00f8": "o",
        "\u00d8": "O",
        "\u0142": "l",
        "\u0141": "L",
        "\u0131": "i",
        "\u0111": "d",
        "\u0110": "D",
    },
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
    **dict.fromkeys("\u2018\u2019\u201a", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"'),
    **{"\u20ac": "EUR", "\u00a3": "GBP"},
}


class Sentence(Struct, frozen=True, kw_only=True):
    """Words with or without a label in front. A letter with a limit cuts those first that are not `firm`."""

    text: str
    label: str = ""
    firm: bool = False
    strong: bool = False  # what to do: it has to catch the eye
    item: bool = False  # of a list


class Command(Struct, frozen=True):
    """A line for a shell, whole however long it is."""

    text: str


class Quote(Struct, frozen=True):
    """Another mail as it was written, line by line."""

    text: str


class Cell(Struct, frozen=True, kw_only=True):
    """`share` is drawn as a bar: how much is used of what was promised; the words beside it say the same."""

    text: str
    tone: Tone | None = None  # of a state, which is always a word as well
    share: float | None = None


class Row(Struct, frozen=True, kw_only=True):
    """One line of a table; the first cell is its name. The greatest `weight` is left out last."""

    cells: tuple[Cell, ...]
    weight: int = 0
    state: str = ""


class Table(Struct, frozen=True, kw_only=True):
    """`rest` says what was left out of a table that was too long."""

    name: str
    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    rest: str = ""


Block = Sentence | Command | Quote | Table


class Group(Struct, frozen=True, kw_only=True):
    """What stands together, apart from the next group."""

    blocks: tuple[Block, ...]
    title: str = ""
    trend: bool = False  # pictures may be put behind its words


class Letter(Struct, frozen=True, kw_only=True):
    """One mail. `limit`: how many lines its text may have, 0 for any number."""

    subject: str
    business: str
    state: str  # the first word of all
    tone: Tone
    opening: str  # the answer, behind the state
    groups: tuple[Group, ...] = ()
    closing: tuple[Sentence, ...] = ()
    limit: int = 0


def subject_line(lead: str, tail: str = "") -> str:
    """One line of ASCII, with `tail` kept whole where `lead` is too long."""
    end = f" {ascii_text(tail)}"[: SUBJECT // 2] if tail else ""
    start = ascii_text(lead)
    room = SUBJECT - len(end)
    return (start if len(start) <= room else f"{start[: room - 3].rstrip()}...") + end


def fitting_subject(attempts: Sequence[tuple[str, str]]) -> str:
    """The first lead and tail that need not be cut, otherwise the last: a cut may take the word "not"."""
    for lead, tail in attempts:
        if len(ascii_text(lead)) + 1 + len(ascii_text(tail)) <= SUBJECT:
            return subject_line(lead, tail)
    return subject_line(*attempts[-1])


def ascii_text(text: str) -> str:
    """The same in ASCII: "Müller" as "Muller", what has no such letters as escapes, all on one line."""
    known = "".join(LETTERS.get(char, char) for char in printable(text))
    return "".join(_ascii(char) for char in unicodedata.normalize("NFKD", known))


def _ascii(char: str) -> str:
    if char.isascii():
        return char if char.isprintable() else " "
    return "" if unicodedata.combining(char) else char.encode("ascii", "backslashreplace").decode()


def capital(text: str) -> str:
    """The same with a capital letter in front."""
    return text[:1].upper() + text[1:]


def sentence(label: str, text: str, firm: bool = False) -> tuple[Sentence, ...]:
    """One sentence, or none where there is nothing to say."""
    return (Sentence(text=text, label=label, firm=firm),) if text else ()


def seal_words(head: str) -> str:
    """The start of the ledger's head so that it can be read out loud: "7f3a 91c2 e0d4"."""
    return " ".join(head[at : at + 4] for at in (0, 4, 8))


def short_name(business: str) -> str:
    """The business's name as subjects end with it."""
    return cut(ascii_text(business), 28)


def in_brackets(business: str) -> str:
    """The same as the tail of a subject; empty where it has no name."""
    return f"({short_name(business)})" if business.strip() else ""


def called(name: str, width: int = 60) -> str:
    """A name from the config or the world: printable, and not longer than it may be."""
    return cut(printable(name), width)
