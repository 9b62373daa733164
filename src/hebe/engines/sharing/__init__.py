"""Many processes that share one device: each drives its own calculation, one process evaluates the cells of all."""
