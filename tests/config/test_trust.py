"""What a services.yaml can make us do: every such value is seen, and nothing else asks a person again."""

from pathlib import Path

import pytest

from tests.config.fleets import SHIPPED, SMALL
from tui.config import ServicesError, bytes_of
from tui.config.trust import Power, fingerprint, powers

FILE = Path("services.yaml")


def _powers(text: str) -> tuple[Power, ...]:
    return powers(FILE, text.encode())


def test_hosts_addresses_variables_programs_and_paths_are_powers_as_they_are_written() -> None:
    text = (
        SMALL.replace("ssh: dokku@host.example", "ssh: ${HOST:-dokku@host.example}\n    identity_file: keys/id")
        + "    git_remote: https://${GIT_TOKEN}@example.com/app.git\n"
        + "    script: [./roll.sh, api]\n"
        + "    sentry: {organization: o, project: p, url: 'https://s.example', token_env: AWS_SECRET_ACCESS_KEY}\n"
        + "    ticket: {github: a/b}\n"
        + "notify: [MAIL_URL]\n"
    )
    assert [(power.key, power.value) for power in _powers(text)] == [
        ("hosts.here.ssh", "${HOST:-dokku@host.example}"),
        ("hosts.here.identity_file", "keys/id"),
        ("services.web.health.url", "http://host.example:5000/health"),
        ("services.web.git_remote", "https://${GIT_TOKEN}@example.com/app.git"),
        ("services.web.script[0]", "./roll.sh"),
        ("services.web.script[1]", "api"),
        ("services.web.sentry.organization", "o"),
        ("services.web.sentry.project", "p"),
        ("services.web.sentry.url", "https://s.example"),
        ("services.web.sentry.token_env", "AWS_SECRET_ACCESS_KEY"),
        ("services.web.ticket.github", "a/b"),
        ("notify[0]", "MAIL_URL"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "    title: Another name\n",
        "    order: 7\n",
        "    rollback: {expected: 45s, downtime: 10s-30s, stop_first: true, settle: 5s, reason: one at a time}\n",
        "retention: 9\n",
        "watch: {after_rollback: 20m, error_rate: 2%}\n",
        "severities: {P1: {criteria: down, respond_within: 0m, response: now, action: roll back}}\n",
        "contacts: {slack: ['#a'], email: a@example.com}\n",
        "environment: staging\n",
    ],
)
def test_words_numbers_and_order_never_ask_again(line: str) -> None:
    assert fingerprint(_powers(SMALL + line)) == fingerprint(_powers(SMALL))


@pytest.mark.parametrize(
    "line",
    [
        "    title: ${AWS_SECRET_ACCESS_KEY}\n",
        "    identity: {url: 'http://host.example/', header: X}\n",
        "links: {status: 'https://status.example'}\n",
        "thread: {channel: '#x'}\n",
        "a_key_of_next_year: {value: x}\n",
    ],
)
def test_everything_else_does(line: str) -> None:
    assert fingerprint(_powers(SMALL + line)) != fingerprint(_powers(SMALL))


def test_what_a_healthy_body_holds_is_no_power() -> None:
    with_body = SMALL.replace("url: http", "expect: {json: {url: ok}, status: 200}\n      url: http")
    assert fingerprint(_powers(with_body)) == fingerprint(_powers(SMALL))


def test_the_order_of_the_file_does_not_matter_and_moving_a_value_does() -> None:
    turned = SMALL.replace("    host: here\n    app: web-app\n", "    app: web-app\n    host: here\n")
    assert fingerprint(_powers(turned)) == fingerprint(_powers(SMALL))
    assert fingerprint(_powers(SMALL.replace("here", "there"))) != fingerprint(_powers(SMALL))


def test_the_shipped_file_has_its_powers_and_a_broken_file_says_where() -> None:
    keys = {power.key for power in powers(SHIPPED, bytes_of(SHIPPED))}
    assert {"hosts.dokku.ssh", "hosts.dokku.identity_file", "services.api.health.public_url"} <= keys
    with pytest.raises(ServicesError, match=r"services\.yaml:1: is no YAML"):
        _powers("a: [")
