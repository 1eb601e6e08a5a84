"""The backend itself, in the place where Django looks for it."""

from typing import Any

import psycopg
from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import IsolationLevel

from statuspage.core.postgresql.connection import ImpatientConnection, check_that_it_answers


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, except that it opens ImpatientConnections. The options `pool` and `isolation_level` are not for it."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> psycopg.Connection[Any]:
        check_that_it_answers()
        self.isolation_level = IsolationLevel.READ_COMMITTED
        return ImpatientConnection.connect(**conn_params)
