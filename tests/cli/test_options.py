"""The command line's arguments, those of the runbook's script included."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.config.fleets import SMALL, load_text
from tui.cli import naming
from tui.cli.argparse_errors import BY_FILE
from tui.cli.options import parse
from tui.engine import named_service
from tui.model.errors import ConfigError
from tui.model.release import Target, TargetKind


@pytest.mark.parametrize(
    ("line", "target"),
    [
        ("api previous", Target(kind=TargetKind.PREVIOUS)),
        ("api release:5", Target(kind=TargetKind.RELEASE, value="5")),
        ("scenextras tag:pre-deploy-20231201-120000", Target(kind=TargetKind.TAG, value="pre-deploy-20231201-120000")),
        ("--services F api previous --yes --json", Target(kind=TargetKind.PREVIOUS)),
    ],
)
def test_the_runbooks_arguments(line: str, target: Target) -> None:
    found = parse(line.split())
    assert (found.command, found.target) == ("rollback", target)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("4", "release:4"),
        ("#4", "release:4"),
        ("R4", "release:4"),
        ("release 4", "release:4"),
        ("Previous", "previous"),
        ("3d8a5c09", "sha:3d8a5c09"),
        ("sha:3D8A5C09", "sha:3d8a5c09"),
        ("3D8A5C09DE013E15BCC2931B9E464F3B8F007A3C", "sha:3d8a5c09de013e15bcc2931b9e464f3b8f007a3c"),
        ("pre-deploy-20231201-120000", "tag:pre-deploy-20231201-120000"),
        ("https://gitlab.example:8443/g/sub/app/-/commit/3d8a5c09?ref=main", "sha:3d8a5c09"),
        ("https://gitea.example/team/app/commit/3d8a5c09", "sha:3d8a5c09"),
        ("https://bitbucket.org/team/app/commits/3d8a5c09#chg", "sha:3d8a5c09"),
        ("https://git.example/app.git/commit/?id=3d8a5c09", "sha:3d8a5c09"),
    ],
)
def test_what_is_most_likely_meant_is_proposed_and_can_be_typed(written: str, meant: str) -> None:
    for words in (["api", written], ["api", "previous", "--expect-current", written]):
        with pytest.raises(ConfigError) as wrong:
            parse(words)
        assert f"did you mean '{meant}'?" in wrong.value.message
    assert str(parse(["api", meant]).target) == meant


@pytest.mark.parametrize("written", ["v1.4.0", "main", "https://gitlab.example/app/-/commit/main", "image:x", ""])
def test_nothing_is_proposed_that_was_not_written(written: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        parse(["api", written])
    assert "did you mean 'release:" not in wrong.value.message and "'sha:3" not in wrong.value.message


def test_a_title_leads_to_the_name(tmp_path: Path) -> None:
    fleet = load_text(SMALL.replace("app: web-app", "app: web-app\n    title: The Web Shop"), tmp_path)
    assert naming.unknown("the web shop", fleet).fix.startswith("did you mean `rollback web`?")
    with pytest.raises(ConfigError) as wrong:
        named_service.one(fleet, "The Web Shop")
    assert wrong.value.fix.startswith("did you mean 'web'?")


def test_an_app_on_two_hosts_is_not_proposed_by_its_own_name(tmp_path: Path) -> None:
    two = "version: 1\nhosts:\n  a: {ssh: dokku@a}\n  b: {ssh: dokku@b}\nservices:\n"
    fleet = load_text(f"{two}  east: {{host: a, app: shop}}\n  west: {{host: b, app: shop}}\n", tmp_path)
    for asked in (naming.service, named_service.one):
        with pytest.raises(ConfigError) as wrong:
            asked(fleet, "shop")
        assert (wrong.value.message, wrong.value.fix) == (
            "shop is the app of 2 services: east on a, west on b",
            "name one: east, west",
        )
        with pytest.raises(ConfigError) as wrong:
            asked(fleet, "shopp")
        assert "shop'" not in wrong.value.fix and "`rollback shop`" not in wrong.value.fix


def test_list_needs_no_target_and_everything_else_does() -> None:
    assert parse(["search", "--list"]).list
    with pytest.raises(ConfigError, match="no target"):
        parse(["search", "--plan"])
    with pytest.raises(ConfigError, match="no target"):
        parse(["all"])


def test_a_service_alone_is_its_list_or_the_console() -> None:
    assert parse(["search"]).alone and parse(["search"]).list
    assert parse(["--services", "F", "search", "--json", "--read-only"]).alone
    assert not parse(["search", "--list"]).alone


def test_a_watch_is_as_long_as_services_yaml_says_unless_it_is_said() -> None:
    assert parse(["api", "previous"]).watch is None
    assert parse(["api", "previous", "--watch"]).watch == BY_FILE
    assert parse(["api", "previous", "--watch", "30m"]).watch == timedelta(minutes=30)


def test_common_options_may_stand_before_the_command() -> None:
    found = parse(["--services", "F", "--json", "logs", "api", "-n", "5", "-t"])
    assert (found.command, found.services, found.json, found.lines, found.follow) == ("logs", "F", True, 5, True)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("api yesterday", "names no release"),
        ("api previous --expect-current previous", "needs the release itself"),
        ("api previous --watch soon", "no duration"),
        ("api previous --nonsense", "nonsense"),
        ("logs", "SERVICE"),
    ],
)
def test_wrong_arguments_are_named(line: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse(line.split())


def test_nothing_but_options_is_the_console() -> None:
    assert parse([]).command == "console"
    found = parse(["--read-only", "--watch", "30s", "--no-mouse"])
    assert (found.command, found.read_only, found.watch, found.mouse) == ("console", True, timedelta(seconds=30), False)
    assert parse(["sandbox", "--watch", "30s"]).watch == timedelta(seconds=30)
