"""The pure core of the sale: commands and state in, events out."""
