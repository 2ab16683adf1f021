"""What answers tell, taken into rows: works, people, lists, comments, rankings."""
