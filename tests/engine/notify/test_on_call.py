"""Who is on call: asked besides, kept with its age, still known when nobody answers."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from tests.incident.facts import T0
from tests.stage import HandClock, fleet
from tui.drivers.on_call_file import OnCallFile
from tui.engine.notify import on_call as duties
from tui.engine.notify.on_call import OnCallReader
from tui.model.notice import OnCall


class Port:
    """PagerDuty, as told to."""

    def __init__(self, *answers: OnCall | Exception) -> None:
        self.answers = list(answers)
        self.hang = False

    async def on_call(self) -> OnCall:
        if self.hang:
            await asyncio.Event().wait()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


ADA = OnCall(at=T0, people=("Ada",))


async def test_what_was_read_is_known_to_the_next_console_with_the_time_it_was_read(tmp_path: Path) -> None:
    first = OnCallReader(fleet(), HandClock(T0), Port(ADA), OnCallFile("services.yaml", tmp_path))
    await first.refresh()
    assert first.known == ADA and not first.trouble
    later = HandClock(T0 + timedelta(hours=3))
    next_one = OnCallReader(fleet(), later, Port(OSError("no route")), OnCallFile("services.yaml", tmp_path))
    await next_one.refresh()
    assert next_one.known == ADA
    assert next_one.trouble == "OSError: no route"
    other_file = OnCallReader(fleet(), later, Port(OSError("no route")), OnCallFile("other.yaml", tmp_path))
    await other_file.refresh()
    assert other_file.known is None, "another services.yaml has other people"


async def test_an_answer_without_people_takes_nobody_away(tmp_path: Path) -> None:
    nobody = OnCall(at=T0, note="HTTP 401: the token is not accepted token=Zx81Canary")
    duty = OnCallReader(fleet(), HandClock(T0), Port(ADA, nobody), OnCallFile("s", tmp_path))
    await duty.refresh()
    await duty.refresh()
    assert duty.known == ADA and "HTTP 401" in duty.trouble and "Zx81" not in duty.trouble


async def test_nobody_waits_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    port = Port()
    port.hang = True
    monkeypatch.setattr(duties, "LIMIT", 0.01)
    duty = OnCallReader(fleet(), HandClock(T0), port)
    heard = asyncio.Event()
    duty.subscribe(heard.set)
    duty.ask()
    assert duty.known is None
    await asyncio.wait_for(heard.wait(), 10)
    assert duty.trouble == "no answer within 0 s"
    await duty.stop()


async def test_without_a_token_the_contacts_stand_there() -> None:
    duty = OnCallReader(fleet(), HandClock(T0), None)
    duty.ask()
    await duty.refresh()
    assert (duty.known, duty.trouble, duty.contacts) == (None, "", ("#incidents",))


def test_a_file_that_cannot_be_read_or_written_is_as_good_as_none(tmp_path: Path) -> None:
    store = OnCallFile("s", tmp_path)
    store.path.write_text("{")
    assert store.load() is None
    gone = OnCallFile("s", tmp_path / "nowhere")
    gone.save(ADA)
    assert gone.load() is None
