"""A letter as lines: none too wide, and cut where that hurts least."""

import pytest

from agent.adapters.mail.letter_lines import fitted, lines, words_of
from agent.core.letters.letter import Block, Cell, Command, Group, Letter, Quote, Row, Sentence, Table

LONG = "word " * 100


def letter(*blocks: Block, limit: int = 0, opening: str = "All is well.", title: str = "") -> Letter:
    return Letter(
        subject="READY",
        business="Harbour Lane",
        state="READY",
        tone="ready",
        opening=opening,
        groups=(Group(blocks=blocks, title=title),),
        limit=limit,
    )


def table(rows: int, name: str = "process-{}") -> Table:
    """The state is READY in every second row; the weight grows."""
    return Table(
        name="processes",
        headings=("process", "state"),
        rows=tuple(
            Row(
                cells=(Cell(text=name.format(number)), Cell(text="READY")),
                weight=number,
                state=("READY", "UNKNOWN")[number % 2],
            )
            for number in range(rows)
        ),
    )


def body(found: Letter) -> list[str]:
    """Without the opening and the line below it."""
    return lines(found)[2:]


@pytest.mark.parametrize(
    "block",
    [
        Sentence(text=LONG),
        Sentence(text=LONG, label="DO FIRST"),
        Sentence(text=LONG, item=True),
        Sentence(text="x" * 200),
        Command(f"readiness drill {LONG}"),
        Quote(f"short\n{LONG}"),
        table(3, name="x" * 90 + "{}"),
    ],
    ids=["sentence", "label", "item", "word", "command", "quote", "table"],
)
def test_no_line_is_wider_than_it_may_be(block: Block) -> None:
    assert max(map(len, lines(fitted(letter(block))))) <= 72


def test_an_item_of_a_list_hangs_and_a_label_stands_in_front() -> None:
    found = body(letter(Sentence(text=LONG, item=True), Sentence(text="restore orders", label="DO FIRST")))
    assert found[0].startswith("  - word")
    assert found[1].startswith("    word")
    assert found[-1] == "DO FIRST: restore orders"


def test_a_command_goes_on_behind_a_backslash_so_that_a_shell_takes_it() -> None:
    found = body(letter(Command("readiness " + " ".join(f"argument-{n}" for n in range(9)))))
    assert [line.endswith(" \\") for line in found] == [True] * (len(found) - 1) + [False]
    joined = " ".join(line.strip().removesuffix(" \\") for line in found)
    assert joined == "readiness " + " ".join(f"argument-{n}" for n in range(9))


def test_a_number_and_its_unit_are_one_word() -> None:
    assert words_of("in 4 h, of 12 GiB, at 5 sites") == ["in", "4 h,", "of", "12 GiB,", "at", "5", "sites"]


def test_a_letter_without_a_limit_is_left_whole() -> None:
    assert len(lines(fitted(letter(Sentence(text=LONG), table(40))))) > 40


def test_long_sentences_lose_lines_before_any_row_goes() -> None:
    found = fitted(letter(Sentence(text=LONG), table(5), limit=10))
    assert len(lines(found)) <= 10
    assert len([line for line in lines(found) if line.startswith("process-")]) == 5
    assert any(line.endswith("...") for line in lines(found))


def test_the_rows_with_the_least_weight_go_first_and_are_counted_by_state() -> None:
    found = body(fitted(letter(table(9), limit=8)))
    assert [line.split()[0] for line in found if line.startswith("process-")] == [
        "process-5",
        "process-6",
        "process-7",
        "process-8",
    ]
    assert found[-1] == "... and 5 more, 3 READY, 2 UNKNOWN"


def test_three_rows_stay_however_little_room_there_is() -> None:
    found = body(fitted(letter(table(9), limit=1)))
    assert len([line for line in found if line.startswith("process-")]) == 3


def test_a_firm_sentence_is_never_cut() -> None:
    firm = Sentence(text="never " * 60, firm=True)
    found = " ".join(body(fitted(letter(firm, Sentence(text=LONG), limit=9)))).split()
    assert found.count("never") == 60
    assert found.count("word") < 100


def test_nothing_in_it_moves_a_cursor() -> None:
    hostile = "\x1b[2J\u202e"
    blocks = (
        Sentence(text=hostile, label=hostile),
        Command(hostile),
        Quote(f"{hostile}\nnext"),
        table(2, hostile),
    )
    text = "\n".join(lines(fitted(letter(*blocks, opening=hostile, title=hostile))))
    assert "\x1b" not in text and "\u202e" not in text
    assert "\nnext" in text
