"""Commands of `policytrail`, one file a noun. main.py puts them together.

A command imports what it needs when it runs, so that `policytrail --help` stays fast (ruff's PLC0415 is off here).
"""
