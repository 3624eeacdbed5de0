"""`python -m service`: the `policytrail` command, in case it is not on the path."""

from service.cli.main import main

main()
