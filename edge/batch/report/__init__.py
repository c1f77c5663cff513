"""A page to look at: `page` puts it together from timelines, their drawings and pictures."""
