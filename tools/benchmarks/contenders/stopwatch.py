"""How long the steps of a contender take."""

import json
import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Stopwatch:
    """Seconds by step; those of threads are added up."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.lock = threading.Lock()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count the time inside the context as a step's."""
        began = time.monotonic()
        try:
            yield
        finally:
            with self.lock:
                self.seconds[name] += time.monotonic() - began

    def tell(self) -> None:
        """Write the seconds to the file that the benchmark names."""
        Path(os.environ["BENCHMARK_STEPS"]).write_text(json.dumps(self.seconds))
