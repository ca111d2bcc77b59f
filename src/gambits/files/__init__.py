"""Reading what people write: text, nodes with lines, values by their kinds, sections by their keys."""
