"""`python -m netwright` is the command `netwright`."""

from netwright.cli.main import main

main()
