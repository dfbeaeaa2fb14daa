"""Git remotes as the hosts of this world write them, with and without a login, and which of it is a secret."""

from pathlib import Path

import pytest

from tests.config.fleets import SMALL, load_text, problems
from tui.drivers.secrets import learn_all
from tui.text import redact

TOKEN = "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3"
ENVIRON = {"HELD": TOKEN}


def with_remote(remote: str) -> str:
    return f"{SMALL}    git_remote: '{remote}'\n"


@pytest.mark.parametrize(
    "remote",
    [
        "git@gitlab.example:group/sub/app.git",
        "https://gitlab.example:8443/group/sub/sub/app.git/",
        "ssh://git@gitea.example:2222/team/app.git",
        "ssh://git@[2001:db8::1]:2222/team/app.git",
        "git@[2001:db8::1]:team/app.git",
        "https://[2001:db8::1]/team/app",
        "ssh://git@altssh.bitbucket.org:443/team/app.git",
        "git@ssh.dev.azure.com:v3/org/project/app",
        "file:///srv/git/app.git",
        "/srv/git/app.git",
    ],
)
def test_remotes_as_hosts_give_them_are_taken(tmp_path: Path, remote: str) -> None:
    assert load_text(with_remote(remote), tmp_path).services[0].git_remote == remote


@pytest.mark.parametrize(
    "login", ["${HELD}", "oauth2:${HELD}", "x-token-auth:${HELD}", "${HELD}:x-oauth-basic", "${HELD}:"]
)
def test_a_token_is_taken_from_the_environment_wherever_the_host_wants_it_and_is_never_shown(
    tmp_path: Path, login: str
) -> None:
    fleet = load_text(with_remote(f"https://{login}@git.example/team/app.git"), tmp_path, ENVIRON)
    redact.forget()
    learn_all(fleet, ENVIRON, ())
    said = redact.redact(f"fatal: {TOKEN} was refused")
    redact.forget()
    assert TOKEN not in said


@pytest.mark.parametrize(
    ("remote", "said"),
    [
        ("https://jdoe@bitbucket.org/team/app.git", "holds a credential, or a name alone, which may be one: leave it"),
        (f"https://{TOKEN}:x-oauth-basic@git.example/app.git", "holds a credential"),
        (f"https://{TOKEN}:@git.example/app.git", "holds a credential"),
        ("https://[fe80::1/app.git", "'https://[fe80::1/app.git' is no Git remote"),
        ("https://git.example:port/app.git", "is no Git remote"),
        ("https:///app.git", "is no Git remote"),
        ("ext::sh -c x", "is no Git remote"),
        ("codecommit::eu-west-1://app", "is no Git remote"),
    ],
)
def test_what_cannot_be_or_holds_a_credential_is_said(tmp_path: Path, remote: str, said: str) -> None:
    ((line, words),) = problems(with_remote(remote), tmp_path)
    assert (line, said in words, TOKEN in words) == (SMALL.count("\n") + 1, True, False), words
