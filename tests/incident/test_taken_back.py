"""What a rollback takes back and what else changed: in words, the first suspect on top, unknown never as none."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from tests.incident.facts import T0
from tui.incident import taken_back
from tui.incident.config_drift import Drift
from tui.model.commit_range import CommitRange
from tui.model.history import Commit
from tui.model.ledger import ConfigSeen, Ledger, Sighting
from tui.model.taken_back import ChangeKind, Happened, TakenBack


def ago(minutes: float) -> datetime:
    return T0 - timedelta(minutes=minutes)


def commit(number: int, author: str = "ben") -> Commit:
    return Commit(id=f"{number}" * 40, parent=None, subject=f"change {number}", author=author, at=ago(number))


def sighting(number: int, first: float, **more: object) -> Sighting:
    values = {"source": "git-push", "metadata": f"{number}" * 40, "commit": f"{number}" * 40}
    return Sighting(**values, first_seen=ago(first), last_seen=ago(first - 1), **more)  # type: ignore[arg-type]


def change(minutes: float, text: str) -> Happened:
    return Happened(at=ago(minutes), kind=ChangeKind.DEPLOY, service="web", text=text)


SINCE = ago(360)


def test_everything_is_counted_and_named() -> None:
    lying = CommitRange(
        commits=(commit(1), commit(2, "ana"), commit(3)), commit_count=3, files=("a.py", "b.py"), file_count=2
    )
    found = taken_back.of(lying, Drift(names_known=True, changed=(("REDIS_URL", None),), added=(("NEW", None),)))
    assert taken_back.summary(found) == (
        "3 commits by ben, ana, 2 files; no migration; config stays as it is: changed REDIS_URL, new NEW"
    )
    assert list(taken_back.summaries(found))[1:] == [
        "3 commits, 2 files; no migration; config stays as it is: changed REDIS_URL, new NEW",
        "3 commits, 2 files; no migration; config REDIS_URL, NEW stays",
        "3 commits, 2 files; config REDIS_URL, NEW stays",
    ]
    calm = taken_back.of(lying, Drift(names_known=True))
    assert list(taken_back.summaries(calm))[-1] == "3 commits, 2 files"
    assert all("config values unknown" in one for one in taken_back.summaries(taken_back.of(lying, Drift(unknown="x"))))
    said = [line for _, line in taken_back.details(found, None)]
    assert '222222222 2026-11-23 21:58Z "change 2" (ana)' in said and "a.py" in said and "NEW (new)" in said


def test_what_is_not_known_is_never_none() -> None:
    found = taken_back.of(CommitRange(unknown="what runs now is known by no commit"), Drift(unknown="it was not asked"))
    said = taken_back.summary(found)
    assert said == ("commits, files and migrations unknown: what runs now is known by no commit; config values unknown")
    assert "no " not in said.replace("no commit;", "").replace("known", "")
    assert taken_back.also(found, None, T0) == "not asked"


def test_migrations_are_said_not_to_be_undone() -> None:
    found = taken_back.of(CommitRange(migrations=("migrations/7.py",), commit_count=1), Drift())
    assert all("migrations NOT taken back: migrations/7.py" in one for one in taken_back.summaries(found))


def test_names_are_counted_where_there_are_many() -> None:
    assert taken_back.listed(("a", "b", "c", "d", "e")) == "a, b, c and 2 more"
    assert taken_back.listed(("a", "b", "c")) == "a, b, c"


# ── what else changed ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_change_nearest_before_the_first_failure_is_on_top() -> None:
    changes = (change(60, "old"), change(10, "suspect"), change(2, "after"))
    assert [c.text for c in taken_back.nearest_first(changes, ago(5))] == ["suspect", "old", "after"]
    assert [c.text for c in taken_back.nearest_first(changes, None)] == ["after", "suspect", "old"]
    found = TakenBack(since=SINCE, nearby=changes, gaps=("search (not looked at from here lately)",))
    assert taken_back.also(found, ago(5), T0, most=2) == (
        "suspect 10 min ago (last before it failed); old 1 h ago; 1 more; "
        "not known: search (not looked at from here lately)"
    )
    assert list(taken_back.others(found, ago(5), T0))[-2:] == [
        "suspect 10 min ago (last before it failed); 3 more",
        "suspect 10 min ago; 3 more",
    ]
    assert "last" not in taken_back.also(found, None, T0)
    assert "last" not in taken_back.also(TakenBack(since=SINCE, nearby=(change(2, "after"),)), ago(5), T0)


def test_nothing_seen_says_how_far_back_it_was_looked() -> None:
    assert taken_back.also(TakenBack(since=SINCE), None, T0) == "nothing seen in 6 h"


def seen(*sightings: Sighting, configs: tuple[ConfigSeen, ...] = (), deploys: bool = True) -> list[str]:
    known = Ledger(sightings=sightings, configs=configs)
    return [c.text for c in taken_back.seen("web", known, SINCE, deploys=deploys)]


def test_deploys_and_rollbacks_of_the_window_are_told_apart() -> None:
    early = sighting(1, 900)
    assert seen(early, sighting(2, 40), sighting(1, 5, attempt="inc.1")) == [
        "web deployed 222222222",
        "web rolled back to 111111111",
    ]
    assert seen(early, sighting(2, 40), deploys=False) == []


def test_what_was_seen_first_of_all_is_no_change() -> None:
    assert seen(sighting(1, 10)) == []
    assert seen(sighting(1, 10, started_at=ago(12))) == ["web deployed 111111111"]
    assert seen(sighting(1, 10, started_at=ago(9000))) == []


def test_changed_config_is_told_by_its_names() -> None:
    def config(first: float, key: str = "k", **values: str) -> ConfigSeen:
        return ConfigSeen(keys=tuple(sorted(values.items())), key=key, first_seen=ago(first), last_seen=ago(first - 1))

    configs = (config(500, A="1", B="1"), config(30, A="2", C="1"))
    assert seen(configs=configs) == ["config of web: A, B, C"]
    assert seen(configs=configs, deploys=False) == ["config of web: A, B, C"]
    assert seen(configs=(configs[0], replace(configs[1], first_seen=ago(400)))) == []
    assert seen(configs=(configs[0], config(30, key="other", A="9", B="9"))) == []  # hashes of two keys say nothing
    assert seen(configs=(config(30, A="1"),)) == []


def test_a_service_that_nobody_looked_at_lately_may_have_been_deployed() -> None:
    assert taken_back.unseen("web", Ledger(), T0)
    assert taken_back.unseen("web", Ledger(sightings=(sighting(1, 300),)), T0)
    assert not taken_back.unseen("web", Ledger(sightings=(sighting(1, 20),)), T0)
