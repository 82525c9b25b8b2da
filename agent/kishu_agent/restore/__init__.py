"""From a checkpoint to the session: plan, load on the side, swap at once."""
