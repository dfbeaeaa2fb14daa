"""Canaries: secrets put wherever a secret may come from are found nowhere that this program writes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness import local_sandbox
from tests.receivers import receiver
from tests.sandboxes import Done, Sandbox
from tests.scenarios.test_notices import HOOK, told
from tests.sshd import free_port

APP = "scenextras"
CANARIES = {
    "log": "Zx81CanaryLog",
    "log json": "Zx81CanaryJson",
    "subject": "Zx81CanarySubject",
    "config": "Zx81CanaryConfig",
    "reason": "Zx81CanaryReason",
    "hook": "Zx81CanaryHook42",
    "registry": "Zx81CanaryRegistry",
    "sentry": "Zx81CanarySentry",
}


def clean(where: str, text: str | bytes) -> None:
    raw = text.encode() if isinstance(text, str) else text
    found = [name for name, canary in CANARIES.items() if canary.encode() in raw]
    assert not found, f"{found} in {where}: {raw[max(0, raw.find(b'Zx81') - 200) : raw.find(b'Zx81') + 60]!r}"
    assert b"Zx81" not in raw, f"part of a canary in {where}"


def said(where: str, done: Done) -> Done:
    clean(f"stdout of {where}", done.stdout)
    clean(f"stderr of {where}", done.stderr)
    return done


def kept(box: Sandbox) -> None:
    """Every file that the console keeps: journal, its log, spools, exports."""
    files = [file for file in box.state.rglob("*") if file.is_file()]
    assert any(file.name == "journal.sqlite" for file in files)
    for file in files:
        clean(str(file.relative_to(box.state)), file.read_bytes())


@pytest.fixture
def environ() -> dict[str, str]:
    return {
        "ROLLBACK_REGISTRY_USER": "ci",
        "ROLLBACK_REGISTRY_PASSWORD": CANARIES["registry"],
        "SENTRY_TOKEN": CANARIES["sentry"],
    }


def test_no_canary_leaves_by_any_command(tmp_path: Path, environ: dict[str, str]) -> None:
    with local_sandbox(tmp_path, environ=environ, speed=1) as box, receiver() as hook:
        told(box, tmp_path)
        box.pull("deploy", app=APP, version="v1.6.0", message=f"Use api_key={CANARIES['subject']} for now", wait=True)
        box.pull("command", command=f"config:set --no-restart {APP} DB_PASSWORD={CANARIES['config']}")
        lines = [
            f"login password={CANARIES['log']} refused {CANARIES['sentry']}",
            json.dumps({"level": "error", "access_token": CANARIES["log json"]}),
        ]
        box.pull("log", app=APP, lines=lines)
        box.environ[HOOK] = f"json://ada:{CANARIES['hook']}@127.0.0.1:{free_port()}/{CANARIES['hook']}"
        outputs: dict[tuple[str, ...], str] = {}
        for words in (
            ("status",), ("status", "--json"), ("check",), ("check", "--json"), ("logs", "api"),
            ("logs", "api", "--json"),
            ("api", "--list"), ("api", "--list", "--json"), ("api", "previous", "--plan"),
            ("api", "previous", "--plan", "--json"),
            ("check", "--notify", "--yes"), ("keep", "api"),
        ):  # fmt: skip
            outputs[words] = said(" ".join(words), box.run(*words)).stdout
        assert "Use api_key=[redacted] for now" in outputs["api", "--list"], "the canaries were where they were put"
        assert "login password=[redacted] refused [redacted]" in outputs["logs", "api"]
        reason = f"orders fail, token={CANARIES['reason']}"
        back = said("rollback", box.run("api", "previous", "--yes", "--json", "--reason", reason))
        assert back.code == 0, back.stderr
        assert "NOT DELIVERED" in back.stderr
        kept(box)
        box.environ[HOOK] = f"json://ada:{CANARIES['hook']}@127.0.0.1:{hook.port}/{CANARIES['hook']}"
        assert said("incidents", box.run("incidents", "--json")).code == 0
        assert len(hook.bodies) == 3
        clean("what people were told", str(hook.bodies))
        kept(box)


def test_a_crash_of_the_command_line_says_everything_but_secrets(tmp_path: Path) -> None:
    script = tmp_path / "crash.py"
    script.write_text(
        "import sys\n"
        "from tui import __main__ as program\n"
        "def _run(argv):\n"
        f"    raise RuntimeError('could not use password={CANARIES['config']} here')\n"
        "program._run = _run\n"
        "program.main()\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path.cwd()), "ROLLBACK_STATE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, str(script), "status"], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "RuntimeError: could not use password=[redacted] here" in done.stderr
    assert "crash.py" in done.stderr, "the way to the fault is said"
