"""services.yaml: the shipped file holds the runbook, and a wrong file says everything at once."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui import services
from tui.cli.options import COMMANDS
from tui.services.schema import RESERVED

SHIPPED = Path(__file__).parents[2] / "services.yaml"
SMALL = "version: 1\nhosts:\n  h: {ssh: dokku@host}\nservices:\n  api: {host: h, app: app}\n"


def load(text: str, folder: Path, **environ: str) -> services.Fleet:
    path = folder / "services.yaml"
    path.write_text(text)
    return services.load(str(path), environ=environ, cwd=folder)


def problems(text: str, folder: Path, **environ: str) -> list[str]:
    with pytest.raises(services.ServicesError) as wrong:
        load(text, folder, **environ)
    return [str(p) for p in wrong.value.problems]


@pytest.fixture(scope="module")
def shipped() -> services.Fleet:
    return services.load(str(SHIPPED), environ={}, cwd=SHIPPED.parent)


@pytest.mark.parametrize(
    ("name", "app", "seconds", "url"),
    [
        ("api", "scenextras", 30, "http://52.149.141.25:5000/healthcheck/ready"),
        ("gateway", "scenextras-gateway", 30, "http://52.149.141.25:8080/health"),
        ("search", "scenextras-autocomplete", 45, "http://52.149.141.25:5000/health"),
        ("transcription", "scenextras-transcription", 30, "http://52.149.141.25:5001/health"),
    ],
)
def test_the_runbooks_services(shipped: services.Fleet, name: str, app: str, seconds: int, url: str) -> None:
    service = shipped.service(name)
    assert service is not None
    assert service is shipped.service(app)
    assert service.rollback.expected == timedelta(seconds=seconds)
    assert service.health is not None
    assert service.health.url == url


def test_the_runbooks_numbers(shipped: services.Fleet) -> None:
    search, api = shipped.service("search"), shipped.service("api")
    assert search is not None
    assert api is not None
    assert search.rollback.downtime == (timedelta(seconds=10), timedelta(seconds=30))
    assert search.rollback.stop_first
    assert "BadgerDB requires stop-rebuild" in search.rollback.reason
    assert api.rollback.downtime is None
    assert api.health is not None
    assert api.health.public_url == "https://scenextras.com/healthcheck/ready"
    assert [s.url for s in api.smoke] == ["https://scenextras.com/ping"]
    assert [s.name for s in shipped.services] == ["search", "transcription", "api", "gateway"]
    assert shipped.hosts[0].ssh == "dokku@dokku-scenextras.eastus.cloudapp.azure.com"
    watch = shipped.watch
    assert (watch.after_rollback, watch.longest) == (timedelta(minutes=15), timedelta(minutes=30))
    assert (watch.after_clean_deploy, watch.error_rate) == (timedelta(minutes=10), 0.01)
    assert shipped.retention == 5
    assert shipped.contacts.slack == ("#incidents", "#engineering")
    assert shipped.contacts.email == "engineering@scenextras.com"
    assert [(s.level, s.criteria, s.response, s.action) for s in shipped.severities] == [
        ("P1", "Service down, all users affected", "Immediate", "Rollback NOW"),
        ("P2", "Major feature broken, >50% users affected", "< 5 minutes", "Evaluate then rollback"),
        ("P3", "Minor feature broken, <50% users affected", "< 15 minutes", "Evaluate fix vs rollback"),
        ("P4", "Cosmetic issue, no functional impact", "Next business day", "Fix forward"),
    ]
    assert len(shipped.warnings) == 1
    assert "search and api" in shipped.warnings[0]


def test_the_environment_counts_only_where_the_file_says_so() -> None:
    environ = {"DOKKU_HOST": "other.example", "DOKKU_USER": "ops", "PATH": "/x"}
    assert services.load(str(SHIPPED), environ=environ, cwd=SHIPPED.parent).hosts[0].ssh == "ops@other.example"


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = (
        "version: 2\n"
        "hosts:\n  h: {shh: x}\n  box: {ssh: dokku@far.example, sandbox: true}\n"
        "services:\n"
        "  all: {host: box, app: one}\n"
        "  b: {host: q, app: Two, helth: {}, rollback: {expected: 30 s, downtime: 30s-10s}}\n"
        "  c: {host: box, app: c-app, health: {url: ftp://x}, ticket: {token: abc}}\n"
        "  b: {host: box, app: three}\n"
        "watch: {error_rate: 1}\nretenton: 5\n"
    )
    found = problems(text, tmp_path)
    for line, words in [
        (1, "'2' is not known"),
        (3, "did you mean 'ssh'"),
        (4, "not this machine"),
        (6, "'all' is a word of the command line"),
        (8, "'ftp://x' is no http or https address"),
        (8, "token: is a secret"),
        (9, "stands twice, first in line 7"),
        (10, "'1' is no percentage; write e.g. 1%"),
        (11, "did you mean 'retention'"),
    ]:
        assert any(p.startswith(f"{line}: ") and words in p for p in found), (line, words, found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("a: [", "is no YAML"),
        ("- a", "must be keys and values"),
        ("a: &x [*x]", "refers to itself"),
        (SMALL.replace("dokku@host", '"${NOT_SET}"'), "is not set and has no default"),
        (SMALL.replace("app: app", "app: app, host_: 1"), "did you mean 'host'"),
        (SMALL + "ways: [kept, teleport]\n", "'teleport' is no way back"),
        (SMALL + "notify: ['https://hooks.example/secret']\n", "never the secret itself"),
        (SMALL + "  app: {host: h, app: other}\n", "called like the app of 'api'"),
    ],
)
def test_each_kind_of_mistake(tmp_path: Path, text: str, words: str) -> None:
    assert any(words in p for p in problems(text, tmp_path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(services.ServicesError, match=r"nowhere\.yaml"):
        services.load("nowhere.yaml", environ={}, cwd=tmp_path)


def test_where_the_file_is_looked_for(tmp_path: Path) -> None:
    here = tmp_path / "services.yaml"
    here.write_text(SMALL)
    other = tmp_path / "other.yaml"
    assert services.find(None, environ={}, cwd=tmp_path) == here
    assert services.find(None, environ={"ROLLBACK_SERVICES": str(other)}, cwd=tmp_path) == other
    assert (
        services.find("named.yaml", environ={"ROLLBACK_SERVICES": str(other)}, cwd=tmp_path) == tmp_path / "named.yaml"
    )


def test_words_of_the_command_line_are_no_names() -> None:
    assert set(COMMANDS) | {"all"} == set(RESERVED)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_no_damage_to_the_file_gives_anything_but_a_clear_error(tmp_path: Path, data: st.DataObject) -> None:
    text = SHIPPED.read_text()
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 30))
    put = data.draw(st.text(st.characters(codec="utf-8"), max_size=8))
    try:
        load(text[:at] + put + text[at + cut :], tmp_path)
    except services.ServicesError as wrong:
        assert all(p.line >= 1 for p in wrong.problems)
