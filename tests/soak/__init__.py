"""The soak: the console in a real terminal for many minutes, its links cut again and again, and what it holds.

`python -m tests.soak --minutes N [--hosts H] [--services S] [--lines L] [--cuts C]` ends with a table of resident
memory, tasks and descriptors, minute by minute. Each host is a sandbox of its own; L log lines a second go through each
of the S services on it, and C times a minute every connection of one host ends. The run fails where the console ends,
or where the last third of the minutes holds more than the third before it by a margin.
"""
