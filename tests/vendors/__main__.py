"""`python -m tests.vendors`: the stand-ins as a process; one JSON line, then serve until stopped."""

import json
import signal
import sys

from tests.vendors.everything import running

STOPS = (signal.SIGINT, signal.SIGTERM)

if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)  # before any thread begins: they inherit it
    with running() as vendors:
        described = {
            "urls": vendors.urls,
            "control": vendors.control,
            "environ": vendors.environ,
            "service_yaml": vendors.service_yaml,
            "contacts_yaml": vendors.contacts_yaml,
            "top_yaml": vendors.top_yaml,
        }
        sys.stdout.write(json.dumps(described) + "\n")
        sys.stdout.flush()
        signal.sigwait(STOPS)
