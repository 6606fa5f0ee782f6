"""The parts of bench.py. Standard library only."""
