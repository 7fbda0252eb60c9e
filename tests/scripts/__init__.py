"""Scripts as people write them with the stock libraries: a test runs each twice, the second time with other imports."""
