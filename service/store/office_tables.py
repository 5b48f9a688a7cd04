"""Tables of the office: accounts, drafts, applications, deposits, vault."""
