"""The command line explains itself: versions, pages, services.yaml and completion; no host is asked."""

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.config.fleets import SMALL
from tui.cli import command_parsers, examples
from tui.cli.commands.explain import pages
from tui.cli.main import main
from tui.cli.options import parse
from tui.config import json_schema
from tui.model.command_words import COMMANDS
from tui.model.errors import ConfigError
from tui.text.nearest import nearest


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A services.yaml with the service `web`, in the working directory, which nobody trusted."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ROLLBACK_SERVICES", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = tmp_path / "services.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def test_the_version_is_said_with_those_of_python_and_dokku(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["kind"] == "version" and found["python"].startswith("3.") and "0.38" in found["dokku_tested"]
    assert main(["--version"]) == 0
    assert found["version"] in capsys.readouterr().out
    with pytest.raises(ConfigError, match="--version"):
        parse(["--version", "status"])


def test_every_page_is_listed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in pages())
    assert main(["help", "quick"]) == 0
    quick = capsys.readouterr().out
    assert all(f"rollback {name} previous" in quick for name in ("api", "gateway", "search", "transcription"))


@pytest.mark.parametrize(("wrong", "right"), [("quik", "quick"), ("servces", "services"), ("staus", "status")])
def test_an_unknown_topic_names_the_nearest(wrong: str, right: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", wrong]) == 2
    assert f"did you mean `rollback help {right}`" in capsys.readouterr().err


def test_help_of_a_command_is_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "freeze"]) == 0
    assert "usage: rollback freeze" in capsys.readouterr().out


def test_a_page_on_a_command_names_where_its_options_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "keep"]) == 0
    assert capsys.readouterr().out.endswith("The options: rollback keep --help\n")


@pytest.mark.parametrize("command", [*COMMANDS, "SERVICE"])
def test_every_help_has_two_examples_that_are_understood(command: str) -> None:
    assert "examples:" in command_parsers.tables()[command].format_help()
    assert len(examples.EXAMPLES[command]) >= 2
    for line in examples.EXAMPLES[command]:
        words = shlex.split(line.partition("$(")[2].rstrip(')"') or line.partition(" >")[0].partition(" |")[0])
        assert words[0] == "rollback"
        assert parse(words[1:]).command == (command if command != "SERVICE" else "rollback")


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("statu", "`rollback status`"),
        ("logz web", "`rollback logs`"),
        ("wep previous", "`rollback web`"),
        ("al previous", "`rollback all`"),
        ("wep", "`rollback web`"),
        ("logs wep", "'web'"),
        ("keep wep --yes", "'web'"),
        ("web previos", "'previous'"),
        ("web curent", "'current'"),
        ("web relase:5", "'release:N'"),
        ("config sho", "'show'"),
        ("completion bsh", "'bash'"),
    ],
)
def test_a_mistyped_name_ends_with_2_and_the_nearest(
    line: str, meant: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--services", str(file), *line.split()]) == 2
    assert f"did you mean {meant}?" in capsys.readouterr().err


def test_a_mistyped_command_is_named_where_there_is_no_services_yaml(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file.unlink()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(file.parent / "config"))
    assert main(["statu"]) == 2
    assert "did you mean `rollback status`?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("word", "found"), [("Statsu", "stats"), ("zzz", None), ("", None), ("transcr", "transcription"), ("\x1b[2J", None)]
)
def test_the_nearest_word(word: str, found: str | None) -> None:
    assert nearest(word, ("stats", "transcription", "web")) == found


def test_the_path_and_the_order_of_looking(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "path", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["path"], found["origin"]) == (str(file), "here")
    assert found["order"][:3] == ["--services FILE", "$ROLLBACK_SERVICES", str(file)]


def test_each_value_is_shown_with_where_it_is_from(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOST_OF_OURS", "expanded.example")
    text = SMALL.replace("ssh: dokku@host.example", "ssh: dokku@${HOST_OF_OURS}")
    file.write_text(text + "defaults:\n  health: {headers: {Authorization: Bearer abcdefgh12345678}}\n  owner: team\n")
    assert main(["config", "show", "--json"]) == 0
    out = capsys.readouterr().out
    assert "abcdefgh12345678" not in out and "expanded.example" not in out
    by_key = {one["key"]: one for one in json.loads(out)["items"]}
    assert by_key["hosts.here.ssh"]["value"] == "dokku@${HOST_OF_OURS}"
    assert by_key["services.web.owner"]["origin"] == "defaults"
    assert by_key["services.web.app"]["origin"] == "file"
    assert by_key["services.web.app"]["line"] == next(
        n for n, line in enumerate(text.splitlines(), 1) if "app:" in line
    )
    assert by_key["retention"] == {"key": "retention", "value": "5", "line": None, "origin": "default"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("api_token", "ghp_0123456789abcdefghijABCDEFGHIJ012345"),
        ("x-dsn", "https://abc:verysecretword@o1.ingest.example/1"),
        ("x-hook", "https://hooks.slack.com/services/T0AAAAAAA/B0AAAAAAA/abcdefghijklmnopqrstuvwx"),
        ("x-password", "hunter2-and-more"),
        ("x-password", "${NAME:-hunter2-and-more}"),
    ],
)
def test_secrets_in_the_file_are_not_shown(
    key: str, value: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(SMALL + f"{key}: {value}\n")
    assert main(["config", "show"]) == 0
    out = capsys.readouterr().out
    assert key in out
    assert not any(part in out for part in ("hunter2", "verysecretword", "ghp_0123", "abcdefghijklmnopqrstuvwx"))


def test_what_is_no_yaml_is_named_with_its_line(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("version: [1\n")
    assert main(["config", "show"]) == 2
    assert "services.yaml:" in capsys.readouterr().err


def test_the_schema_is_the_shipped_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "schema"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json_schema.shipped().read_text(encoding="utf-8"))


def completed(script: str, *words: str) -> list[str]:
    """What bash offers for the last of these words."""
    line = " ".join(f"'{word}'" for word in words)
    asked = (
        f"{script}\nCOMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _rollback; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    return subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True).stdout.split()


def test_bash_completes_commands_targets_and_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    assert completed(script, "rollback", "stat") == ["status", "stats"]
    assert completed(script, "rollback", "--services", "status", "ke") == ["keep"]
    assert completed(script, "rollback", "api", "prev") == ["previous"]
    assert completed(script, "rollback", "--services", "F", "unfreeze", "api", "--dep") == ["--deploy-tip"]
    assert completed(script, "rollback", "config", "s") == ["show", "schema"]
    assert completed(script, "rollback", "help", "qu") == ["quick"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_script_knows_every_command_and_is_one(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(command in script for command in COMMANDS)
    if shutil.which(shell):
        read = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True, check=False)
        assert (read.returncode, read.stderr) == (0, "")
