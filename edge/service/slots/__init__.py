"""Install models on a device, try them, and go back: `store` takes files, `trial` judges them."""
