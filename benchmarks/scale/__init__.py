"""Whether cost grows with the number of accounts, and what pruning costs the others."""
