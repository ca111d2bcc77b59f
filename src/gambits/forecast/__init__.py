"""From a portfolio to what any plan would be worth: draws of every uncertain number, and the oracle over them."""
