"""From "a cell ended" to "a checkpoint is durable"."""
