"""Implements the port `Paper`."""

from agent.adapters.render_letter import letter_html, letter_text
from agent.core.letter import Letter


class LetterPaper:
    """Letters as they are mailed."""

    def text(self, letter: Letter) -> str:
        """At most 72 columns."""
        return letter_text(letter)

    def html(self, letter: Letter) -> str:
        """The same words."""
        return letter_html(letter)
