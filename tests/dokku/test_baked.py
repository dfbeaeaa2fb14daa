"""Our commit for images that carry the config of then, and Procfiles for images that hide theirs."""

import subprocess
from pathlib import Path

import pytest

from tui.dokku import commit_files
from tui.model.observation import Container


def dockerfile(**baked: object) -> str:
    tree, _ = commit_files.go_back_tree("h", 1, "i.1", {}, run_tasks=False, baked=commit_files.Baked(**baked))  # type: ignore[arg-type]
    return dict(tree)["Dockerfile"]


def test_herokuish_gets_the_config_of_now() -> None:
    """As it was tried on 0.35.15 and 0.38.27: web, worker, `run` and `enter` then see the present config."""
    tree, _ = commit_files.go_back_tree(
        "b-hk--r1", 1, "i.1", {}, run_tasks=False, baked=commit_files.Baked(builder="herokuish", gone=("A", "B"))
    )
    assert dict(tree)["Dockerfile"].splitlines()[4:] == [
        'ENV A="" B=""',
        "RUN rm -rf /tmp/env/* /app/.profile.d/00-global-env.sh",
        "COPY .rollback/config.sh /app/.profile.d/01-app-env.sh",
    ]
    assert "unset A\n" in dict(tree)[".rollback/config.sh"]


def test_a_deleted_key_is_emptied_only_where_it_would_come_back() -> None:
    assert "ENV" not in dockerfile(gone=("A",))
    assert 'ENV A=""\n' in dockerfile(gone=("A",), in_env=True)
    assert 'ENV A=""\n' in dockerfile(gone=("A", "PATH", "no-name", "X\nRUN id"), in_env=True)
    assert commit_files.Baked(gone=("A", "PATH"), in_env=True).back == ("PATH",)


def test_what_the_script_does(tmp_path: Path) -> None:
    """In a shell of its own: what was sourced of then is overruled by what the process was started with."""
    script = tmp_path / "config.sh"
    script.write_text(commit_files.config_script(("OLD",)).replace("/proc/1/environ", str(tmp_path / "environ")))
    (tmp_path / "environ").write_bytes(b"GREETING=new day\0PATH=/nowhere\0OLD=\0NEW=$(id) `id` 'x'\nline\0")
    told = f'GREETING=old; OLD=; KEPT=1; . {script}; printf "%s|" "$GREETING" "${{OLD-unset}}" "$NEW" "$KEPT"'
    done = subprocess.run(["bash", "-ec", told], capture_output=True, text=True, check=True)
    assert done.stdout == "new day|unset|$(id) `id` 'x'\nline|1|"


@pytest.mark.parametrize(
    ("commands", "procfile"),
    [
        ({"web": ("/app/server", "keptcmd")}, "web: /app/server keptcmd\n"),
        ({"web": ("a",), "worker": ("a", "--queue=x")}, "web: a\nworker: a --queue=x\n"),
        ({"web": ()}, ""),
        ({"web": ("sh", "-c", "exec a && b")}, None),
        ({"web": ("a", "$PORT")}, None),
    ],
)
def test_the_procfile_of_an_image(commands: dict[str, tuple[str, ...]], procfile: str | None) -> None:
    running = [Container(id=name, process=name, command=words) for name, words in commands.items()]
    assert commit_files.procfile_of(running) == procfile


def test_a_predeploy_is_seen_in_an_app_json() -> None:
    assert commit_files.has_predeploy('{"scripts": {"dokku": {"predeploy": "x"}}}')
    assert commit_files.has_predeploy("{")
    assert not commit_files.has_predeploy('{"scripts": {"dokku": {"postdeploy": "predeploy: x"}}}')
