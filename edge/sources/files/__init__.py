"""What video files say of themselves, and what of it can be believed."""
