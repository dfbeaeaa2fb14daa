"""Two services files that name a service alike: what was opened with the one is not gone on with by the other."""

import os
import shutil
from pathlib import Path

from tests.sandboxes import Sandbox


def test_what_one_file_opened_the_other_refuses_and_its_own_goes_on(local: Sandbox, tmp_path: Path) -> None:
    assert local.run("gateway", "previous", "--yes").code == 0
    own, other = local.services, tmp_path / "other" / "services.yaml"
    other.parent.mkdir()
    shutil.copy(own, other)
    identity = local.run("incidents", "--json").document["items"][0]["incident"]
    local.services = os.fspath(other)
    for line in (("undo", identity, "--yes"), ("postmortem", identity), ("unfreeze", "gateway", "--yes")):
        refused = local.run(*line, "--json")
        assert refused.code == 2, (line, refused.stderr)
        message = refused.document["error"]["message"]
        assert os.path.realpath(own) in message and os.path.realpath(other) in message
        assert refused.document["error"]["fix"] == f"--services {os.path.realpath(own)}"
    local.services = own
    assert local.run("unfreeze", "gateway", "--yes").code == 0
    assert local.run("postmortem", identity).code == 0
