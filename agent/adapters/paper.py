"""Implements the port `Paper`."""

from markupsafe import Markup

from agent.adapters.render_letter import letter_html, letter_text
from agent.core.letter import Letter


class LetterPaper:
    """Letters as they are mailed."""

    def text(self, letter: Letter) -> str:
        """At most 72 columns."""
        return letter_text(letter)

    def html(self, letter: Letter, cells: str = "") -> str:
        """The same words; `cells` are pictures that a template of ours made."""
        return letter_html(letter, Markup(cells))  # noqa: S704 - escaped when they were made
