"""Office work: publication, admission, deposits, results, accounts."""
