"""Telling people: once, in order, again when it failed, given up at last, and never in the way of a rollback."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.console import scenes
from tests.incident.facts import T0
from tests.stage import HandClock, MemoryJournal, settled
from tui.engine.incident.runner import IncidentRunner
from tui.engine.notify import outbox
from tui.engine.notify.outbox import Notifier
from tui.incident import events as ev
from tui.incident.decide import fold
from tui.model.errors import AlreadyThere, Refused
from tui.model.incident import Incident
from tui.model.notice import Delivery, Message, Milestone, Receipt

GOOD = Receipt(delivered=True, detail="ok", ref="thread-1")
BAD = Receipt(delivered=False, detail="HTTP 500")


class Channel:
    """Somebody who hears, as told to."""

    def __init__(self, name: str = "HOOK", *answers: Receipt | Exception) -> None:
        self.name = name
        self.answers = list(answers)
        self.heard: list[tuple[Milestone, Delivery | None]] = []
        self.hold: asyncio.Event | None = None
        self.wanted: Callable[[Message], bool] = lambda _: True

    def wants(self, message: Message) -> bool:
        return self.wanted(message)

    async def deliver(self, message: Message, earlier: Delivery | None) -> Receipt:
        self.heard.append((message.milestone, earlier))
        if self.hold is not None:
            await self.hold.wait()
        answer = self.answers.pop(0) if self.answers else GOOD
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None: ...

    @property
    def milestones(self) -> list[Milestone]:
        return [milestone for milestone, _ in self.heard]


class World:
    """One journal, one clock, as many consoles as wanted."""

    def __init__(self) -> None:
        self.clock = HandClock(T0)
        self.journal = MemoryJournal()
        self.incident = fold(scenes.planned())
        self.told: list[Delivery] = []
        self.open: list[Notifier] = []

    def console(self, *channels: Channel) -> Notifier:
        made = Notifier(
            self.journal, self.clock, channels, environment="production", read=self.read, tell=self.tell
        )  # fmt: skip
        self.open.append(made)
        return made

    async def read(self, incident: str) -> Incident:
        return self.incident

    async def tell(self, incident: str, told: ev.DeliveryRecorded) -> None:
        self.told.append(told.delivery)
        self.incident = fold_one(self.incident, told)

    def come_to(self, console: Notifier, *stories: tuple[ev.Event, ...]) -> None:
        for story in stories:
            console._look(fold(story))


def fold_one(incident: Incident, told: ev.DeliveryRecorded) -> Incident:
    from tui.incident.decide import decide

    return decide(incident, told)[0]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    for console in made.open:
        await console.stop()


async def test_each_milestone_is_told_once_in_order_and_put_on_record(world: World) -> None:
    channel = Channel()
    console = world.console(channel)
    world.come_to(console, scenes.running(), scenes.running(), scenes.closed())
    await settled()
    await settled()
    assert channel.milestones == [Milestone.STARTED, Milestone.VERIFIED, Milestone.VERDICT, Milestone.CLOSED]
    assert [(d.milestone, d.delivered, d.ref) for d in world.told] == [
        (m, True, "thread-1") for m in channel.milestones
    ]
    first, *others = [earlier for _, earlier in channel.heard]
    assert first is None and all(e is not None and e.milestone is Milestone.STARTED for e in others)
    assert world.journal.ends == ["delivered"] * 4


async def test_two_consoles_on_one_journal_tell_once(world: World) -> None:
    mine, theirs = Channel(), Channel()
    for console in (world.console(mine), world.console(theirs)):
        world.come_to(console, scenes.running())
    await settled()
    assert len(mine.heard) + len(theirs.heard) == 1


async def test_a_failure_is_tried_again_with_growing_pauses_and_said_at_first_and_last(world: World) -> None:
    channel = Channel("HOOK", BAD, BAD, BAD, GOOD)
    console = world.console(channel)
    world.come_to(console, scenes.running())
    await settled()
    assert [d.detail for d in world.told] == ["not delivered yet, trying again: HTTP 500"]
    assert console.waiting[0].attempts == 1
    await world.clock.advance(4.9)
    assert len(channel.heard) == 1
    await world.clock.advance(0.2)
    assert len(channel.heard) == 2
    await world.clock.advance(15)
    assert len(channel.heard) == 3
    await world.clock.advance(46)
    assert len(channel.heard) == 4
    assert [d.delivered for d in world.told] == [False, True]
    assert console.waiting == ()


async def test_the_time_that_the_other_side_names_is_kept_even_by_the_next_console(world: World) -> None:
    asked = Receipt(delivered=False, detail="HTTP 429", retry_after=90.0)
    channel = Channel("HOOK", asked)
    console = world.console(channel)
    world.come_to(console, scenes.running())
    await settled()
    await console.stop()
    other = world.console(channel)
    other.start()
    await world.clock.advance(89)
    assert len(channel.heard) == 1
    await world.clock.advance(1.5)
    assert len(channel.heard) == 2


async def test_the_next_console_tries_at_once_what_only_failed(world: World) -> None:
    channel = Channel("HOOK", BAD)
    first = world.console(channel)
    world.come_to(first, scenes.running())
    await settled()
    await first.stop()
    world.console(channel).start()
    await settled()
    assert [d.delivered for d in world.told] == [False, True]


async def test_what_is_final_is_given_up_at_once_and_so_is_everything_after_a_day(world: World) -> None:
    final = Channel("FINAL", Receipt(delivered=False, detail="HTTP 404", final=True))
    never = Channel("NEVER", *[BAD] * 100)
    console = world.console(final, never)
    world.come_to(console, scenes.running())
    await settled()
    assert [d.detail for d in world.told if d.channel == "FINAL"] == ["given up after 1 try: HTTP 404"]
    for _ in range(40):
        await world.clock.advance(3600)
    assert len(never.heard) <= outbox.MOST_TRIES
    assert "given up after" in world.told[-1].detail and console.waiting == ()
    assert world.journal.ends == ["dropped", "dropped"]


async def test_what_comes_later_waits_for_what_came_before_but_not_in_another_channel(world: World) -> None:
    slow, quick = Channel("SLOW", BAD, BAD), Channel("QUICK")
    console = world.console(slow, quick)
    world.come_to(console, scenes.closed())
    await settled()
    await settled()
    assert slow.milestones == [Milestone.STARTED]
    assert quick.milestones[-1] is Milestone.CLOSED
    await world.clock.advance(5.1)
    await world.clock.advance(15.1)
    await settled()
    assert slow.milestones == [Milestone.STARTED] * 3 + [Milestone.VERIFIED, Milestone.VERDICT, Milestone.CLOSED]


async def test_a_channel_that_raises_is_a_failure_like_any_other(world: World) -> None:
    channel = Channel("HOOK", RuntimeError("token=Zx81Canary"))
    world.come_to(world.console(channel), scenes.running())
    await settled()
    assert "RuntimeError" in world.told[0].detail and "Zx81Canary" not in world.told[0].detail


async def test_a_channel_takes_only_what_it_wants(world: World) -> None:
    channel = Channel()
    channel.wanted = lambda message: message.milestone is Milestone.CLOSED
    world.come_to(world.console(channel), scenes.closed())
    await settled()
    assert channel.milestones == [Milestone.CLOSED]


async def test_a_walk_does_not_wait_for_anybody(world: World) -> None:
    channel = Channel()
    channel.hold = asyncio.Event()
    console = world.console(channel)
    walk = IncidentRunner(fold(scenes.planned()), world.journal, world.clock, _Idle())
    console.follow(walk)
    await walk.submit(ev.Confirmed(at=T0, by="me", watch=timedelta(minutes=15)))
    await settled()
    assert channel.milestones == [Milestone.STARTED]
    assert walk.incident.runs[0].step == "record", "the first step began while the channel hangs"
    await walk.stop()


async def test_leaving_waits_a_little_for_what_is_due_and_says_what_is_left(world: World) -> None:
    bad, hanging = Channel("BAD", BAD), Channel("HANGS")
    hanging.hold = asyncio.Event()
    console = world.console(bad, Channel("GOOD"), hanging)
    world.come_to(console, scenes.running())
    assert await console.finish(0.2) == 2
    assert bad.heard and hanging.heard


async def test_a_journal_that_cannot_be_written_is_said_and_tried_again(world: World) -> None:
    channel = Channel()
    console = world.console(channel)
    put = world.journal.outbox_put

    async def full(*args: object) -> bool:
        raise OSError("disk full")

    world.journal.outbox_put = full  # type: ignore[method-assign, assignment]
    world.come_to(console, scenes.running())
    await settled()
    assert "disk full" in console.errors[0] and not channel.heard
    world.journal.outbox_put = put  # type: ignore[method-assign]
    world.come_to(console, scenes.running())
    await settled()
    assert channel.milestones == [Milestone.STARTED]


async def test_without_channels_nothing_runs(world: World) -> None:
    console = world.console()
    console.start()
    world.come_to(console)
    assert await console.finish(1) == 0 and not [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]


class _Idle:
    """A performer whose steps never end."""

    async def run_step(self, *args: object) -> ev.StepEnded:
        await asyncio.Event().wait()
        raise AssertionError

    async def observe(self, incident: Incident) -> ev.NotObserved:
        raise AssertionError

    async def verify(self, incident: Incident) -> ev.ChecksDone:
        raise AssertionError

    async def look(self, incident: Incident) -> ev.HealthSampled:
        raise AssertionError

    async def settle(self, *args: object) -> ev.Settled:
        raise AssertionError

    async def measure(self, *args: object) -> ev.Measured:
        raise AssertionError

    async def close(self) -> None: ...


async def test_a_ticket_is_filed_before_anything_is_sent_and_only_once(world: World) -> None:
    """Only whoever takes tickets hears of it; once a rollback begins the others do, and what follows is a comment."""
    tracker, chat = Channel("ticket"), Channel("HOOK")
    chat.wanted = lambda message: message.milestone is not Milestone.POSTMORTEM
    console = world.console(tracker, chat)
    await console.file(world.incident, "[P4] api: slow\n\n- runs: release:4\n")
    await console.finish(5)
    assert (tracker.milestones, chat.milestones) == ([Milestone.STARTED], [])
    with pytest.raises(AlreadyThere):
        await console.file(world.incident, "again")
    world.come_to(console, scenes.closed())
    await console.finish(5)
    assert tracker.milestones == chat.milestones and Milestone.CLOSED in tracker.milestones
    assert all(earlier is not None for _, earlier in tracker.heard[1:]), "a comment on the ticket that is there"


async def test_nobody_takes_a_ticket_where_there_is_no_tracker_or_nothing_is_to_be_posted(world: World) -> None:
    chat = Channel("HOOK")
    chat.wanted = lambda message: message.milestone is not Milestone.POSTMORTEM
    for console, incident in (
        (world.console(chat), world.incident),
        (world.console(Channel("ticket")), replace(world.incident, post=False)),
    ):
        with pytest.raises(Refused, match="has no tracker"):
            await console.file(incident, "slow")
