"""A letter as lines of plain text, and cut so that it has no more of them than it may."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from agent.core.letters.letter import Block, Command, Letter, Quote, Row, Sentence, Table
from agent.core.text.layout import CUT, GAP, aligned, columns, cut, widths_of, wrapped
from agent.core.text.plain import printable

WIDTH = 72
FEWEST_ROWS = 3
NARROWEST = 8  # columns of a name
UNIT = re.compile(r"(?<=\d) (?=(?:d|h|min|s|[KMGT]iB|B)\b)")
JOINED = "\ue000"  # as wide as a blank, and in no letter: what is printable holds none


def lines(letter: Letter) -> list[str]:
    """The plain text, line by line, none wider than 72 columns."""
    found = list(_flowing(f"{letter.state} - {letter.opening}"))
    for group in letter.groups:
        found += ["", *(_flowing(group.title) if group.title else ())]
        found += [line for block in group.blocks for line in _block(block)]
    closing = [line for sentence in letter.closing for line in _block(sentence)]
    return [*found, "", *closing] if closing else found


def fitted(letter: Letter) -> Letter:
    """The same letter with tables that are narrow enough, and within its limit of lines.

    Long sentences lose lines first, down to two each; then rows go, those with the least weight before
    others, but three stay; then whatever is longest. Firm sentences are never cut.
    """
    letter = _with_blocks(_made_printable(letter), _narrowed)
    while letter.limit and (over := len(lines(letter)) - letter.limit) > 0:
        shorter = _with_a_shorter_sentence(letter, 2) or _with_fewer_rows(letter, over)
        shorter = shorter or _with_a_shorter_opening(letter, 3) or _with_a_shorter_sentence(letter, 1)
        shorter = shorter or _with_a_shorter_opening(letter, 1)
        if shorter is None:
            break
        letter = shorter
    return letter


def _made_printable(letter: Letter) -> Letter:
    """The same with nothing in it that could move a cursor, reorder words or not be encoded."""
    letter = _with_blocks(letter, _printable)
    return replace(
        letter,
        state=printable(letter.state),
        opening=printable(letter.opening),
        groups=tuple(replace(group, title=printable(group.title)) for group in letter.groups),
        closing=tuple(replace(one, text=printable(one.text)) for one in letter.closing),
    )


def _printable(block: Block) -> Block:
    if isinstance(block, Sentence):
        return replace(block, label=printable(block.label), text=printable(block.text))
    if isinstance(block, Command | Quote):
        return replace(block, text=printable(block.text, keep_newlines=isinstance(block, Quote)))
    cells = (tuple(replace(cell, text=printable(cell.text)) for cell in row.cells) for row in block.rows)
    rows = (replace(row, cells=each) for row, each in zip(block.rows, cells, strict=True))
    return replace(block, rows=tuple(rows))


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Sentence) and block.item:
        yield from _flowing(block.text, "  - ", "    ")
    elif isinstance(block, Sentence):
        yield from _flowing(f"{block.label}: {block.text}" if block.label else block.text)
    elif isinstance(block, Command):
        yield from _command(block.text)
    elif isinstance(block, Quote):
        for line in block.text.split("\n"):
            yield from wrapped(line, WIDTH) if columns(line) > WIDTH else (line.rstrip(),)
    else:
        yield from aligned(_cells(block))
        yield from wrapped(block.rest, WIDTH) if block.rest else ()


def words_of(text: str) -> list[str]:
    """Its words, a number and its unit as one: "4 h" is never torn apart."""
    return [word.replace(JOINED, " ") for word in UNIT.sub(JOINED, text).split()]


def _flowing(text: str, first: str = "", rest: str | None = None) -> Iterator[str]:
    for line in wrapped(UNIT.sub(JOINED, text), WIDTH, first, rest):
        yield line.replace(JOINED, " ")


def _command(text: str) -> Iterator[str]:
    """Longer commands go on behind a backslash, so that a shell takes them as they stand."""
    pieces = list(wrapped(text, WIDTH - 2, "    ", "      "))
    yield from (f"{piece} \\" for piece in pieces[:-1])
    yield from pieces[-1:]


def _cells(table: Table) -> list[Sequence[str]]:
    return [table.headings, *([cell.text for cell in row.cells] for row in table.rows)]


def _with_blocks(letter: Letter, change: Callable[[Block], Block]) -> Letter:
    groups = [replace(group, blocks=tuple(map(change, group.blocks))) for group in letter.groups]
    return replace(letter, groups=tuple(groups))


def _narrowed(table: Block) -> Block:
    """The names in the first column are cut where the other columns need the room."""
    if not isinstance(table, Table):
        return table
    widths = widths_of(_cells(table))
    room = max(WIDTH - sum(widths[1:]) - len(GAP) * (len(widths) - 1), NARROWEST)
    return replace(table, rows=tuple(_named(row, cut(row.cells[0].text, room)) for row in table.rows))


def _named(row: Row, name: str) -> Row:
    return replace(row, cells=(replace(row.cells[0], text=name), *row.cells[1:]))


def _with_fewer_rows(letter: Letter, over: int) -> Letter | None:
    """Cuts the first table that is whole yet by `over` lines, and one more for the line on the others."""
    blocks = [block for group in letter.groups for block in group.blocks if isinstance(block, Table)]
    table = next((one for one in blocks if not one.rest and len(one.rows) > FEWEST_ROWS + 1), None)
    if table is None:
        return None
    keep = max(len(table.rows) - over - 1, FEWEST_ROWS)
    return _with_blocks(letter, lambda block: _cut_table(table, keep) if block is table else block)


def _cut_table(table: Table, keep: int) -> Table:
    """The `keep` rows with the greatest weight, in their old order, and a line on the others."""
    by_weight = sorted(table.rows, key=lambda row: -row.weight)
    kept = [row for row in table.rows if any(row is one for one in by_weight[:keep])]
    states = Counter(row.state for row in by_weight[keep:])
    words = ", ".join(f"{number:,} {state}" for state, number in states.items())
    if len(states) == 1:
        words = f"all {next(iter(states))}"
    return replace(table, rows=tuple(kept), rest=f"... and {states.total():,} more, {words}")


def _with_a_shorter_sentence(letter: Letter, least: int) -> Letter | None:
    """One line less of the sentence that has most of them; of several, of the last."""
    sentences = [
        block
        for group in letter.groups
        for block in group.blocks
        if isinstance(block, Sentence) and not block.firm and len(list(_block(block))) > least
    ]
    longest = max(reversed(sentences), key=lambda one: len(list(_block(one))), default=None)
    if longest is None:
        return None
    shorter = _shortened(longest)
    return _with_blocks(letter, lambda block: shorter if block is longest else block)


def _with_a_shorter_opening(letter: Letter, least: int) -> Letter | None:
    start = Sentence(label=f"{letter.state}-", text=letter.opening)  # as wide as "READY - "
    if len(list(_block(start))) <= least:
        return None
    return replace(letter, opening=_shortened(start).text)


def _shortened(sentence: Sentence) -> Sentence:
    """One line less, at the end of a word where that is possible."""
    allowed = len(list(_block(sentence))) - 1
    words = sentence.text.removesuffix(f" {CUT}").split()
    while len(words) > 1:
        words.pop()
        shorter = replace(sentence, text=f"{' '.join(words)} {CUT}")
        if len(list(_block(shorter))) <= allowed:
            return shorter
    room = WIDTH - columns(sentence.label) - 2 if allowed == 1 else WIDTH * (allowed - 1)
    return replace(sentence, text=cut(words[0], max(room, NARROWEST)))
