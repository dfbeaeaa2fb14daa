"""Names and config of holders and records: written, read back, and everything else left alone."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.dokku import holders
from tui.dokku.config_values import stamp
from tui.model.errors import Refused

AT = datetime(2026, 11, 23, 21, 0, 1, tzinfo=UTC)
apps = st.from_regex(r"[a-z][a-z0-9-]{0,18}[a-z0-9]", fullmatch=True)


@given(apps, st.integers(1, 999), st.datetimes(datetime(2020, 1, 1), datetime(2099, 1, 1)))
def test_a_name_says_what_it_was_made_of(app: str, number: int, at: datetime) -> None:
    moment = at.replace(microsecond=0, tzinfo=UTC)
    found = holders.parse_holder(holders.holder_name(app, number, moment))
    assert found is not None
    assert (found.app, found.number, found.at) == (app, number, moment)


@pytest.mark.parametrize(
    "name",
    [
        "api",
        "api--incident",
        "api--r0--pre-deploy-20261123-210001",
        "api--r1--pre-deploy-20261323-210001",
        "api--r1--pre-deploy-2026112-210001",
        "api--r1--pre-deploy-20261123-210001-x",
        "x--r1--pre-deploy-20261123-210001 ; id",
        "--r1--pre-deploy-20261123-210001",
    ],
)
def test_other_names_are_no_holders(name: str) -> None:
    assert holders.parse_holder(name) is None


@pytest.mark.parametrize("app", ["my_app", "updater_local", "sigoe_nv", "MyApp", "App_1.x", "A", "x__y", "A_B"])
def test_apps_of_older_hosts_have_holders_that_new_ones_take(app: str) -> None:
    name = holders.holder_name(app, 7, AT)
    assert re.fullmatch(r"[a-z0-9][a-z0-9.-]*", name), "Dokku 0.22 and newer refuse any other"
    assert holders.holds(name, app) and holders.number_of(name) == 7 and holders.is_ours(name)
    assert holders.next_number(app, [name]) == 8
    for other in (app.lower().replace("_", "-"), app.lower(), app.upper(), app.replace("_", "__")):
        assert other == app or not holders.holds(name, other), "two apps never share a holder"
        assert other == app or holders.incident_record(other) != holders.incident_record(app)
    assert re.fullmatch(r"[a-z0-9.-]+--incident", holders.incident_record(app))


def test_a_new_app_names_its_holders_itself() -> None:
    assert holders.holder_name("api", 7, AT) == "api--r7--pre-deploy-20261123-210001"
    assert (holders.incident_record("a.b-c"), holders.takeover_lock("api")) == ("a.b-c--incident", "api--takeover")


LONG = "acme-customer-portal-production-eu-west"


@pytest.mark.parametrize("app", ["a" * 28, "a" * 29, "a" * 31, LONG, LONG[:30], "A_" * 30, "a" * 27 + "-.-b" * 9])
def test_an_app_of_any_name_can_be_kept_again_and_again(app: str) -> None:
    """31 characters were too many from release 10 on, and 32 for the first."""
    names: list[str] = []
    for number in (1, 9, 10, 99, 100, 9999):
        name = holders.holder_name(app, number, AT)
        assert len(name) <= holders.LONGEST and re.fullmatch(r"[a-z0-9][a-z0-9.-]*", name)
        assert holders.holds(name, app) and holders.is_ours(name) and holders.number_of(name) == number
        assert not holders.holds(name, app + "2") and not holders.holds(name, app[:-1])
        names.append(name)
        assert holders.next_number(app, names) == number + 1


def test_holders_of_before_are_still_those_of_their_app() -> None:
    app = "a" * 31
    assert holders.holder_name(app, 9, AT) == f"{app}--r9--pre-deploy-20261123-210001"
    assert holders.holds(f"{app}--r9--pre-deploy-20261123-210001", app)


def test_too_high_a_number_is_refused_with_the_way_on() -> None:
    with pytest.raises(Refused, match="63") as refused:
        holders.holder_name("a" * 40, 10_000, AT)
    assert "begin anew" in refused.value.fix


def test_numbers_count_up_per_app() -> None:
    names = ["api", "api--r2--pre-deploy-20261123-210001", "other--r9--pre-deploy-20261123-210001"]
    assert holders.next_number("api", names) == 3
    assert holders.next_number("new", names) == 1


def test_what_a_holder_knows_comes_back() -> None:
    holder = holders.holder_name("api", 7, AT)
    pairs = holders.holder_pairs(
        release=7, commit="a" * 40, source="git-push", deployed_at=None, kept_at=AT, kept_by="me@box", last_served=AT
    )
    marks = holders.mark_pairs(
        served_as=("b" * 40,), left_bad=(("c" * 40, "slow, and wrong"),), bad="leaks memory: a lot"
    )
    assert not any(" " in value for _, value in (*pairs, *marks))
    release = holders.release_from_config(holder, dict((*pairs, *marks)))
    assert (release.number, release.commit, release.served_as) == (7, "a" * 40, ("b" * 40,))
    assert release.deployed_at is None
    assert release.bad == "leaks memory: a lot"
    assert release.left_bad == (("c" * 40, "slow, and wrong"),)
    assert (release.kept_at, release.last_served, release.kept_by) == (AT, AT, "me@box")


@given(
    st.dictionaries(
        st.sampled_from(
            ["ROLLBACK_" + k for k in ("COMMIT", "BAD", "LAST_SERVED", "SERVED_AS", "LEFT_BAD", "KEPT_AT")]
        ),
        st.text(max_size=60),
    )
)
def test_malformed_config_is_unknown_never_a_crash(config: dict[str, str]) -> None:
    release = holders.release_from_config(holders.holder_name("api", 1, AT), config)
    assert release.commit is None or len(release.commit) == 40
    assert "\x1b" not in (release.bad or "")


def test_a_record_goes_stale_by_its_watch_or_its_age() -> None:
    record = holders.record_from_config("api", {"ROLLBACK_SINCE": stamp(AT)})
    assert not holders.record_is_stale(record, AT + timedelta(minutes=29))
    assert holders.record_is_stale(record, AT + timedelta(minutes=31))
    until = {"ROLLBACK_SINCE": stamp(AT), "ROLLBACK_WATCH_UNTIL": stamp(AT + timedelta(hours=1))}
    assert not holders.record_is_stale(holders.record_from_config("api", until), AT + timedelta(minutes=69))
    assert holders.record_is_stale(holders.record_from_config("api", until), AT + timedelta(minutes=71))
    assert not holders.record_is_stale(holders.record_from_config("api", {}), AT + timedelta(days=9))


def test_a_record_without_keys_is_as_old_as_its_app() -> None:
    record = holders.record_from_config("api", {}, created_at=AT)
    assert not holders.record_is_stale(record, AT + timedelta(minutes=29))
    assert holders.record_is_stale(record, AT + timedelta(minutes=31))


def test_a_holder_of_a_holder_is_read_from_the_right() -> None:
    inner = holders.holder_name("a", 1, AT)
    found = holders.parse_holder(f"{inner}--r2--pre-deploy-20261123-210001")
    assert found is None or found.app == inner


def test_a_bad_mark_without_a_reason_is_still_a_mark() -> None:
    release = holders.release_from_config(holders.holder_name("api", 1, AT), dict(holders.mark_pairs(bad="")))
    assert release.bad
