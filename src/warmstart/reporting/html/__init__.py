"""Pages: facts that are plain data become one self-contained HTML file each. Nothing is computed here."""
