"""What every room of the runtime may use: values, errors, files, the registry."""
