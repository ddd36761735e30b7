"""Living and misbehaving over HTTP: for people with curl, and for programs that hold no store."""

import pytest
import requests

from sample_portal.__main__ import read_options
from sample_portal.http import control

TIMEOUT_S = 20


def post(portal, address: str, **headers: str) -> requests.Response:
    """Send a command."""
    return requests.post(portal.address + address, headers=headers, timeout=TIMEOUT_S)


def count(portal) -> int:
    """Return how many reports there are."""
    return int(portal.rows(select="count(*)")[0]["count"])


def test_a_week_passes_and_tells_its_numbers(changing):
    answer = post(changing, "/live/week?added=12&edited=20&removed=5")

    assert answer.json() == {"week": {"added": 12, "edited": 20, "removed": 5}}
    assert count(changing) == 1007


@pytest.mark.parametrize(
    ("address", "result"),
    [
        ("/live/add_reports?n=7&crime_type=ADDED", 7),
        ("/live/rewrite", 1000),
        ("/live/rewrite_all?updated_at=2026-04-01T12:30:00", 1000),
        ("/live/half_upload?share=0.25", 250),
        ("/live/double_keys?n=3", 3),
        (
            "/live/retype_column?name=sector&kind=number",
            {"name": "sector", "title": "APD Sector", "kind": "number", "is_whole": False, "is_day": False},
        ),
    ],
)
def test_a_change_tells_what_it_did(changing, address, result):
    answer = post(changing, address)

    (told,) = answer.json().values()
    assert (answer.status_code, told) == (200, result)


@pytest.mark.parametrize(
    ("address", "status", "complaint"),
    [
        ("/live/unknown", 404, "No such change"),
        ("/live/edit_reports?where=true&assignments=ucr_code=1", 404, "No such change"),
        ("/live/remove_month", 400, "missing a required argument: 'month'"),
        ("/live/remove_month?month=2015-3", 400, "Expected a month such as 2015-03"),
        ("/live/move_reports?n=many", 400, "invalid literal"),
        ("/live/week?more=1", 400, "unexpected keyword argument 'more'"),
        ("/live/week?store=1", 400, "unexpected keyword argument 'store'"),
        ("/live/add_column?name=a%22b", 400, "Expected a name of small letters"),
        ("/live/rename_column?old=sector&new=district", 400, "already"),
        ("/live/finish_upload", 400, "half_upload comes first"),
        ("/live/add_reports?n=5&no%22pe=1", 400, "no column 'no\"pe'"),
        ("/faults?kind=418", 400, "There is no fault '418'"),
        ("/faults", 400, "missing a required argument: 'kind'"),
        ("/faults?kind=change&call=unknown", 404, "No such change"),
    ],
)
def test_a_command_that_cannot_be_obeyed_says_why(changing, address, status, complaint):
    answer = post(changing, address)

    assert answer.status_code == status
    assert complaint in answer.json()["message"]
    assert count(changing) == 1000


def test_faults_are_added_told_and_ended(faulty):
    post(faulty, "/faults?kind=429&times=2&retry_after_s=3&path=$limit=1")
    post(faulty, "/faults?kind=503&times=all&path=nothing+asks+this")
    refused = faulty.ask(limit=1)
    told = faulty.get("/faults").json()
    ended = requests.delete(f"{faulty.address}/faults", timeout=TIMEOUT_S)

    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3")
    assert [(fault["kind"], fault["times"], fault["met"]) for fault in told] == [
        ("429", 2, 1),
        ("503", None, 0),
    ]
    assert ended.json() == faulty.get("/faults").json() == []
    assert faulty.ask(limit=1).status_code == 200


def test_a_week_may_pass_between_two_requests(changing):
    post(changing, "/faults?kind=change&call=rewrite&path=$limit")
    newest = changing.rows(select="max(:updated_at) as newest", order="newest")

    (row,) = changing.rows(select=":updated_at", limit=1)

    assert row[":updated_at"] > newest[0]["newest"]


@pytest.mark.parametrize("command", ["/live/week", "/faults?kind=500"])
@pytest.mark.parametrize("origin", ["http://elsewhere.example", "null", "http://127.0.0.1:1"])
def test_pages_of_other_sites_may_not_command(changing, command, origin):
    answers = [post(changing, command, Origin=origin)]
    answers.append(
        requests.delete(f"{changing.address}/faults", headers={"Origin": origin}, timeout=TIMEOUT_S)
    )

    assert [answer.status_code for answer in answers] == [403, 403]
    assert count(changing) == 1000
    assert changing.get("/faults").json() == []


def test_a_page_of_the_portal_itself_may_command(changing):
    assert post(changing, "/live/drop_keys?n=1", Origin=changing.address).status_code == 200


def test_looking_at_an_address_changes_nothing(changing):
    assert changing.get("/live/week").status_code == 405
    assert count(changing) == 1000


def test_the_first_page_shows_commands_that_work(changing):
    page = changing.get("/").text

    for title, command in control.commands(changing.address):
        assert title in page
        method, address = ("GET", "") if "-X" not in command else (command.split()[2], "")
        address = command.split("'")[1]
        assert requests.request(method, address, timeout=TIMEOUT_S).status_code == 200, command


def test_help_shows_commands_to_copy(capsys):
    with pytest.raises(SystemExit):
        read_options(["--help"])

    assert "curl -X POST 'http://127.0.0.1:8099/live/week'" in capsys.readouterr().out
