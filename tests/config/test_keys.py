"""What services.yaml can say of services: each key by an example, as people write it."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.config.fleets import SMALL, load_text, problems
from tui.model.runbook_numbers import Budgets
from tui.model.service import Expect, Fleet, RequestHeader, Service

HOSTS = "version: 1\nhosts:\n  here: {ssh: dokku@host.example}\n"


def one(text: str, folder: Path, environ: dict[str, str] | None = None) -> Service:
    return load_text(SMALL + text, folder, environ).services[0]


def expected(expect: str, folder: Path) -> Expect:
    health = one(f"      expect: {expect}\n", folder).health
    assert health is not None
    return health.expect


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("1m30s", 90), ("1h5m", 3900), ("1h0m1s", 3601), ("90s", 90), ("0s", 0), ("2h30s", 7230)],
)
def test_a_duration_may_have_several_parts(tmp_path: Path, written: str, seconds: int) -> None:
    health = one(f"      patience: {written}\n", tmp_path).health
    assert health is not None and health.patience == timedelta(seconds=seconds)


@pytest.mark.parametrize("app", ["a" * 128, "My_App", "0day", "my.app.v2", "api--r", "api--r4--old", "status", "n"])
def test_names_of_apps_that_hosts_have(tmp_path: Path, app: str) -> None:
    text = f"{HOSTS}services:\n  it: {{host: here, app: '{app}', health: {{url: https://it.example/}}}}\n"
    assert load_text(text, tmp_path).services[0].app == app


@pytest.mark.parametrize("written", ["30s1m", "1m1m", "90", "1.5m", "1m 30s", "-1m", "1d", "''"])
def test_what_is_no_duration(tmp_path: Path, written: str) -> None:
    ((line, said),) = problems(SMALL + f"      patience: {written}\n", tmp_path)
    assert line == 11 and "is no duration; write 30s, 5m, 1h or 1m30s" in said


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("{status: 204}", Expect(status=(204,))),
        ("{status: [200, 204]}", Expect(status=(200, 204))),
        ("{contains: ready}", Expect(contains=("ready",))),
        (
            "{contains: [db ok, cache ok], reject_html: false}",
            Expect(contains=("db ok", "cache ok"), reject_html=False),
        ),
        ("{json: {checks.db.up: true}}", Expect(json=(("checks.db.up", "true"),))),
        (
            "{json: {checks: {db: {up: true}, queue: 0}}}",
            Expect(json=(("checks.db.up", "true"), ("checks.queue", "0"))),
        ),
        ("{json: {error: null}}", Expect(json=(("error", "null"),))),
        ("{reject_html: False}", Expect(reject_html=False)),
    ],
)
def test_what_a_healthy_answer_is(tmp_path: Path, written: str, found: Expect) -> None:
    assert expected(written, tmp_path) == found


@pytest.mark.parametrize("status", ["[]", "[200, ok]", "99", "{a: 1}", "[[200]]"])
def test_what_is_no_status(tmp_path: Path, status: str) -> None:
    found = problems(SMALL + f"      expect: {{status: {status}}}\n", tmp_path)
    assert len(found) == 1 and found[0][0] == 11 and found[0][1].startswith("services.web.health.expect.status")


def test_a_credential_in_a_header_comes_from_the_environment(tmp_path: Path) -> None:
    text = (
        '      headers: {Authorization: "Bearer ${HEALTH_TOKEN}", X-Forwarded-Proto: https, X-Env: "${STAGE:-live}"}\n'
    )
    health = one(text, tmp_path, {"HEALTH_TOKEN": "s3cr3t-value"}).health
    assert health is not None
    assert health.headers == (
        RequestHeader(name="Authorization", value="Bearer s3cr3t-value", credentials=("HEALTH_TOKEN",)),
        RequestHeader(name="X-Forwarded-Proto", value="https"),
        RequestHeader(name="X-Env", value="live"),
    )


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("Authorization: Bearer abcdef", "holds a credential: write the name of an environment variable"),
        ("Authorization: 'Bearer ${T:-abcdef}'", "holds a credential"),
        ("authorization: 'Bearer abc${T}'", "holds a credential"),
        ("X-Api-Key: '123'", "holds a credential"),
        ("Cookie: session=1", "holds a credential"),
        ("X-Any: ghp_0123456789abcdefghijABCDEFGHIJ", "holds a credential"),
        ("Host: other.example", "is not taken from services.yaml: write host_header: NAME instead"),
        ("User-Agent: curl", "is not taken from services.yaml"),
        ("Sec-WebSocket-Key: x", "is not taken from services.yaml"),
        ("'a b': c", "'a b' is no name of a header"),
        ("X-Any: [a]", "must be a text"),
        ("X-Any: 'blank '", "has a value that no header can have"),
        ("X-Any: caf\xe9", "has a value that no header can have"),
        ("X-Any: '${NEWLINE}'", "has a value that no header can have"),
        ("'x-a': 1, X-A: 2", "is the same header as x-a"),
    ],
)
def test_headers_that_are_refused_and_never_repeated(tmp_path: Path, header: str, said: str) -> None:
    environ = {"T": "tok3n-of-mine", "NEWLINE": "tok3n-of-mine\nX-Evil: 1"}
    found = problems(SMALL + f"      headers: {{{header}}}\n", tmp_path, environ)
    assert [p for p in found if p[0] == 11 and said in p[1]], found
    assert "tok3n" not in str(found) and "abcdef" not in str(found)


@pytest.mark.parametrize("key", ["host_header", "public_url", "tcp"])
def test_what_a_variable_holds_is_not_shown_in_a_problem(tmp_path: Path, key: str) -> None:
    found = problems(SMALL + f"      {key}: '${{SECRET}}'\n", tmp_path, {"SECRET": "my secret/value"})
    assert len(found) == 1 and "'${SECRET}', with its variables put in, is no" in found[0][1], found


@pytest.mark.parametrize(
    "health",
    [
        "{tcp: 'db.example:5432'}",
        "{tcp: '[::1]:5432'}",
        "{websocket: 'wss://x.example/socket'}",
        "{log: 'worker ready|processed \\d+'}",
        "{url: 'http://x.example/', tcp: 'x.example:1', log: up, public_url: 'https://y.example/'}",
        "{url: 'http://x.example/', ca: own-ca.pem}",
    ],
)
def test_health_of_other_kinds(tmp_path: Path, health: str) -> None:
    text = HOSTS + f"services:\n  web: {{host: here, app: web, health: {health}}}\n"
    found = load_text(text, tmp_path).services[0].health
    assert found is not None and found.address
    assert found.ca in (None, str(tmp_path / "own-ca.pem"))


@pytest.mark.parametrize(
    ("health", "said"),
    [
        ("{passes: 3}", "health: url is missing (or tcp, websocket or log)"),
        ("{public_url: 'https://x.example/'}", "health: url is missing (or tcp, websocket or log)"),
        ("{tcp: db.example}", "tcp: 'db.example' is no host and port; write e.g. db.example.com:5432"),
        ("{tcp: 'db.example:0'}", "tcp: 'db.example:0' is no host and port"),
        ("{tcp: 'db.example:65536'}", "tcp: 'db.example:65536' is no host and port"),
        ("{websocket: 'https://x.example/'}", "websocket: 'https://x.example/' is no WebSocket address"),
        ("{websocket: 'ws://u:p@x.example/'}", "websocket: holds a password"),
        ("{log: '(unclosed'}", "log: '(unclosed' is no regular expression: missing )"),
        ("{log: ''}", "log: is empty: every line would match"),
        ("{log: up, expect: {status: 200}}", "expect: has no meaning here: it needs url or public_url"),
        ("{tcp: 'a:1', headers: {A: b}}", "headers: has no meaning here: it needs url or public_url or websocket"),
    ],
)
def test_health_that_is_refused(tmp_path: Path, health: str, said: str) -> None:
    text = HOSTS + f"services:\n  web: {{host: here, app: web, health: {health}}}\n"
    ((line, found),) = problems(text, tmp_path)
    assert line == 5 and said in found


# ── defaults, merge keys, x- ─────────────────────────────────────────────────────────────────────────────────────────

DEFAULTS = (
    HOSTS
    + """\
defaults:
  host: here
  owner: platform team
  health: {passes: 5, patience: 1m30s, expect: {json: {status: ok}}}
  sentry: {organization: acme}
  links: {dashboard: https://dash.example}
services:
  api:
    app: api
    health: {url: "http://host.example/api", expect: {status: [200, 204]}}
    sentry: {project: api}
    links: {runbook: https://wiki.example/api}
  worker: {app: worker, owner: data team, smoke: [{url: "http://host.example/w"}]}
  odd: {app: odd, owner: null, health: {url: "http://host.example/odd", expect: null}}
"""
)


def test_services_take_over_what_they_do_not_say(tmp_path: Path) -> None:
    fleet = load_text(DEFAULTS, tmp_path)
    api, worker, odd = (fleet.service(name) for name in ("api", "worker", "odd"))
    assert api is not None and worker is not None and odd is not None and api.health is not None
    assert (api.host, api.owner, api.health.passes) == ("here", "platform team", 5)
    assert api.health.expect == Expect(status=(200, 204), json=(("status", "ok"),)), "mappings are merged key by key"
    assert dict(api.links) == {"dashboard": "https://dash.example", "runbook": "https://wiki.example/api"}
    assert len(api.vendors) == 1
    assert (worker.owner, worker.health, worker.vendors) == ("data team", None, ()), "half a part is none"
    assert odd.owner is None and odd.health is not None and odd.health.expect == Expect(), "null takes none of them"


@pytest.mark.parametrize(
    ("default", "said"),
    [
        ("{colour: red}", "defaults.colour: unknown key; did you mean"),
        ("{order: last}", "defaults.order: 'last' is no whole number from 0 to 9999"),
        ("{health: {passes: many}}", "defaults.health.passes: 'many' is no whole number"),
        ("{host: there}", "defaults.host: 'there' is no host of this file; known: here"),
        ("[host]", "defaults: must be keys and values, is a list"),
    ],
)
def test_a_mistake_in_the_defaults_is_named_once_and_where_it_is(tmp_path: Path, default: str, said: str) -> None:
    services = "services:\n  a: {app: a, host: here}\n  b: {app: b, host: here}\n  c: {app: c}\n"
    found = problems(HOSTS + f"defaults: {default}\n{services}", tmp_path)
    assert [p for p in found if p[0] == 4 and p[1].startswith(said.removesuffix("; did you mean"))], found
    assert len(found) <= 2


def test_merge_keys_and_free_parts_at_the_top(tmp_path: Path) -> None:
    text = (
        HOSTS
        + """\
x-health: &health {passes: 5, expect: {status: 204}}
x-common: &common
  host: here
  order: 7
x-late: &late {order: 9, title: Late}
services:
  a: {<<: *common, app: a, health: {<<: *health, url: "http://host.example/a"}}
  b:
    <<: [*common, *late]
    app: b
    order: 1
"""
    )
    fleet = load_text(text, tmp_path)
    b, a = fleet.services
    assert (a.host, a.order) == ("here", 7)
    assert a.health is not None and (a.health.passes, a.health.expect.status) == (5, (204,))
    assert (b.host, b.order, b.title) == ("here", 1, "Late"), "what is written itself counts first, then the first part"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (
            "x-a: &a [1]\nservices:\n  a: {<<: *a, app: a}\n",
            6,
            "services.a: << takes keys and values over: write <<: *name",
        ),
        ("services:\n  a: {<<: x, host: here, app: a}\n", 5, "services.a: << takes keys and values over"),
        ("services:\n  a: &a {host: here, app: a, <<: *a}\n", 5, "refers to itself"),
        (
            "x-a: &a {appp: a}\nservices:\n  a: {<<: *a, host: here}\n",
            4,
            "services.a.appp: unknown key; did you mean 'app'?",
        ),
        ("y-a: 1\nservices:\n  a: {host: here, app: a}\n", 4, "y-a: unknown key"),
        ("services:\n  a: {host: here, app: a, x-note: b}\n", 5, "services.a.x-note: unknown key"),
    ],
)
def test_merges_that_are_wrong_are_named_where_they_are(tmp_path: Path, text: str, line: int, said: str) -> None:
    found = problems(HOSTS + text, tmp_path)
    assert [p for p in found if p[0] == line and said in p[1]], found


# ── numbers of one service, and of the runbook ───────────────────────────────────────────────────────────────────────


def test_a_service_may_have_its_own_watch_and_the_rest_is_that_of_all(tmp_path: Path) -> None:
    fleet = load_text(SMALL + "    watch: {error_rate: 0.5%, longest: 1h}\nwatch: {after_rollback: 20m}\n", tmp_path)
    own = fleet.watch_of("web")
    assert (own.error_rate, own.longest, own.after_rollback) == (0.005, timedelta(hours=1), timedelta(minutes=20))
    assert fleet.watch.error_rate == 0.01 and fleet.watch_of("unknown") == fleet.watch
    found = problems(SMALL + "    watch: {longest: 5m}\n", tmp_path)
    assert found == [(11, "services.web.watch: longest is shorter than after_rollback")]


def test_budgets_are_the_runbooks_unless_they_are_written(tmp_path: Path) -> None:
    assert load_text(SMALL, tmp_path).budgets == Budgets()
    fleet = load_text(SMALL + "budgets: {confirm: 45s, roll_back: 1m30s}\n", tmp_path)
    assert fleet.budgets == Budgets(confirm=timedelta(seconds=45), roll_back=timedelta(seconds=90))


def test_links_of_a_service_come_before_those_of_all(tmp_path: Path) -> None:
    text = (
        SMALL
        + "    links: {runbook: 'https://w.example/web'}\nlinks: {runbook: 'https://w.example', status: 'https://s.example'}\n"
    )
    assert load_text(text, tmp_path).links_of("web") == (
        ("runbook", "https://w.example/web"),
        ("status", "https://s.example"),
    )


def test_many_services_make_a_large_file(tmp_path: Path) -> None:
    hosts = "".join(f"  h{n}: {{ssh: dokku@host{n}.example}}\n" for n in range(50))
    note = "    # " + "what this service is for, whom it serves, and what to look at first " * 18 + "\n"
    services = "".join(
        f"  s{n}:\n{note}    host: h{n % 50}\n    app: app-{n}\n    health: {{url: 'http://s{n}.example/health'}}\n"
        for n in range(200)
    )
    text = f"version: 1\nhosts:\n{hosts}services:\n{services}"
    assert len(text) > 256 * 1024
    fleet: Fleet = load_text(text, tmp_path)
    assert len(fleet.services) == 200 and fleet.warnings == ()


@pytest.mark.parametrize(
    ("instead", "said"),
    [
        ("health: 'https://x.example'", "is 'https://x.example'; write e.g. health: {url: https://api.example.com"),
        ("smoke: ['https://x.example']", "smoke[0]: must be keys and values, is 'https://x.example'; write e.g. {url:"),
        ("script: ./back.sh", "write e.g. script: [./scripts/rollback/rollback.sh, api]"),
        ("hosts: [here]", "unknown key; several are parts, each with its own host or app: parts: [{host: a"),
        ("health: {url: 'https://x.example', expect: {status: 2xx}}", "write 200, or several as [200, 204]"),
        ("health: {url: 'https://x.example', expect: {contains: ''}}", "contains: is empty: every answer holds that"),
        ("health: {url: 'https://x.example', expect: {json: {$.status: ok}}}", "is no path here; write a.b.c"),
        ("health: {url: 'https://x.example', expect: {json: {'checks[0].up': ok}}}", "and checks.0.state for"),
        ("identity: {url: 'https://x.example', json: $.commit}", "is no path here; write a.b.c"),
        (
            "health: {url: 'https://x.example', headers: {Authorization: 'Bearer ${NOT_SET}'}}",
            "services.web.health.headers: in 'Authorization', ${NOT_SET}: NOT_SET is not set; set it",
        ),
        (
            "health: {url: 'https://x.example', headers: [a]}",
            'is a list; write e.g. headers: {Authorization: "Bearer ${HEALTH_TOKEN}"}',
        ),
        ("git_remote: https://me:pw@x.example/a.git", "write https://${GIT_TOKEN}@… and set GIT_TOKEN"),
        ("\u00a0git_remote: /a", "is indented with a no-break space (U+00A0)"),
    ],
)
def test_what_is_written_instead_is_shown(tmp_path: Path, instead: str, said: str) -> None:
    text = "version: 1\nhosts: {here: {ssh: dokku@h.example}}\nservices:\n  web:\n    host: here\n    app: a\n    "
    found = [words for line, words in problems(f"{text}{instead}\n", tmp_path) if line == 7]
    assert any(said in words for words in found), found


@pytest.mark.parametrize(
    ("key", "said"), [("port: 22", "dokku@example.com:2222"), ("user: dokku", "dokku@example.com")]
)
def test_what_belongs_into_the_destination_is_said_to(tmp_path: Path, key: str, said: str) -> None:
    text = f"version: 1\nhosts: {{here: {{ssh: h.example, {key}}}}}\nservices: {{web: {{host: here, app: a}}}}\n"
    ((_, found),) = problems(text, tmp_path)
    assert found.endswith(f"unknown key; it is part of ssh: {said}")
