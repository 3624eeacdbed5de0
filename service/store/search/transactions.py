"""Transactions that wrote rows of the index, by which a walk sees the rows of its beginning.

A dump keeps the numbers of another server's transactions, which this server gives to others, sooner or later.
PostgreSQL's own mark of a row, `xmin`, is always of this server: it is the transaction that restored the row.
"""

#: The next transaction of this server, as a number.
_NEXT = "pg_snapshot_xmax(pg_current_snapshot())::text::bigint"

#: `xmin` has 32 bits: it counts from the last multiple of this number, or from the one before that.
_ROUND = 2**32


def row_transaction(row: str) -> str:
    """Return SQL for the transaction of this server that wrote the present version of `row`."""
    xmin = f"{row}.xmin::text::bigint"
    number = f"({_NEXT} - mod({_NEXT}, {_ROUND}) + {xmin})"
    return f"({number} - CASE WHEN {number} > {_NEXT} + {_ROUND // 2} THEN {_ROUND} ELSE 0 END)::text::xid8"


def is_before(row: str, column: str, snapshot: str) -> str:
    """Return SQL that is true if the transaction in `column` of `row` is visible in `snapshot`.

    That of a restored row is, if the restore is.
    """
    transactions = (f"{row}.{column}", row_transaction(row))
    return " OR ".join(f"pg_visible_in_snapshot({one}, {snapshot})" for one in transactions)
