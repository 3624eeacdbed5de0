"""`python -m service`: the `policytrail` command, where it is not on the path."""

from service.cli.main import main

main()
