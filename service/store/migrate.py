"""Brings a database to the shape this version of Luochui expects, by alembic.

The scripts lie in `alembic/` at the top of a checkout and in `service/alembic/` of an installed
wheel.
"""

from pathlib import Path
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

import service

# Alembic keeps the migration under way in module globals.
_alembic_is_not_thread_safe = Lock()


def upgrade(url: str, revision: str = "head") -> None:
    """Runs the missing migrations in one transaction; the second of two at once finds none left.

    `url` is a SQLAlchemy URL with the asyncpg driver, of a role that owns the tables and may make
    roles. Blocks and runs its own event loop: from a coroutine, call it in a thread.
    """
    with _alembic_is_not_thread_safe:
        command.upgrade(_config(url), revision)


def downgrade(url: str, revision: str) -> None:
    """Undoes migrations down to `revision` ("base" undoes all). Data of undone tables is lost."""
    with _alembic_is_not_thread_safe:
        command.downgrade(_config(url), revision)


def head() -> str | None:
    """The newest revision that this version of Luochui knows; None when there is no script."""
    return ScriptDirectory.from_config(config()).get_current_head()


def config() -> Config:
    """Alembic's configuration without a database: the scripts' place is all it needs."""
    settings = Config()
    settings.set_main_option("script_location", str(_scripts_folder()).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    return settings


def _config(url: str) -> Config:
    settings = config()
    settings.attributes["url"] = url
    return settings


def _scripts_folder() -> Path:
    package = Path(service.__file__).parent
    # Beside an installed package, `alembic` is the library itself: it has no env.py.
    for folder in (package / "alembic", package.parent / "alembic"):
        if (folder / "env.py").exists():
            return folder
    raise FileNotFoundError("Luochui's migrations are missing: install it again.")
