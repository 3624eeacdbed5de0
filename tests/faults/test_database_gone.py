"""PostgreSQL goes away and returns, or is too slow: requests get 503 at once, and the API recovers by itself."""

import time
from functools import partial

import psycopg
import pytest

from service.db.embedded_postgres import Server, start
from tests.factories import an_event
from tests.faults.clients import at_once, in_background, send_request, wait_until
from tests.faults.conftest import OPTIONS
from tests.faults.load import load
from tests.faults.locks import all_waiting, count_events, end_connections
from tests.servers import Served, serving

#: Seconds within which an answer is promised while the database is gone.
PROMISED = 2.0

#: Seconds that the database is gone: longer than the pool goes on trying by itself.
OUTAGE = 3.0

#: Seconds that the API has to find the database again. Its pool rests for a second between two tries.
RECOVERED_WITHIN = 5.0


def test_without_postgresql_every_response_is_503_and_the_api_recovers_by_itself(
    own_cluster: Server, own_database: str, own_key: str
) -> None:
    with serving(own_database) as served, load(served, own_key) as asked:
        wait_until(lambda: len(asked) > 100)
        own_cluster.stop("immediate")
        gone = time.monotonic()
        time.sleep(OUTAGE)
        returns = time.monotonic()
        start(own_cluster.directory, options=OPTIONS)
        wait_until(lambda: {one.status for one in asked[-40:]} == {200, 201}, RECOVERED_WITHIN)
        recovered = time.monotonic()
        time.sleep(0.5)

    assert {one.status for one in asked} == {200, 201, 503}
    assert {one.status for one in asked if gone < one.at < one.ended < returns} == {503}
    refused = [one.answer for one in asked if one.answer and one.status == 503]
    assert {answer.problem() for answer in refused} == {503}
    assert {answer.headers["Retry-After"] for answer in refused} == {"1"}
    assert max(answer.seconds for answer in refused) < PROMISED
    assert {one.status for one in asked if one.at > recovered} == {200, 201}


def test_without_postgresql_the_api_is_live_but_not_ready(own_cluster: Server, own_database: str) -> None:
    with serving(own_database) as served:
        own_cluster.stop("immediate")
        alive = [send_request(served.port, "GET", "/livez") for _ in range(10)]
        unready = at_once(*[partial(send_request, served.port, "GET", "/readyz")] * 10)

        assert {answer.status for answer in alive} == {200}
        assert {(answer.status, answer.headers["Retry-After"]) for answer in unready} == {(503, "1")}
        assert {answer.json()["checks"]["database"] for answer in unready} == {"cannot be reached"}
        assert max(answer.seconds for answer in alive + unready) < PROMISED


def test_an_api_that_starts_before_its_database_becomes_ready_with_it(own_cluster: Server, own_database: str) -> None:
    own_cluster.stop()
    with serving(own_database, wait="/livez") as served:
        # Each of them waits for a connection; together longer than the pool goes on trying by itself.
        assert send_request(served.port, "GET", "/v1/events").problem() == 503
        assert send_request(served.port, "GET", "/readyz").status == 503
        start(own_cluster.directory, options=OPTIONS)
        wait_until(lambda: send_request(served.port, "GET", "/readyz").status == 200, RECOVERED_WITHIN)


def test_after_losing_its_connections_each_worker_answers_at_most_one_503(
    served: Served, conn: psycopg.Connection
) -> None:
    have_many_connections(served, conn)
    with psycopg.connect(conn.info.dsn, autocommit=True) as other:
        assert end_connections(other) > 4

    statuses = [send_request(served.port, "GET", "/v1/events").status for _ in range(40)]

    assert set(statuses) <= {200, 503}
    assert statuses.count(503) <= 2


def test_a_statement_past_its_timeout_answers_503_and_the_api_stays_healthy(
    database: str, key: str, conn: psycopg.Connection
) -> None:
    with serving(database, POLICYTRAIL_STATEMENT_TIMEOUT="0.2", POLICYTRAIL_WRITE_STATEMENT_TIMEOUT="0.2") as served:
        path = send_request(served.port, "POST", "/v1/events", key=key, json=an_event()).headers["Location"]
        before = count_events(conn)
        conn.execute("LOCK TABLE event IN ACCESS EXCLUSIVE MODE")
        answers = at_once(
            partial(send_request, served.port, "GET", path),
            partial(send_request, served.port, "GET", "/v1/events"),
            partial(send_request, served.port, "POST", "/v1/events", key=key, json=an_event()),
            partial(
                send_request, served.port, "PATCH", path, key=key, json={"title": "New"}, headers={"If-Match": '"1"'}
            ),
            partial(send_request, served.port, "DELETE", path, key=key, headers={"If-Match": '"1"'}),
        )
        ready = send_request(served.port, "GET", "/readyz")
        conn.rollback()

        assert [answer.problem() for answer in answers] == [503] * 5
        assert {answer.headers["Retry-After"] for answer in answers} == {"1"}
        assert all(0.2 < answer.seconds < PROMISED for answer in answers)
        assert ready.status == 200
        assert send_request(served.port, "GET", path).headers["ETag"] == '"1"'
        assert count_events(conn) == before


@pytest.mark.parametrize("pool_size", [1, 3])
def test_requests_beyond_the_pool_get_503_after_their_wait_and_the_api_recovers(
    database: str, conn: psycopg.Connection, pool_size: int
) -> None:
    one_worker = partial(serving, POLICYTRAIL_WORKERS="1", POLICYTRAIL_POOL_WAIT="0.5")
    with one_worker(database, POLICYTRAIL_POOL_SIZE=str(pool_size)) as served:
        lists = [partial(send_request, served.port, "GET", "/v1/events")] * (pool_size + 8)
        conn.execute("LOCK TABLE event IN ACCESS EXCLUSIVE MODE")
        with in_background(*lists) as asked:
            wait_until(lambda: sum(one.done() for one in asked) == 8)
            assert send_request(served.port, "GET", "/livez").status == 200
            conn.rollback()
        answers = [one.result() for one in asked]
        refused = [answer for answer in answers if answer.status == 503]

        assert sorted(answer.status for answer in answers) == [200] * pool_size + [503] * 8
        assert {answer.problem() for answer in refused} == {503}
        assert all(0.4 < answer.seconds < PROMISED for answer in refused)
        assert {answer.status for answer in at_once(*lists)} == {200}
        assert [send_request(served.port, "GET", "/v1/events").status for _ in range(10)] == [200] * 10


def test_requests_waiting_for_a_slow_statement_delay_no_other(served: Served, conn: psycopg.Connection) -> None:
    conn.execute("LOCK TABLE event IN ACCESS EXCLUSIVE MODE")
    with all_waiting(conn, *[partial(send_request, served.port, "GET", "/v1/events")] * 8) as asked:
        others = [send_request(served.port, "GET", "/v1/topics") for _ in range(30)]

    assert {answer.status for answer in others} == {200}
    assert max(answer.seconds for answer in others) < 1
    assert {one.result().status for one in asked} == {200}


def have_many_connections(served: Served, conn: psycopg.Connection) -> None:
    """Have the workers connect as often as it takes for eight requests that wait."""
    conn.execute("LOCK TABLE event IN ACCESS EXCLUSIVE MODE")
    with all_waiting(conn, *[partial(send_request, served.port, "GET", "/v1/events")] * 8) as asked:
        pass
    assert {one.result().status for one in asked} == {200}
