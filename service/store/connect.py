"""The way to a connection, for work that needs one only at times."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from psycopg import Connection

#: Opens a connection in autocommit for a block, so that none is held between two blocks.
Connect = Callable[[], AbstractContextManager[Connection]]
