"""The parts of compare.py: weir beside other routers. Standard library only."""
