"""Commands that look ahead, from stack files and recorded inventories alone."""
