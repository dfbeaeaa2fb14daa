"""The lines that people paste: a real shell takes them apart the way we meant."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui.dokku import commands, shell_lines
from tui.dokku.quoting import exec_string
from tui.model.host import Form
from tui.model.service import Host

HOST = Host(name="lab", ssh="dokku@example.org:3022", identity_file="/home/me/my key")
words = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=10)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment whose `ssh` prints its arguments."""
    folder = tmp_path_factory.mktemp("bin")
    fake = folder / "ssh"
    fake.write_text(f"#!{sys.executable} -S\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    fake.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words)
def test_a_shell_hands_ssh_what_we_would_send(shell: dict[str, str], value: str) -> None:
    argv = commands.config_set("api--incident", (("ROLLBACK_BY", value),))
    said = subprocess.run(["sh", "-c", shell_lines.ssh_line(HOST, argv)], env=shell, capture_output=True, check=True)
    sent = json.loads(said.stdout)
    assert sent[:4] == ["-p", "3022", "-i", "/home/me/my key"]
    assert sent[4:] == ["dokku@example.org", "--", exec_string(argv, Form.FORCED)]


def test_destinations() -> None:
    assert shell_lines.ssh_line(Host(name="a", ssh="prod"), ("version",)) == "ssh prod -- version"
    assert shell_lines.ssh_line(Host(name="a", ssh="dokku@h:22"), ("version",)) == "ssh -p 22 dokku@h -- version"
    six = Host(name="a", ssh="dokku@[2001:db8::1]:22")
    assert shell_lines.ssh_line(six, ("version",)) == "ssh -p 22 dokku@2001:db8::1 -- version"
    assert "'dokku@[2001:db8::1]:api' HEAD:main" in shell_lines.git_push(six, "api", "main")


def test_the_pasted_push_makes_the_same_tree_and_cannot_be_turned_into_a_command(tmp_path: Path) -> None:
    files = (("Dockerfile", "FROM dokku/x:latest\n"), (".rollback/Procfile", "web: it's $HOME\n"))
    lines = shell_lines.push_lines(HOST, "api", "x;touch owned", files, "a" * 40)
    # everything but the push itself, in a folder of our own
    made = lines.rsplit("\n", 1)[0].replace("$(mktemp -d)", str(tmp_path))
    identity = {f"GIT_{who}_{what}": "x@y" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    subprocess.run(["sh", "-ec", made], env={**os.environ, **identity}, check=True, capture_output=True)
    shown = subprocess.run(
        ["git", "show", "HEAD:.rollback/Procfile"], cwd=tmp_path, capture_output=True, check=True, text=True
    )
    assert shown.stdout == "web: it's $HOME\n"
    assert "'HEAD:refs/heads/x;touch owned'" in lines
