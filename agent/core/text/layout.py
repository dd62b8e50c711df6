"""Text in lines and columns, as wide as a terminal or a mail program shows it."""

import unicodedata
from collections.abc import Iterator, Sequence

GAP = "  "
CUT = "..."


def columns(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(char) for char in text)


def _columns_of(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut(text: str, width: int) -> str:
    """At most so many columns; "..." in the place of what is left out of the middle."""
    if columns(text) <= width:
        return text
    if width <= 2 * len(CUT):
        return next(_pieces(text, width), "")
    half = (width - len(CUT)) // 2
    head = next(_pieces(text, width - len(CUT) - half))
    tail = next(_pieces(text[::-1], half))[::-1]
    return f"{head}{CUT}{tail}"


def wrapped(text: str, width: int, first: str = "", rest: str | None = None) -> Iterator[str]:
    """The text in lines of at most `width` columns; words that are longer are cut.

    `first` stands in front of the first line, `rest` (without it the same) in front of the others.
    """
    indent = first if rest is None else rest
    room = width - max(columns(first), columns(indent))
    words: list[str] = []
    begin, used = first, columns(first)
    for piece in (piece for word in text.split() for piece in _pieces(word, room)):
        more = columns(piece)
        if words and used + 1 + more > width:
            yield begin + " ".join(words)
            begin, words, used = indent, [], columns(indent)
        used += more + bool(words)
        words.append(piece)
    if words:
        yield begin + " ".join(words)


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of equally many cells, each column as wide as its widest cell."""
    widths = widths_of(rows)
    for row in rows:
        padded = (cell + " " * (width - columns(cell)) for cell, width in zip(row, widths, strict=True))
        yield GAP.join(padded).rstrip()


def widths_of(rows: Sequence[Sequence[str]]) -> list[int]:
    """The width of each column."""
    return [max(map(columns, column)) for column in zip(*rows, strict=True)]


def aligned_width(rows: Sequence[Sequence[str]]) -> int:
    """How wide `aligned` makes its widest line."""
    widths = widths_of(rows)
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _pieces(word: str, width: int) -> Iterator[str]:
    while columns(word) > width:
        end = _fitting(word, width)
        yield word[:end]
        word = word[end:]
    yield word


def _fitting(word: str, width: int) -> int:
    """How many of its characters take at most so many columns; one at least, or it would never end."""
    used = 0
    for number, char in enumerate(word[: 2 * width]):
        used += _columns_of(char)
        if used > width:
            return max(number, 1)
    return max(min(len(word), 2 * width), 1)
