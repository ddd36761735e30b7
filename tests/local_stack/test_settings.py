import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack.configuration import dotenv, environments, settings
from local_stack.configuration.settings import ROOT, Settings
from local_stack.errors import StackError

# Variables of others (PATH, AIRFLOW_HOME, ...) are documented by others.
OURS = r"((?:AUSTIN_CRIME|SUPERSET)_[A-Z0-9_]+|CHROMIUM)"
READ = re.compile(rf"""(?:environ(?:\.get)?|getenv|_?required|setenv)\s*[\[(]\s*["']{OURS}["']""")
NAMED = re.compile(r"""["'](AUSTIN_CRIME_[A-Z0-9_]+|SUPERSET_[A-Z0-9_]+_(?:PASSWORD|KEY|URL)|CHROMIUM)["']""")


def code() -> Iterator[str]:
    for folder in ("include", "tools", "superset", "dags", "flows", "plugins", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            if path.parent != Path(__file__).parent:
                yield path.read_text()


def documented() -> dict[str, tuple[str | None, str]]:
    return {name: (default, comment) for name, default, comment in dotenv.entries(ROOT / ".env.example")}


def test_every_variable_that_code_reads_is_documented() -> None:
    read = {name for text in code() for pattern in (READ, NAMED) for name in pattern.findall(text)}

    assert "AUSTIN_CRIME_WAREHOUSE_URL" in read
    assert read - set(documented()) == set()


def test_every_documented_variable_has_a_comment_and_is_used() -> None:
    text = "\n".join(code())
    for name, (_, comment) in documented().items():
        made_of_parts = re.fullmatch(
            r"AUSTIN_CRIME_(POSTGRES|OWNER|AIRFLOW_DB|SUPERSET_DB|[A-Z]+)_(PASSWORD|PORT)", name
        )

        assert len(comment) > 10, name
        assert name in text or made_of_parts, name


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(project: Path) -> None:
    settings.prepare("sample", None, project, {})
    with (project / ".env").open("a") as file:
        file.write("AUSTIN_CRIME_AIRFLOW_PORT=9001\nAUSTIN_CRIME_SUPERSET_PORT=9002\n")

    chosen, _ = settings.prepare("sample", None, project, {"AUSTIN_CRIME_SUPERSET_PORT": "9003"})

    assert [chosen.port(name) for name in ("portal", "airflow", "superset")] == [8099, 9001, 9003]


def test_a_port_that_is_no_port_is_named(project: Path) -> None:
    with pytest.raises(StackError, match="AUSTIN_CRIME_AIRFLOW_PORT is 'web': expected a port"):
        settings.prepare("sample", None, project, {"AUSTIN_CRIME_AIRFLOW_PORT": "web"})


def test_source_chooses_portal_and_warehouse(project: Path) -> None:
    sample, live = (settings.prepare(source, None, project, {})[0] for source in ("sample", "live"))

    assert (sample.source_url, sample.warehouse) == ("http://127.0.0.1:8099", "warehouse_sample")
    assert (live.source_url, live.warehouse) == ("https://data.austintexas.gov", "warehouse_live")
    assert sample.landing_url != live.landing_url


def test_a_warehouse_of_ones_own_is_used_whatever_the_source_and_read_with_the_readers_login(
    project: Path,
) -> None:
    url = "postgresql://me:secret@db.example:6000/crime?sslmode=require"

    chosen, _ = settings.prepare("live", None, project, {"AUSTIN_CRIME_WAREHOUSE_URL": url})

    password = chosen.values["AUSTIN_CRIME_READER_PASSWORD"]
    assert chosen.warehouse_url == url
    assert (
        chosen.reader_url
        == f"postgresql://austin_crime_reader:{password}@db.example:6000/crime?sslmode=require"
    )


def test_later_commands_know_what_the_start_was_told(project: Path, settings: Settings) -> None:
    from local_stack.configuration.settings import remember, running

    remember(settings, "fingerprint", dict(settings.values))

    assert running(project, {}) == settings
    assert (project / "data" / "run" / "start.json").stat().st_mode & 0o777 == 0o600


def test_superset_is_told_no_password_but_its_own_and_the_readers(settings: Settings) -> None:
    told = "\n".join(
        (environments.common(settings, dict(settings.values)) | environments.superset(settings)).values()
    )

    for name in ("AUSTIN_CRIME_OWNER_PASSWORD", "AUSTIN_CRIME_POSTGRES_PASSWORD", "AIRFLOW_ADMIN_PASSWORD"):
        assert settings.values[name] not in told


def test_airflow_is_told_no_password_of_superset_but_the_refreshing_login(settings: Settings) -> None:
    told = "\n".join(
        (environments.common(settings, dict(settings.values)) | environments.airflow(settings)).values()
    )

    for name in ("SUPERSET_ADMIN_PASSWORD", "SUPERSET_SECRET_KEY", "AUSTIN_CRIME_SUPERSET_DB_PASSWORD"):
        assert settings.values[name] not in told
    assert settings.values["AUSTIN_CRIME_SUPERSET_REFRESH_PASSWORD"] in told


def test_prefect_is_ours_alone_whatever_the_person_uses_elsewhere(settings: Settings) -> None:
    elsewhere = {"PREFECT_API_URL": "https://elsewhere.example/api", "PREFECT_API_KEY": "key", "PATH": "/bin"}

    told = environments.common(settings, elsewhere) | environments.prefect(settings)

    assert "PREFECT_API_URL" not in told
    assert "PREFECT_API_KEY" not in told
    assert told["PREFECT_HOME"] == str(settings.data_dir / "prefect")
    served = environments.prefect_served(settings)
    assert served["PREFECT_API_URL"] == f"http://127.0.0.1:{settings.port('prefect')}/api"
