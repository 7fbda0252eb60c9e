"""How each kind of file becomes an Arrow table on disk: bytes, encodings, CSV, JSON, Parquet, folders, the Hub."""
