"""What a real host answers, kept for those who have none: names and addresses are replaced before anything is written."""
