"""What the commands show: status, search, why, plan, export."""
