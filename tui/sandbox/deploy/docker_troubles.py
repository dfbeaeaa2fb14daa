"""The troubles that a host's surroundings make for a deploy, in Docker's words: armed as `fail_next_deploy` with one of
these modes.

Not recorded on Dokku's hosts: the words are those of Docker 26, BuildKit 0.14 and their registries, as their users
report them; what Dokku adds of its own is the recorded end of a failed build or start.
"""

from collections.abc import Iterable

from tui.sandbox.host import Call
from tui.sandbox.machine import App

DAEMON = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
RATE_LIMIT = (
    "toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit"
)
BUILD: dict[str, tuple[str, ...]] = {
    "docker": (f"ERROR: {DAEMON}",),
    "quota": (
        "#9 ERROR: failed to copy files: copy file range failed: disk quota exceeded",
        "ERROR: failed to solve: failed to copy files: copy file range failed: disk quota exceeded",
    ),
    "denied": (
        "ERROR: failed to solve: {base}: failed to resolve source metadata for docker.io/{base}: pull access denied, "
        "repository does not exist or may require authorization: server message: insufficient_scope: authorization "
        "failed",
    ),
    "rate-limit": (
        "ERROR: failed to solve: {base}: failed to resolve source metadata for docker.io/{base}: failed to copy: "
        "httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/{base}/manifests: 429 Too "
        f"Many Requests - Server message: {RATE_LIMIT}",
    ),
}
PULL = {
    "docker": DAEMON,
    "denied": (
        "Error response from daemon: pull access denied for {name}, repository does not exist or may require 'docker "
        "login': denied: requested access to the resource is denied"
    ),
    "rate-limit": f"Error response from daemon: {RATE_LIMIT}",
}
START = {
    "port": (
        "docker: Error response from daemon: driver failed programming external connectivity on endpoint {name} "
        "({id}): Bind for 0.0.0.0:5000 failed: port is already allocated."
    ),
}
PLATFORM = (
    "WARNING: The requested image's platform (linux/arm64) does not match the detected host platform (linux/amd64/v3) "
    "and no specific platform was requested"
)
WRONG_FORMAT = "exec {0}: exec format error"


def struck(call: Call, app: App, modes: Iterable[str]) -> str:
    """The first of these troubles that is armed for the app's next deploy, used up; "" if there is none."""
    return next((mode for mode in modes if call.host.faults.take_mode(mode, app.name) is not None), "")
