#!/usr/bin/env python3
"""Succeed if a page answers 200: ``healthy URL [COMPONENT]``.

With a component, the page is JSON that names components, as Airflow's API does, and this one has to be healthy.
"""

import json
import sys
import urllib.request

TIMEOUT_S = 20

url, *components = sys.argv[1:]
# urlopen raises for every status that is an error.
with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310 (the address is docker-compose.yaml's)
    body = answer.read()
for component in components:
    status = json.loads(body)[component]["status"]
    if status != "healthy":
        sys.exit(f"{component} is {status}")
