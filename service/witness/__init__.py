"""A C2SP witness with a store of its own: what it has cosigned it never takes back."""
