"""Fitting a law to a lab's own runs: read them, fit robustly, say how sure it is, write a law file.

`fitting` tells the whole story and gives a `result`. On the way, each a module: `runs` reads a table; `checks` refuses
what no law can be fitted to; `form` says which constants are free; `surface` predicts log loss; `losses` measures how
far off; `descent` finds the constants, for many starts and many resamples at once; `search` chooses the starts;
`extrapolate` tests the law beyond its runs; `verdict` says which constants the runs do not identify, and `ridge` what
else would fit; `law_file` writes what a portfolio can use.
"""
