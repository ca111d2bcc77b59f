"""The story told again.

A recorded run made anew, today's file against it, and what moved between the two.
"""
