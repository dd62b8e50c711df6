"""The first signal unwinds everything, and what must not be torn in two holds it off."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from agent.adapters.host import interrupts
from agent.adapters.host.interrupts import (
    ENDING,
    at_work,
    hear_no_more,
    held_off,
    stop_all,
    unwind_on_signals,
    unwinding,
)


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Signals and what is known of them are put back."""
    monkeypatch.setattr(interrupts, "_holding", interrupts._Holding())
    before = {each: signal.getsignal(each) for each in ENDING}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


def interrupts_us(number: signal.Signals = signal.SIGTERM) -> bool:
    """Whether this signal raises KeyboardInterrupt, which would end the tests themselves."""
    try:
        os.kill(os.getpid(), number)
        time.sleep(0)
    except KeyboardInterrupt:
        return True
    return False


@pytest.mark.parametrize("number", ENDING)
def test_every_one_of_them_unwinds(number: signal.Signals) -> None:
    unwind_on_signals()
    assert not unwinding()
    assert interrupts_us(number)
    assert unwinding()


def test_after_the_first_no_other_is_heard() -> None:
    unwind_on_signals()
    assert interrupts_us()
    assert [interrupts_us(number) for number in ENDING] == [False, False, False]


def test_who_hears_no_more_is_never_interrupted() -> None:
    unwind_on_signals()
    hear_no_more()
    assert [interrupts_us(number) for number in ENDING] == [False, False, False]
    assert not unwinding()


def test_who_was_never_listening_leaves_signals_alone() -> None:
    before = [signal.getsignal(each) for each in ENDING]
    hear_no_more()
    assert [signal.getsignal(each) for each in ENDING] == before


def test_nohup_keeps_hangups_away() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    unwind_on_signals()
    assert not interrupts_us(signal.SIGHUP)
    assert not unwinding()


def test_during_a_block_it_waits_for_the_end_of_the_outermost() -> None:
    unwind_on_signals()
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt), held_off():
        with held_off():
            assert not interrupts_us()
            done.append("inner")
        done.append("outer")
    assert done == ["inner", "outer"]


def test_a_block_without_an_interrupt_raises_nothing() -> None:
    unwind_on_signals()
    ended = False
    try:
        with held_off():
            pass
    except KeyboardInterrupt:
        ended = True
    assert not ended


def test_every_program_at_work_is_ended() -> None:
    class Program:
        def stop(self) -> None:
            at_work.discard(self)

    before = set(at_work)
    at_work.update(Program() for _ in range(3))
    stop_all()
    assert at_work <= before
