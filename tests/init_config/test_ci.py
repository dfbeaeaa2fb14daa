"""The lines that keep a release before each deploy, word for word, and run by a shell."""

import subprocess
from pathlib import Path, PurePosixPath

import pytest
import yaml

from tui.init_config import ci
from tui.init_config.ci import CiSetup

GOLDEN = Path(__file__).parent / "golden"
PLAIN = CiSetup(
    key="~/.ssh/my dokku",
    services="services.yaml",
    source="dokku-rollback @ git+https://git.example/team/rollback@0123abc",
    known_source=True,
)
ODD = CiSetup(services='ops/it\'s "100%" $HOME.yaml')


@pytest.mark.parametrize("kind", ci.KINDS, ids=ci.NAMES)
def test_the_file_is_this(kind: ci.CiSystem) -> None:
    assert kind.write(PLAIN) == (GOLDEN / f"{kind.name}.txt").read_text()


@pytest.mark.parametrize("kind", ci.KINDS, ids=ci.NAMES)
def test_an_example_of_a_source_is_called_so(kind: ci.CiSystem) -> None:
    assert ("please check" in kind.write(ODD)) is (kind.name != "cron")


def commands(kind: ci.CiSystem, of: CiSetup) -> list[str]:
    """What a shell of that CI is given."""
    text = kind.write(of)
    if kind.name == "cron":
        return [text.splitlines()[-1].split(" ", 6)[-1].replace("\\%", "%")]
    read = yaml.safe_load(text)
    match kind.name:
        case "github":
            return str(read["jobs"]["keep"]["steps"][-1]["run"]).splitlines()
        case "gitlab":
            return list(read["rollback-keep"]["script"])
        case _:
            return [line.replace("$$", "$") for line in read["steps"][0]["commands"]]


@pytest.mark.parametrize("code", [0, 9, 3])
@pytest.mark.parametrize("kind", ci.KINDS, ids=ci.NAMES)
def test_a_shell_gives_the_program_the_path_as_it_is_and_only_kept_already_is_well(
    kind: ci.CiSystem, code: int, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    for name, body in (("pip", "exit 0"), ("rollback", f'printf "%s\\n" "$@" > "{log}"; exit {code}')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    environ = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        ci.KEY: "-----BEGIN\nkey",
        ci.KNOWN: "host ssh-ed25519 A",
    }
    done = subprocess.run(
        ["sh", "-e", "-c", "\n".join(commands(kind, ODD))], env=environ, capture_output=True, text=True
    )
    assert (done.returncode == 0) is (code in (0, 9)), done.stderr
    assert log.read_text().splitlines() == ["--services", ODD.services, "keep", "--all"]
    if kind.name != "cron":
        assert (tmp_path / ".ssh/id_ed25519").read_text() == "-----BEGIN\nkey\n"
        assert (tmp_path / ".ssh/id_ed25519").stat().st_mode & 0o777 == 0o600
        assert (tmp_path / ".ssh/known_hosts").read_text() == "host ssh-ed25519 A\n"


@pytest.mark.parametrize(
    ("there", "name"),
    [
        ((".github/workflows",), "github"),
        ((".gitlab-ci.yml",), "gitlab"),
        ((".woodpecker",), "woodpecker"),
        ((".woodpecker.yml", ".gitlab-ci.yml"), "gitlab"),
        ((), "cron"),
    ],
)
def test_the_repository_tells_which(there: tuple[str, ...], name: str) -> None:
    assert ci.detected(lambda sign: sign in there).name == name


def test_the_path_is_the_repositorys() -> None:
    assert ci.relative(PurePosixPath("/r/ops/services.yaml"), PurePosixPath("/r")) == "ops/services.yaml"
    assert ci.relative(PurePosixPath("/etc/services.yaml"), PurePosixPath("/r")) == "/etc/services.yaml"
