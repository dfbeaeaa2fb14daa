"""The cron tasks of a release, which come and go with its app.json.

Dokku's documentation (0.23 and later): they are checked once the image is built, and scheduled after the deploy.
"""

from tui.dokku import build_settings, commit_files
from tui.dokku.build_gate import K3S
from tui.model.plan import PlanWarning, WarningLevel
from tui.model.release import Release
from tui.ways import plan_warnings


def cautions(found: plan_warnings.Findings, target: Release) -> tuple[PlanWarning, ...]:
    """The warning of cron tasks that come back or go with the app.json that is pushed; empty where none does.

    How Dokku's Kubernetes scheduler takes them is not recorded: nothing is said there.
    """
    files, now = dict(found.files), found.between.cron
    places = build_settings.places(found.shape.appjson, found.shape.build_dir)
    then = commit_files.cron(next(filter(None, map(files.get, places)), None))
    if then is None or set(then) == set(now or ()) or found.shape.scheduler == K3S:
        return ()
    if now is None:
        words = f"{target.name} has cron tasks, and which run now is not known: {plan_warnings.listed(then)}"
    else:
        back = tuple(task for task in then if task not in now)
        gone = tuple(task for task in now if task not in then)
        parts = tuple(
            f"{words} {plan_warnings.listed(tasks)}" for words, tasks in (("back:", back), ("gone:", gone)) if tasks
        )
        words = f"cron tasks change; {'; '.join(parts)}"
    return (PlanWarning(severity=WarningLevel.WARN, text=words),)
