"""`check` of a service on Dokku's Kubernetes scheduler: what this login does not see there, and what to set before."""

from tui.dokku import k3s, shell_lines
from tui.engine.engine import Engine
from tui.engine.releases.catalog import Listing
from tui.model.finding import Finding, Result
from tui.model.service import Service
from tui.ways import on_k3s


async def lines(engine: Engine, of: Service, found: Listing) -> list[Finding]:
    """Nothing for a service of another scheduler. Raises LinkError."""
    if found.current.pods is None:
        return []

    def line(result: Result, text: str, fix: str = "") -> Finding:
        return Finding(subject=of.name, topic="scheduler", result=result, text=text, fix=fix)

    settings = k3s.settings(await engine.links.ask(of.host, k3s.settings_report(of.app)))
    words = (
        "on the scheduler k3s: what its pods do, their restarts and the access log are not seen over this login; what "
        f"runs is asked of every pod, and a deploy may take {settings.push_limit - k3s.GRACE:.0f} s"
    )
    made = [line(Result.NOTE, words)]
    if settings.rollback_on_failure is not True:
        said = "is off" if settings.rollback_on_failure is False else "could not be read"
        words = (
            f"rollback-on-failure {said}: after a deploy that fails, what serves has lost its config, and its next "
            "restart starts it without any variable"
        )
        fix = shell_lines.ssh_line(engine.links.described(of.host), k3s.recommend(of.app))
        made.append(line(Result.NOTE, words, fix))
    if of.rollback.stop_first:
        refused = on_k3s.stop_first(of)
        made.append(line(Result.FINDING, refused.message, refused.fix))
    if found.current.pods == "mixed":
        made.append(
            line(Result.FINDING, "only some of its pods run, and which this login does not tell", "kubectl get pods")
        )
    return made
