"""Implements the port `Paper`."""

from agent.core.letters.letter import Letter


class LetterPaper:
    """Letters as they are mailed."""

    def text(self, letter: Letter) -> str:
        """At most 72 columns."""
        from agent.adapters.mail.letter import letter_text  # noqa: PLC0415 - most rounds write nothing

        return letter_text(letter)

    def html(self, letter: Letter, cells: str = "") -> str:
        """The same words; `cells` are pictures that a template of ours made."""
        from agent.adapters.mail.letter import letter_html  # noqa: PLC0415 - likewise

        return letter_html(letter, cells)
