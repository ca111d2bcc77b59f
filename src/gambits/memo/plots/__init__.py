"""The pictures of the memo as Vega-Lite, each from numbers in the record: units, direct labels, readable in grey."""
