"""The subcommands that need nothing but the runtime."""
