a=(b; c)
