"""`rollback stats` on what a sandbox's journal holds, and the file for a collector."""

from pathlib import Path

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.sandboxes import Sandbox


def test_a_rollback_is_in_the_figures_and_in_the_file(local: Sandbox, tmp_path: Path) -> None:
    empty = local.run("stats", "--json").document
    assert (empty["kind"], empty["items"], empty["together"]["rollbacks"]) == ("stats", [], 0)
    assert empty["together"]["guarded_deploys"] is None

    assert local.run("api", "previous", "--yes", "--reason", "orders | fail", "--no-notify").code == 0
    done = local.run("stats", "--since", "1d", "--json")
    assert done.code == 0, done.stderr
    (api,) = done.document["items"]
    assert (api["service"], api["rollbacks"], api["verdicts"]) == ("api", 1, {"passed": 1})
    (one,) = done.document["recoveries"]
    spans = [one[f"{span}_seconds"] for span in ("detect", "decide", "act", "prove")]
    assert None not in spans and one["whole_seconds"] == sum(spans)

    told = local.run("stats", "--ascii")
    assert (
        told.stdout.startswith("# Rollbacks from ")
        and "| api " in told.stdout
        and "From detection to proof" in told.stdout
    )
    assert told.stdout.isascii()

    file = tmp_path / "rollback.prom"
    for _ in range(2):  # an earlier one of these is replaced
        assert local.run("stats", "--openmetrics", str(file)).code == 0
    names = {family.name for family in text_string_to_metric_families(file.read_text())}
    assert "rollback_recovery_median_seconds" in names

    mine = tmp_path / "notes.txt"
    mine.write_text("mine")
    refused = local.run("stats", "--openmetrics", str(mine), "--json")
    assert (refused.code, mine.read_text()) == (9, "mine")
    assert refused.document["error"]["code"] == "already-there"
    assert local.run("stats", "--since", "soon").code == 2
