"""What people read: the terminal, Markdown, LaTeX, HTML and figures."""
