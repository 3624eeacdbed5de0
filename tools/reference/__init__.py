"""The generated parts of docs/, from the code: settings, filters, errors, commands, operations, columns."""
