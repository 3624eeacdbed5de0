"""Import in bulk, over HTTP and by command alike: lines into rows, rows into batches, batches into the database."""
