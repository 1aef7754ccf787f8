"""The programs: the only places that print or exit."""
