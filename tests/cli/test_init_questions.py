"""What `init` asks on a terminal: the environment, databases with one writer, and addresses that were not found."""

from tui.cli import init_questions
from tui.cli.narrate import Narrator
from tui.init_config.facts import AppFacts, HostFacts, WebAnswer, Whose


class Person(Narrator):
    """A narrator at whose terminal somebody gives these answers."""

    def __init__(self, *answers: str) -> None:
        super().__init__(color=False)
        self.answers, self.asked = list(answers), list[str]()

    async def ask(self, question: str) -> str:
        self.asked.append(question)
        return self.answers.pop(0)


async def look(url: str, host_header: str | None) -> WebAnswer:
    dead = "dead" in url
    return WebAnswer(url=url, status=None if dead else 200, body=b"pong", why="refused" if dead else "")


BADGER = AppFacts(app="search", mounts=("/srv/badger:/data",))
PLAIN = AppFacts(app="api")


async def test_the_environment_and_single_writers() -> None:
    person = Person("live", "n")
    made = await init_questions.decisions(HostFacts(ssh="h", apps=(BADGER, PLAIN)), person, None, environment=True)
    assert (made.environment, made.environment_given, made.stop_first) == ("live", True, (("search", False),))
    person = Person("", "")
    made = await init_questions.decisions(HostFacts(ssh="h", apps=(BADGER,)), person, None, environment=True)
    assert (made.environment, made.stop_first) == ("production", (("search", True),))
    assert (
        await init_questions.decisions(HostFacts(ssh="h"), Person(), "live", environment=True)
    ).environment == "live"


async def test_nothing_is_asked_about_what_cannot_be_stopped_first() -> None:
    several = AppFacts(app="search", mounts=BADGER.mounts, processes=(("web", 2),))
    elsewhere = AppFacts(app="index", mounts=BADGER.mounts, scheduler="k3s")
    facts = HostFacts(ssh="h", apps=(several, elsewhere))
    assert (await init_questions.decisions(facts, Person(), "live", environment=False)).stop_first == ()


async def test_an_address_is_asked_for_until_it_is_one() -> None:
    person = Person("nonsense", "http://dead/", "n", "http://a/health")
    made = await init_questions.addresses(HostFacts(ssh="h", apps=(PLAIN,)), person, look)
    health = made.apps[0].health
    assert health is not None and (health.page.url, health.whose) == ("http://a/health", Whose.SITE)
    assert person.answers == []


async def test_who_knows_none_gets_none_and_workers_are_not_asked_about() -> None:
    worker = AppFacts(app="jobs", processes=(("worker", 1),))
    made = await init_questions.addresses(HostFacts(ssh="h", apps=(PLAIN, worker)), Person(""), look)
    assert [one.health for one in made.apps] == [None, None]
