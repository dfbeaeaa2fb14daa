"""What is a secret is taken out, however it is written; what is none stays as it is; twice is the same as once."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.text import redact as redacting
from tui.text.clean import clean, clean_line
from tui.text.redact import Redactor, learn, learn_address, redact, redact_lines, redacted
from tui.text.secret_patterns import MARK, credential

S = "Zx81Canary"
"""what must not be left"""
KEY = f"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk{S}\n{S}QyNTUxOQ\n-----END OPENSSH PRIVATE KEY-----\n"
SECRETS = (
    f"password={S}",
    f"DB_PASSWORD={S} next",
    f'{{"api_token": "{S} with blanks", "a": 1}}',
    json.dumps({"text": json.dumps({"client_secret": S})}),
    f"{{'passphrase': '{S}'}}",
    f"apiKey={S}",
    f"AccountName=x;AccountKey={S}==;End",
    f"SECRET_KEY_BASE={S}",
    f"OLD_TOKEN_2={S}",
    f"password: {S}",
    f"the token is {S}",
    f"Authorization: Bearer {S}",
    f"authorization: token={S} more of it {S}",
    f"curl -H 'X-Api-Key: {S}' https://x",
    f"Set-Cookie: session={S}; Path=/",
    f"Bearer {S}",
    f"Basic {S}==",
    f"postgres://user:{S}@db:5432/name",
    f"postgres://user:p@{S}@db/name",
    f"https://{S}@o1.ingest.sentry.io/12",
    f"https://{S}:@git.example/team/app.git",
    f"fatal: unable to access 'https://{S}:x-oauth-basic@git.example/team/app.git/'",
    f"https://registry.example/v2/team/auth-token:{S}",
    f"config/api-token:{S}",
    f"secrets/db-password:{S} is wrong",
    f"vault/kv/auth_token:{S}",
    f"GET /hook?sig={S}&x=1",
    f"https://hooks.slack.com/services/T0/B0/{S}",
    f"https://canary.discord.com/api/v10/webhooks/12/{S}",
    f"https://acme.webhook.office.com/webhookb2/{S}",
    f"https://prod-1.westeurope.logic.azure.com:443/workflows/{S}?sig=1",
    f"https://api.telegram.org/bot12:{S}/sendMessage",
    f"slack://{S}/B/C",
    f"tgram://12:{S}/chat",
    "AKIA" + "Z" * 16,
    f"eyJ{S}.eyJ{S}.{S}",
    "ghp_" + S * 3,
    f"glpat-{S}-{S}",
    f"gldt-{S}-{S}",
    f"ATATT3xFfGF0{S}{S}",
    f"xoxb-123-{S}",
    f"sk_live_{S}0123456789",
    KEY,
    "a line of a key alone: " + (S * 7)[:64],
)
PLAIN = (
    "user@example.com wrote to dokku@host.example",
    "git:set app deploy-branch main",
    "cache key=orders:page:2 tokens=55 token_count=7 sort_key=name",
    "SyntaxError: Unexpected token: } in JSON",
    "Unexpected token < in JSON at position 0",
    "config:set --no-restart app--incident ROLLBACK_SCHEMA=1 ROLLBACK_BAD=aGVsbG8= ROLLBACK_DEPLOY_BRANCH=main",
    "sha256:" + "0a" * 32,
    "3f" * 20,
    "the key is under the mat; no password is needed; the secret is out",
    "basic authentication required, bearer token missing",
    "PWD=/root",
    "FROM dokku/auth-token:latest",
    '{"image": "ghcr.io/team/api-key:1.4.0-rc1"}',
    "registry.example:5000/team/cookie:v2, dokku/my-secret:latest",
    "gluing-paste-for-everything-that-breaks",
    '{"token": null, "password": false}',
    "https://user.example/a?page=2&sort=created_at",
    "ssh://dokku@host:22",
    "ssh -i ~/.ssh/key dokku@host git-receive-pack 'app'",
    "redis: connection pool exhausted, waiting for a free connection (12 of 12 in use)",
)


@pytest.fixture(autouse=True)
def nothing_learned() -> Iterator[None]:
    redacting.forget()
    yield
    redacting.forget()


@pytest.mark.parametrize("text", SECRETS)
def test_what_looks_like_a_secret_is_gone(text: str) -> None:
    done = redact(text)
    assert S not in done and "ZZZZ" not in done and MARK in done
    assert redact(done) == done


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


def test_what_stands_around_a_secret_stays() -> None:
    assert (
        redact(f'at 12:00 {{"password":"{S}","user":"ada"}} ok') == f'at 12:00 {{"password":"{MARK}","user":"ada"}} ok'
    )
    assert redact(f"postgres://ada:{S}@db/x is down") == f"postgres://ada:{MARK}@db/x is down"


@given(st.sampled_from(SECRETS), st.text(max_size=40), st.text(max_size=40))
def test_redacting_twice_is_redacting_once(secret: str, before: str, after: str) -> None:
    done = redact(f"{before} {secret} {after}")
    assert redact(done) == done


@given(st.text(min_size=6, max_size=30).filter(lambda t: t.strip() == t and MARK not in t and t not in MARK))
def test_what_was_learned_is_gone_in_every_writing(secret: str) -> None:
    redacting.forget()
    learn(secret)
    for written in (secret, json.dumps(secret)):
        assert secret not in redact(f"said {written} to us")


def test_an_address_is_learned_with_its_parts() -> None:
    learn_address("discord://1234567890123/AbCdEfGhIjKlMnOp9/?tts=no")
    assert redact("POST /api/webhooks/AbCdEfGhIjKlMnOp9 failed") == f"POST /api/webhooks/{MARK} failed"
    learn_address("mailto://ada:pw-123@gmail.example")
    assert redact("login pw-123 refused by gmail.example") == f"login {MARK} refused by gmail.example"


def test_colours_and_controls_hide_no_secret() -> None:
    assert S not in clean("pass\x1b[31mword\x1b[0m=Zx81\x1b[1mCanary")
    assert S not in clean_line(f"to\x1b[0mken={S}")


def test_json_is_redacted_within_its_texts_and_stays_json() -> None:
    done = redacted({"argv": ["config:set", f"API_TOKEN={S}"], "n": 1, "key": None, "text": KEY, "on": True})
    assert done == {
        "argv": ["config:set", f"API_TOKEN={MARK}"], "n": 1, "key": None, "text": f"{MARK}\n", "on": True
    }  # fmt: skip


@given(st.data())
def test_a_stream_cut_anywhere_is_redacted_as_a_whole(data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from((*SECRETS[:-2], *PLAIN, KEY)), max_size=6))
    raw = "\n".join(text.rstrip("\n") for text in (*chosen, "the end")).encode()
    redactor, out, at = Redactor(), b"", 0
    while at < len(raw):
        step = data.draw(st.integers(1, 40))
        out += redactor.feed(raw[at : at + step])
        at += step
    out += redactor.flush()
    assert S.encode() not in out
    assert out.endswith(b"the end")
    for text in chosen:
        if text in PLAIN:
            assert text.encode() in out


def test_a_key_without_an_end_does_not_swallow_the_rest_of_the_log() -> None:
    begun = f"-----BEGIN RSA PRIVATE KEY-----\n{S}\n".encode()
    redactor = Redactor()
    out = redactor.feed(begun) + b"".join(redactor.feed(b"line %d\n" % n) for n in range(500))
    assert S.encode() not in out and out.endswith(b"line 499\n")


def test_bytes_that_are_no_text_pass_as_they_are() -> None:
    raw = b"\xff\xfe\x00 plain \xc3\x28\n"
    assert redact_lines(raw) == raw


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("xoxb-12345678901-abcdef", True),
        ("github_pat_11AAAAAAA0abcdefghijkl", True),
        ("lin_api_0123456789abcdef", True),
        ("phc_0123456789abcdefghij", True),
        ("https://hooks.slack.com/services/T000/B000/XXXX", True),
        ("see SENTRY_TOKEN", False),
        ("acme/api", False),
        ("https://sentry.example/token=", False),
        ("#incidents", False),
        ("9cfb482a-81e3-4154-b5b9-2c805e70a02d", False),
    ],
)
def test_a_credential_of_known_make_is_known_where_none_belongs(text: str, is_one: bool) -> None:
    assert credential(text) is is_one
