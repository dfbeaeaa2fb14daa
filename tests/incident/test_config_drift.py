"""Which variables changed since a release last served: as far as it was seen, and unknown where it was not."""

from datetime import datetime

import hypothesis.strategies as st
from hypothesis import given

from tests.incident.facts import OURS, THEIRS, later
from tui.incident import config_drift
from tui.model.ledger import ConfigSeen, Ledger, Sighting
from tui.model.release import Release

TARGET = Release(app="cyc", number=3, commit=THEIRS, served_as=(OURS,))


def config(since: float, until: float, key: str = "k", **values: str) -> ConfigSeen:
    return ConfigSeen(keys=tuple(sorted(values.items())), key=key, first_seen=later(since), last_seen=later(until))


def served(since: float, until: float, commit: str = THEIRS, *, certain: bool = True) -> Sighting:
    return Sighting(
        source="git-push", metadata=commit, commit=commit, first_seen=later(since), last_seen=later(until),
        certain=certain,
    )  # fmt: skip


def compared(
    *looks: ConfigSeen, sightings: tuple[Sighting, ...], names: tuple[str, ...] | None = None
) -> config_drift.Drift:
    return config_drift.compare(TARGET, Ledger(sightings=sightings, configs=looks), looks[-1], "", names)


def test_what_changed_is_named_with_the_first_look_that_showed_it() -> None:
    found = compared(
        config(0, 10, A="1", B="1", C="1"),
        config(20, 30, A="2", B="1", C="1"),
        config(40, 50, A="2", C="1", D="1"),
        config(60, 70, A="3", C="1", D="1"),
        sightings=(served(0, 15),),
    )
    assert (found.unknown, found.names_known, found.then) == ("", True, later(15))
    assert found.changed == (("A", later(20)),)
    assert found.removed == (("B", later(40)),)
    assert found.added == (("D", later(40)),)


def test_what_came_back_to_its_value_is_no_change() -> None:
    found = compared(config(0, 10, A="1"), config(20, 30, A="2"), config(40, 50, A="1"), sightings=(served(0, 15),))
    assert not found.any
    assert found.unknown == ""


def test_the_config_that_was_in_force_when_it_last_served_counts() -> None:
    """A variable that changed while the release served is what the release knew."""
    looks = config(0, 10, A="1"), config(20, 30, A="2")
    assert not compared(*looks, sightings=(served(0, 25),)).any
    again = (served(0, 5), served(6, 12, OURS), served(13, 40, "d" * 40))
    assert compared(*looks, sightings=again).changed == (("A", later(20)),)


def test_unknown_is_said_and_names_are_compared_where_a_holder_has_them() -> None:
    look = config(20, 30, A="1", C="1")
    never = compared(look, sightings=())
    assert never == config_drift.Drift(unknown="this machine never saw release:3 serve")
    blind = compared(look, sightings=(served(0, 15),), names=("A", "B"))
    assert "did not look at the config while release:3 served" in blind.unknown
    assert (blind.names_known, blind.added, blind.removed) == (True, (("C", None),), (("B", None),))
    assert "never saw" in compared(look, sightings=(served(0, 40, certain=False),)).unknown
    assert config_drift.compare(TARGET, Ledger(), None, "config:export: exit 1") == config_drift.Drift(
        unknown="config:export: exit 1"
    )


def test_hashes_of_another_key_are_not_compared_but_names_are() -> None:
    found = compared(config(0, 10, "old", A="1", B="2"), config(20, 30, A="7"), sightings=(served(0, 15),))
    assert "key of this machine" in found.unknown
    assert (found.changed, found.removed) == ((), (("B", None),))


VALUES = st.dictionaries(st.sampled_from("ABC"), st.sampled_from("12"))


@given(st.lists(VALUES, min_size=1, max_size=6), st.integers(0, 5))
def test_only_the_two_ends_decide_what_changed_and_since_is_never_before_it_served(
    history: list[dict[str, str]], at: int
) -> None:
    at = min(at, len(history) - 1)
    looks = [config(10 * n, 10 * n + 5, **values) for n, values in enumerate(history)]
    found = compared(*looks, sightings=(served(0, 10 * at + 6),))
    before, after = history[at], history[-1]
    assert {n for n, _ in found.added} == set(after) - set(before)
    assert {n for n, _ in found.removed} == set(before) - set(after)
    assert {n for n, _ in found.changed} == {n for n in set(before) & set(after) if before[n] != after[n]}
    times: list[datetime | None] = [t for _, t in (*found.added, *found.removed, *found.changed)]
    assert all(t is not None and t > later(10 * at + 5) for t in times)
