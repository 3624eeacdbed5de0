"""The database's clock: one time for all machines, and no deletion while clocks contradict each other."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from service import clock, store
from service.clock import COMPARE_EVERY, HELD_SECONDS, MOST_DELAY, TOLERATED_SECONDS, DatabaseClock
from service.config import Settings
from service.db.pool import compare_clocks
from service.feed.sequencer import catch_up
from service.webhooks.worker import WebhookWorker, make_sender
from tests.deliveries import TEST_SETTINGS, make_deliveries, make_subscription
from tests.random_writer import Writer

NOON = datetime(2024, 4, 2, 12, tzinfo=UTC).timestamp()
DAY = 86_400.0


class Machine:
    """The clocks of a machine and of its database, which a test sets."""

    def __init__(self) -> None:
        """All clocks agree at noon."""
        self.wall = self.database = NOON
        self.uptime = 1_000.0
        self.clock = DatabaseClock(wall=lambda: self.wall, elapsed=lambda: self.uptime)

    def pass_time(self, seconds: float) -> None:
        """Let all clocks advance."""
        self.wall, self.database, self.uptime = self.wall + seconds, self.database + seconds, self.uptime + seconds

    def compare(self, *, delay: float = 0.0) -> None:
        """Compare the clocks; the database's answer arrives after `delay` seconds."""

        def read() -> float:
            answer = self.database
            self.pass_time(delay)
            return answer

        self.clock.compare(read)


@pytest.fixture
def machine() -> Machine:
    """A machine whose clock was compared once."""
    machine = Machine()
    machine.compare()
    return machine


def test_the_time_is_the_databases_whatever_the_machine_says(machine: Machine) -> None:
    machine.wall += 100 * DAY
    machine.pass_time(7.0)
    assert machine.clock.seconds() == NOON + 7
    assert machine.clock.now() == datetime.fromtimestamp(NOON + 7, UTC)


def test_the_clocks_are_compared_again_after_a_while(machine: Machine) -> None:
    machine.pass_time(COMPARE_EVERY - 1)
    assert not machine.clock.is_due
    machine.pass_time(1)
    assert machine.clock.is_due


@pytest.mark.parametrize("days", [100, -100, 1, -0.01])
def test_nothing_is_deleted_while_the_machines_clock_differs(machine: Machine, days: float) -> None:
    machine.wall += days * DAY
    machine.compare()
    assert (machine.clock.is_trusted, machine.clock.offset) == (False, -days * DAY)
    machine.wall = machine.database + TOLERATED_SECONDS / 2
    machine.compare()
    assert machine.clock.is_trusted


@pytest.mark.parametrize("days", [100, -100])
def test_nothing_is_deleted_for_a_day_after_all_clocks_have_jumped(machine: Machine, days: float) -> None:
    machine.wall, machine.database = machine.wall + days * DAY, machine.database + days * DAY
    machine.compare()
    assert (machine.clock.is_trusted, machine.clock.offset) == (False, 0.0)
    assert machine.clock.seconds() == machine.database
    machine.pass_time(HELD_SECONDS)
    machine.compare()
    assert machine.clock.is_trusted


def test_clocks_agree_if_the_answer_lies_between_question_and_arrival(machine: Machine) -> None:
    machine.compare(delay=0.5)
    assert (machine.clock.seconds(), machine.clock.offset) == (machine.wall, 0.0)
    machine.wall += 2.0
    machine.compare(delay=0.5)
    assert (machine.clock.seconds(), machine.clock.offset) == (machine.wall - 2.0, -2.0)


def test_an_answer_that_was_long_on_its_way_is_ignored(machine: Machine) -> None:
    machine.compare(delay=MOST_DELAY + 60)
    assert machine.clock.seconds() == machine.database
    assert machine.clock.is_trusted


def test_the_warning_comes_once_with_the_difference(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[tuple[str, dict[str, float]]] = []
    monkeypatch.setattr(clock, "log", Log(warnings))
    machine.wall += 100 * DAY
    for _ in range(3):
        machine.compare()
    assert warnings == [("clocks_differ", {"offset_seconds": -100 * DAY, "jump_seconds": 0.0})]


class Log:
    """A log that keeps its warnings."""

    def __init__(self, warnings: list[tuple[str, dict[str, float]]]) -> None:
        self.warnings = warnings

    def warning(self, event: str, **values: float) -> None:
        """Keep the warning."""
        self.warnings.append((event, values))


# With a database


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> DatabaseClock:
    """The clock of a process on a machine that is 100 days ahead."""
    wrong = DatabaseClock(wall=lambda: datetime.now(UTC).timestamp() + 100 * DAY)
    for module in ("service.clock", "service.db.pool", "service.ids"):
        monkeypatch.setattr(f"{module}.CLOCK", wrong)
    return wrong


@pytest.fixture
def written(database: str, conn: psycopg.Connection) -> int:
    """The number of entries in the feed, beside two deliveries."""
    with psycopg.connect(database, autocommit=True) as feed:
        Writer(feed, 1).write(10)
        catch_up(feed)
        number = store.feed.get_head(feed).seq
        feed.execute("UPDATE feed_cursor SET seq = %s", (number,))
        feed.execute("UPDATE feed SET occurred_at = now()")
    make_deliveries(conn, make_subscription(conn), 1, 2)
    return number


def clean_up(database: str) -> None:
    """Let a worker delete what is too old, as it does at its start."""

    async def work() -> None:
        settings = Settings(database_url=database, **TEST_SETTINGS)
        worker = WebhookWorker(settings, make_sender(settings))
        worker._database.open()
        await worker._renew_leases()
        await worker._delete_expired()
        worker._release()
        worker._threads.shutdown()
        worker._database.close()

    asyncio.run(work())


def rows(conn: psycopg.Connection) -> tuple[int, int]:
    """Return the numbers of entries and of deliveries."""
    [numbers] = conn.execute("SELECT (SELECT count(*) FROM feed), (SELECT count(*) FROM delivery)").fetchall()
    conn.rollback()
    return numbers


def test_a_worker_with_a_wrong_clock_deletes_no_entry_and_no_delivery(
    conn: psycopg.Connection, database: str, written: int, ahead: DatabaseClock
) -> None:
    clean_up(database)
    assert rows(conn) == (written, 2)
    assert not ahead.is_trusted


def test_a_worker_whose_clock_agrees_deletes_what_is_old(conn: psycopg.Connection, database: str, written: int) -> None:
    clean_up(database)
    assert rows(conn) == (written, 2)
    conn.execute("UPDATE feed SET occurred_at = now() - interval '91 days' WHERE seq <= 3")
    conn.execute("UPDATE delivery SET created_at = now() - interval '31 days' WHERE seq = 1")
    conn.commit()
    clean_up(database)
    assert rows(conn) == (written - 3, 1)


def test_the_time_of_a_process_with_a_wrong_clock_is_the_databases(
    conn: psycopg.Connection, ahead: DatabaseClock
) -> None:
    compare_clocks(conn)
    [[now]] = conn.execute("SELECT clock_timestamp()").fetchall()
    assert abs(clock.now() - now) < timedelta(hours=1)
    assert ahead.offset == pytest.approx(-100 * DAY, abs=3600)
