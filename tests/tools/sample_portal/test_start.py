"""The command line: it says in one line that it listens, or in one sentence why it does not."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from sample_portal.__main__ import main, read_options

pytestmark = pytest.mark.slow

TOOLS = Path(__file__).parents[3] / "tools"
WAIT_S = 30


def start(*options: str) -> subprocess.Popen:
    """Start a portal as a program."""
    return subprocess.Popen(
        [sys.executable, "-m", "sample_portal", *options],
        env={**os.environ, "PYTHONPATH": str(TOOLS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_one_line_tells_where_it_listens_and_a_signal_ends_it(tmp_path):
    program = start("--port", "0", "--reports", "1000", "--until", "2026-03-07", "--data-dir", str(tmp_path))
    line = program.stdout.readline()
    address = line.split()[-1]

    try:
        answer = requests.get(f"{address}/resource/fdj4-gpfu.json?$select=count(*)", timeout=WAIT_S)
        healthy = requests.get(f"{address}/healthz", timeout=WAIT_S)
    finally:
        program.terminate()
    rest, complaints = program.communicate(timeout=WAIT_S)

    assert line.startswith("Sample portal: 1,000 invented reports (present form) at http://127.0.0.1:")
    assert answer.json() == [{"count": "1000"}]
    assert healthy.text == "ok"
    assert (program.returncode, rest, complaints) == (0, "", "")
    assert [path.suffix for path in tmp_path.iterdir()] == [".duckdb"]


def test_a_taken_port_is_told_in_one_sentence(capsys, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        code = main(["--port", str(port), "--reports", "1000", "--data-dir", str(tmp_path)])

    complaint = capsys.readouterr().err
    assert code == 1
    assert (
        complaint
        == f"Port {port} on 127.0.0.1 cannot be had (Address already in use): give another --port.\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told_in_one_sentence(capsys, tmp_path):
    (tmp_path / "file").write_text("in the way")

    code = main(["--port", "0", "--reports", "1000", "--data-dir", str(tmp_path / "file" / "data")])

    complaint = capsys.readouterr().err
    assert code == 1
    assert complaint.startswith(f"The folder {tmp_path / 'file' / 'data'} cannot be written")
    assert complaint.count("\n") == 1


def test_a_missing_file_is_told_in_one_sentence(capsys, tmp_path):
    code = main(["--port", "0", "--file", str(tmp_path / "absent.json")])

    assert code == 1
    assert capsys.readouterr().err == f"There is no file {tmp_path / 'absent.json'}.\n"


@pytest.mark.parametrize("count", ["999", "2615001", "many"])
def test_a_number_of_reports_out_of_bounds_is_refused(capsys, count):
    with pytest.raises(SystemExit) as ended:
        read_options(["--reports", count])

    assert ended.value.code == 2
    assert "--reports" in capsys.readouterr().err


def test_a_number_of_reports_may_be_written_with_commas():
    assert read_options(["--reports", "2,615,000"]).reports == 2_615_000
