"""The timetable in words: when each process is back, and nothing promised that is not known."""

from datetime import timedelta

from agent.adapters.mail.letter import letter_text
from agent.adapters.rendering.text import forecast_screen
from agent.core.letters.owner import owner_letter
from agent.core.report.forecast import forecast
from agent.core.report.report import build
from support.builders.shop import HOUR, NOW, assessed, config, copy, drill, process, snapshot


def test_the_forecast_is_told_line_by_line() -> None:
    screen = forecast_screen(forecast(assessed(copy(snapshot(), drill()), shop=config())))
    assert screen.startswith("Everything critical would be back by Friday 17:10, well before Monday 08:00.")
    assert "orders   10 min   none    Friday 17:10  Saturday 17:00  yes" in screen


def test_what_cannot_be_restored_now_is_promised_for_no_time() -> None:
    shop = config(process(), process("web"))
    failed = copy(snapshot(), drill(0.2, "failed"), drill(20))
    found = assessed(failed, copy(snapshot(paths=()), drill(), name="web"), shop=shop)
    orders = next(line for line in build(found).processes if line.process == "orders")
    assert (orders.state, orders.takes, orders.back) == ("NOT READY", "unknown", "unknown")
    told = forecast(found)
    assert told.answer.startswith("When everything is back is not known. orders: The drill from primary on ")
    assert [(one.process, one.machine, one.back, one.in_time) for one in told.lines] == [
        ("orders", "unknown", "unknown", "unknown"),
        ("web", "10 min", "unknown", "unknown"),  # it begins when orders is back
    ]


def test_on_saturday_the_friday_of_the_promise_is_not_the_one_that_was() -> None:
    """Lost on Friday 17:00, back that evening, and promised for the Friday behind it."""
    now = NOW + timedelta(days=3)
    assert f"{now:%A}" == "Saturday"
    shop = config(process(rto=7 * 24 * HOUR))
    found = assessed(copy(snapshot(-71), drill(-70)), shop=shop, now=now)
    [line] = forecast(found).lines
    assert (line.back, line.promised) == ("Friday 17:10", "Friday 4 December 17:00")
    mail = letter_text(owner_letter(found, None, None, now))
    [row] = [line for line in mail.splitlines() if line.startswith("orders ")]
    assert "Fri 17:10  4 Dec 17:00" in row


def test_what_is_slipping_is_said_with_the_time() -> None:
    told = forecast(assessed(copy(snapshot(same_device=True), drill()), shop=config()))
    assert told.answer.startswith("Everything critical would be back by Friday 17:10, well before")
    assert "but it is slipping. orders: The only copy" in told.answer


def test_a_time_that_is_known_is_not_all_that_was_promised() -> None:
    told = forecast(assessed(copy(snapshot(9), drill(8)), shop=config()))
    assert (
        "well before Monday 08:00, but that is not all that was promised. orders: The newest" in told.answer
    )


def test_an_expired_proof_forecasts_nothing() -> None:
    told = forecast(assessed(copy(snapshot(), drill(300)), shop=config()))
    assert told.answer.startswith("When everything is back is not known. orders: The last restore was proven")
    assert [(one.back, one.machine, one.in_time) for one in told.lines] == [("unknown",) * 3]
