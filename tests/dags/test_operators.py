"""Each operator is a shell around a step: whatever the portal answers, both do the same."""

from sample_portal.http import server

EXTRACT_BOTH_WAYS = """
import requests
from austin_crime import config, steps
from austin_crime.errors import PortalError
from austin_crime_airflow.operators import BuildOperator, ExtractOperator, GateOperator

config.PORTAL_TRIES = 2
config.LONGEST_WAIT_S = 0.01
url = os.environ["AUSTIN_CRIME_SOURCE_URL"]
load = steps.plan_load("load")
batch = steps.list_batches(load)[0]["batch"]
FAULTS = {
    "nothing": None,
    "429 once": {"kind": "429", "retry_after_s": "7"},
    "429": {"kind": "429", "retry_after_s": "7", "times": "all"},
    "202": {"kind": "202", "times": "all"},
    "cut body": {"kind": "cut", "how": "chunked", "times": "all"},
    "rejected token": {"kind": "token", "times": "all"},
    "gone": {"kind": "gone", "times": "all"},
}


def outcome(fault, extract):
    for path in steps.folder_of(load).glob("batch-*"):
        path.unlink()
    requests.delete(url + "/faults").raise_for_status()
    if fault:
        requests.post(url + "/faults", params=fault | {"path": "$order=:id"}).raise_for_status()
    try:
        landed = extract()
    except PortalError as failure:
        return [type(failure).__name__, getattr(failure, "retry_after_s", None), str(failure)]
    return ["landed", landed.report_count]


result = {}
for name, fault in FAULTS.items():
    operator = ExtractOperator(task_id="extract", batch=batch, load=load, http_conn_id="austin_portal")
    result[name] = [
        outcome(fault, lambda: operator.execute({})),
        outcome(fault, lambda: steps.extract(batch, load)),
    ]
requests.delete(url + "/faults")


def failure_of(call):
    try:
        return str(call())
    except Exception as failure:
        return f"{type(failure).__name__}: {failure}"


gate = GateOperator(task_id="gate", load=load)
build = BuildOperator(table="crimes_per_month", conn_id="warehouse")
result["gate"] = [failure_of(lambda: gate.execute({})), failure_of(lambda: steps.ask_at_gate(load))]
result["build"] = [failure_of(lambda: build.execute({})), failure_of(lambda: steps.build_aggregate("crimes_per_month"))]
"""


def test_an_operator_does_what_its_step_does_whatever_the_portal_answers(
    in_airflow, warehouse, sample_portal
):
    with server.running(sample_portal.store, app_tokens=("a-token",)) as url:
        outcomes = in_airflow(
            EXTRACT_BOTH_WAYS,
            AUSTIN_CRIME_WAREHOUSE_URL=warehouse.owner_url,
            AUSTIN_CRIME_LANDING_URL=str(warehouse.landing),
            AUSTIN_CRIME_SOURCE_URL=url,
            AUSTIN_CRIME_APP_TOKEN="a-token",
            AUSTIN_CRIME_PORTAL_WAIT_S="0.01",
            AIRFLOW_CONN_WAREHOUSE=warehouse.owner_url,
            AIRFLOW_CONN_AUSTIN_PORTAL=url,
        )

    assert {name for name, (operator, step) in outcomes.items() if operator != step} == set()
    assert {name: operator[0] for name, (operator, _) in outcomes.items() if isinstance(operator, list)} == {
        "nothing": "landed",
        "429 once": "landed",
        "429": "PortalBusy",
        "202": "PortalBusy",
        "cut body": "PortalBusy",
        "rejected token": "landed",
        "gone": "PortalAnswer",
    }
    assert outcomes["429"][0][1] == 7
    assert outcomes["gate"][0] == "CheckBlocked: No check ran for a load that is running: trigger a new run."


def test_a_connection_that_leads_to_another_portal_is_refused(in_airflow, warehouse):
    message = in_airflow(
        """
from austin_crime_airflow.operators import _portal_session
try:
    _portal_session("austin_portal")
except Exception as failure:
    result = f"{type(failure).__name__}: {failure}"
""",
        AUSTIN_CRIME_SOURCE_URL="http://127.0.0.1:9",
        AUSTIN_CRIME_WAREHOUSE_URL=warehouse.owner_url,
        AIRFLOW_CONN_AUSTIN_PORTAL="http://127.0.0.1:10",
    )

    assert message.startswith("LoadRefused: The connection austin_portal leads to http://127.0.0.1:10")
