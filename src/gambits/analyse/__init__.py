"""What a plan means: where its value comes from, how plans differ, what moved between two of them."""
