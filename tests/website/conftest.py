import pytest

from tests.support.website import built_site, served


@pytest.fixture(scope="session")
def site():
    """The folder of the built website."""
    return built_site()


@pytest.fixture(scope="session")
def address(site):
    """Where the website is served."""
    with served(site) as found:
        yield found
