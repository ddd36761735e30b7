#!/usr/bin/env python3
"""Succeed if a page answers 200: ``healthy URL [COMPONENT]``.

With a component, the page is JSON that names components, as Airflow's API does, and this one has to be healthy.
"""

import json
import sys
import urllib.request

TIMEOUT_S = 20

url, *components = sys.argv[1:]
# The services are asked without the proxies that are for the city's portal.
without_proxies = urllib.request.build_opener(urllib.request.ProxyHandler({}))
# Raises for every status that is an error.
with without_proxies.open(url, timeout=TIMEOUT_S) as answer:
    body = answer.read()
for component in components:
    status = json.loads(body)[component]["status"]
    if status != "healthy":
        sys.exit(f"{component} is {status}")
