"""The connections of a request."""

from flask import Flask

from service.http.context import reading, service, transaction


def test_a_request_holds_one_connection_at_a_time(app: Flask) -> None:
    with app.test_request_context(), transaction() as conn:
        with reading() as within, transaction() as nested:
            assert within is nested is conn
        assert service().database.pool.get_stats()["requests_num"] == 1
    with app.test_request_context(), reading() as conn:
        assert conn.execute("SELECT 1").fetchone() == (1,)
