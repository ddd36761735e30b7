import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from austin_crime.config import ROOT
from austin_crime.errors import SettingError
from local_stack.configuration import env_example, environments, settings, variables
from local_stack.configuration.settings import Settings
from local_stack.errors import StackError

# Variables of others (PATH, AIRFLOW_HOME, ...) are documented by others.
OURS = r"((?:AUSTIN_CRIME|SUPERSET)_[A-Z0-9_]+|CHROMIUM)"
READ = re.compile(rf"""(?:environ(?:\.get)?|getenv|_?required|setenv)\s*[\[(]\s*["']{OURS}["']""")
NAMED = re.compile(r"""["'](AUSTIN_CRIME_[A-Z0-9_]+|SUPERSET_[A-Z0-9_]+_(?:PASSWORD|KEY|URL)|CHROMIUM)["']""")


def code() -> Iterator[str]:
    for folder in ("include", "tools", "superset", "dags", "flows", "plugins", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            if path.parent != Path(__file__).parent and path != Path(variables.__file__):
                yield path.read_text()


def test_env_example_is_written_from_the_declared_settings() -> None:
    assert (ROOT / ".env.example").read_text() == env_example.example(), "run make docs"


def test_every_variable_that_code_reads_is_declared() -> None:
    read = {name for text in code() for pattern in (READ, NAMED) for name in pattern.findall(text)}

    assert "AUSTIN_CRIME_WAREHOUSE_URL" in read
    assert read - variables.NAMES == set()


def test_every_declared_variable_has_a_comment_and_is_used() -> None:
    text = "\n".join(code())
    for variable in variables.VARIABLES:
        made_of_parts = re.fullmatch(
            r"AUSTIN_CRIME_(POSTGRES|OWNER|AIRFLOW_DB|SUPERSET_DB|[A-Z]+)_(PASSWORD|PORT)|AIRFLOW_[A-Z]+_PASSWORD",
            variable.name,
        )

        assert len(variable.comment) > 10, variable.name
        assert variable.name in text or variable.receivers or made_of_parts, variable.name


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(project: Path) -> None:
    settings.prepare("sample", None, project, {})
    with (project / ".env").open("a") as file:
        file.write("AUSTIN_CRIME_AIRFLOW_PORT=9001\nAUSTIN_CRIME_SUPERSET_PORT=9002\n")

    current, _ = settings.prepare("sample", None, project, {"AUSTIN_CRIME_SUPERSET_PORT": "9003"})

    assert [current.port(name) for name in ("portal", "airflow", "superset")] == [8099, 9001, 9003]


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("AUSTIN_CRIME_AIRFLOW_PORT", "web", "'web'"),
        ("AUSTIN_CRIME_AIRFLOW_PORT", "65536", "'65536'"),
        ("AUSTIN_CRIME_AIRFLOW_PORT", "٣", "'٣'"),
        ("AUSTIN_CRIME_SOURCE_URL", "data.austintexas.gov", "'data.austintexas.gov'"),
        ("AUSTIN_CRIME_PORTAL_WAIT_S", "abc", "'abc'"),
        ("AUSTIN_CRIME_WAREHOUSE_URL", "mysql://me:secret@db/crime", "'mysql://***@db/crime'"),
        ("AUSTIN_CRIME_READER_URL", "postgresql://me:secret@db/crime", "'postgresql://***@db/crime'"),
        ("AUSTIN_CRIME_LANDING_URL", "file://relative", "'file://relative'"),
        ("AUSTIN_CRIME_EDITION_DIR", "s3://bucket", "'s3://bucket'"),
        ("AUSTIN_CRIME_SUPERSET_URL", "superset:8088", "'superset:8088'"),
        ("SUPERSET_ANONYMOUS_READING", "maybe", "'maybe'"),
        ("AUSTIN_CRIME_SUPERSET_REFRESH_USER", "two words", "'two words'"),
        ("AUSTIN_CRIME_SOURCE", "city", "'city'"),
        ("AUSTIN_CRIME_BIND_ADDRESS", "localhost", "'localhost'"),
        ("AWS_ENDPOINT_URL", "s3.example.org", "'s3.example.org'"),
        ("AWS_ACCESS_KEY_ID", "alone", "AWS_SECRET_ACCESS_KEY is not set"),
        ("AIRFLOW__CORE__FERNET_KEY", "secret", "expected 32 bytes"),
        ("AUSTIN_CRIME_APP_TOKEN", "se cret", "expected a token"),
        ("AIRFLOW__API__BASE_URL", "airflow.example.org", "'airflow.example.org'"),
        ("AIRFLOW_CONN_AUSTIN_CRIME_SMTP", "smtp://me:secret@smtp.example.org", "expected a connection"),
        ("AIRFLOW_CONN_AUSTIN_CRIME_WEBHOOK", '{"host": "https://secret"}', "with a conn_type and a host"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_in_a_sentence_before_anything_starts(
    project: Path, name: str, value: str, shown: str
) -> None:
    with pytest.raises(SettingError) as refusal:
        settings.prepare("sample", None, project, {name: value})

    assert shown in str(refusal.value)
    assert name in str(refusal.value)
    assert "expected" in str(refusal.value)
    assert "cret" not in str(refusal.value).replace(name, "").replace("AWS_SECRET_ACCESS_KEY", "")
    assert len(str(refusal.value).splitlines()) == 1


def test_two_servers_on_one_port_are_refused(project: Path) -> None:
    ports = {"AUSTIN_CRIME_AIRFLOW_PORT": "9001", "AUSTIN_CRIME_PREFECT_PORT": "9001"}

    with pytest.raises(SettingError, match="AIRFLOW_PORT and AUSTIN_CRIME_PREFECT_PORT are both 9001"):
        settings.prepare("sample", None, project, ports)


def test_a_landing_that_cannot_be_written_to_is_refused(project: Path) -> None:
    (project / "file").touch()

    with pytest.raises(SettingError, match="expected a writable folder"):
        settings.prepare(
            "sample", None, project, {"AUSTIN_CRIME_LANDING_URL": str(project / "file" / "landing")}
        )


def test_source_chooses_portal_and_warehouse(project: Path) -> None:
    sample, live = (settings.prepare(source, None, project, {})[0] for source in ("sample", "live"))

    assert (sample.source_url, sample.warehouse) == ("http://127.0.0.1:8099", "warehouse_sample")
    assert (live.source_url, live.warehouse) == ("https://data.austintexas.gov", "warehouse_live")
    assert sample.landing_url != live.landing_url
    assert sample.edition_dir != live.edition_dir


def test_a_warehouse_of_ones_own_is_used_whatever_the_source_and_read_with_the_readers_login(
    project: Path,
) -> None:
    url = "postgresql://me:secret@db.example:6000/crime?sslmode=require"

    current, _ = settings.prepare("live", None, project, {"AUSTIN_CRIME_WAREHOUSE_URL": url})

    password = current.values["AUSTIN_CRIME_READER_PASSWORD"]
    assert current.warehouse_url == url
    assert (
        current.reader_url
        == f"postgresql://austin_crime_reader:{password}@db.example:6000/crime?sslmode=require"
    )


def test_superset_reads_a_warehouse_of_ones_own_where_one_says(project: Path) -> None:
    own = {
        "AUSTIN_CRIME_WAREHOUSE_URL": "postgresql://me:pw@db/crime",
        "AUSTIN_CRIME_READER_URL": "postgresql+psycopg2://reader:pw@replica/crime",
    }

    current, _ = settings.prepare("live", None, project, own)

    assert environments.superset(current)["AUSTIN_CRIME_READER_URL"] == own["AUSTIN_CRIME_READER_URL"]


def test_later_commands_know_what_the_start_was_told(project: Path, settings: Settings) -> None:
    from local_stack.configuration.settings import remember, running

    remember(settings, "fingerprint", dict(settings.values))

    assert running(project, {}) == settings
    assert (project / "data" / "run" / "start.json").stat().st_mode & 0o777 == 0o600


def test_a_damaged_note_of_the_last_start_is_named(project: Path) -> None:
    (project / "data" / "run").mkdir(parents=True)
    (project / "data" / "run" / "start.json").write_text("{")

    with pytest.raises(StackError, match=r"start.json is damaged: remove it"):
        settings.last(project)
