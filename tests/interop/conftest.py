"""A gateway on each of the two event logs, for every test here the same one."""

from collections.abc import Iterator

import pytest

from tests.interop.served import Served, run, serving


@pytest.fixture(scope="session", params=["sqlite", "kafka"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("gateway")
    if request.param == "sqlite":
        log_url = f"sqlite:///{folder}/events.db"
    else:
        log_url = request.getfixturevalue("kafka")
        run("topics", "apply", log_url=log_url)
    with serving(log_url, folder / "gateway.log") as gateway:
        yield gateway
