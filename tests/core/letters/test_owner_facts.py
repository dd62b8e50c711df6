"""Sentences of the owner's mail: what changed, what is at stake, plan B, and what was not tested."""

from agent.adapters.mail.letter import letter_text
from agent.core.letters.owner_facts import not_tested
from agent.core.model.notices import StateThen
from support.builders.letters import FOUR, copies, ready, shop, weekly
from support.builders.shop import GIB, NOW, assessed, copy, drill, process, snapshot


def test_what_changed_is_told_by_process() -> None:
    then = StateThen(
        verdict="NOT_READY",
        back=None,
        opens=NOW,
        processes={"orders": "NOT_READY", "shop": "READY", "mail": "READY", "letters": "READY"},
        bytes={"shop": 1 << 31, "mail": 1 << 31},
    )
    text = " ".join(letter_text(weekly(ready(), then)).split())
    assert "The answer was NOT READY. Better: orders (was NOT READY). New: accounts." in text
    assert "No longer looked after: letters. Data: mail grew 50%." in text


def test_at_stake_is_the_configured_value_of_the_hours_until_each_is_back() -> None:
    found = shop(process("orders", value_per_hour=100.0), process("mail"))
    text = letter_text(weekly(ready(found)))
    said = "AT STAKE: orders 100 an hour: 256 until they are back, in your currency"
    assert said in " ".join(text.split())  # it is first, after 9,200 s
    assert "AT STAKE" not in letter_text(weekly(ready(shop(process("orders")))))


def test_what_plan_b_knows_nothing_of_is_not_proven_there() -> None:
    found = shop()
    some = [one for one in copies(found) if one.repository == "primary" or one.process in ("orders", "mail")]
    text = " ".join(letter_text(weekly(assessed(*some, shop=found))).split())
    assert "PLAN B: Copy planb: orders and mail proven, shop and accounts not." in text


def test_what_only_samples_prove_is_not_said_to_be_tested_whole() -> None:
    found = shop(FOUR[0], repositories=("primary",))
    sampled = assessed(copy(snapshot(1, paths=()), drill(30, share=0.2, bytes=GIB // 5)), shop=found)
    assert "all of orders (only 20 %)" in not_tested(sampled).replace("20%", "20 %")
    assert "all of" not in not_tested(ready(found))
