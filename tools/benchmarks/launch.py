"""Run a program and write what it cost to a file: ``launch.py <result> <program> <arguments> ...``.

A small process of its own: the system counts the memory of the process that starts a program as the program's at first.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

# The system tells bytes on macOS and kilobytes elsewhere.
RSS_UNITS_PER_MB = 1e6 if sys.platform == "darwin" else 1e6 / 1024


def main() -> int:
    """Run the program, write its wall time, CPU and peak memory, and return its exit code."""
    began = time.monotonic()
    process = subprocess.Popen(sys.argv[2:])
    # Its children are counted as well, once they have ended; memory is that of the largest process.
    _, status, usage = os.wait4(process.pid, 0)
    cost = {
        "wall_s": time.monotonic() - began,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_rss_mb": usage.ru_maxrss / RSS_UNITS_PER_MB,
    }
    Path(sys.argv[1]).write_text(json.dumps(cost))
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main())
