"""What pytest-xdist starts as a worker: it has one forked, gives it its streams, and stays for as long."""

import os
import socket
import sys

with socket.socket(socket.AF_UNIX) as here:
    here.connect(f"\0{sys.argv[1]}")
    socket.send_fds(here, [b"\0"], [0, 1, 2])
    for number in range(2):
        os.close(number)  # when the worker's are closed, they are closed
    code = here.recv(1)
    os._exit(code[0] if code else 1)
