"""What the consumers' tests have in common: a log that shows tracebacks as they are.

Unless it is told otherwise structlog draws them with every local variable; of a database's connections
that takes minutes.
"""

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def plain_tracebacks() -> Iterator[None]:
    renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, renderer])
    yield
    structlog.reset_defaults()
