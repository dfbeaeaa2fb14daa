"""The deploy itself: build, release, start, check, switch, rename, each saying its lines through the call.

Everything that changes the machine happens between two lines, in the recorded order. A line said to a dead client
raises ClientGone, so the host is left exactly as far as the last line heard: branch moved, image built, container
orphaned or traffic half switched.

The order, with the names of its phases and the file of each::

    flow.py     cleanup
    build.py    build → built
    release.py  release
    start.py    preflight (checks.py: checking) → checked → (nginx.py:) nginx → switched → renaming → deployed

GIT_REV and the image are there before anything is known to work; deploy-source-metadata is written by the caller at
the end.
"""
