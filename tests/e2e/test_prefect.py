"""What a person does who runs Prefect: start a load on its pages, look at it; or run one from a shell."""

import re

import pytest
import requests
from playwright.sync_api import Page, expect
from tests.e2e.conftest import REPORTS, new_stack

from local_stack.processes import supervisor

RUN_TIMEOUT_MS = 300_000
DRAW_TIMEOUT_MS = 60_000


def deployment(prefect) -> dict:
    return requests.get(
        f"{prefect.prefect}/api/deployments/name/austin_crime_nightly/nightly", timeout=30
    ).json()


def test_the_deployment_waits_for_a_person_to_switch_on_the_night(prefect):
    (schedule,) = deployment(prefect)["schedules"]

    assert schedule["schedule"]["cron"] == "30 3 * * *"
    assert schedule["schedule"]["timezone"] == "America/Chicago"
    assert schedule["active"] is False


def test_a_person_starts_a_load_and_sees_it_end_well_its_graph_and_its_artifacts(
    prefect, page: Page, tmp_path
):
    page.goto(f"{prefect.prefect}/deployments/deployment/{deployment(prefect)['id']}")
    page.get_by_role("button", name="Run", exact=True).click(timeout=DRAW_TIMEOUT_MS)
    page.get_by_text("Quick run").click()
    # A note that comes sliding in: a click by coordinates would miss it.
    page.get_by_role("button", name="View run").first.dispatch_event("click", timeout=DRAW_TIMEOUT_MS)
    page.wait_for_url("**/runs/flow-run/**")
    expect(page.get_by_text("Completed", exact=True).first).to_be_visible(timeout=RUN_TIMEOUT_MS)

    expect(page.locator("canvas").first).to_be_visible(timeout=DRAW_TIMEOUT_MS)
    expect(page.get_by_text("the portal has").first).to_be_visible()
    page.get_by_text("Artifacts", exact=True).click()
    expect(page.get_by_text(re.compile(r"(\d+) of \1 batches staged"))).to_be_visible(timeout=DRAW_TIMEOUT_MS)
    for key in ("plan", "checks", "reconciliation"):
        expect(page.get_by_text(key, exact=True).first).to_be_visible()
    page.get_by_text("checks", exact=True).first.click()
    expect(page.get_by_text("portal_counts").first).to_be_visible(timeout=DRAW_TIMEOUT_MS)


def test_a_load_that_a_check_blocks_is_paused_and_goes_on_with_the_answer_of_its_form(prefect, page: Page):
    requests.post(f"{prefect.portal}/live/half_upload", timeout=60).raise_for_status()
    begun = requests.post(
        f"{prefect.prefect}/api/deployments/{deployment(prefect)['id']}/create_flow_run", json={}, timeout=60
    ).json()
    page.goto(f"{prefect.prefect}/runs/flow-run/{begun['id']}")
    page.get_by_role("button", name="Resume").first.click(timeout=RUN_TIMEOUT_MS)
    expect(page.get_by_text("reports_removed").first).to_be_visible(timeout=DRAW_TIMEOUT_MS)

    answered = requests.post(
        f"{prefect.prefect}/api/flow_runs/{begun['id']}/resume",
        json={"run_input": {"decision": "publish"}},
        timeout=60,
    )

    assert answered.json()["status"] == "ACCEPT"
    page.reload()
    expect(page.get_by_text("Completed", exact=True).first).to_be_visible(timeout=RUN_TIMEOUT_MS)
    requests.post(f"{prefect.portal}/live/finish_upload", timeout=60).raise_for_status()


def test_the_switch_of_the_night_outlives_a_change_of_the_deployment(prefect):
    found = deployment(prefect)
    schedule = found["schedules"][0]
    url = f"{prefect.prefect}/api/deployments/{found['id']}/schedules/{schedule['id']}"
    assert requests.patch(url, json={"active": True}, timeout=30).ok
    with (prefect.root / "prefect.yaml").open("a") as file:
        file.write("# changed\n")

    done = prefect.run("prefect", "--source", "sample", "--reports", str(REPORTS))

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nightly    on" in done.stdout
    assert [schedule["active"] for schedule in deployment(prefect)["schedules"]] == [True]


def test_a_load_from_a_shell_is_in_the_pages_too_and_leaves_them_running(prefect, page: Page):
    done = prefect.run("flow", "--parameters", '{"dry_run": true}')
    refused = prefect.run("flow", "--parameters", '{"accept": ["nonsense"]}')

    assert done.returncode == 0, done.stdout + done.stderr
    assert refused.returncode == 1
    assert "accept names nonsense; expected one of category_gone" in refused.stdout
    page.goto(f"{prefect.prefect}/runs")
    expect(page.get_by_text(re.compile("dry run$"))).to_be_visible(timeout=DRAW_TIMEOUT_MS)
    assert prefect.run("status").returncode == 0


@pytest.mark.slow
def test_a_load_from_a_shell_needs_nothing_set_up_and_leaves_nothing_running(tmp_path_factory):
    stack = new_stack(tmp_path_factory)

    done = stack.run("flow", "--reports", "1000")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Published: 1,000 added" in done.stdout
    assert supervisor.processes(stack.root) == []
    assert (stack.root / "data" / "prefect" / "prefect.db").exists()
    assert not (stack.root.parent / ".prefect").exists()
