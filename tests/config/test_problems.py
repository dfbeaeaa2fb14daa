"""Every mistake is named with its line, its key, what stands there and what should; all of them at once."""

import os
from pathlib import Path

import pytest

from tests.config.fleets import SMALL, load_text, problems
from tui.config import ServicesError, find, load
from tui.config.hosts_and_services import RESERVED
from tui.model.command_words import COMMANDS
from tui.model.errors import ConfigError

MANY = """\
version: 2
enviroment: production
hosts:
  azure:
    ssh: -oProxyCommand=evil
    sandbox: maybe
services:
  api:
    host: azur
    app: Scene/Xtras
    health: {url: "ftp://x"}
    rollback: {expected: 30, downtime: 30s-10s}
    titel: x
  status: {host: azure}
ways: [kept, teleport, kept]
retention: lots
watch:
  error_rate: 1
  longest: 5m
notify: ["slack://token@here"]
contacts:
  pagerduty: {token: abc}
retention: 6
"""

GOLDEN = """\
20 problems in services.yaml
services.yaml:1: version: '2' is not known; this console reads version 1
services.yaml:2: enviroment: unknown key; did you mean 'environment'?
services.yaml:5: hosts.azure.ssh: '-oProxyCommand=evil' is no ssh destination; write user@host, user@host:port, ssh://user@host:port, user@[::1]:port or an alias of ~/.ssh/config
services.yaml:6: hosts.azure.sandbox: 'maybe' is neither true nor false; write one of the two
services.yaml:9: services.api.host: 'azur' is no host of this file; known: azure
services.yaml:10: services.api.app: 'Scene/Xtras' is no Dokku app: letters from a to z, digits, dot, dash and underscore, the first a letter or digit, at most 128
services.yaml:11: services.api.health.url: 'ftp://x' is no http or https address; write e.g. https://example.com/health
services.yaml:12: services.api.rollback.expected: '30' is no duration; write 30s, 5m, 1h or 1m30s
services.yaml:12: services.api.rollback.downtime: '30s-10s' runs backwards; write the shorter time first
services.yaml:13: services.api.titel: unknown key; did you mean 'title'?
services.yaml:14: services.status: 'status' is a word of the command line; choose another name
services.yaml:14: services.status: app is missing
services.yaml:15: ways[1]: 'teleport' is no way back; known: kept, registry, runbook, git, script
services.yaml:15: ways[2]: 'kept' stands twice
services.yaml:16: retention: 'lots' is no whole number from 1 to 100
services.yaml:17: watch: longest is shorter than after_rollback
services.yaml:18: watch.error_rate: '1' is no percentage; write e.g. 1%
services.yaml:20: notify[0]: must be the name of an environment variable, never the secret itself
services.yaml:22: contacts.pagerduty.token: is a secret: name the environment variable that holds it, with a key that ends in _env
services.yaml:23: retention: stands twice, first in line 16
"""  # noqa: E501


def test_all_problems_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(ServicesError) as caught:
        load_text(MANY, tmp_path)
    file = tmp_path / "services.yaml"
    assert caught.value.message.replace(str(file), "services.yaml").splitlines() == GOLDEN.splitlines()
    assert isinstance(caught.value, ConfigError) and caught.value.fix
    assert "abc" not in caught.value.message and "slack://" not in caught.value.message  # secrets are not repeated


WITH = [
    # what is added to the small file, which line is wrong, what is said
    ("colour: red\n", 11, "colour: unknown key; known: version, environment, hosts"),
    ("version: 1\n", 11, "version: stands twice, first in line 1"),
    ("services:\n  web: {}\n", 11, "services: stands twice, first in line 5"),
    ("retention: 0\n", 11, "retention: '0' is no whole number from 1 to 100"),
    ("retention: []\n", 11, "retention: must be a text, is a list"),
    ("watch: {after_rollback: 15}\n", 11, "watch.after_rollback: '15' is no duration; write 30s, 5m, 1h or 1m30s"),
    ("watch:\n  longest: 15 m\n", 12, "watch.longest: '15 m' is no duration"),
    ("watch:\n  longest: 5m\n", 11, "watch: longest is shorter than after_rollback"),
    ("watch: {error_rate: 101%}\n", 11, "watch.error_rate: '101%' is no percentage; write e.g. 1%"),
    ("watch: {error_rate: nan%}\n", 11, "watch.error_rate: 'nan%' is no percentage"),
    ("watch: [15m]\n", 11, "watch: must be keys and values, is a list"),
    ("ways: []\n", 11, "ways: names no way back; known: kept, registry, runbook, git, script"),
    ("ways: [kept, guess]\n", 11, "ways[1]: 'guess' is no way back; known: kept"),
    ("ways: kept\n", 11, "ways: must be a list, is 'kept'"),
    ("notify: ['https://hook.example/T0K3N']\n", 11, "notify[0]: must be the name of an environment variable"),
    ("links: {sentry: sentry.example}\n", 11, "links.sentry: 'sentry.example' is no http or https address; write"),
    ("severities: {P1: {criteria: down}}\n", 11, "severities.P1: action is missing"),
    ("postmortem_within: soon\n", 11, "postmortem_within: 'soon' is no duration"),
    ("contacts: {pagerduty: {api_key: x}}\n", 11, "contacts.pagerduty.api_key: is a secret: name the environment"),
    ("? [a, b]\n: c\n", 11, "a key must be a plain word"),
    ("environment: ${NOWHERE}\n", 11, "environment: ${NOWHERE}: NOWHERE is not set and has no default"),
    ("environment: ${A:-${B}}\n", 11, "environment: '${A:-${B}}' holds a ${ that is no variable"),
    ("environment: ${1X}\n", 11, "environment: '${1X}' holds a ${ that is no variable; write ${NAME}"),
    ('environment: "\\e[31mred"\n', 11, "environment: '\\x1b[31mred' holds an unprintable character"),
    ('environment: "\\ud800"\n', 11, "environment: '\\ud800' holds an unprintable character"),
    # the service's own keys: the small file ends inside its health
    ("      passes: 0\n", 11, "services.web.health.passes: '0' is no whole number from 1 to 20"),
    ("      patience: soon\n", 11, "services.web.health.patience: 'soon' is no duration; write 30s, 5m, 1h or 1m30s"),
    (
        "  late: {host: here, app: api--incident}\n",
        11,
        "services.late.app: 'api--incident' is a kept release or a record of this program; name the app that serves",
    ),
    ("    stop_first: true\n", 11, "services.web.stop_first: unknown key; it belongs below rollback"),
    ("    expect: {status: 200}\n", 11, "services.web.expect: unknown key; it belongs below health"),
    ("error_rate: 1%\n", 11, "error_rate: unknown key; it belongs below watch"),
    ("      urls: x\n", 11, "services.web.health.urls: unknown key; did you mean 'url'?"),
    ("      public_url: http://u:pw@x/\n", 11, "services.web.health.public_url: holds a password"),
    ("      public_url: http://a b/\n", 11, "services.web.health.public_url: 'http://a b/' is no http or https"),
    (
        "      public_url: http://x:99999/\n",
        11,
        "services.web.health.public_url: 'http://x:99999/' is no http or https",
    ),
    ('      host_header: "a\\nX-Evil: 1"\n', 11, "services.web.health.host_header: 'a\\nX-Evil: 1' is no host name"),
    ("      expect: {status: ok}\n", 11, "services.web.health.expect.status: 'ok' is no whole number"),
    ("      expect: {reject_html: yes}\n", 11, "services.web.health.expect.reject_html: 'yes' is neither true nor"),
    ("    smoke: [{}]\n", 11, "services.web.smoke[0]: url is missing"),
    ("    identity: {url: 'http://x/'}\n", 11, "services.web.identity: needs either header or json"),
    ("    rollback: {stop_first: true}\n", 11, "services.web.rollback: stop_first: true needs a downtime"),
    ("    rollback: {downtime: 30s}\n", 11, "services.web.rollback.downtime: '30s' is no downtime; write none or a"),
    ("    rollback: {downtime: 30s-10s}\n", 11, "services.web.rollback.downtime: '30s-10s' runs backwards"),
    ("    sentry: {auth_token: abc}\n", 11, "services.web.sentry.auth_token: is a secret"),
    (
        "    sentry: {organisation: a, project: b}\n",
        11,
        "services.web.sentry.organisation: unknown key; did you mean 'org",
    ),
    ("    sentry: {organization: a}\n", 11, "services.web.sentry: project is missing"),
    ("    sentry: acme/api\n", 11, "services.web.sentry: must be keys and values, is 'acme/api'"),
    (
        "    sentry: {organization: a, project: b, url: http://sentry.example}\n",
        11,
        "services.web.sentry.url: 'http://sentry.example' is not https: anybody on the way could read the credential",
    ),
    (
        "    sentry: {organization: a, project: b, token_env: $TOKEN}\n",
        11,
        "services.web.sentry.token_env: must be the name of an environment variable, never the secret itself",
    ),
    ("    sentry: {organization: a, project: ../b}\n", 11, "services.web.sentry.project: '../b' is no name or id"),
    ("    posthog: {}\n", 11, "services.web.posthog: project is missing"),
    ("    posthog: {project: 7, personal_api_key: x}\n", 11, "services.web.posthog.personal_api_key: is a secret"),
    (
        "    posthog: {project: 7, url: 'https://x/?a=1'}\n",
        11,
        "services.web.posthog.url: 'https://x/?a=1' has something",
    ),
    ("    ticket: {}\n", 11, "services.web.ticket: needs either github: owner/repository or linear: the team's id"),
    ("    ticket: {github: a/b, linear: c}\n", 11, "services.web.ticket: needs either github"),
    ("    ticket: {github: api}\n", 11, "services.web.ticket.github: 'api' is no repository of GitHub; write owner/"),
    ("    ticket: {github: a/b, label: [x]}\n", 11, "services.web.ticket.label: unknown key; did you mean 'labels'?"),
    ("    ticket: {github: a/b, labels: incident}\n", 11, "services.web.ticket.labels: must be a list, is 'incident'"),
    (
        "    ticket: {linear: lin_api_0123456789abcdef0123}\n",
        11,
        "services.web.ticket.linear: holds a credential: name",
    ),
    ("thread: {}\n", 11, "thread: channel is missing"),
    ("thread: {channel: incidents}\n", 11, "thread.channel: 'incidents' is no channel; write '#incidents' (in quotes"),
    ("thread: {channel: xoxb-12345678901-abcdef}\n", 11, "thread.channel: holds a credential: name the environment"),
    ("thread: {channel: '#x', bot_token: abc}\n", 11, "thread.bot_token: is a secret: name the environment variable"),
    ("contacts: {pagerduty: {routing_key: x}}\n", 11, "contacts.pagerduty.routing_key: is a secret: name the"),
    ("contacts: {pagerduty: {sender: me}}\n", 11, "contacts.pagerduty.sender: 'me' is no e-mail address"),
    ("contacts: {pagerduty: {schedules: PI7}}\n", 11, "contacts.pagerduty.schedules: must be a list, is 'PI7'"),
    ("contacts: [pagerduty]\n", 11, "contacts: must be keys and values, is a list"),
    ("    script: rollback.sh\n", 11, "services.web.script: must be a list, is 'rollback.sh'"),
    ("    git_remote: --upload-pack=evil\n", 11, "services.web.git_remote: '--upload-pack=evil' is no Git remote"),
    ("    git_remote: ext::sh\n", 11, "services.web.git_remote: 'ext::sh' is no Git remote"),
    ("    git_remote: https://me:pw@x/r.git\n", 11, "services.web.git_remote: holds a credential"),
    ("    git_remote: https://ghx_0123456789@x/r.git\n", 11, "services.web.git_remote: holds a credential"),
    ("    git_remote: ssh://git:pw@x/r.git\n", 11, "services.web.git_remote: holds a credential"),
    ("    image_repository: me:pw@registry.example/app\n", 11, "services.web.image_repository: 'me:pw@regis"),
    ("links: {logs: 'https://me@logs.example/x'}\n", 11, "links.logs: holds a password"),
    ("    image_repository: x/y:latest\n", 11, "services.web.image_repository: 'x/y:latest' is no image repository"),
    ("  all: {host: here, app: x}\n", 11, "services.all: 'all' is a word of the command line"),
    ("  web-app: {host: here, app: x}\n", 11, "services.web-app: is called like the app of 'web'"),
    ("  two: {host: here, app: web-app}\n", 11, "services.two.app: 'web-app' is already the app of 'web'"),
    ("  two: {host: there, app: x}\n", 11, "services.two.host: 'there' is no host of this file; known: here"),
    ("  two: {host: here}\n", 11, "services.two: app is missing"),
    ("  two: {host: here, app: Up/per}\n", 11, "services.two.app: 'Up/per' is no Dokku app"),
    ("  two:\n", 11, "services.two: host is missing"),
    ("  -x: {host: here, app: x}\n", 11, "services.-x: '-x' is no name: letters from a to z"),
]


@pytest.mark.parametrize(("added", "line", "said"), WITH, ids=[repr(w[0])[:40] for w in WITH])
def test_one_mistake_is_named_where_it_stands(tmp_path: Path, added: str, line: int, said: str) -> None:
    assert problems(SMALL, tmp_path) == []
    found = problems(SMALL + added, tmp_path)
    assert [p for p in found if p[0] == line and p[1].startswith(said)], found
    assert len(found) <= 2, found  # and nothing is blamed that only stands nearby


@pytest.mark.parametrize(
    "ssh",
    ["dokku@10.0.0.1", "dokku@host.example:2222", "production", "Host_1"],
)
def test_destinations_that_ssh_takes(tmp_path: Path, ssh: str) -> None:
    assert load_text(SMALL.replace("dokku@host.example", ssh), tmp_path).hosts[0].ssh == ssh


@pytest.mark.parametrize(
    "ssh",
    [
        "-v",
        "a@-oProxyCommand",
        "a b",
        "a;b",
        "dokku@host:0",
        "dokku@host:65536",
        "dokku@host:",
        "@host",
        "ssh://host/app",
        "",
    ],
)
def test_destinations_that_nobody_takes(tmp_path: Path, ssh: str) -> None:
    text = SMALL.replace("ssh: dokku@host.example", f"ssh: {ssh!r}")
    ((line, said),) = problems(text, tmp_path)
    assert line == 4
    assert said.startswith(f"hosts.here.ssh: {ssh!r} ") and "; write " in said


def test_whose_check_a_service_gets(tmp_path: Path) -> None:
    text = SMALL.replace("    app: ", "    checks: %s\n    app: ", 1)
    assert load_text(SMALL, tmp_path).services[0].checks == "auto"
    assert load_text(text % "own", tmp_path).services[0].checks == "own"
    ((line, said),) = problems(text % "never", tmp_path)
    assert "checks: 'never' is none of them; write auto, own, dokku" in said, line


def test_the_transport_of_a_host(tmp_path: Path) -> None:
    text = SMALL.replace("ssh: dokku@host.example", "ssh: dokku@host.example\n    transport: %s")
    assert load_text(SMALL, tmp_path).hosts[0].transport == "asyncssh"
    assert load_text(text % "openssh", tmp_path).hosts[0].transport == "openssh"
    ((line, said),) = problems(text % "telnet", tmp_path)
    assert (line, said) == (5, "hosts.here.transport: 'telnet' is no transport; write asyncssh or openssh")


@pytest.mark.parametrize("ssh", ["dokku@127.0.0.1:2222", "dokku@localhost", "127.9.9.9"])
def test_a_sandbox_is_on_this_machine(tmp_path: Path, ssh: str) -> None:
    text = SMALL.replace("ssh: dokku@host.example", f"ssh: {ssh}\n    sandbox: true")
    assert load_text(text, tmp_path).hosts[0].sandbox is True


@pytest.mark.parametrize("ssh", ["dokku@host.example", "dokku@127.0.0.1.evil.example", "alias"])
def test_a_sandbox_elsewhere_is_refused(tmp_path: Path, ssh: str) -> None:
    text = SMALL.replace("ssh: dokku@host.example", f"ssh: {ssh}\n    sandbox: true")
    assert problems(text, tmp_path) == [
        (4, f"hosts.here.ssh: {ssh!r} is not this machine, but the host is marked sandbox: true")
    ]


@pytest.mark.parametrize("without", ["version", "hosts", "services"])
def test_what_every_file_needs(tmp_path: Path, without: str) -> None:
    text = SMALL.replace(f"{without}:", f"{'links'}:", 1)
    assert (1, f"{without} is missing") in problems(text, tmp_path)


@pytest.mark.parametrize(("key", "noun"), [("hosts", "host"), ("services", "service")])
@pytest.mark.parametrize("nothing", ["", " {}"])
def test_a_file_that_names_nothing_is_refused(tmp_path: Path, key: str, noun: str, nothing: str) -> None:
    text = {"hosts": "hosts: {here: {ssh: a@b}}", "services": "services: {web: {host: here, app: x}}"}
    text[key] = f"{key}:{nothing}"
    found = problems("version: 1\n" + "\n".join(text.values()) + "\n", tmp_path)
    assert found == [(2 if key == "hosts" else 3, f"{key}: names no {noun}")]


def test_a_host_with_a_mistake_of_its_own_is_still_a_known_host(tmp_path: Path) -> None:
    found = problems(SMALL.replace("ssh: dokku@host.example", "max_parallel: 2"), tmp_path)
    assert found == [(3, "hosts.here: ssh is missing: write user@host or an alias of ~/.ssh/config")]


def test_every_command_and_every_target_without_a_name_is_reserved() -> None:
    assert set(RESERVED) == {*COMMANDS, "all", "previous", "current"}


@pytest.mark.parametrize("command", RESERVED)
def test_no_service_takes_a_word_of_the_command_line(tmp_path: Path, command: str) -> None:
    assert problems(SMALL.replace("  web:", f"  {command}:"), tmp_path) == [
        (6, f"services.{command}: {command!r} is a word of the command line; choose another name")
    ]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "is empty: it needs version, hosts and services"),
        ("# only this\n", 1, "is empty: it needs version, hosts and services"),
        ("a: 1\nb: [1\nc: 2\n", 3, "is no YAML at column 2: "),
        (
            "a: 1\nb:\n\tc: 2\n",
            3,
            "is no YAML at column 1: found character '\\t' that cannot start any token; indent with blanks",
        ),
        ("a: 1\n---\nb: 2\n", 2, "is no YAML at column 1: but found another document; one file holds one"),
        ("a: @x\n", 1, "is no YAML at column 4: found character '@' that cannot start any token; a text that"),
        ("a: 1\n<<<<<<< HEAD\nb: 1\n", 3, "is no YAML at column 1: could not find expected ':'; the marks of a merge"),
        ("a: 1\nb: *nowhere\n", 2, "is no YAML at column 4: found undefined alias"),
        ("a: 1\nbc\x01: 2\n", 2, "is no YAML at column 3: holds an unprintable character"),
        ('a: "\\UFFFFFFFF"\n', 1, "is no YAML: "),
        (f"%YAML {'1' * 5000}.1\n---\na: 1\n", 1, "is no YAML: "),
        ("[" * 5000, 1, "is nested too deeply"),
        ("a: " + "x" * 3_000_000, 1, "has more than 2097152 characters: this is no services.yaml"),
        ("a: &a [*a]\n", 1, "a[0]: refers to itself or is nested too deeply"),
        (
            "l0: &l0 [x, x]\n" + "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 12)),
            1,
            "has more than 200000 parts: its aliases refer to each other",
        ),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_such_file_at_all(tmp_path: Path, text: str, line: int, said: str) -> None:
    found = problems(text, tmp_path)
    assert [p for p in found if p[0] == line and p[1].startswith(said)], found


@pytest.mark.parametrize("written", ["environment: !vault x", "environment: !!binary aGk=", "ways: !!set {kept}"])
def test_a_tag_that_means_something_elsewhere_is_not_passed_over(tmp_path: Path, written: str) -> None:
    found = problems(f"{SMALL}{written}\n", tmp_path)
    assert (11, f"{written.split(':')[0]}: the tag {written.split()[1]} is nothing") in [
        (line, text.partition(" that this")[0]) for line, text in found
    ]


@pytest.mark.parametrize("written", ["|\n  staging\n", "|-\n  staging\n", ">\n  staging\n", "!!str staging\n"])
def test_a_block_is_its_text_without_the_end_of_its_last_line(tmp_path: Path, written: str) -> None:
    assert load_text(f"{SMALL}environment: {written}", tmp_path).environment == "staging"


def test_an_alias_may_repeat_a_part(tmp_path: Path) -> None:
    text = SMALL.replace("health:\n", "health: &health\n") + "  two: {host: here, app: two, health: *health}\n"
    fleet = load_text(text, tmp_path)
    assert [s.health == fleet.services[0].health for s in fleet.services] == [True, True]
    assert len(fleet.warnings) == 1


def test_different_host_headers_tell_two_services_apart(tmp_path: Path) -> None:
    other = "      host_header: web.example\n  two:\n    host: here\n    app: two\n    health: {url: 'HTTP://Host.example:5000/ready'%s}\n"
    assert load_text(SMALL + other % ", host_header: two.example", tmp_path).warnings == ()
    assert load_text(SMALL + other % "", tmp_path).warnings == ()
    assert len(load_text(SMALL + other % ", host_header: web.example", tmp_path).warnings) == 1


def test_not_utf8_says_the_line(tmp_path: Path) -> None:
    file = tmp_path / "services.yaml"
    file.write_bytes(b"version: 1\n# caf\xe9\n")
    with pytest.raises(ServicesError) as caught:
        load(file, environ={})
    assert caught.value.message == f"1 problem in {file}\n{file}:2: is not UTF-8: save it as UTF-8"


def test_a_byte_order_mark_is_harmless(tmp_path: Path) -> None:
    assert load_text("\ufeff" + SMALL, tmp_path).services[0].name == "web"


@pytest.mark.parametrize("name", ["absent.yaml", "~nobody-at-all/x.yaml", "no/such/place.yaml"])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(ServicesError, match=r"cannot be read: No such file"):
        load(find(name, environ={}, cwd=tmp_path)[0], environ={})


@pytest.mark.parametrize("kind", ["fifo", "endless"])
def test_what_is_no_regular_file_is_said_before_it_is_read(tmp_path: Path, kind: str) -> None:
    path = {"fifo": tmp_path / "pipe", "endless": Path("/dev/zero")}[kind]
    if kind == "fifo":
        os.mkfifo(path)
    with pytest.raises(ServicesError, match=r":1: is no regular file; write its entries into a plain file"):
        load(path, environ={})


def test_a_file_that_is_too_large_is_not_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "services.yaml"
    with file.open("wb") as sparse:
        sparse.truncate(1 << 40)
    with pytest.raises(ServicesError, match="has more than 2097152 characters"):
        load(file, environ={})


def test_zero_is_a_duration_and_no_missing_one(tmp_path: Path) -> None:
    fleet = load_text(SMALL + "    rollback: {expected: 0m}\nwatch: {after_rollback: 0s}\n", tmp_path)
    assert not fleet.services[0].rollback.expected and not fleet.watch.after_rollback


def test_paths_start_at_home_or_beside_the_file(tmp_path: Path) -> None:
    keys = "    identity_file: keys/id\n    known_hosts: ~/hosts\n"
    host = load_text(SMALL.replace("services:\n", keys + "services:\n"), tmp_path).hosts[0]
    assert host.identity_file == str(tmp_path / "keys/id")
    assert host.known_hosts == str(Path.home() / "hosts")
