"""The environment of a process: the container's own, and over it what herokuish reads from the image.

Recorded on both versions: an image that herokuish built carries the config of its build (`/tmp/env/KEY`) and of its
release (`/app/.profile.d/*.sh`), and both win over what the container is given today. Scripts that only export are
read here; any other is run by a real bash, restricted, without a PATH, with the container's environment in the place
of `/proc/1/environ`: a cure is only a cure if bash says so.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping

from tui.sandbox.image_config import ImageConfig

BUILD_ENV = "/tmp/env/"  # noqa: S108 - a path inside images
PROFILE = "/app/.profile.d/"
GLOBAL_SCRIPT, APP_SCRIPT = f"{PROFILE}00-global-env.sh", f"{PROFILE}01-app-env.sh"
EXPORT = re.compile(r"export ([A-Za-z_]\w*)='([^']*)'")
OF_BASH = ("PWD", "OLDPWD", "SHLVL", "_", "PATH")
PROGRAM = (
    'for script in "$@"; do eval "$script"; done\n'
    'for name in $(compgen -e); do printf "%s=%s\\0" "$name" "${!name}"; done\n'
)


def seen(config: ImageConfig, given: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process in a container that was given these values. Raises OSError without a bash, where a
    script needs one.
    """
    outside = {**config.env, **given}
    if config.frame != "herokuish":
        return outside
    env = dict(outside)
    for path, data in sorted(config.files.items()):
        if path.startswith(BUILD_ENV):
            env[path.removeprefix(BUILD_ENV)] = data.decode()
    scripts = [data.decode() for path, data in sorted(config.files.items()) if path.startswith(PROFILE)]
    return sourced(scripts, env, outside)


def exports(values: Mapping[str, str]) -> bytes:
    """The script that Dokku's release writes into a herokuish image."""
    quoted = {key: value.replace("'", "'\\''") for key, value in values.items()}
    return "".join(f"export {key}='{value}'\n" for key, value in sorted(quoted.items())).encode()


def sourced(scripts: list[str], env: dict[str, str], outside: Mapping[str, str]) -> dict[str, str]:
    """The environment after these scripts, one after the other; a script with a mistake ends there, as with bash."""
    lines = [line for script in scripts for line in script.splitlines() if line.strip()]
    found = [EXPORT.fullmatch(line) for line in lines]
    if all(found):
        return env | {match[1]: match[2] for match in found if match is not None}
    with tempfile.NamedTemporaryFile() as environ:
        environ.write(b"".join(f"{key}={value}\0".encode() for key, value in outside.items()))
        environ.flush()
        texts = [script.replace("/proc/1/environ", environ.name) for script in scripts]
        usable = {key: value for key, value in env.items() if key not in OF_BASH}
        done = subprocess.run(
            [shutil.which("bash") or "bash", "--noprofile", "--norc", "-r", "-c", PROGRAM, "bash", *texts],
            env={**usable, "PATH": "/nowhere"},
            capture_output=True,
            timeout=10,
            check=False,
        )
    pairs = [entry.partition("=") for entry in done.stdout.decode().split("\0") if entry]
    after = {key: value for key, _, value in pairs if key not in OF_BASH}
    return after | {key: env[key] for key in OF_BASH if key in env}
