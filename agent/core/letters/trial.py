"""The mail that only tries whether mail arrives."""

from agent.core.configuration.config import Config
from agent.core.letters.letter import Letter, Sentence, called


def trial_letter(config: Config) -> Letter:
    """It asks for nothing, and says from which machine it comes."""
    wanted = (
        "If it lies among the unwanted mail, please mark it as wanted: the mail that matters will come from "
        "the same address."
    )
    return Letter(
        subject="TEST - mail from readiness reaches you",
        business=called(config.business.name),
        state="TEST",
        tone="plain",
        opening=f"Mail from readiness reaches you. Somebody on {called(config.settings.host)} asked for this "
        "test. Nothing is wrong, and there is nothing to do.",
        closing=(Sentence(text=wanted),),
    )
