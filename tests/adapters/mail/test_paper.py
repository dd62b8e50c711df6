"""Letters as they are mailed: text and HTML of the very same letter."""

from msgspec.structs import replace

from agent.adapters.mail.letter import letter_html, letter_text
from agent.adapters.mail.paper import LetterPaper
from agent.core.letters.letter import Group, Sentence
from support.builders.letters import opened

CELLS = "<table><tr><td>a picture</td></tr></table>"


def test_paper_takes_the_letter_as_it_is() -> None:
    letter = opened()
    assert LetterPaper().text(letter) == letter_text(letter)
    assert LetterPaper().html(letter) == letter_html(letter)


def test_pictures_are_handed_on() -> None:
    group = Group(blocks=(Sentence(text="Restores take longer than in spring."),), trend=True)
    paper, letter = LetterPaper(), replace(opened(), groups=(group,))
    assert CELLS in paper.html(letter, CELLS)
    assert CELLS not in paper.html(letter)
