"""The record on the host: whose it is, when nobody will sign it, and what is never destroyed."""

import pytest

from tests.fake_host import APP, World
from tests.incident.facts import T0
from tui.dokku import commands
from tui.dokku.holders import IncidentRecord
from tui.engine.hosts import incident_record
from tui.engine.hosts.connections import UnexpectedReply
from tui.model.errors import Refused, TakenByOther


async def test_a_record_is_read_with_its_age_until_somebody_has_signed_it() -> None:
    world = World()
    assert await incident_record.read(world.links, "main", APP) is None
    world.host.ours[world.record] = {}
    unsigned = await incident_record.read(world.links, "main", APP)
    assert unsigned is not None and unsigned.incident is None and unsigned.created_at is not None
    world.host.ours[world.record] = {"ROLLBACK_INCIDENT": "inc1", "ROLLBACK_BY": "ana"}
    signed = await incident_record.read(world.links, "main", APP)
    assert signed is not None and (signed.incident, signed.by) == ("inc1", "ana")


async def test_of_two_that_create_it_one_is_told_that_it_is_taken() -> None:
    world = World()
    answers = [await incident_record.create(world.links, "main", world.record, who) for who in ("inc1", "inc2")]
    assert [incident_record.taken(answer) for answer in answers] == [False, True]


async def test_an_unsigned_one_is_abandoned_only_if_nobody_signs_it_in_its_time() -> None:
    world = World()
    world.host.ours[world.record] = {}
    seen = await incident_record.read(world.links, "main", APP)
    assert await incident_record.abandoned(world.links, world.clock, "main", APP, seen)
    assert world.clock.monotonic() == incident_record.SIGNED_WITHIN
    world.host.ours[world.record] = {"ROLLBACK_INCIDENT": "inc1"}
    assert not await incident_record.abandoned(world.links, world.clock, "main", APP, seen)
    del world.host.ours[world.record]
    assert not await incident_record.abandoned(world.links, world.clock, "main", APP, seen), "it went: somebody acts"


def test_an_incident_may_act_on_its_own_on_none_and_on_a_closed_one_of_others() -> None:
    own, frozen = IncidentRecord(app=APP, incident="inc1"), IncidentRecord(app=APP, incident="x", state="frozen")
    for record in (None, own, frozen):
        incident_record.may_act(record, "inc1", take_over=False, stale=False)
    theirs = IncidentRecord(app=APP, incident="x", by="ana", since=T0)
    incident_record.may_act(theirs, "inc1", take_over=True, stale=False)
    with pytest.raises(TakenByOther, match="ana has incident x on scenextras since") as found:
        incident_record.may_act(theirs, "inc1", take_over=False, stale=True)
    assert found.value.fix.startswith("it is stale: ")
    with pytest.raises(TakenByOther, match="just opening it"):
        incident_record.may_act(IncidentRecord(app=APP), "inc1", take_over=False, stale=False)


async def test_nothing_but_a_record_is_destroyed_and_one_that_is_gone_is_fine() -> None:
    world = World()
    with pytest.raises(Refused, match="is no incident record"):
        await incident_record.remove(world.links, "main", APP)
    assert world.host.written == []
    await incident_record.remove(world.links, "main", world.record)
    world.host.says(commands.apps_destroy(world.record), (1, "", " !     disk full\n"))
    with pytest.raises(UnexpectedReply, match="disk full"):
        await incident_record.remove(world.links, "main", world.record)


@pytest.mark.parametrize("words", ["", " !     disk full\n"])
async def test_the_code_alone_is_no_word_that_an_app_is_gone(words: str) -> None:
    world = World()
    world.host.says(commands.apps_destroy(world.record), (20, "", words))
    with pytest.raises(UnexpectedReply):
        await incident_record.remove(world.links, "main", world.record)
    world.host.says(commands.config_export(world.record), (20, "", words))
    with pytest.raises(UnexpectedReply):
        await world.links.config("main", world.record)
