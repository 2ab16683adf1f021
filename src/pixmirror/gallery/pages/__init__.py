"""The pages: each has its routes, and asks one question of reports/ for one template."""
