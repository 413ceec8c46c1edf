"""What indicators are made of: pure functions of series and fields, shared by several of them."""
