"""The sale on paper: what people read of an evidence pack, drawn from the log and nothing else."""
