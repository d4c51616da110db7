"""What `check`, `diff` and `report` show."""
