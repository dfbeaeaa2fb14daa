"""The fault matrix: every phase of an incident × every fault, through real processes and a real OpenSSH server.

`python -m tests.matrix` tries all cells, one after the other, and prints the table with its counts; `python -m
tests.matrix push-begun/link-cut` tries one and says what was seen. `test_matrix` tries a fixed twentieth of them.

A cell is one incident: the command line runs with a controlling terminal, is held in its phase by a slow command of the
host, meets the fault, and goes on as long as it can. Then the world is well again, and a person types what the product
names: `resume`, at last `resume --close`, and `unfreeze`. In the end nothing of ours is left on the host, nothing was
sent twice, no command ended with a traceback or a code that is not documented, and none said what the host contradicts.
"""
