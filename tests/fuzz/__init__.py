"""The fuzzer: files of every kind, sound and damaged, through the command line in this process.

A case is a number. The number decides the file, the damage and the command, so a case that fails is run again by
its number alone: ``cd tests && ../.venv/bin/python -m fuzz --only 4711``.
"""
